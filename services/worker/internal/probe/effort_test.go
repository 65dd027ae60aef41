package probe

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Few look at once, whoever waits gives up with its check, and small things take no turn.
func TestEffort(t *testing.T) {
	room := 0
	for processors.TryAcquire(1) {
		room++
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if Effort(over, light+1, func() { t.Error("did it out of turn") }) {
		t.Error("had a turn where there was none")
	}
	small := false
	if !Effort(over, light, func() { small = true }) || !small {
		t.Error("a few bytes had to wait")
	}
	env := &Env{Log: slog.New(slog.DiscardHandler), Assertions: assertion.NewCache(0)}
	f := Finding{}
	raw := []byte(`[{"source":"body","comparison":"contains","target":"x"}]`)
	env.Judge(over, &f, uptime.KindHTTP, raw, &assertion.Observation{Body: []byte(strings.Repeat("x", light+1))})
	if f.Reason != uptime.ReasonTimeout || f.Detail == "" {
		t.Errorf("with no turn: %q %s", f.Reason, f.Detail)
	}
	processors.Release(int64(room))

	var now, most atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			Effort(t.Context(), light+1, func() {
				n := now.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				now.Add(-1)
			})
		})
	}
	all.Wait()
	if most.Load() > int64(room) {
		t.Errorf("%d at once, with room for %d", most.Load(), room)
	}
}
