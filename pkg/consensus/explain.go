package consensus

import (
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// namesShown bounds how many regions a sentence names one by one.
const namesShown = 6

// Explain returns the verdict in one sentence, as in "Down: 3 of 4 fresh regions
// failed, connect timeout; singapore excluded as sick".
func (s *State) Explain(m *Monitor, f *Fleet, now uptime.Instant) string {
	c := call{m: m, f: f, now: now}
	switch {
	case s.paused:
		return "Unknown: paused"
	case m.Heartbeat != nil:
		return s.tale(&c)
	case len(s.regions) == 0:
		return "Unknown: no region is assigned"
	}
	return s.sentence(&c, s.scope(), s.verdict)
}

// sentence says why a verdict is what it is, by the votes of a scope.
func (s *State) sentence(c *call, sc scope, verdict uptime.Verdict) string {
	t := s.count(c, sc, set{})
	var b strings.Builder
	switch verdict {
	case uptime.VerdictDown:
		s.sayDown(&b, t)
	case uptime.VerdictDegraded:
		b.WriteString("Degraded: ")
		if t.fail > 0 {
			fmt.Fprintf(&b, "%d failed and ", t.fail)
		}
		fmt.Fprintf(&b, "%d degraded of %s", t.degraded, regions(t.n, "fresh "))
		s.sayReason(&b, t)
	case uptime.VerdictUp:
		s.sayUp(&b, t)
	default:
		fmt.Fprintf(&b, "Unknown: %d of %s %s, %d needed", t.n, regions(len(s.regions), ""),
			plural(t.n, "counts", "count"), s.needed(c))
	}
	s.sayExcluded(&b, c, sc)
	return b.String()
}

func (s *State) sayDown(b *strings.Builder, t tally) {
	switch {
	case t.n == 0:
		b.WriteString("Down: no region counts now, the incident is still open")
	case len(s.regions) == 1:
		b.WriteString("Down: the only region failed")
	default:
		fmt.Fprintf(b, "Down: %d of %s failed", t.fail, regions(t.n, "fresh "))
	}
	s.sayReason(b, t)
}

func (s *State) sayUp(b *strings.Builder, t tally) {
	well := t.n - t.fail
	if t.fail == 0 {
		if len(s.regions) == 1 {
			b.WriteString("Up: the only region passes")
			return
		}
		fmt.Fprintf(b, "Up: %d of %s %s", well, regions(t.n, "fresh "), plural(well, "passes", "pass"))
		return
	}
	fmt.Fprintf(b, "Partly down: %s %s", join(t.failing.names(s.regions)), plural(t.fail, "fails", "fail"))
	s.sayReason(b, t)
	fmt.Fprintf(b, "; %d of %s %s", well, regions(t.n, "fresh "), plural(well, "passes", "pass"))
}

// needed is how many votes a verdict takes at least.
func (s *State) needed(c *call) int {
	least := Least(len(s.regions))
	if q := c.m.Policy.Quorum; q.Mode == uptime.QuorumCount {
		least = max(least, q.Count)
	}
	return least
}

// sayReason adds the reason that dominates.
func (s *State) sayReason(b *strings.Builder, t tally) {
	why, all := s.dominant(t)
	if why == uptime.ReasonNone {
		return
	}
	b.WriteString(", ")
	if !all {
		b.WriteString("mostly ")
	}
	b.WriteString(why.Phrase())
	if why == uptime.ReasonStatus {
		if code, same := s.code(t); same {
			fmt.Fprintf(b, " %d", code)
		}
	}
}

// reason is the reason that dominates among the counted failures.
func (s *State) reason(t tally) uptime.Reason {
	why, _ := s.dominant(t)
	return why
}

// dominant returns the most frequent reason among the counted failures (the first by
// number among equals), and whether it is the only one. Without failures the degraded
// votes speak.
func (s *State) dominant(t tally) (why uptime.Reason, all bool) {
	outcome := uptime.OutcomeFail
	if t.fail == 0 {
		outcome = uptime.OutcomeDegraded
	}
	var counts [256]int
	total := 0
	for i := range s.votes {
		v := &s.votes[i]
		if v.outcome() != outcome || outcome == uptime.OutcomeFail && !t.failing.has(i) || v.reason == uptime.ReasonNone {
			continue
		}
		counts[v.reason]++
		total++
	}
	if total == 0 {
		return uptime.ReasonNone, true
	}
	most := 0
	for r, n := range counts {
		if n > counts[most] {
			most = r
		}
	}
	return uptime.Reason(most), counts[most] == total
}

// code returns the status that all counted failures of [uptime.ReasonStatus] share.
func (s *State) code(t tally) (code uint16, same bool) {
	for i := range s.votes {
		v := &s.votes[i]
		if !t.failing.has(i) || v.reason != uptime.ReasonStatus || v.code == 0 {
			continue
		}
		if code != 0 && code != v.code {
			return 0, false
		}
		code = v.code
	}
	return code, code != 0
}

// sayExcluded names the regions that do not count, by cause.
func (s *State) sayExcluded(b *strings.Builder, c *call, sc scope) {
	var by [whyCount][]string
	for i, name := range s.regions {
		why := s.why(c, i, sc)
		by[why] = append(by[why], name)
	}
	sep := "; "
	for why, names := range by {
		if Why(why) == WhyCounted || len(names) == 0 {
			continue
		}
		b.WriteString(sep + join(names) + " " + s.phrase(c, sc, Why(why)))
		sep = ", "
	}
}

// phrase says why votes do not count. In a round that ended before its time, because the
// others decided, nobody can say of a region that it did not answer.
func (s *State) phrase(c *call, sc scope, why Why) string {
	if why == WhyNoAnswer && sc.round && c.now < s.tr.round.deadline {
		return "not waited for"
	}
	return why.Phrase()
}

// cleanPhrase says how an incident came to its end.
func cleanPhrase(rounds int) string {
	return fmt.Sprintf(" (%d clean %s)", rounds, plural(rounds, "round", "rounds"))
}

func regions(n int, kind string) string {
	return fmt.Sprintf("%d %s%s", n, kind, plural(n, "region", "regions"))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// join lists names as people do, the many shortened.
func join(names []string) string {
	if n := len(names); n > namesShown {
		names = append(slices.Clone(names[:namesShown-1]), fmt.Sprintf("%d more", n-namesShown+1))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// evidence is the record of the votes of a scope.
func (s *State) evidence(c *call, sc scope, t tally) Evidence {
	q := c.m.Policy.Quorum
	k, _ := Need(q, t.n)
	e := Evidence{
		Round:  s.tr.number,
		Quorum: QuorumUsed{Mode: q.Mode, K: k, N: t.n, Failed: t.fail, Assigned: len(s.regions)},
		Votes:  make([]VoteRecord, len(s.votes)),
		Rounds: slices.Clone(s.tr.rounds),
	}
	if e.Rounds == nil {
		e.Rounds = []RoundRecord{}
	}
	for i := range s.votes {
		view := s.view(c, i, sc)
		e.Votes[i] = view.record()
	}
	return e
}

// record is a vote as evidence keeps it.
func (v *VoteView) record() VoteRecord {
	r := VoteRecord{
		Region: v.Region, Vote: v.Outcome, Reason: v.Reason, Detail: v.Detail,
		LatencyMS: float64(v.Latency.Microseconds()) / 1000, StatusCode: v.Code, ResolvedIP: v.IP, Site: v.Site,
		Canary: canaryNames[v.Canary&3], Counted: v.Counted, Why: v.Why,
	}
	if v.Due != 0 {
		due := v.Due.Time()
		r.Due = &due
	}
	return r
}

var canaryNames = [...]string{
	uptime.CanaryNone: "", uptime.CanaryPassed: "passed", uptime.CanaryFailed: "failed", uptime.CanaryIgnored: "ignored",
}
