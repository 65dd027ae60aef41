package consensus

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// maxSteps bounds how many transitions one Tick may make: a round that ends, its
// verdict, and the next round are three; more follow at the next Tick.
const maxSteps = 8

// call is what one call was given. The fleet is nil where nothing is judged.
type call struct {
	m   *Monitor
	f   *Fleet
	now uptime.Instant
	out *Actions
}

// Tick judges, if there is anything to judge by now: call it after a batch of
// results and whenever Next says so; too early or too often is cheap and harmless.
// An instant that is nobody's fleet time (a clock never set) is not judged at.
func (s *State) Tick(m *Monitor, f *Fleet, now uptime.Instant, out *Actions) {
	if now < dawn || now >= far {
		return
	}
	c := call{m, f, now, out}
	if !s.current(m) {
		s.adopt(&c)
	}
	if s.next == 0 || now < s.next {
		return
	}
	if m.Heartbeat != nil {
		s.await(&c)
		return
	}
	if s.paused || len(s.regions) == 0 {
		s.rest(&c)
		return
	}
	for i := range s.votes {
		if v := &s.votes[i]; !v.has(flagRanOut) && v.due != 0 && !s.fresh(&c, i) {
			s.runOut(&c, i, v.due.Add(m.Freshness()))
		}
	}
	s.tidy()
	more := true
	for n := 0; more && n < maxSteps; n++ {
		more = s.step(&c)
	}
	s.tidy()
	if s.next = s.wanted(&c); more {
		s.next = atOnce
	}
}

// rest is what there is to do where nobody looks.
func (s *State) rest(c *call) {
	s.turn(c, uptime.VerdictUnknown, uptime.ReasonNone, "Unknown: no region is assigned")
	s.tr, s.next = nil, 0
}

// step makes one transition and tells whether there may be another.
func (s *State) step(c *call) bool {
	if tr := s.tr; tr != nil {
		switch tr.round.phase {
		case running:
			if s.over(c) {
				s.end(c)
				return true
			}
			if s.opened == 0 || tr.round.asked() {
				return false
			}
		case planned:
			if c.now >= tr.round.start {
				s.begin(c)
				return true
			}
			if s.opened == 0 {
				return false
			}
		default: // idle
		}
	}
	if s.opened != 0 {
		return s.recovering(c)
	}
	return s.watching(c)
}

// watching judges the votes while there is neither an incident nor a round.
func (s *State) watching(c *call) bool {
	failing := s.failing(c)
	if failing.empty() {
		s.floor = 0 // what the last round was about is over: older votes are as good as before
	}
	t := s.count(c, s.scope(), set{})
	want := t.verdict(c.m, len(s.regions))
	if failing.empty() && want == s.verdict && s.tr == nil {
		return false
	}
	tr := s.trouble()
	tr.advised.keep(failing)
	tr.deferred.keep(failing)
	fresh := failing.without(tr.advised)
	s.suspect(c, want)
	s.rouse(fresh, want)
	if tr.suspect != 0 {
		if k, _ := Need(c.m.Policy.Quorum, t.n); c.now.Sub(tr.suspect) >= c.m.settle(k) {
			s.open(c, s.scope(), t)
			return true
		}
	}
	retry := c.now >= tr.retry && (!fresh.empty() || want == uptime.VerdictDown)
	if retry || !fresh.without(tr.deferred).empty() {
		if s.ask(c, false) {
			return true
		}
		tr.deferred, tr.retry = fresh, c.now.Add(refusedRetry)
	}
	s.hold(c, t, want)
	return false
}

// failing returns the healthy regions whose fresh vote is a failure, counted or not.
func (s *State) failing(c *call) set {
	var failing set
	for i, name := range s.regions {
		if s.votes[i].outcome() == uptime.OutcomeFail && s.fresh(c, i) && c.f.Regions[name].Healthy {
			failing.add(i)
		}
	}
	return failing
}

// suspect keeps since when a quorum fails.
func (s *State) suspect(c *call, want uptime.Verdict) {
	if want != uptime.VerdictDown {
		s.tr.suspect = 0
	} else if s.tr.suspect == 0 {
		s.tr.suspect = c.now
	}
}

// rouse remembers the earliest of the failures by which suspicion began.
func (s *State) rouse(by set, want uptime.Verdict) {
	if by.empty() && want != uptime.VerdictDown {
		s.tr.first = 0
	}
	for i := range s.votes {
		if due := s.votes[i].due; by.has(i) && (s.tr.first == 0 || due < s.tr.first) {
			s.tr.first = due
		}
	}
}

// hold brings verdict and advisory in line with the votes, short of down, which takes
// rounds (or time).
func (s *State) hold(c *call, t tally, want uptime.Verdict) {
	switch want {
	case uptime.VerdictDown:
		return // to be confirmed
	case uptime.VerdictUnknown:
		if !s.tr.baffled && t.couldKnow(c.m, len(s.regions), t.unproven) {
			return // a round will tell
		}
		s.tellBlind(c, s.blinded(c, t))
		s.advise(c, set{}, want)
	default:
		s.tr.baffled = false
		s.tellBlind(c, set{})
		s.advise(c, t.failing, want)
		s.flaps.record(c.m, false, c.now)
	}
	if want != s.verdict {
		s.turn(c, want, s.reason(t), s.sentence(c, s.scope(), want))
	}
}

// blinded returns the blind regions if they are why the verdict is not known.
func (s *State) blinded(c *call, t tally) set {
	if t.couldKnow(c.m, len(s.regions), t.blind) {
		return t.blinded
	}
	return set{}
}

// tidy forgets what only trouble needs. A canary's word is kept for as long as its
// region goes on failing, for scheduled checks bring none. What was answered to a round that
// is under way stays until it is judged.
func (s *State) tidy() {
	tr := s.tr
	if tr == nil || tr.round.phase == running && tr.round.asked() {
		return
	}
	noted := false
	for i := range s.votes {
		v := &s.votes[i]
		if !v.networkFail() {
			v.setCanary(uptime.CanaryNone)
		}
		if v.outcome() <= uptime.OutcomePass {
			tr.notes[i] = note{}
		}
		noted = noted || tr.notes[i] != note{} || v.outcome() == uptime.OutcomeFail
	}
	calm := tr.round.phase == idle && s.opened == 0 && tr.suspect == 0 && !tr.baffled
	if calm && !noted && tr.advisory.empty() && tr.blind.empty() {
		s.tr = nil
	}
}

// wanted returns when there will be something to judge if no result arrives.
func (s *State) wanted(c *call) uptime.Instant {
	var next uptime.Instant
	sooner := func(t uptime.Instant) {
		if t > c.now && (next == 0 || t < next) {
			next = t
		}
	}
	for i := range s.votes {
		if v := &s.votes[i]; v.due != 0 && !v.has(flagRanOut) {
			sooner(v.due.Add(c.m.Freshness()) + 1)
		}
	}
	tr := s.tr
	if tr == nil {
		return next
	}
	switch tr.round.phase {
	case running:
		if tr.round.certain != 0 {
			sooner(tr.round.certain.Add(stragglers))
		}
		sooner(tr.round.deadline)
	case planned:
		sooner(tr.round.start)
	default: // idle
	}
	sooner(tr.retry)
	if tr.suspect != 0 {
		for _, d := range [...]time.Duration{c.m.settle(1), c.m.settle(2)} {
			sooner(tr.suspect.Add(d))
		}
	}
	return next
}
