package consensus

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// pingTravel is how long a call that was received may take until it can be read: longer
// than the api tries to write it. A deadline is judged when the api was heard so much
// after it.
const pingTravel = 3 * time.Second

// Heartbeat is what judging needs to know of a monitor that calls in by itself. Such a
// monitor has the one pseudo-region [uptime.RegionHeartbeat] and needs neither rounds nor
// canaries: what the job says holds at once, and its silence by event time.
//
//	unknown ── ok ──► up ── fail, or silence past the deadline ──► down ── ok ──► up
//	   ▲              │
//	   └──────────────┘ the deadline passed while calls could not be taken
//
// A job that never called is never judged. After a gap in [Listening], a pause or a
// change the deadline starts anew. Calls older than the newest finish change nothing.
type Heartbeat struct {
	Grace  time.Duration // how much later than its interval a call may be
	MaxRun time.Duration // how long after its start a run may finish; 0: any time
}

// beat is what is remembered of a heartbeat.
type beat struct {
	First   uptime.Instant `json:"first,omitempty"`   // start of the first run, until one has finished
	Last    uptime.Instant `json:"last,omitempty"`    // finish of the last run
	Started uptime.Instant `json:"started,omitempty"` // of a run that has not finished
	Renewed uptime.Instant `json:"renewed,omitempty"` // resumed or changed: deadlines do not start earlier
	Silent  uptime.Instant `json:"silent,omitempty"`  // the deadline that passed in silence
	From    uptime.Instant `json:"from,omitempty"`    // from which that deadline was reckoned, if not from a call
	Deaf    uptime.Instant `json:"deaf,omitempty"`    // calls could not be taken from here past the deadline
	Said    uptime.Outcome `json:"said,omitempty"`    // of the last run, for as long as it holds
	Failed  bool           `json:"failed,omitempty"`  // the last run, whether that still holds or not
	RunUS   int64          `json:"run_us,omitempty"`  // how long the last run took
	Detail  string         `json:"detail,omitempty"`  // what the job said at its end
	waiting bool           // past its deadline, for word of the api
}

// Pulse is what is known of a heartbeat's runs.
type Pulse struct {
	Last    uptime.Instant // finish of the last run, zero: none
	OK      bool
	Message string
	Run     time.Duration
	Started uptime.Instant // of a run that has not finished
	Late    uptime.Instant // when silence begins to count; zero: it has never called
}

// Pulse returns what is known of a heartbeat's runs; empty for other monitors.
func (s *State) Pulse(m *Monitor, f *Fleet) Pulse {
	b := s.beat
	if b == nil || m.Heartbeat == nil {
		return Pulse{}
	}
	p := Pulse{
		Last: b.Last, OK: b.Last != 0 && !b.Failed, Message: b.Detail, Run: b.run(), Started: b.Started, Late: b.Silent,
	}
	if p.Late == 0 {
		p.Late = b.deadline(m, f.Listening)
	}
	return p
}

// Awaits tells whether a heartbeat is past its deadline and wants to be judged, by
// [State.Configure], when the api is heard of.
func (s *State) Awaits() bool { return s.beat != nil && s.beat.waiting }

func (b *beat) run() time.Duration { return time.Duration(b.RunUS) * time.Microsecond }

// deadline is when silence begins to count; zero for a job that has never called. A run
// that was started has its own; runs that start again and again without an end do not
// put it off for ever.
func (b *beat) deadline(m *Monitor, l Listening) uptime.Instant {
	called := max(b.First, b.Last)
	if called == 0 {
		return 0
	}
	floor := max(l.Since, b.Renewed)
	usual := max(called, floor).Add(m.Interval + m.Heartbeat.Grace)
	if b.Started == 0 || m.Heartbeat.MaxRun <= 0 {
		return usual
	}
	return min(max(b.Started, floor).Add(m.Heartbeat.MaxRun), usual.Add(m.Heartbeat.MaxRun))
}

