// Package schedule says when monitors are due. It is pure: absolute instants out of
// ids, intervals and regions, and a wheel that finds what is due in a slot at the cost
// of what is due, not of what exists.
//
// A monitor is due in a region at
//
//	k·T + (hash(monitor) + rank·T/R) mod T    for every whole k,
//
// rounded down to the width of a slot, where T is its interval, R the number of
// regions that look at it and rank the region's place among them. Nothing is
// remembered from slot to slot, so nothing drifts, and a restart changes nothing;
// the hash spreads monitors over the interval, and the ranks make the regions take
// turns, T/R apart.
package schedule

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// DefaultWidth is the width of a slot. What is due within one goes out together:
// fewer, larger batches cost less, wider slots make phases coarser.
const DefaultWidth = 250 * time.Millisecond

// Phase returns where in its interval a monitor is due in the region of a rank, 0 to
// regions-1, before rounding: at least 0 and less than interval, in whole milliseconds.
func Phase(id uptime.ID, interval time.Duration, rank, regions int) time.Duration {
	ms := uint64(interval.Milliseconds())
	if ms == 0 {
		return 0
	}
	turn := ms * uint64(rank) / uint64(max(regions, 1))
	return time.Duration((id.Hash()%ms+turn)%ms) * time.Millisecond
}

// Timing is when one monitor is due in one region. Intervals shorter than a slot are
// treated as one slot.
type Timing struct {
	interval, phase, width int64 // µs, as instants are
}

// TimingOf returns the timing of a monitor in the region of a rank.
func TimingOf(id uptime.ID, interval, width time.Duration, rank, regions int) Timing {
	interval = max(interval, width)
	return Timing{
		interval: interval.Milliseconds() * 1000,
		phase:    Phase(id, interval, rank, regions).Microseconds(),
		width:    width.Microseconds(),
	}
}

// upTo returns how many slots of the monitor lie at or before an instant, counted
// from some fixed one.
func (t Timing) upTo(at uptime.Instant) int64 {
	// A slot begins at or before at if what it rounds lies before the end of at's slot.
	end := (floorDiv(int64(at), t.width) + 1) * t.width
	return floorDiv(end-1-t.phase, t.interval) + 1
}

// slot returns the slot that is the n-th by upTo's count, from 1.
func (t Timing) slot(n int64) uptime.Instant {
	return uptime.Instant(floorDiv((n-1)*t.interval+t.phase, t.width) * t.width)
}

// Next returns the monitor's first slot after an instant.
func (t Timing) Next(after uptime.Instant) uptime.Instant { return t.slot(t.upTo(after) + 1) }

// Last returns the monitor's last slot at or before an instant.
func (t Timing) Last(at uptime.Instant) uptime.Instant { return t.slot(t.upTo(at)) }

// Count returns how many slots the monitor has after one instant and up to another.
func (t Timing) Count(after, upTo uptime.Instant) int64 {
	if upTo <= after {
		return 0
	}
	return t.upTo(upTo) - t.upTo(after)
}

// SlotOf returns the slot in which an instant lies.
func SlotOf(at uptime.Instant, width time.Duration) uptime.Instant {
	w := width.Microseconds()
	return uptime.Instant(floorDiv(int64(at), w) * w)
}

// floorDiv divides rounding down, for negative numbers, too.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
