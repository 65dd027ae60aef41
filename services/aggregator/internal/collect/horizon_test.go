package collect

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestHorizon(t *testing.T) {
	t.Parallel()
	start := uptime.InstantOf(time.Unix(1e9, 0))
	const sec = time.Second
	type step struct {
		what string
		at   time.Duration // fleet time
		do   func(h *horizon)
		want time.Duration
	}
	folded := func(region string, at time.Duration) func(*horizon) {
		return func(h *horizon) { h.folded(region, start.Add(at)) }
	}
	nothing := func(*horizon) {}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"fresh fleet", []step{
			{"no lane", 0, nothing, 0},
			{"a lane without a past holds nobody", 10 * sec, func(h *horizon) { h.add("a", 0) }, 10 * sec},
			{"read", 11 * sec, folded("a", 11*sec), 11 * sec},
			{"idle for less than a block and the limit", 14 * sec, nothing, 14 * sec},
		}},
		{"restart with a backlog", []step{
			{"known position", 600 * sec, func(h *horizon) { h.add("a", start); h.add("b", start.Add(sec)) }, 0},
			{"one lane ahead", 601 * sec, folded("a", 300*sec), sec},
			{"the other follows", 602 * sec, folded("b", 200*sec), 200 * sec},
			{"nearly there", 603 * sec, func(h *horizon) { folded("a", 602*sec)(h); folded("b", 600*sec)(h) }, 603 * sec},
		}},
		{"a stalled fold", []step{
			{"current", 0, func(h *horizon) { h.add("a", start) }, 0},
			{"stalled for a minute: judged as of what was read", 60 * sec, nothing, 0},
			{"the backlog is read", 61 * sec, folded("a", 30*sec), 30 * sec},
		}},
		{"a lane that cannot be read", []step{
			{"both current", 0, func(h *horizon) { h.add("a", start); h.add("b", start) }, 0},
			{"it holds for a while", 10 * sec, func(h *horizon) { h.failed("b"); folded("a", 10*sec)(h) }, 0},
			{"but not for ever", 80 * sec, folded("a", 80*sec), 80 * sec},
			{"it comes back with a backlog: time does not go back", 90 * sec, folded("b", 20*sec), 80 * sec},
			{"it is removed", 91 * sec, func(h *horizon) { h.keep(map[string]bool{"a": true}); folded("a", 91*sec)(h) }, 91 * sec},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var fleet uptime.Instant
			h := newHorizon(func() uptime.Instant { return fleet })
			for _, s := range c.steps {
				fleet = start.Add(s.at)
				s.do(h)
				got, catchUp := h.now()
				if got.Sub(start) != s.want || catchUp != (got < fleet) {
					t.Fatalf("%s: judged as of %v, catching up %v, want %v", s.what, got.Sub(start), catchUp, s.want)
				}
			}
		})
	}
}