// ping folds one call.
func (s *State) ping(c *call, r *uptime.Result) {
	if r.Reason == uptime.ReasonSilent {
		return // a verdict of ours that was kept as a vote
	}
	if s.beat == nil {
		s.beat = &beat{}
	}
	b := s.beat
	switch {
	case r.Begins:
		if !b.start(r.Due) {
			return
		}
	case !r.Outcome.Vote() || !b.finish(r):
		return
	}
	s.next = atOnce
	s.settle(c)
}

// start takes the start of a run and tells whether it is news.
func (b *beat) start(at uptime.Instant) bool {
	if at <= b.Last {
		return false // of a run that has finished
	}
	if b.Last == 0 && (b.First == 0 || at < b.First) {
		b.First = at
	}
	if at > b.Started {
		b.Started = at
	}
	return true
}

// finish takes the end of a run and tells whether it is news: of two at one instant the
// bad one.
func (b *beat) finish(r *uptime.Result) bool {
	worse := r.Outcome == uptime.OutcomeFail && b.Said == uptime.OutcomePass
	if r.Due < b.Last || r.Due == b.Last && !worse {
		return false
	}
	run := r.Phases.Total
	if run <= 0 && b.Started != 0 && b.Started < r.Due {
		run = r.Due.Sub(b.Started)
	}
	if b.Started <= r.Due {
		b.Started = 0
	}
	b.Said, b.Failed = uptime.OutcomePass, r.Outcome == uptime.OutcomeFail
	if b.Failed {
		b.Said = uptime.OutcomeFail
	}
	b.Last, b.RunUS, b.Detail = r.Due, run.Microseconds(), r.Detail
	b.First, b.Silent, b.From, b.Deaf = 0, 0, 0, 0
	return true
}

// forget drops what was said: it holds no more. That the job has called stays known.
func (b *beat) forget() {
	b.Said, b.Started, b.Silent, b.From, b.Deaf = uptime.OutcomeNone, 0, 0, 0, 0
}

// renew starts deadlines anew.
func (b *beat) renew(at uptime.Instant) { b.Renewed = max(b.Renewed, at) }

// await judges a heartbeat by the passing of time.
func (s *State) await(c *call) {
	s.next = 0
	b := s.beat
	if b == nil || s.paused {
		return
	}
	b.waiting = false
	s.settle(c)
	d := b.deadline(c.m, c.f.Listening)
	if d == 0 || b.Said == uptime.OutcomeFail || b.Silent != 0 {
		return
	}
	l, heard := c.f.Listening, d.Add(pingTravel)
	at := *c
	at.now = d
	switch {
	case l.Until >= heard:
		b.Silent = d
		if floor := max(l.Since, b.Renewed); floor > max(b.First, b.Last) {
			b.From = floor
		}
		s.settle(&at)
		return
	case c.now < heard:
		s.next = min(heard, far-1)
		return
	case b.Said != uptime.OutcomePass: // Unknown already: only silence can be added to that.
	case l.Until == 0: // A fold that starts from nothing has yet to read when the api was heard.
	case c.now > l.Until.Add(ListeningGap):
		b.Said, b.Deaf = uptime.OutcomeNone, l.Until
		s.settle(&at)
	default:
		s.next = l.Until.Add(ListeningGap) + 1
	}
	b.waiting = true
}

// settle brings vote, verdict and incident in line with what is known.
func (s *State) settle(c *call) {
	b := s.beat
	switch {
	case b.Silent != 0:
		s.opine(c, uptime.OutcomeFail, uptime.ReasonSilent, b.Silent)
		s.fall(c, uptime.ReasonSilent, b.Silent)
	case b.Said == uptime.OutcomeFail:
		s.opine(c, uptime.OutcomeFail, uptime.ReasonReported, b.Last)
		s.fall(c, uptime.ReasonReported, b.Last)
	case b.Said == uptime.OutcomePass:
		s.opine(c, uptime.OutcomePass, uptime.ReasonNone, b.Last)
		s.rise(c)
	case s.opened == 0:
		s.opine(c, uptime.OutcomeNone, uptime.ReasonNone, 0)
		s.turn(c, uptime.VerdictUnknown, uptime.ReasonNone, s.tale(c))
	}
}

