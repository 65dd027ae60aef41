package consensus

import "github.com/probefleet/probefleet/pkg/uptime"

// open opens the incident.
func (s *State) open(c *call, sc scope, t tally) {
	why, text := s.reason(t), s.sentence(c, sc, uptime.VerdictDown)
	opened := Open{
		FirstFailure: s.tr.first, Reason: why, Explanation: text, Evidence: s.evidence(c, sc, t),
	}
	s.advise(c, set{}, uptime.VerdictDown)
	s.turn(c, uptime.VerdictDown, why, text)
	s.flaps.record(c.m, true, c.now)
	s.opened = s.since
	opened.At, opened.Flapping = s.opened, s.flaps.is(c.m, c.now)
	if opened.FirstFailure == 0 {
		opened.FirstFailure = s.opened
	}
	c.out.Opened = append(c.out.Opened, opened)
	s.calm()
	s.tr.advised, s.tr.deferred, s.tr.retry = s.failing(c), set{}, 0
	s.pace(c, true)
}

// pace arranges the next round of an open incident: a cycle follows at once, an
// asked round after a pause; where a cycle stood in for one, the asking is tried again.
func (s *State) pace(c *call, asked bool) {
	switch {
	case c.m.byCycle():
		s.cycle(c)
	case asked:
		s.plan(c.now.Add(recheckEvery))
	default:
		s.plan(c.now)
	}
}

// recovering judges the votes of an open incident between rounds (a cycle is always
// under way where the schedule is quick): unknown while too few see anything, down
// again when enough do, and a round at once when a region passes again. Only clean
// rounds lead up.
func (s *State) recovering(c *call) bool {
	tr := s.trouble()
	t := s.count(c, s.scope(), set{})
	assigned := len(s.regions)
	want := t.verdict(c.m, assigned)
	if c.m.MinRecheck > 0 && t.fail == 0 && well(want) {
		tr.clean = 1 // a second round would hear the same answer
		s.resolve(c, s.scope(), t, want)
		return true
	}
	switch {
	case want != uptime.VerdictUnknown:
		s.tellBlind(c, set{})
	case !t.couldKnow(c.m, assigned, t.unproven):
		s.tellBlind(c, s.blinded(c, t))
	default:
		want = s.verdict // the next round will tell
	}
	if want != s.verdict && (want == uptime.VerdictDown || want == uptime.VerdictUnknown) {
		s.turn(c, want, s.reason(t), s.sentence(c, s.scope(), want))
	}
	back := tr.advised.without(s.failing(c))
	if c.now >= tr.retry && (s.anyPasses(c, back) || s.doubtful(c, t)) {
		if s.ask(c, true) {
			return true
		}
		tr.retry = c.now.Add(refusedRetry)
	}
	if tr.round.phase == idle {
		s.pace(c, false)
		return true
	}
	return false
}

// doubtful tells whether failures are not counted for want of a canary that has a say
// today: a cycle of the schedule brings none, so it takes a round now and then.
func (s *State) doubtful(c *call, t tally) bool {
	return t.blind+t.unproven > 0 && c.now >= s.tr.asked.Add(recheckEvery)
}

// anyPasses tells whether a region of the set has a fresh vote that is no failure.
func (s *State) anyPasses(c *call, of set) bool {
	for i := range s.votes {
		o := s.votes[i].outcome()
		if of.has(i) && s.fresh(c, i) && (o == uptime.OutcomePass || o == uptime.OutcomeDegraded) {
			return true
		}
	}
	return false
}

// recovered judges a round of an open incident: enough clean ones running resolve it.
func (s *State) recovered(c *call, t tally, verdict uptime.Verdict) {
	tr := s.tr
	asked := tr.round.asked()
	tr.advised = s.failing(c)
	if !well(verdict) {
		tr.clean, tr.number = 0, 0
		s.pace(c, asked)
		return
	}
	if tr.clean++; tr.clean < c.m.recoveryRounds() {
		s.pace(c, asked)
		return
	}
	s.floor = tr.round.start
	s.resolve(c, s.inRound(), t, verdict)
}

// well tells whether a verdict ends an incident.
func well(v uptime.Verdict) bool { return v == uptime.VerdictUp || v == uptime.VerdictDegraded }

// resolve ends the incident by the votes of a scope.
func (s *State) resolve(c *call, sc scope, t tally, verdict uptime.Verdict) {
	tr, failing := s.tr, s.failing(c)
	text := s.sentence(c, sc, verdict) + cleanPhrase(tr.clean)
	s.turn(c, verdict, s.reason(t), text)
	s.flaps.record(c.m, false, c.now)
	c.out.Resolved = append(c.out.Resolved, Resolve{
		At: max(c.now, s.opened+1), Explanation: text, Flapping: s.flaps.is(c.m, c.now),
	})
	s.opened = 0
	tr.advised = s.answered(c, sc, failing)
	tr.deferred, tr.retry = failing.without(tr.advised), c.now.Add(recheckEvery)
	s.calm()
}
