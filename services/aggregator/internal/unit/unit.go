// Package unit is the vocabulary between who collects, who judges, who asks and who
// writes: what one judgement wants to be made durable together, the confirmations that
// it wants, the regions it knows, and what troubles the fleet itself. It has no
// behaviour of its own.
package unit

import (
	"slices"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Unit is all that one monitor's judgement wants to be made durable together: a
// snapshot of its state and votes, and what happened between the last snapshot and
// this one. Either all of it is written or nothing.
type Unit struct {
	Monitor uptime.ID
	// Target is the target revision that was judged. A unit with transitions of
	// another one is refused: the monitor has changed meanwhile.
	Target int64
	// Paused says that the unit is about the pause itself.
	Paused     bool
	State      *postgres.MonitorState // nil: as it was written last
	Votes      []postgres.Vote        // those that changed
	Forget     []postgres.VoteRef     // votes that are no more
	VoteSpans  []postgres.VoteSpanSwitch
	Spans      []postgres.SpanSwitch // in order
	Opened     []consensus.Open
	Resolved   []consensus.Resolve
	Verdicts   []Change
	Advisories []consensus.Advisory
	Expiries   []Expiry           // those that changed
	Pulse      *postgres.Pulse    // of a heartbeat; nil: as it was written last
	Failures   []postgres.Failure // what failed checks saw
	Flapping   bool               // damp what is told of verdicts and advisories
	Told       *Told              // nil: nothing is made up for
}

// Change is a change of verdict.
type Change struct {
	consensus.VerdictChange
	FromSince uptime.Instant // when the verdict before began; zero: nobody had looked
}

// Told is an open incident of which nobody was told when it was opened, because its
// monitor flapped or was muted, and is now.
type Told struct {
	At          uptime.Instant
	Explanation string
}

// Transition tells whether somebody may be waiting to hear of the unit.
func (u *Unit) Transition() bool {
	return len(u.Opened)+len(u.Resolved)+len(u.Verdicts)+len(u.Advisories) > 0 || u.Told != nil || u.Warns()
}

// Expiry is an end as the checks saw it.
type Expiry struct {
	postgres.Expiry
	Warn bool // people are to be warned, of the threshold that it names
}

// Warns tells whether people are to be warned of an end.
func (u *Unit) Warns() bool {
	return slices.ContainsFunc(u.Expiries, func(e Expiry) bool { return e.Warn })
}

// Trouble is the begin or the end of what troubles the fleet: one of the kinds of
// fleet events of package postgres.
type Trouble struct {
	Kind        string
	Region      string // empty for the whole fleet
	At          uptime.Instant
	Ended       bool
	Explanation string // of the begin
	Quiet       bool   // shown, but nobody is told
}

// Ask is a confirmation that is wanted of some regions.
type Ask struct {
	Monitor  uptime.ID
	Revision int64
	consensus.Recheck
}

// Region is what judging must know of a region at the moment.
type Region struct {
	Name    string
	Enabled bool
	Private bool // it looks only for monitors that name it
	Sick    bool
	Live    bool // it has a live worker
}
