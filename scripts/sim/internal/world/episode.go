package world

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/chance"
)

// Kind is how an attempt fails.
type Kind uint8

// The kinds.
const (
	None   Kind = iota
	Quick       // a network failure at once: the worker tries again
	Silent      // nothing until the timeout: no time to try again
	Answer      // the target answers, wrongly: no network to blame
	kinds
)

// Lookback is by how much the instants at which episodes are looked up may go back,
// and the least time between two lazily drawn episodes.
const Lookback = 30 * time.Second

// far is later than any simulation.
const far = uptime.Instant(1 << 52)

// Episode is a time in which something is broken.
type Episode struct {
	Start, End uptime.Instant
	Kind       Kind
	Loss       float64 // share of what fails
	Fixed      bool    // the share is one of targets, not of checks
	key        chance.Key
}

func (e *Episode) covers(t uptime.Instant) bool { return e.Start <= t && t < e.End }

// Track is a sequence of episodes, each over before the next begins, with a cursor.
type Track struct {
	All []Episode
	i   int
}

// at returns the episode that covers an instant, or nil.
func (t *Track) at(x uptime.Instant) *Episode {
	for t.i < len(t.All) && t.All[t.i].End.Add(Lookback) <= x {
		t.i++
	}
	for j := t.i; j < len(t.All) && t.All[j].Start <= x; j++ {
		if t.All[j].covers(x) {
			return &t.All[j]
		}
	}
	return nil
}

// next returns when the first episode begins that is not over at an instant.
func (t *Track) next(x uptime.Instant) uptime.Instant {
	for j := t.i; j < len(t.All); j++ {
		if x < t.All[j].End {
			return t.All[j].Start
		}
	}
	return far
}

// within tells whether an episode lies, in part, between two instants.
func (t *Track) within(from, to uptime.Instant) bool {
	for i := range t.All {
		if t.All[i].Start <= to && from < t.All[i].End {
			return true
		}
	}
	return false
}

// renewal draws episodes one after the other as they are needed.
type renewal struct {
	stream chance.Stream
	draw   func(s *chance.Stream, after uptime.Instant) Episode // nil: there are none
	now    Episode
}

func (r *renewal) at(x uptime.Instant) *Episode {
	if r.draw == nil {
		return nil
	}
	for r.now.End.Add(Lookback) <= x {
		r.now = r.draw(&r.stream, r.now.End.Add(Lookback))
	}
	if r.now.covers(x) {
		return &r.now
	}
	return nil
}

// within is as of a track, for instants that do not go back.
func (r *renewal) within(from, to uptime.Instant) bool {
	r.at(from)
	ahead := *r
	for ahead.draw != nil && ahead.now.End <= from {
		ahead.now = ahead.draw(&ahead.stream, ahead.now.End.Add(Lookback))
	}
	return ahead.draw != nil && ahead.now.Start <= to
}

// next is as of a track; it may be early, never late.
func (r *renewal) next(x uptime.Instant) uptime.Instant {
	r.at(x)
	switch {
	case r.draw == nil:
		return far
	case x < r.now.End:
		return r.now.Start
	}
	return r.now.End.Add(Lookback)
}

func (r *renewal) begin(key chance.Key, draw func(*chance.Stream, uptime.Instant) Episode) {
	r.stream, r.draw = key.Stream(), draw
	r.now = draw(&r.stream, Epoch)
}

func (b *Bursts) draw(s *chance.Stream, after uptime.Instant) Episode {
	e := Episode{Kind: Quick, Loss: b.Attempt}
	e.Start = after.Add(s.Exponential(b.Every))
	e.End = e.Start.Add(s.Exponential(b.Mean))
	return e
}

func (c *Cuts) draw(s *chance.Stream, after uptime.Instant) Episode {
	e := Episode{Kind: Quick + Kind(s.Below(2)), Loss: 1}
	e.Start = after.Add(s.Exponential(c.Every))
	e.End = e.Start.Add(s.Spread(c.Min, c.Max))
	return e
}
