package consensus

import "github.com/probefleet/probefleet/pkg/uptime"

// phase is how far a round is.
type phase uint8

const (
	idle phase = iota
	planned
	running
)

// round is one look at the target from everywhere: either every live region is asked
// at once, or (while down, where nothing can or need be asked) one cycle of the
// schedule serves as a round.
type round struct {
	phase    phase
	start    uptime.Instant // only results due then or later count
	deadline uptime.Instant
	certain  uptime.Instant // no answer still to come can change the outcome since, zero: one can
	sent     set            // regions that were asked; empty for a cycle
	came     set            // regions with a newer vote since it began
	replied  set            // regions that gave an urgent answer
	spoken   set            // regions whose canary spoke in this round
}

func (r *round) asked() bool { return !r.sent.empty() }

// plan lets the next round begin at a moment.
func (s *State) plan(at uptime.Instant) {
	s.trouble().round = round{phase: planned, start: at}
}

// begin starts the planned round. Where none can be had, an open incident goes on by
// the schedule, and a confirmation waits for the budget (and settle behind it).
func (s *State) begin(c *call) {
	s.tr.round = round{}
	switch {
	case s.ask(c, s.opened != 0):
	case s.opened != 0:
		s.cycle(c)
	default:
		s.tr.agreed, s.tr.number = 0, 0
	}
}

// ask begins a round in which every live region is asked at once, if that is allowed
// and if enough of them can be asked to decide what the live ones could decide.
func (s *State) ask(c *call, recovery bool) bool {
	if c.f.CatchUp || c.now < s.recheckable(c.m) {
		return false
	}
	var sent set
	live, granted := 0, 0
	for i, name := range s.regions {
		r := c.f.Regions[name]
		if !r.Live {
			continue
		}
		voice := 0
		if r.Healthy {
			voice = 1
		}
		live += voice
		if c.f.Budget == nil || c.f.Budget.Has(name, c.now, recovery) {
			granted += voice
			sent.add(i)
		}
	}
	if granted == 0 || granted < min(live, Least(len(s.regions))) {
		return false
	}
	regions := sent.names(s.regions)
	if c.f.Budget != nil {
		for _, name := range regions {
			c.f.Budget.Take(name, 1, c.now)
		}
	}
	tr := s.trouble()
	tr.number++
	tr.asked = c.now
	tr.round = round{
		phase:    running,
		start:    c.now / 1000 * 1000, // urgent checks are due within this millisecond
		deadline: c.now.Add(c.m.Timeout + roundGrace),
		sent:     sent,
	}
	c.out.Rechecks = append(c.out.Rechecks, Recheck{
		Regions: regions, Round: tr.number, At: tr.round.start, Deadline: tr.round.deadline, Recovery: recovery,
	})
	return true
}

// recheckable returns when the target may be asked again by other than its schedule.
func (s *State) recheckable(m *Monitor) uptime.Instant {
	if m.MinRecheck <= 0 {
		return 0
	}
	last := s.floor
	for i := range s.votes {
		last = max(last, s.votes[i].due)
	}
	return last.Add(m.MinRecheck)
}

// cycle begins a round that the schedule answers.
func (s *State) cycle(c *call) {
	s.trouble().round = round{
		phase: running, start: c.now, deadline: c.now.Add(c.m.Interval + c.m.Timeout + roundGrace),
	}
}

// inRound is the scope of the running round.
func (s *State) inRound() scope {
	r := &s.tr.round
	return scope{floor: r.start, round: true, proof: r.asked()}
}

// expected are the regions whose answer to the running round is worth waiting for:
// those that were live when they were asked, for a worker that restarts comes back.
func (s *State) expected(c *call) set {
	var e set
	r := &s.tr.round
	for i, name := range s.regions {
		g := c.f.Regions[name]
		if g.Healthy && (r.asked() && r.sent.has(i) || !r.asked() && g.Live) {
			e.add(i)
		}
	}
	return e
}

