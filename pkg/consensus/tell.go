package consensus

import "github.com/probefleet/probefleet/pkg/uptime"

// turn changes the verdict, at a moment strictly after the last change: two spans
// cannot begin at once.
func (s *State) turn(c *call, to uptime.Verdict, why uptime.Reason, explanation string) {
	if s.verdict == to {
		return
	}
	at := max(c.now, s.since+1)
	c.out.Verdicts = append(c.out.Verdicts, VerdictChange{
		From: s.verdict, To: to, Reason: why, At: at, Explanation: explanation,
	})
	s.verdict, s.since = to, at
}

// advise tells of the regions that fail below quorum, when they change.
func (s *State) advise(c *call, failing set, verdict uptime.Verdict) {
	if s.tr == nil || s.tr.advisory == failing {
		return
	}
	tr := s.tr
	if tr.advisory.empty() {
		tr.partly = c.now
	}
	a := Advisory{Since: tr.partly, At: c.now}
	if failing.empty() {
		a.Regions, a.Ended, a.Explanation = tr.advisory.names(s.regions), true, "No longer partly down"
	} else {
		a.Regions, a.Explanation = failing.names(s.regions), s.sentence(c, s.scope(), verdict)
	}
	tr.advisory = failing
	c.out.Advisories = append(c.out.Advisories, a)
}

// tellBlind tells that blindness keeps the verdict from being known, or that it ended.
func (s *State) tellBlind(c *call, blind set) {
	if s.tr == nil {
		return
	}
	before := s.tr.blind
	s.tr.blind = blind
	switch {
	case before.empty() && !blind.empty():
		c.out.Blinds = append(c.out.Blinds, Blind{
			Regions: blind.names(s.regions), At: c.now,
			Explanation: s.sentence(c, s.scope(), uptime.VerdictUnknown),
		})
	case !before.empty() && blind.empty():
		c.out.Blinds = append(c.out.Blinds, Blind{
			Regions: before.names(s.regions), At: c.now, Ended: true, Explanation: "No longer blind",
		})
	}
}

// tellWell ends advisory and blindness for whoever was told of them.
func (s *State) tellWell(c *call) {
	s.advise(c, set{}, uptime.VerdictUnknown)
	s.tellBlind(c, set{})
}

// runOut ends the vote span of a vote that is no longer one.
func (s *State) runOut(c *call, i int, at uptime.Instant) {
	v := &s.votes[i]
	from := v.told()
	v.flags |= flagRanOut
	if from == uptime.OutcomeNone {
		return
	}
	v.since = max(at, v.since+1)
	c.out.Votes = append(c.out.Votes, VoteChange{
		Region: s.regions[i], From: from, To: uptime.OutcomeNone, At: v.since,
	})
}
