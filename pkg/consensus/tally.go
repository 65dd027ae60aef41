package consensus

import "github.com/probefleet/probefleet/pkg/uptime"

// tally is a count of votes.
type tally struct {
	n, degraded, fail int // counted
	blind             int // failures taken away by a canary
	unproven          int // failures that wait for their canary
	leaning           int // counted failures that a canary of their site might yet take away
	outstanding       int // regions that were asked and are expected to answer
	failing           set // counted failures
	blinded           set
}

// scope says which votes a tally looks at.
type scope struct {
	floor uptime.Instant // votes due before it do not answer
	// round asks that the vote came since the running round began, whatever the clocks say.
	round bool
	// proof asks that the canary spoke in the running round, not in one before.
	proof bool
}

// scope returns what counts outside of rounds. An open incident is judged by all
// fresh votes: a lost answer must not turn down into unknown.
func (s *State) scope() scope {
	if s.opened != 0 {
		return scope{}
	}
	return scope{floor: s.floor}
}

// why tells whether and why not region i's vote counts.
func (s *State) why(c *call, i int, sc scope) Why {
	v, r := &s.votes[i], c.f.Regions[s.regions[i]]
	switch {
	case !r.Healthy:
		return WhySick
	case v.outcome() == uptime.OutcomeNone && r.Live:
		return WhyNoResult
	case v.outcome() == uptime.OutcomeNone:
		return WhySilent
	case !s.fresh(c, i) && r.Live:
		return WhyStale
	case !s.fresh(c, i):
		return WhySilent
	case v.due < sc.floor || sc.round && !s.tr.round.came.has(i):
		return WhyNoAnswer
	case v.networkFail():
		return s.seen(c, i, sc)
	}
	return WhyCounted
}

// seen judges a network failure by the canaries: those of one site share one
// opinion of its network, and a site is blind when no more of them passed than
// failed. A region without a canary, or with one that never passed, is believed.
func (s *State) seen(c *call, i int, sc scope) Why {
	v := &s.votes[i]
	if v.canary() == uptime.CanaryFailed && s.spoke(i, sc) {
		return WhyBlind
	}
	if site := s.site(i); site != "" {
		passed, failed := 0, 0
		for j := range s.votes {
			if s.votes[j].due < sc.floor || !s.spoke(j, sc) || s.site(j) != site {
				continue
			}
			switch s.votes[j].canary() {
			case uptime.CanaryPassed:
				passed++
			case uptime.CanaryFailed:
				failed++
			default: // no canary, or one that means nothing
			}
		}
		if failed > 0 && failed >= passed {
			return WhySameSite
		}
	}
	if v.has(flagKeeps) && (v.canary() == uptime.CanaryNone || !s.spoke(i, sc)) {
		return WhyUnproven
	}
	if sc.proof && !s.tr.round.replied.has(i) && c.now < s.tr.round.deadline {
		return WhyUnproven // a scheduled result: the answer with a canary, if there is one, is on its way
	}
	return WhyCounted
}

// spoke tells whether the region's canary state belongs to the scope.
func (s *State) spoke(i int, sc scope) bool {
	return !sc.proof || s.tr != nil && s.tr.round.spoken.has(i)
}

func (s *State) site(i int) string {
	if s.tr == nil {
		return ""
	}
	return s.tr.notes[i].Site
}

func (s *State) fresh(c *call, i int) bool {
	return c.now <= s.votes[i].due.Add(c.m.Freshness())
}

// count makes the tally of a scope. expected are the regions whose answer is worth
// waiting for; those that have not given it are outstanding.
func (s *State) count(c *call, sc scope, expected set) tally {
	var t tally
	for i := range s.votes {
		switch s.why(c, i, sc) {
		case WhyCounted:
			t.add(&s.votes[i], i)
		case WhyBlind, WhySameSite:
			t.blind++
			t.blinded.add(i)
		case WhyUnproven:
			t.unproven++
			if expected.has(i) {
				t.outstanding++
			}
		case WhyNoResult, WhyNoAnswer, WhyStale, WhySilent:
			if expected.has(i) {
				t.outstanding++
			}
		default: // sick: nobody waits for it
		}
	}
	return t
}

func (t *tally) add(v *vote, i int) {
	t.n++
	switch v.outcome() {
	case uptime.OutcomeFail:
		t.fail++
		t.failing.add(i)
		if v.networkFail() && v.canary() == uptime.CanaryPassed {
			t.leaning++
		}
	case uptime.OutcomeDegraded:
		t.degraded++
	default: // a pass
	}
}

// verdict applies the quorum to a tally.
func (t *tally) verdict(m *Monitor, assigned int) uptime.Verdict {
	k, ok := Need(m.Policy.Quorum, t.n)
	switch {
	case !ok || t.n < Least(assigned):
		return uptime.VerdictUnknown
	case t.fail >= k:
		return uptime.VerdictDown
	case t.fail+t.degraded >= k:
		return uptime.VerdictDegraded
	}
	return uptime.VerdictUp
}

// couldKnow tells whether the verdict would be known if extra more votes counted.
func (t *tally) couldKnow(m *Monitor, assigned, extra int) bool {
	more := tally{n: t.n + extra}
	return more.verdict(m, assigned) != uptime.VerdictUnknown
}

// certainDown tells whether no answer still to come can turn the tally from down.
func (t *tally) certainDown(m *Monitor, assigned int) bool {
	if t.n < Least(assigned) {
		return false
	}
	k, ok := Need(m.Policy.Quorum, t.n+t.outstanding)
	now, known := Need(m.Policy.Quorum, t.n)
	return ok && known && t.fail-t.leaning >= max(k, now)
}

// certainWell tells whether no answer still to come can turn the tally to down.
func (t *tally) certainWell(m *Monitor, assigned int) bool {
	if t.n < Least(assigned) {
		return false
	}
	more := t.outstanding + t.blind
	k, ok := Need(m.Policy.Quorum, t.n+more)
	_, known := Need(m.Policy.Quorum, t.n)
	return ok && known && t.fail+more < k
}

// allDown tells whether everybody who counts fails, and there are enough of them to
// need no second round.
func (t *tally) allDown() bool { return t.fail == t.n && t.n >= voicesAtOnce }
