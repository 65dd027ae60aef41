//go:build integration

package watchdog_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/watchdog"
)

// ear hears of what troubles the fleet.
type ear struct {
	mu    sync.Mutex
	heard []string
}

func (e *ear) Publish(events ...live.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range events {
		if f, ok := one.Body.(live.Fleet); ok && one.Org.IsZero() {
			e.heard = append(e.heard, string(f.Change)+" "+f.Kind)
		}
	}
}

func (e *ear) said() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.heard...)
}

func TestWhoLooksOnHearsOfTroubleOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.run()
	e := &ear{}
	_, stop := h.watch(func(c *watchdog.Config) { c.Live = e })
	h.pinged()
	h.stop(watchdog.StagePusher, true)
	h.await("the event", func() bool { return h.open() == "stalled_pusher" && len(e.said()) > 0 })
	h.stop(watchdog.StagePusher, false)
	h.await("its end", func() bool { return h.open() == "" && len(e.said()) > 1 })
	stop()
	if diff := cmp.Diff([]string{"opened stalled_pusher", "resolved stalled_pusher"}, e.said()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
