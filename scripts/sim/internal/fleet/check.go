package fleet

import (
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// sending is what it takes to read a monitor and put a confirmation on its lane.
const sending = 20 * time.Millisecond

// check runs a scheduled check.
func (s *shard) check(m *monitor, rank int, due, now uptime.Instant) {
	p := &m.target.Paths[rank]
	lost := due == p.Lost
	if lost {
		p.Skip()
	}
	kind, took := s.view.Probe(&m.target, rank, due, now, lost)
	s.send(m, arrival{at: now.Add(took), due: due, took: took, rank: rank, kind: kind})
}

// checkNow runs a check out of turn; one for our own rounds has a canary beside it,
// and waits for it.
func (s *shard) checkNow(m *monitor, a ask, now uptime.Instant) {
	kind, took := s.view.Probe(&m.target, a.rank, a.due, now, false)
	r := arrival{at: now.Add(took), due: a.due, took: took, rank: a.rank, kind: kind, peers: a.peers}
	if !a.peers {
		region := m.target.Paths[a.rank].Region
		state, over := s.view.Canary(region, now)
		if r.at = max(r.at, over); state == uptime.CanaryPassed && (kind == world.Quick || kind == world.Silent) {
			state, r.at = s.view.CanaryAgain(region, r.at)
		}
		r.canary = state
	}
	s.send(m, r)
}

// send puts a result on its way, finished as it is.
func (s *shard) send(m *monitor, a arrival) {
	a.at = a.at.Add(commit + s.lags[m.target.Paths[a.rank].Region])
	m.flight = append(m.flight, a)
}

// ask sends one round out.
func (s *shard) ask(m *monitor, r *consensus.Recheck, now uptime.Instant) {
	sent := max(now.Add(sending), r.At)
	due := uptime.UrgentDue(sent, m.request(r.At))
	for rank, name := range m.cfg.Assigned {
		for _, asked := range r.Regions {
			if asked != name {
				continue
			}
			start := sent.Add(s.lags[m.target.Paths[rank].Region])
			if start < r.Deadline { // later ones expire
				m.asks = append(m.asks, ask{start: start, due: due, rank: rank})
			}
		}
	}
}

// askPeers sends a recheck of a peer's rule out: everywhere, at once.
func (s *shard) askPeers(m *monitor, now uptime.Instant) {
	due := uptime.UrgentDue(now, m.request(now))
	for rank := range m.paths {
		start := now.Add(sending + s.lags[m.target.Paths[rank].Region])
		m.asks = append(m.asks, ask{start: start, due: due, rank: rank, peers: true})
	}
}

// request is the id of a request made at an instant.
func (m *monitor) request(at uptime.Instant) uptime.ID {
	id := m.cfg.ID
	for i := range 8 {
		id[i] ^= byte(at >> (8 * i))
	}
	return id
}

// arrive folds a result and shows it to the peers' rules.
func (s *shard) arrive(m *monitor, a *arrival, now uptime.Instant) {
	n := len(m.paths)
	if a.peers {
		s.tell(m, m.peers.Rechecked(n, a.kind != world.None), now)
		return
	}
	s.fold(m, a)
	if a.due.IsUrgent() {
		return
	}
	changed, recheck := m.peers.Scheduled(a.rank, n, a.kind != world.None)
	s.tell(m, changed, now)
	if recheck {
		s.askPeers(m, now)
	}
}

// tell notes which of the peers' rules changed their opinion.
func (s *shard) tell(m *monitor, changed uint8, now uptime.Instant) {
	if changed == 0 {
		return
	}
	for r := rules.Ours + 1; r < rules.Count; r++ {
		switch {
		case changed&(1<<r) == 0:
		case m.peers.Down(r):
			m.watch.Opened(r, now, true)
		default:
			m.watch.Closed(r, now)
		}
	}
}

// fold folds a result into our state.
func (s *shard) fold(m *monitor, a *arrival) {
	s.book.Folded++
	region := &s.view.Regions[m.target.Paths[a.rank].Region]
	s.result = uptime.Result{
		Monitor: m.cfg.ID, Revision: 1, Region: region.Name, Site: region.Site, Due: a.due, Outcome: uptime.OutcomePass,
		Code: 200, Phases: uptime.Phases{Total: a.took}, Canary: a.canary, Attempts: 1,
	}
	if a.kind != world.None {
		s.result.Outcome, s.result.Code = uptime.OutcomeFail, 0
	}
	switch a.kind {
	case world.Quick:
		s.result.Reason, s.result.Attempts = uptime.ReasonConnect, 2
	case world.Silent:
		s.result.Reason = uptime.ReasonConnectTimeout
	case world.Answer:
		s.result.Reason, s.result.Code = uptime.ReasonStatus, 503
	default: // a pass
	}
	m.state.Result(&m.cfg, &s.result, a.at, &s.out)
	m.again = 0 // what is new is judged at once
	if p := &m.paths[a.rank]; a.due >= p.voted {
		p.voted, p.fails = a.due, a.kind != world.None
	}
	s.act(m, a.at)
}