// over tells whether the running round can be judged: its deadline has passed, all
// who are expected to have answered, or no further answer can change the outcome and
// those still missing have had a moment: their answers are evidence, and unanimity
// needs no second round.
//
// A confirmation is not cut short when it turns out well: the failing region's answer
// is what its advisory rests on, and nothing waits for it.
func (s *State) over(c *call) bool {
	r := &s.tr.round
	if c.now >= r.deadline {
		return true
	}
	expected := s.expected(c)
	if !r.asked() && expected.empty() {
		return false // a schedule that nobody runs ends by its deadline
	}
	t := s.count(c, s.inRound(), expected)
	assigned := len(s.regions)
	if t.outstanding == 0 {
		return true
	}
	switch {
	case !t.certainDown(c.m, assigned) && (s.opened == 0 || !t.certainWell(c.m, assigned)):
		r.certain = 0
	case r.certain == 0:
		r.certain = c.now // not the start: answers that take the whole timeout come at its end, all of them
	}
	return r.certain != 0 && c.now >= r.certain.Add(stragglers)
}

// end judges the round that is over.
func (s *State) end(c *call) {
	t := s.count(c, s.inRound(), set{})
	verdict := t.verdict(c.m, len(s.regions))
	if s.opened != 0 {
		s.recovered(c, t, verdict)
		return
	}
	s.confirmed(c, t, verdict)
}

// confirmed judges a round of confirmation.
func (s *State) confirmed(c *call, t tally, verdict uptime.Verdict) {
	tr, sc := s.tr, s.inRound()
	tr.rounds = append(tr.rounds, RoundRecord{
		Round: tr.number, At: tr.round.start.Time(), Ended: c.now.Time(),
		Answered: t.n, Failed: t.fail, Verdict: verdict,
	})
	if extra := len(tr.rounds) - roundsKept; extra > 0 {
		tr.rounds = append(tr.rounds[:0], tr.rounds[extra:]...)
	}
	s.floor = tr.round.start
	s.unprove(sc)
	if verdict == uptime.VerdictDown {
		s.agree(c, sc, t)
		return
	}
	failing, answered := s.failing(c), set{}
	if verdict != uptime.VerdictUnknown {
		answered = s.answered(c, sc, failing)
	}
	s.calm()
	tr.baffled = verdict == uptime.VerdictUnknown
	tr.advised, tr.deferred = answered, failing.without(answered)
	tr.retry = c.now.Add(recheckEvery)
}

// agree takes a round that says down: it opens the incident, or another round has to
// say the same.
func (s *State) agree(c *call, sc scope, t tally) {
	tr := s.tr
	if tr.suspect == 0 {
		tr.suspect = tr.round.start
	}
	tr.agreed++
	sure := tr.agreed > 1 || t.allDown()
	wait := c.m.confirmation() - c.now.Sub(tr.suspect)
	switch {
	case sure && wait <= 0:
		s.open(c, sc, t)
	case sure:
		s.plan(c.now.Add(min(max(wait, secondRound), patientRound)))
	default:
		s.plan(c.now.Add(c.m.gap(len(s.regions))))
	}
}

// unprove takes back what canaries of earlier rounds proved for regions whose canary
// kept silent in this one: the last round has the last word.
func (s *State) unprove(sc scope) {
	for i := range s.votes {
		if !s.spoke(i, sc) {
			s.votes[i].setCanary(uptime.CanaryNone)
		}
	}
}

// answered are the regions of a set whose vote is an answer to the round.
func (s *State) answered(c *call, sc scope, of set) set {
	var a set
	for i := range s.votes {
		if !of.has(i) {
			continue
		}
		switch s.why(c, i, sc) {
		case WhyCounted, WhyBlind, WhySameSite:
			a.add(i)
		default: // it said nothing that the round could use
		}
	}
	return a
}

// calm ends a suspicion or a recovery.
func (s *State) calm() {
	tr := s.tr
	tr.round, tr.rounds = round{}, nil
	tr.suspect, tr.first = 0, 0
	tr.agreed, tr.clean, tr.number = 0, 0, 0
	tr.baffled = false
}
