// Package fleet owns the simulated fleet: the real schedule says when checks are due,
// the world says what they see, and the real consensus judges what arrives, shard by
// shard as the aggregator does, in simulated time. Monitors of which nothing is broken
// sleep: nothing is folded of them until the next check that fails.
package fleet

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

const (
	// window is how long the regions are observed before they are judged, and
	// sweepParts in how many parts, one a second, the monitors are looked at meanwhile.
	window     = time.Minute
	sweepParts = 60
	// leastPause is the aggregator's, for a monitor that asks to be judged at once
	// again and again.
	leastPause = 10 * time.Millisecond
	// convalescence is how long a region that is well again may be held to be sick.
	convalescence = 15 * time.Minute
	// stepsUnasked is how many steps may go by, a fraction of a second, before it is
	// asked whether to go on.
	stepsUnasked = 1 << 16
	far          = uptime.Instant(1 << 52)
)

// shard is the fold of some monitors. It is not safe for concurrent use.
type shard struct {
	view     *world.View
	first    int // monitor
	monitors []monitor
	queue    queue
	fleet    consensus.Fleet
	lags     []time.Duration
	every    bool // fold everything: nobody sleeps

	judges   bool // this shard judges the regions
	sick     []consensus.SickDetector
	calm     [][]bool // by set and region: whether a calm monitor gives a sample
	expected []int    // samples of a window in which everybody is calm
	windows  []consensus.Window
	closes   uptime.Instant // of the window
	changes  []score.Change
	applied  int // changes

	book   *score.Book
	out    consensus.Actions
	result uptime.Result
	trace  func(monitor int, now uptime.Instant, out *consensus.Actions) // tests look at what is done
}

// newShard returns the shard that begins with a monitor. The first shard judges the
// regions itself; the others are given what it found.
func newShard(w *world.World, first int, changes []score.Change) *shard {
	n := min(w.Shard, w.Monitors-first)
	s := &shard{
		view: w.View(), first: first, monitors: make([]monitor, n), judges: first == 0, changes: changes,
		fleet: consensus.Fleet{Regions: map[string]consensus.Region{}, Budget: &consensus.Budget{}},
		sick:  make([]consensus.SickDetector, len(w.Regions)), windows: make([]consensus.Window, len(w.Regions)),
		expected: make([]int, len(w.Regions)), closes: far, book: score.NewBook(),
	}
	for r, region := range w.Regions {
		s.fleet.Regions[region.Name] = consensus.Region{Healthy: true, Live: true}
		s.lags = append(s.lags, w.Lag(r))
	}
	if s.judges {
		s.closes = world.Epoch.Add(window)
	}
	return s
}

// run simulates the shard from beginning to end. It returns nil if ctx ends before.
func (s *shard) run(ctx context.Context) *score.Book {
	s.begin()
	end := s.view.End()
	for n := 0; ; n++ {
		if n%stepsUnasked == 0 && ctx.Err() != nil {
			return nil
		}
		at, turn := s.queue.first().at, s.nextTurn()
		if min(at, turn) >= end {
			break
		}
		if turn <= at {
			s.turn(turn)
			continue
		}
		m := &s.monitors[s.queue.first().monitor]
		s.step(m, at)
		s.queue.delay(m.next)
	}
	s.finish()
	return s.book
}

// begin sets up the monitors, each checked once in every region, with a canary.
func (s *shard) begin() {
	rates := make([]float64, len(s.view.Regions))
	for i := range s.monitors {
		m := &s.monitors[i]
		s.prepare(m, i)
		for rank := range m.paths {
			rates[m.target.Paths[rank].Region] += 1 / m.cfg.Interval.Seconds()
		}
	}
	for r, rate := range rates {
		s.fleet.Budget.SetRate(s.view.Regions[r].Name, rate)
	}
	for i := range s.monitors {
		m := &s.monitors[i]
		s.feedFirst(m)
		s.judge(m, world.Epoch)
		s.rest(m, world.Epoch)
		s.queue.add(m.next, i)
	}
	s.expect()
}

// nextTurn is when something happens to all monitors.
func (s *shard) nextTurn() uptime.Instant {
	if s.applied < len(s.changes) {
		return min(s.closes, s.changes[s.applied].At)
	}
	return s.closes
}

// turn closes the window and makes changes of the regions' health known.
func (s *shard) turn(now uptime.Instant) {
	if now == s.closes {
		s.close(now)
	}
	touched := make([]bool, len(s.view.Regions))
	changed := false
	for ; s.applied < len(s.changes) && s.changes[s.applied].At <= now; s.applied++ {
		c := s.changes[s.applied]
		s.fleet.Regions[s.view.Regions[c.Region].Name] = consensus.Region{Healthy: c.Healthy, Live: true}
		touched[c.Region], changed = true, true
	}
	if !changed {
		return
	}
	s.expect()
	for i := range s.monitors {
		m := &s.monitors[i]
		if !m.seenFrom(touched) {
			continue
		}
		if !m.awake {
			s.wake(m, now)
		}
		m.state.Configure(&m.cfg, &s.fleet, now, &s.out)
		s.ticked(m)
		s.act(m, now)
		s.rest(m, now)
	}
	s.queue.rebuild(func(i int) uptime.Instant { return s.monitors[i].next })
}

// finish settles the accounts of all monitors.
func (s *shard) finish() {
	end := s.view.End()
	fresh := s.view.World.View()
	for i := range s.monitors {
		m := &s.monitors[i]
		slots := m.slots(world.Epoch)
		target := fresh.Target(s.first+i, slots)
		j := score.Judge{
			View: fresh, Target: &target, Slots: slots, Changes: s.changes, Interval: m.cfg.Interval, Timeout: m.cfg.Timeout,
		}
		m.watch.Finish(s.book, j.Demands(), end)
		s.book.Bound[len(slots)] = max(s.book.Bound[len(slots)], j.Best())
		for rank := range m.paths {
			s.book.Checks += m.paths[rank].timing.Count(world.Epoch, end)
		}
	}
	for _, r := range s.view.Regions {
		s.book.Refused += s.fleet.Budget.Refused(r.Name)
	}
	if s.judges {
		s.book.Changes = s.changes
		for r := range s.sick {
			if s.sick[r].Sick && !s.view.Ailing(r, end.Add(-convalescence), end) {
				s.book.Stuck = append(s.book.Stuck, s.view.Regions[r].Name)
			}
		}
	}
}

// act does what judging asked for.
func (s *shard) act(m *monitor, now uptime.Instant) {
	if s.out.Empty() {
		return
	}
	if s.trace != nil {
		s.trace(m.watch.Monitor, now, &s.out)
	}
	for i := range s.out.Rechecks {
		s.book.Rounds++
		s.ask(m, &s.out.Rechecks[i], now)
	}
	for i := range s.out.Opened {
		o := &s.out.Opened[i]
		if m.watch.Opened(rules.Ours, o.At, !o.Flapping) {
			s.book.Falsely(score.Example{Monitor: m.watch.Monitor, At: o.At, Text: o.Explanation})
		}
	}
	for i := range s.out.Resolved {
		m.watch.Closed(rules.Ours, s.out.Resolved[i].At)
	}
	s.out.Reset()
}
