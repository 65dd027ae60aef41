package consensus

import (
	"math/bits"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Flapping is the share of rounds in which down began or ended: 21 rounds (one per
// interval) have 20 possible changes between them; it starts at 30 % of them and
// stops below 20 %. Nagios' state change detection with the same window, unweighted.
const (
	flapChanges = 20
	flapStart   = 6
	flapStop    = 4
)

// flaps is the history of changes: one bit per round, the newest lowest.
type flaps struct {
	at      uptime.Instant // of the newest bit
	history uint32
	known   bool // there was a verdict before
	down    bool // it was down
	on      bool
}

// aged returns the history as it looks from now, a round per interval.
func (f *flaps) aged(interval time.Duration, now uptime.Instant) uint32 {
	if now <= f.at || interval <= 0 {
		return f.history
	}
	rounds := now.Sub(f.at) / interval
	if rounds >= flapChanges {
		return 0
	}
	return f.history << rounds & (1<<flapChanges - 1)
}

// record takes a verdict that is known; changes within one round are changes of
// rounds of their own, for then there were extra ones.
func (f *flaps) record(m *Monitor, down bool, now uptime.Instant) {
	changed := f.known && down != f.down
	f.known, f.down = true, down
	if !changed {
		return
	}
	h := f.aged(m.Interval, now)
	if h == f.history {
		h = h << 1 & (1<<flapChanges - 1)
	}
	f.history, f.at = h|1, max(now, f.at)
	f.on = f.is(m, f.at) || bits.OnesCount32(f.history) >= flapStart
}

func (f *flaps) is(m *Monitor, now uptime.Instant) bool {
	return f.on && bits.OnesCount32(f.aged(m.Interval, now)) >= flapStop
}

// Flapping tells whether down began or ended so often over the last 21 rounds that
// alerts should be damped. It never damps a first down, and never the verdict.
func (s *State) Flapping(m *Monitor, now uptime.Instant) bool { return s.flaps.is(m, now) }