// opine makes the vote of the pseudo-region.
func (s *State) opine(c *call, o uptime.Outcome, why uptime.Reason, due uptime.Instant) {
	if len(s.votes) != 1 {
		return // not assigned as a heartbeat is
	}
	v := &s.votes[0]
	if o == uptime.OutcomeNone {
		if !v.has(flagRanOut) && v.due != 0 {
			s.runOut(c, 0, c.now)
		}
		return
	}
	since, from := v.since, v.told()
	if from != o {
		since = max(c.now, v.since+1)
		c.out.Votes = append(c.out.Votes, VoteChange{Region: s.regions[0], From: from, To: o, Reason: why, At: since})
	}
	r := uptime.Result{Due: due, Outcome: o, Reason: why, Phases: uptime.Phases{Total: s.beat.run()}}
	*v = voteOf(&r, vote{since: since})
}

// fall opens an incident, if there is none.
func (s *State) fall(c *call, why uptime.Reason, since uptime.Instant) {
	if s.opened != 0 {
		return
	}
	text := s.tale(c)
	s.turn(c, uptime.VerdictDown, why, text)
	s.flaps.record(c.m, true, c.now)
	s.opened = s.since
	c.out.Opened = append(c.out.Opened, Open{
		At: s.opened, FirstFailure: since, Reason: why, Explanation: text, Flapping: s.flaps.is(c.m, c.now),
		Evidence: Evidence{
			Quorum: QuorumUsed{Mode: c.m.Policy.Quorum.Mode, K: 1, N: 1, Failed: 1, Assigned: 1},
			Votes:  s.beatRecords(), Rounds: []RoundRecord{},
		},
	})
}

// rise ends the incident, if there is one.
func (s *State) rise(c *call) {
	if s.verdict == uptime.VerdictUp && s.opened == 0 {
		return
	}
	text := s.tale(c)
	s.turn(c, uptime.VerdictUp, uptime.ReasonNone, text)
	s.flaps.record(c.m, false, c.now)
	if s.opened == 0 {
		return
	}
	c.out.Resolved = append(c.out.Resolved, Resolve{
		At: max(c.now, s.opened+1), Explanation: text, Flapping: s.flaps.is(c.m, c.now),
	})
	s.opened = 0
}

// beatView shows the vote of the pseudo-region: it counts for as long as it holds.
func (s *State) beatView(i int) VoteView {
	v := &s.votes[i]
	view := VoteView{
		Region: s.regions[i], Outcome: v.outcome(), Reason: v.reason, Since: v.since, Due: v.due, Why: WhyNoResult,
	}
	if b := s.beat; b != nil && v.outcome() != uptime.OutcomeNone {
		view.Latency = b.run()
		if b.Silent == 0 {
			view.Detail = b.Detail
		}
		view.Why = WhyStale
		if !v.has(flagRanOut) {
			view.Fresh, view.Counted, view.Why = true, true, WhyCounted
		}
	}
	return view
}

func (s *State) beatRecords() []VoteRecord {
	out := make([]VoteRecord, len(s.votes))
	for i := range s.votes {
		view := s.beatView(i)
		out[i] = view.record()
	}
	return out
}

// check finds what would make a restored heartbeat reckon wrongly.
func (b *beat) check() error {
	if b == nil {
		return nil
	}
	if b.Said > uptime.OutcomeFail || b.Said == uptime.OutcomeDegraded || b.RunUS < 0 {
		return errBeat
	}
	return instants(b.First, b.Last, b.Started, b.Renewed, b.Silent, b.From, b.Deaf)
}
