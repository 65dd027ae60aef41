package monitorspec

import "github.com/probefleet/probefleet/pkg/uptime"

// Domain asks the registry until when a domain is registered. Target: the registered
// domain itself.
type Domain struct {
	MinDays int `json:"min_days,omitempty" rule:"max=3650" doc:"With fewer days left the monitor is degraded; 0: only an expired one counts"`
}

// Heartbeat waits for the target to call in. It has no target.
type Heartbeat struct {
	GraceSeconds  int `json:"grace_seconds,omitempty" rule:"default=60,min=1,max=604800" doc:"How much later than its interval a call may be"`
	MaxRunSeconds int `json:"max_run_seconds,omitempty" rule:"max=604800" doc:"How long after a start the finish may come; 0: any time"`
}

// Kind implements [Settings].
func (*Domain) Kind() uptime.Kind { return uptime.KindDomain }

// Kind implements [Settings].
func (*Heartbeat) Kind() uptime.Kind { return uptime.KindHeartbeat }
