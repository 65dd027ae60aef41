package fleet

import (
	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
)

// expect works out what a window holds while everybody is calm. It is asked of the
// real rule by a monitor of each set whose votes all pass.
func (s *shard) expect() {
	if !s.judges {
		return
	}
	s.calm = s.calm[:0]
	for _, set := range s.view.Sets {
		s.calm = append(s.calm, s.calmSamples(set))
	}
	clear(s.expected)
	for i := range s.monitors {
		for r, sampled := range s.calm[s.monitors[i].set] {
			if sampled {
				s.expected[r]++
			}
		}
	}
}

// calmSamples returns which regions a monitor gives a sample of whose votes all pass.
func (s *shard) calmSamples(set []int) []bool {
	m := consensus.Monitor{Revision: 1, Interval: window, Timeout: s.view.Timeout, Policy: uptime.DefaultPolicy}
	for _, r := range set {
		m.Assigned = append(m.Assigned, s.view.Regions[r].Name)
	}
	var (
		state consensus.State
		out   consensus.Actions
		now   = s.closes
	)
	for _, name := range m.Assigned {
		state.Result(&m, &uptime.Result{Revision: 1, Region: name, Due: now, Outcome: uptime.OutcomePass}, now, &out)
	}
	sampled := make([]bool, len(s.view.Regions))
	state.Dissent(&m, &s.fleet, now, func(region string, _ bool) { sampled[s.region(region)] = true })
	return sampled
}

func (s *shard) region(name string) int {
	for r := range s.view.Regions {
		if s.view.Regions[r].Name == name {
			return r
		}
	}
	return -1
}

// look takes a monitor's samples; what was expected of it, had it been calm, is taken
// away when the window closes.
func (s *shard) look(m *monitor, now uptime.Instant) {
	for r, sampled := range s.calm[m.set] {
		if sampled {
			s.windows[r].Samples--
		}
	}
	m.state.Dissent(&m.cfg, &s.fleet, now, func(region string, failed bool) {
		w := &s.windows[s.region(region)]
		w.Samples++
		if failed {
			w.Failed++
		}
	})
	m.sweep = m.sweep.Add(window)
}

// close judges the regions by the window.
func (s *shard) close(now uptime.Instant) {
	for r := range s.windows {
		w := s.windows[r]
		w.Samples += s.expected[r]
		if s.sick[r].Observe(w) {
			s.changes = append(s.changes, score.Change{At: now, Region: r, Healthy: !s.sick[r].Sick})
		}
	}
	clear(s.windows)
	s.closes = now.Add(window)
}
