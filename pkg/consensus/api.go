package consensus

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Monitor is what judging needs to know of a monitor.
type Monitor struct {
	ID       uptime.ID
	Revision int64
	// Target is the [Fingerprint] of what is checked: a new revision with another
	// one (or with zero) clears the votes, one with the same keeps them.
	Target   uint64
	Interval time.Duration
	Timeout  time.Duration
	// MinRecheck is how long to leave a target alone after any check before an
	// urgent one may follow; zero for kinds that may be rechecked at once.
	MinRecheck time.Duration
	Policy     uptime.Policy
	// Heartbeat is how the monitor calls in by itself; nil: regions look at it.
	Heartbeat *Heartbeat
	// Assigned are the names of the regions that look, sorted, at most
	// [MaxRegions]. The state keeps the slice: never change it in place.
	Assigned []string
	Paused   bool
}

// Region is what the fleet knows of a region at the moment.
type Region struct {
	Healthy bool // enabled and not sick: it has a vote
	Live    bool // a live worker: it can be asked
}

// Fleet is what the world looks like at the moment of a judgement.
type Fleet struct {
	Regions map[string]Region // by name; a region not in it is neither healthy nor live
	Budget  *Budget           // of urgent checks; nil is without limit
	// CatchUp says that the instants passed are event time: nothing can be asked of
	// the past, so scheduled votes decide.
	CatchUp bool
	// Listening is when heartbeats could be taken.
	Listening Listening
}

// Actions is what a call asks of its caller, for one monitor. The slices keep the
// order of events; nearly always all are empty.
type Actions struct {
	Votes      []VoteChange
	Verdicts   []VerdictChange
	Rechecks   []Recheck
	Opened     []Open
	Resolved   []Resolve
	Advisories []Advisory
	Blinds     []Blind
}

// Reset empties the actions and keeps their memory.
func (a *Actions) Reset() {
	a.Votes, a.Verdicts, a.Rechecks = a.Votes[:0], a.Verdicts[:0], a.Rechecks[:0]
	a.Opened, a.Resolved = a.Opened[:0], a.Resolved[:0]
	a.Advisories, a.Blinds = a.Advisories[:0], a.Blinds[:0]
}

// Empty tells whether nothing is to be done.
func (a *Actions) Empty() bool {
	return len(a.Votes)+len(a.Verdicts)+len(a.Rechecks)+len(a.Opened)+len(a.Resolved)+
		len(a.Advisories)+len(a.Blinds) == 0
}

// VoteChange is a region's change of mind, the boundary of two vote spans. To is
// [uptime.OutcomeNone] when the vote ran out (stale, cleared, region unassigned).
type VoteChange struct {
	Region   string
	From, To uptime.Outcome
	Reason   uptime.Reason
	At       uptime.Instant // strictly later than the region's change before
}

// VerdictChange is the boundary of two spans. To degraded is what a "degraded"
// alert tells of; incidents have their own actions.
type VerdictChange struct {
	From, To    uptime.Verdict
	Reason      uptime.Reason  // that dominates among the failures, if any
	At          uptime.Instant // strictly later than the change before
	Explanation string
}

// Recheck asks for one urgent check with a canary in each of the regions, due at
// uptime.UrgentDue(At, request) or later. The budget has been charged already.
type Recheck struct {
	Regions  []string
	Round    int            // counts the rounds of this suspicion or recovery, from 1
	At       uptime.Instant // start of the round: only results due then or later count
	Deadline uptime.Instant // results that arrive later do not count in this round
	Recovery bool           // of an open incident
}

// Open opens an incident.
type Open struct {
	At           uptime.Instant
	FirstFailure uptime.Instant // due of the failure that roused suspicion
	Reason       uptime.Reason
	Explanation  string
	Evidence     Evidence
	Flapping     bool // damp the alert
}

// Resolve closes the open incident.
type Resolve struct {
	At          uptime.Instant
	Explanation string
	Quiet       bool // paused: nobody is told that it recovered, for it may not have
	Flapping    bool // damp the alert
}

// Advisory says which regions fail while too few do for a verdict: begun or changed,
// or ended.
type Advisory struct {
	Regions     []string // sorted; of an end those that failed last
	Since       uptime.Instant
	At          uptime.Instant
	Ended       bool
	Explanation string
}

// Blind says that a verdict cannot be had because the regions that would have to
// give it do not reach their canaries either: a matter of the fleet, not of the
// target. It is per monitor; the fleet's alert is one.
type Blind struct {
	Regions     []string
	At          uptime.Instant
	Ended       bool
	Explanation string
}

// Evidence is the immutable record kept with an incident.
type Evidence struct {
	Round  int           `json:"round"` // that decided; 0: scheduled votes did
	Quorum QuorumUsed    `json:"quorum"`
	Votes  []VoteRecord  `json:"votes"`
	Rounds []RoundRecord `json:"rounds"`
}

// QuorumUsed is the rule as it was applied.
type QuorumUsed struct {
	Mode     uptime.QuorumMode `json:"mode"`
	K        int               `json:"k"` // failures needed
	N        int               `json:"n"` // votes counted
	Failed   int               `json:"failed"`
	Assigned int               `json:"assigned"`
}

// VoteRecord is one region's vote as evidence.
type VoteRecord struct {
	Region     string         `json:"region"`
	Vote       uptime.Outcome `json:"vote"`
	Reason     uptime.Reason  `json:"reason,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Due        *time.Time     `json:"due"` // null: never voted
	LatencyMS  float64        `json:"latency_ms"`
	StatusCode int            `json:"status_code,omitempty"`
	ResolvedIP string         `json:"resolved_ip,omitempty"`
	Site       string         `json:"site,omitempty"`
	Canary     string         `json:"canary,omitempty"` // passed, failed or ignored
	Counted    bool           `json:"counted"`
	Why        Why            `json:"why,omitempty"` // not counted
}

// RoundRecord sums up one round that led to the decision.
type RoundRecord struct {
	Round    int            `json:"round"`
	At       time.Time      `json:"at"`
	Ended    time.Time      `json:"ended"`
	Answered int            `json:"answered"` // votes that counted
	Failed   int            `json:"failed"`
	Verdict  uptime.Verdict `json:"verdict"` // of this round alone
}

// VoteView is a region's current vote for people.
type VoteView struct {
	Region  string
	Outcome uptime.Outcome // OutcomeNone: no vote of this revision
	Reason  uptime.Reason
	Detail  string         // kept for failures and during rounds
	Since   uptime.Instant // the outcome has not changed since
	Due     uptime.Instant
	Latency time.Duration
	Code    int
	IP      string
	Site    string
	Canary  uptime.CanaryState
	Exempt  bool
	Fresh   bool
	Counted bool
	Why     Why // not counted
}
