package fleet

import (
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// commit is what a worker waits at most to commit finished checks together.
const commit = 10 * time.Millisecond

// monitor is one monitor, the checks of it that are under way, and what is thought of it.
type monitor struct {
	cfg    consensus.Monitor
	state  consensus.State
	target world.Target
	paths  []path
	peers  rules.State
	watch  score.Watch
	set    int

	asks   []ask
	flight []arrival
	awake  bool
	next   uptime.Instant // when to look at it again
	again  uptime.Instant // when to judge again what asks to be judged at once
	stale  uptime.Instant // when its votes grew stale, as of the last judgement
	sweep  uptime.Instant // next look for the regions' sake
}

// path is one region's side of a monitor.
type path struct {
	timing schedule.Timing
	due    uptime.Instant // next slot
	start  uptime.Instant // of its check
	voted  uptime.Instant // due of the newest result that was folded
	fails  bool           // what it said
}

// ask is a check out of turn that is on its way to its region.
type ask struct {
	start, due uptime.Instant
	rank       int
	peers      bool // a recheck of a peer's rule
}

// arrival is a result on its way to the fold.
type arrival struct {
	at, due uptime.Instant
	took    time.Duration
	rank    int
	kind    world.Kind
	canary  uptime.CanaryState
	peers   bool
}

// prepare sets up the i-th monitor of the shard.
func (s *shard) prepare(m *monitor, i int) {
	number := s.first + i
	w := s.view.World
	m.set = w.Set(number)
	regions := w.Sets[m.set]
	names := make([]string, len(regions))
	for rank, r := range regions {
		names[rank] = w.Regions[r].Name
	}
	m.cfg = consensus.Monitor{
		ID: w.ID(number), Revision: 1, Interval: w.Interval(number), Timeout: w.Timeout,
		Policy: w.Policy, Assigned: names,
	}
	if m.cfg.Policy == (uptime.Policy{}) {
		m.cfg.Policy = uptime.DefaultPolicy
	}
	m.paths = make([]path, len(regions))
	for rank := range m.paths {
		m.paths[rank].timing = schedule.TimingOf(m.cfg.ID, m.cfg.Interval, schedule.DefaultWidth, rank, len(regions))
	}
	slots := m.slots(world.Epoch)
	m.target = s.view.Target(number, slots)
	for rank := range m.paths {
		m.paths[rank].due = slots[rank]
		m.paths[rank].start = m.target.Paths[rank].Start(slots[rank])
	}
	m.watch = score.NewWatch(number, len(regions), m.target.Outages, m.cfg.Interval, m.cfg.Timeout)
	m.sweep = far
	if s.judges {
		m.sweep = world.Epoch.Add(s.part(i))
	}
}

// part is when within a window a monitor is looked at.
func (s *shard) part(i int) time.Duration {
	return time.Duration(i*sweepParts/len(s.monitors)) * window / sweepParts
}

// slots returns the first slot of each region after an instant.
func (m *monitor) slots(after uptime.Instant) []uptime.Instant {
	slots := make([]uptime.Instant, len(m.paths))
	for rank := range m.paths {
		slots[rank] = m.paths[rank].timing.Next(after)
	}
	return slots
}

// seenFrom tells whether one of the regions looks at the monitor.
func (m *monitor) seenFrom(regions []bool) bool {
	for rank := range m.target.Paths {
		if regions[m.target.Paths[rank].Region] {
			return true
		}
	}
	return false
}

// step does everything of a monitor that is due at an instant.
func (s *shard) step(m *monitor, now uptime.Instant) {
	if !m.awake {
		s.wake(m, now)
	}
	for rank := range m.paths {
		if p := &m.paths[rank]; p.start <= now {
			s.check(m, rank, p.due, now)
			p.due = p.timing.Next(p.due)
			p.start = m.target.Paths[rank].Start(p.due)
		}
	}
	for i := 0; i < len(m.asks); i++ {
		if a := m.asks[i]; a.start <= now {
			m.asks = append(m.asks[:i], m.asks[i+1:]...)
			i--
			s.checkNow(m, a, now)
		}
	}
	for i := 0; i < len(m.flight); i++ {
		if a := m.flight[i]; a.at <= now {
			m.flight = append(m.flight[:i], m.flight[i+1:]...)
			i--
			s.arrive(m, &a, now)
		}
	}
	s.judge(m, now)
	if m.sweep <= now {
		s.look(m, now)
	}
	s.rest(m, now)
}

// judge lets the state judge if it wants to.
func (s *shard) judge(m *monitor, now uptime.Instant) {
	n := m.state.Next()
	if n == 0 || n > now || n == 1 && now < m.again {
		return
	}
	m.state.Tick(&m.cfg, &s.fleet, now, &s.out)
	s.ticked(m)
	if m.again = 0; m.state.Next() == 1 {
		m.again = now.Add(leastPause)
	}
	s.act(m, now)
}

// ticked notes until when the votes that were just judged are fresh.
func (s *shard) ticked(m *monitor) {
	m.stale = far
	for rank := range m.paths {
		m.stale = min(m.stale, m.paths[rank].voted.Add(m.cfg.Freshness())+1)
	}
}
