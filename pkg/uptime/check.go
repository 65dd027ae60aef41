package uptime

import "time"

// Check is the queued unit: one slot of one monitor in one region. It carries all
// that a worker needs, so that a region's only link to the core is its stream.
type Check struct {
	Monitor  ID
	Revision int64
	Region   string
	Due      Instant
	NotAfter Instant
	Kind     Kind
	Target   string
	Settings []byte // the kind's own, as JSON; secrets in it are sealed under the region's key
	Timeout  time.Duration
	Interval time.Duration
	Request  ID     // of an urgent check; zero for a scheduled one
	ReplyTo  string // queue key that a waiting requester reads; empty if nobody waits
	Canary   bool   // run the region's canary probe beside it
	// Test marks a check of a monitor that nobody has saved: its result goes to ReplyTo
	// and nowhere else, so it is neither a vote nor a tick.
	Test bool
}

// Phases are the parts of one probe by monotonic time; a phase that did not take
// place is zero. Total runs from the start of the dial to the end of the body.
type Phases struct {
	DNS, Connect, TLS, TTFB, Transfer, Total time.Duration
}

// CanaryState is what a region's canary probe said beside a check.
type CanaryState uint8

// The canary states. A canary that has never passed is ignored: it says nothing
// about the region's network.
const (
	CanaryNone   CanaryState = iota // not run
	CanaryPassed                    // the region reaches the world
	CanaryFailed                    // it does not
	CanaryIgnored
)

// Result is what one region saw in one check.
type Result struct {
	Monitor  ID
	Revision int64
	Region   string
	Due      Instant // of the check; the tick's timestamp
	Started  Instant // in fleet time; Late = Started − Due
	Request  ID      // of an urgent check
	Outcome  Outcome
	Reason   Reason
	Detail   string // at most 256 bytes of what the library said, without secrets
	Code     int    // status code of the protocol, 0 if none
	Phases   Phases
	Late     time.Duration
	IP       string // the address that was dialled last
	Site     string // the worker's SITE label: one network, one opinion of it
	Worker   string
	Canary   CanaryState
	// Exempt says that the target lies in the worker's ALLOW_CIDRS, where a canary
	// on the internet proves nothing.
	Exempt   bool
	Attempts int // 2 after the quick retry, else 1
	// Evidence is what else the probe saw of a failure, as JSON, fit to be shown and
	// without secrets; nil if there is none.
	Evidence []byte
	// CertificateEnds and RegistrationEnds tell when what the target needs to go on is
	// over; zero if the check does not know.
	CertificateEnds  Instant
	RegistrationEnds Instant
	// Begins says that a heartbeat's run has begun: no opinion, and no tick.
	Begins bool
}
