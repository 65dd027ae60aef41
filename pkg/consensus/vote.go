package consensus

import (
	"cmp"
	"math"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// vote is a region's current opinion in 24 bytes: there are as many as monitors times
// regions. What only failures need (detail, address, site) is a note kept aside.
type vote struct {
	due     uptime.Instant
	since   uptime.Instant // the outcome (or its absence) has not changed since
	latency uint32         // µs
	code    uint16
	reason  uptime.Reason
	flags   flags
}

// flags: outcome in 3 bits, the canary of the round in 2, then single bits.
type flags uint8

const (
	flagOutcome flags = 0x07
	flagCanary  flags = 0x18
	flagExempt  flags = 0x20
	flagKeeps   flags = 0x40 // the region has a canary that has spoken at least once
	flagRanOut  flags = 0x80 // that the vote is no longer one has been told

	canaryShift = 3
)

func (v *vote) outcome() uptime.Outcome { return uptime.Outcome(v.flags & flagOutcome) }

func (v *vote) canary() uptime.CanaryState {
	return uptime.CanaryState(v.flags & flagCanary >> canaryShift)
}

func (v *vote) setCanary(c uptime.CanaryState) {
	v.flags = v.flags&^flagCanary | flags(c)<<canaryShift&flagCanary
}

func (v *vote) has(f flags) bool { return v.flags&f != 0 }

// told is the outcome of the open vote span.
func (v *vote) told() uptime.Outcome {
	if v.has(flagRanOut) {
		return uptime.OutcomeNone
	}
	return v.outcome()
}

// networkFail tells whether a canary has a say: a failure that may lie in the
// region's own network, of a target that is reached through the same.
func (v *vote) networkFail() bool {
	return v.outcome() == uptime.OutcomeFail && v.reason.Network() && !v.has(flagExempt)
}

// note is what is kept of a failure, and of every answer during a round.
type note struct {
	Detail string `json:"d,omitempty"`
	IP     string `json:"i,omitempty"`
	Site   string `json:"s,omitempty"`
}

// worst orders canary states: within one round one failed canary makes the region
// blind, whatever order they arrive in.
func worst(a, b uptime.CanaryState) uptime.CanaryState {
	rank := [...]uint8{uptime.CanaryNone: 0, uptime.CanaryIgnored: 1, uptime.CanaryPassed: 2, uptime.CanaryFailed: 3}
	if rank[a&3] >= rank[b&3] {
		return a
	}
	return b
}

// voteOf packs a result; keeps what is not the result's.
func voteOf(r *uptime.Result, old vote) vote {
	v := vote{
		due: r.Due, since: old.since, reason: r.Reason,
		latency: uint32(min(max(r.Phases.Total/time.Microsecond, 0), math.MaxUint32)),
		code:    uint16(min(max(r.Code, 0), math.MaxUint16)),
		flags:   old.flags & (flagCanary | flagKeeps),
	}
	v.flags |= flags(r.Outcome) & flagOutcome
	if r.Exempt {
		v.flags |= flagExempt
	}
	return v
}

// outranks decides between two different results of the same due, which one commit
// per check does not allow but a restored queue might: the worse one stays, so that
// their order does not matter.
func (v *vote) outranks(o *vote) bool {
	if a, b := v.outcome(), o.outcome(); a != b {
		return a > b
	}
	if v.reason != o.reason {
		return v.reason > o.reason
	}
	if v.code != o.code {
		return v.code > o.code
	}
	if v.latency != o.latency {
		return v.latency > o.latency
	}
	return !v.has(flagExempt) && o.has(flagExempt)
}

// Result folds one result into its region's vote. It never judges: [State.Next]
// then asks for a Tick if the result matters. Results of another revision, of
// unassigned regions, expired or invalid ones, duplicates and results older than
// the region's vote change nothing. r is not kept.
func (s *State) Result(m *Monitor, r *uptime.Result, now uptime.Instant, out *Actions) {
	if !s.current(m) {
		s.adopt(&call{m: m, now: now, out: out})
	}
	if m.Heartbeat != nil && !s.paused && r.Monitor == m.ID && sane(r.Due) {
		// A call tells of the job, whatever revision of its monitor was known where it came in.
		s.ping(&call{m: m, now: now, out: out}, r)
		return
	}
	if s.paused || r.Revision != s.revision || r.Monitor != m.ID || !r.Outcome.Vote() || !sane(r.Due) {
		return
	}
	i := s.index(r.Region)
	if i < 0 {
		return
	}
	v := &s.votes[i]
	inRound := s.answers(r.Due)
	if inRound && r.Due.IsUrgent() && !s.tr.round.replied.has(i) {
		s.tr.round.replied.add(i)
		s.next = atOnce
	}
	s.canary(i, r, inRound)
	if r.Due < v.due {
		return
	}
	next := voteOf(r, *v)
	if r.Due == v.due && !next.outranks(v) {
		s.twin(i, &next, r)
		return
	}
	if from := v.told(); from != r.Outcome {
		next.since = max(r.Due, v.since+1)
		out.Votes = append(out.Votes, VoteChange{
			Region: s.regions[i], From: from, To: r.Outcome, Reason: r.Reason, At: next.since,
		})
		s.next = atOnce
	} else if inRound || next.networkFail() != v.networkFail() || v.due < s.floor && s.floor <= r.Due {
		s.next = atOnce
	}
	*v = next
	if inRound {
		s.tr.round.came.add(i)
	}
	n := note{}
	if s.noted(&next) {
		n = noteOf(r)
	}
	if s.tr != nil || n != (note{}) {
		s.trouble().notes[i] = n
	}
}

// noted tells whether a vote has a note: all but passes, and of those the answers to
// the round under way, for their site has a say in it.
func (s *State) noted(v *vote) bool {
	return v.outcome() != uptime.OutcomePass || s.answers(v.due) && s.tr.round.asked()
}

// answers tells whether what is due then belongs to the round under way.
func (s *State) answers(due uptime.Instant) bool {
	return s.tr != nil && s.tr.round.phase == running && due >= s.tr.round.start
}

// twin settles between the notes of two results that make the same vote.
func (s *State) twin(i int, next *vote, r *uptime.Result) {
	o := noteOf(r)
	if o == (note{}) || !s.noted(next) || s.votes[i].outranks(next) {
		return
	}
	n := &s.trouble().notes[i]
	if cmp.Or(cmp.Compare(o.Site, n.Site), cmp.Compare(o.IP, n.IP), cmp.Compare(o.Detail, n.Detail)) > 0 {
		*n = o
	}
}

func noteOf(r *uptime.Result) note { return note{Detail: r.Detail, IP: r.IP, Site: r.Site} }

// canary takes what a result says of its region's canary. It counts for the round
// that the result belongs to even if the region's vote is a newer one already; outside of a
// round it only shows that the region has a canary.
func (s *State) canary(i int, r *uptime.Result, inRound bool) {
	if r.Canary == uptime.CanaryNone {
		return
	}
	v := &s.votes[i]
	if r.Canary == uptime.CanaryPassed || r.Canary == uptime.CanaryFailed {
		v.flags |= flagKeeps
	}
	if !inRound {
		return
	}
	old := v.canary()
	if !s.tr.round.spoken.has(i) {
		old = uptime.CanaryNone // of an earlier round
		s.tr.round.spoken.add(i)
		s.next = atOnce
	}
	if c := worst(old, r.Canary); c != v.canary() {
		v.setCanary(c)
		s.next = atOnce
	}
}

// micros is a latency as it is kept.
func micros(us uint32) time.Duration { return time.Duration(us) * time.Microsecond }

// index returns where a region stands, -1 if it is not assigned.
func (s *State) index(region string) int {
	for i, name := range s.regions {
		if name == region {
			return i
		}
	}
	return -1
}
