package uptime

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Kind names how a monitor looks at its target: the key of the worker's probe
// registry.
type Kind string

// The kinds. Each has a probe package in the worker.
const (
	KindHTTP      Kind = "http"
	KindTCP       Kind = "tcp"
	KindDNS       Kind = "dns"
	KindTLS       Kind = "tls"
	KindICMP      Kind = "icmp"
	KindGRPC      Kind = "grpc"
	KindWebSocket Kind = "websocket"
	KindSMTP      Kind = "smtp"
	KindUDP       Kind = "udp"
	KindDomain    Kind = "domain"    // registration expiry, by RDAP
	KindHeartbeat Kind = "heartbeat" // calls in by itself; no probe
)

// RegionHeartbeat is the name of the pseudo-region whose results are the calls of
// heartbeats. No region may have it.
const RegionHeartbeat = "heartbeat"

// QuorumMode says how many failing regions make a monitor down.
type QuorumMode string

// The quorum modes, over n healthy regions that answered.
const (
	QuorumMajority QuorumMode = "majority" // ⌊n/2⌋+1
	QuorumAny      QuorumMode = "any"      // 1
	QuorumAll      QuorumMode = "all"      // n
	QuorumCount    QuorumMode = "count"    // Count; unknown while n < Count
)

// Quorum is the rule by which votes become a verdict.
type Quorum struct {
	Mode  QuorumMode `json:"mode"`
	Count int        `json:"count,omitempty"`
}

// Policy is how a monitor is judged.
type Policy struct {
	Quorum Quorum `json:"quorum"`
	// ConfirmationSeconds is how long a quorum must keep failing before the
	// verdict turns down; 0 means as soon as the confirmation rounds agree.
	ConfirmationSeconds int `json:"confirmation_seconds"`
	// RecoveryRounds is how many clean rounds resolve an incident.
	RecoveryRounds int `json:"recovery_rounds"`
}

// DefaultPolicy is what a monitor has when its user says nothing.
var DefaultPolicy = Policy{Quorum: Quorum{Mode: QuorumMajority}, RecoveryRounds: 2}

// Monitor is one configured check.
type Monitor struct {
	ID        ID
	OrgID     ID
	WebsiteID ID
	// Revision grows with every change of what is checked or how it is judged;
	// results of another revision are dropped.
	Revision int64
	Kind     Kind
	Target   string
	// Settings are the kind's own, as JSON.
	Settings json.RawMessage
	Interval time.Duration
	Timeout  time.Duration
	// Regions are the names of the regions that look; nil means every enabled one that
	// is not private.
	Regions []string
	Policy  Policy
	// Paused covers the website's pause, too.
	Paused bool
}

// Region is a place from which the fleet looks.
type Region struct {
	Name    string
	Enabled bool
	Private bool // it looks only for monitors that name it
}

// Assigned returns the regions of the fleet that check the monitor, sorted: the
// enabled ones among those that it names, or all that are not private. The rank of a region among them sets its
// phase, so every service must take them from here.
func (m *Monitor) Assigned(regions []Region) []string {
	names := make([]string, 0, len(regions))
	for _, r := range regions {
		if r.Enabled && (m.Regions == nil && !r.Private || slices.Contains(m.Regions, r.Name)) {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Freshness is how long a vote counts: two intervals and one timeout, so that one
// lost check does not silence a region.
func (m *Monitor) Freshness() time.Duration { return 2*m.Interval + m.Timeout }

// NotAfter is the instant after which a check due at due is no longer worth running.
func NotAfter(due Instant, interval time.Duration) Instant {
	return due.Add(min(interval, time.Minute))
}

// Validate reports what is wrong with a quorum for n assigned regions.
func (q Quorum) Validate(n int) error {
	switch q.Mode {
	case QuorumMajority, QuorumAny, QuorumAll:
		if q.Count != 0 {
			return fmt.Errorf("count goes with mode %q only", QuorumCount)
		}
		return nil
	case QuorumCount:
		if q.Count < 1 || q.Count > n {
			return fmt.Errorf("count is %d, must be 1 to %d, the number of regions", q.Count, n)
		}
		return nil
	}
	return fmt.Errorf("mode is %q, must be majority, any, all or count", string(q.Mode))
}
