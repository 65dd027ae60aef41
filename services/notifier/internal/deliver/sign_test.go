//go:build integration

package deliver_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// A notifier that looks at its queue says so, again and again.
func TestTheNotifierSaysThatItLives(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	age := func() (time.Duration, bool) {
		signs, err := h.StageSigns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d, ok := signs[postgres.StageNotifier]
		return d, ok
	}
	if _, ok := age(); ok {
		t.Fatal("a sign of life before it lives")
	}
	h.start(nil)
	h.eventually("a sign of life", func() bool {
		_, ok := age()
		return ok
	})
	first, _ := age()
	at := time.Now()
	h.eventually("a younger one", func() bool {
		d, _ := age()
		return d < first+time.Since(at)-time.Second
	})
}
