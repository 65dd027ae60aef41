package consensus

import (
	"slices"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// MaxRegions bounds the regions of one monitor; those beyond it in the sorted order
// have no vote.
const MaxRegions = 256

// State is all that judging remembers of one monitor. The zero value is a monitor
// that nobody looked at. It is restored from JSON and goes on as if it had never
// stopped. It is not safe for concurrent use.
type State struct {
	regions  []string // shared with the monitor
	votes    []vote   // beside the regions
	tr       *trouble // nil while all is well
	beat     *beat    // nil unless it has called in by itself
	revision int64
	target   uint64
	since    uptime.Instant // of the verdict
	floor    uptime.Instant // start of the last round of confirmation: votes due before it answer nothing
	opened   uptime.Instant // the open incident, zero for none
	next     uptime.Instant
	flaps    flaps
	verdict  uptime.Verdict
	paused   bool
}

// trouble is what is remembered only while something is amiss.
type trouble struct {
	notes    []note // beside the regions
	round    round
	advised  set            // failing regions that a round has judged: no new burst for them
	deferred set            // failing regions whose burst waits for retry
	retry    uptime.Instant // when the next round may be tried
	asked    uptime.Instant // when the last round was asked
	suspect  uptime.Instant // a quorum has been failing since, as far as was judged
	first    uptime.Instant // due of the failure that roused suspicion
	agreed   int            // rounds running that said down
	clean    int            // rounds running that said well, of an open incident
	number   int            // rounds since suspicion, or since recovery began
	baffled  bool           // the last round of confirmation decided nothing
	rounds   []RoundRecord  // the last of them
	advisory set            // regions of the advisory that was told
	partly   uptime.Instant // the advisory began
	blind    set            // regions that were told to be blind
}

// trouble returns what is kept aside, made on first use.
func (s *State) trouble() *trouble {
	if s.tr == nil {
		s.tr = &trouble{notes: make([]note, len(s.regions))}
	}
	return s.tr
}

// Verdict returns the verdict and since when it holds (zero: nobody looked yet).
func (s *State) Verdict() (uptime.Verdict, uptime.Instant) { return s.verdict, s.since }

// Incident returns when the open incident was opened, zero if there is none.
func (s *State) Incident() uptime.Instant { return s.opened }

// Advisory returns the regions that fail below quorum and since when, or none.
func (s *State) Advisory() ([]string, uptime.Instant) {
	if s.tr == nil || s.tr.advisory.empty() {
		return nil, 0
	}
	return s.tr.advisory.names(s.regions), s.tr.partly
}

// Blind tells whether it was told that blindness hides the verdict, and not that it ended.
func (s *State) Blind() bool { return s.tr != nil && !s.tr.blind.empty() }

// Next returns when Tick is wanted: zero for never, 1 for at once. It may be early.
func (s *State) Next() uptime.Instant { return s.next }

// Votes returns every assigned region's vote in the order of the regions.
func (s *State) Votes(m *Monitor, f *Fleet, now uptime.Instant) []VoteView {
	c := call{m: m, f: f, now: now}
	views := make([]VoteView, len(s.votes))
	for i := range s.votes {
		if m.Heartbeat != nil {
			views[i] = s.beatView(i)
			continue
		}
		views[i] = s.view(&c, i, s.scope())
	}
	return views
}

// view shows one vote as a scope sees it.
func (s *State) view(c *call, i int, sc scope) VoteView {
	v := &s.votes[i]
	why := s.why(c, i, sc)
	view := VoteView{
		Region: s.regions[i], Outcome: v.outcome(), Reason: v.reason, Since: v.since, Due: v.due,
		Latency: micros(v.latency), Code: int(v.code), Canary: v.canary(), Exempt: v.has(flagExempt),
		Fresh: v.outcome() != uptime.OutcomeNone && s.fresh(c, i), Counted: why == WhyCounted, Why: why,
	}
	if s.tr != nil {
		n := s.tr.notes[i]
		view.Detail, view.IP, view.Site = n.Detail, n.IP, n.Site
	}
	return view
}

// Dissent gives one sample for every region whose healthy fellows mostly pass:
// whether it fails. Samples of a window over all monitors feed the region's
// [SickDetector].
func (s *State) Dissent(m *Monitor, f *Fleet, now uptime.Instant, each func(region string, failed bool)) {
	if m.Heartbeat != nil {
		return // it speaks for itself, not of a region
	}
	c := call{m: m, f: f, now: now}
	fails := func(i int) int {
		if s.votes[i].outcome() == uptime.OutcomeFail {
			return 1
		}
		return 0
	}
	well := func(name string) bool { return f.Regions[name].Healthy }
	if !slices.ContainsFunc(s.regions, well) { // all sick: only each other can tell that they are well again
		well = func(string) bool { return true }
	}
	voices, failed := 0, 0
	for i, name := range s.regions {
		if s.voted(&c, i) && well(name) {
			voices++
			failed += fails(i)
		}
	}
	for i, name := range s.regions {
		if !s.voted(&c, i) {
			continue
		}
		others, bad := voices, failed
		if well(name) {
			others, bad = voices-1, failed-fails(i)
		}
		if 2*(others-bad) > others {
			each(name, fails(i) == 1)
		}
	}
}

// voted tells whether the region has a fresh vote.
func (s *State) voted(c *call, i int) bool {
	return s.votes[i].outcome() != uptime.OutcomeNone && s.fresh(c, i)
}
