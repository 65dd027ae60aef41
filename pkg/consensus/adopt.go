package consensus

import (
	"slices"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// current tells whether the state has the monitor's configuration; the common case
// costs a few comparisons.
func (s *State) current(m *Monitor) bool {
	a := m.assigned()
	if s.revision != m.Revision || s.paused != m.Paused || len(s.regions) != len(a) {
		return false
	}
	if len(a) == 0 || &s.regions[0] == &a[0] {
		return true
	}
	if !slices.Equal(s.regions, a) {
		return false
	}
	s.regions = a // the same names: share the memory of the new slice
	return true
}

// Configure adopts a changed monitor (revision, pause, regions, policy) or a changed
// fleet (sick, silent) and judges at once. Result and Tick adopt a changed monitor
// by themselves; this only makes sure that it is not put off.
func (s *State) Configure(m *Monitor, f *Fleet, now uptime.Instant, out *Actions) {
	s.next = atOnce
	s.Tick(m, f, now, out)
}

// adopt takes over a changed configuration. Whatever round was under way is called
// off, for its answers would belong to another revision.
func (s *State) adopt(c *call) {
	s.next = atOnce
	changed := s.revision != c.m.Revision || s.paused != c.m.Paused
	s.tellWell(c)
	s.reassign(c)
	if s.revision != c.m.Revision {
		if c.m.Target == 0 || c.m.Target != s.target {
			s.clearVotes(c)
		}
		s.revision, s.target = c.m.Revision, c.m.Target
	}
	s.abandon()
	if s.paused = c.m.Paused; s.paused {
		s.pause(c)
	}
	if s.beat != nil && changed {
		s.beat.renew(c.now)
	}
}

// pause forgets the votes and ends the incident without a word: nobody knows whether
// it is well again.
func (s *State) pause(c *call) {
	s.turn(c, uptime.VerdictUnknown, uptime.ReasonNone, "Unknown: paused")
	s.clearVotes(c)
	if s.opened != 0 {
		c.out.Resolved = append(c.out.Resolved, Resolve{
			At: max(c.now, s.opened+1), Explanation: "Closed because the monitor was paused", Quiet: true,
		})
		s.opened = 0
	}
	s.tr, s.flaps = nil, flaps{}
}

// clearVotes forgets what the regions said. That they have a canary stays known.
func (s *State) clearVotes(c *call) {
	for i := range s.votes {
		s.runOut(c, i, c.now)
		v := &s.votes[i]
		*v = vote{since: v.since, flags: flagRanOut | v.flags&flagKeeps}
	}
	if s.tr != nil {
		clear(s.tr.notes)
	}
	if s.beat != nil {
		s.beat.forget()
	}
	s.turn(c, uptime.VerdictUnknown, uptime.ReasonNone, "Unknown: changed and not checked since")
}

// reassign moves the votes to the places of the regions that are assigned now.
func (s *State) reassign(c *call) {
	a := c.m.assigned()
	if slices.Equal(a, s.regions) {
		s.regions = a
		return
	}
	votes, notes := make([]vote, len(a)), make([]note, len(a))
	for i, name := range s.regions {
		j := slices.Index(a, name)
		if j < 0 {
			s.runOut(c, i, c.now)
			continue
		}
		votes[j] = s.votes[i]
		if s.tr != nil {
			notes[j] = s.tr.notes[i]
		}
	}
	s.regions, s.votes = a, votes
	if s.tr != nil {
		s.tr.notes = notes
	}
}

// abandon calls off rounds and forgets which failures were judged, so that they are
// judged again; the notes stay.
func (s *State) abandon() {
	if s.tr != nil {
		s.tr = &trouble{notes: s.tr.notes}
	}
}

// Reconcile tells a restored state whether the database holds an open incident of
// the monitor (its opening, zero for none), where the transaction of a transition
// was committed and the checkpoint after it was not.
func (s *State) Reconcile(opened uptime.Instant) {
	switch {
	case opened == s.opened:
		return
	case s.opened != 0 && opened != 0:
		s.opened = opened // the same one, as the database has it
		return
	case opened != 0:
		s.opened, s.verdict = opened, uptime.VerdictDown
	default:
		s.opened, s.verdict = 0, uptime.VerdictUnknown
	}
	s.abandon()
	s.next = atOnce
}
