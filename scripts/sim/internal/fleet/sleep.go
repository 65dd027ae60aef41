package fleet

import (
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// feedFirst folds the first check of a monitor, which it has in every region at once.
func (s *shard) feedFirst(m *monitor) {
	due := uptime.UrgentDue(world.Epoch.Add(-s.view.Timeout), m.cfg.ID)
	for rank := range m.paths {
		s.fold(m, &arrival{
			at: world.Epoch, due: due, took: m.target.Paths[rank].RTT(), rank: rank, canary: uptime.CanaryPassed,
		})
	}
}

// rest decides when to look at a monitor again. While something is amiss that is with
// the next thing that happens to it; otherwise it sleeps until something is.
func (s *shard) rest(m *monitor, now uptime.Instant) {
	if !s.every && s.calmly(m, now) {
		m.awake = false
		m.next = s.view.Calm(&m.target, now)
		for rank := range m.target.Paths {
			p := &m.target.Paths[rank]
			m.next = min(m.next, p.Start(p.Lost))
		}
		if m.next > now {
			return
		}
	}
	m.awake = true
	m.next = m.sweep
	for rank := range m.paths {
		m.next = min(m.next, m.paths[rank].start)
	}
	for i := range m.asks {
		m.next = min(m.next, m.asks[i].start)
	}
	for i := range m.flight {
		m.next = min(m.next, m.flight[i].at)
	}
	switch n := m.state.Next(); {
	case n > now:
		m.next = min(m.next, n)
	case n != 0:
		m.next = min(m.next, max(m.again, now.Add(leastPause)))
	}
}

// calmly tells whether passing checks are all that can happen next, and whether they
// would change nothing: every region's vote is a pass, nothing is under way, and the
// state waits for nothing but votes to grow stale, which passing checks prevent.
func (s *shard) calmly(m *monitor, now uptime.Instant) bool {
	if len(m.asks)+len(m.flight) > 0 || m.state.Incident() != 0 || !m.peers.Calm() {
		return false
	}
	for rank := range m.paths {
		if m.paths[rank].fails {
			return false
		}
	}
	next := m.state.Next()
	return next > now && next >= m.stale && s.view.Calm(&m.target, now) > now
}

// wake brings a monitor that slept up to an instant: of all the checks that passed
// meanwhile the last one of each region is what is left of them in the votes.
func (s *shard) wake(m *monitor, now uptime.Instant) {
	m.awake = true
	for rank := range m.paths {
		p, truth := &m.paths[rank], &m.target.Paths[rank]
		last := p.timing.Last(now)
		if truth.Start(last) >= now {
			last = p.timing.Last(last - 1)
		}
		if last < p.due {
			continue // none has begun since
		}
		start := truth.Start(last)
		a := arrival{due: last, took: truth.RTT(), rank: rank}
		if a.at = start.Add(a.took + commit + s.lags[truth.Region]); a.at >= now {
			s.check(m, rank, last, start) // it is still under way
			a.due = p.timing.Last(last - 1)
			a.at = truth.Start(a.due).Add(a.took + commit + s.lags[truth.Region])
		}
		if a.due >= p.due {
			s.fold(m, &a)
		}
		p.due = p.timing.Next(last)
		p.start = truth.Start(p.due)
	}
	if s.judges {
		i := m.watch.Monitor - s.first
		opened := s.closes.Add(-window)
		if m.sweep = opened.Add(s.part(i)); m.sweep < now {
			m.sweep = m.sweep.Add(window)
		}
	}
}
