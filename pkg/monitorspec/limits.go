package monitorspec

import (
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Limits are how often and how long a monitor of a kind may be checked.
type Limits struct {
	MinInterval, DefaultInterval, MaxInterval time.Duration
	// The timeouts are zero for heartbeats, which nobody probes. None may be longer than
	// the interval.
	MinTimeout, DefaultTimeout, MaxTimeout time.Duration
	// MinRecheck is the shortest time between two looks at one target from one region,
	// confirmations included. Within it a second answer would be the first one again.
	MinRecheck time.Duration
}

const day = 24 * time.Hour

// LimitsOf returns the limits of a kind.
func LimitsOf(kind uptime.Kind) Limits {
	l := Limits{
		MinInterval: 5 * time.Second, DefaultInterval: time.Minute, MaxInterval: day,
		MinTimeout: 100 * time.Millisecond, DefaultTimeout: 10 * time.Second, MaxTimeout: time.Minute,
	}
	switch kind {
	case uptime.KindTLS:
		l.DefaultInterval = 5 * time.Minute
		l.MaxInterval = 7 * day
	case uptime.KindDomain:
		// A registry answers the same all day, and refuses those who ask more often.
		l.MinInterval, l.DefaultInterval, l.MaxInterval = time.Hour, day, 7*day
		l.DefaultTimeout = 20 * time.Second
		l.MinRecheck = day
	case uptime.KindHeartbeat:
		l.MaxInterval = 366 * day // a job of once a year
		l.MinTimeout, l.DefaultTimeout, l.MaxTimeout = 0, 0, 0
	default:
	}
	return l
}

// MinRecheck is how long a confirmation of a kind has to wait for news: rounds sooner
// than that would hear the same answer.
func MinRecheck(kind uptime.Kind) time.Duration { return LimitsOf(kind).MinRecheck }

// CheckTiming says what is wrong with the interval and timeout of a monitor, by the
// fields interval_seconds and timeout_ms. The error is [Errors].
func CheckTiming(kind uptime.Kind, interval, timeout time.Duration) error {
	var l list
	limits := LimitsOf(kind)
	if interval < limits.MinInterval || interval > limits.MaxInterval {
		l.add("interval_seconds", "must be %d to %d for %s", int(limits.MinInterval.Seconds()), int(limits.MaxInterval.Seconds()), kind)
	}
	if limits.MaxTimeout == 0 {
		return l.err()
	}
	switch {
	case timeout < limits.MinTimeout:
		l.add("timeout_ms", "must be at least %d: milliseconds?", limits.MinTimeout.Milliseconds())
	case timeout > limits.MaxTimeout:
		l.add("timeout_ms", "must be at most %d", limits.MaxTimeout.Milliseconds())
	case timeout > interval:
		l.add("timeout_ms", "must be at most the interval")
	}
	return l.err()
}

// CheckRun says what is wrong with a timeout in the light of settings: a run that needs
// longer than it may take could never pass. The error is [Errors].
func (s *Spec) CheckRun(timeout time.Duration) error {
	ping, ok := s.Settings.(*ICMP)
	if !ok {
		return nil
	}
	if need := ping.Duration(); need >= timeout {
		return Errors{{"timeout_ms", fmt.Sprintf("must be more than %d, which sending the packets takes", need.Milliseconds()), NoOffset}}
	}
	return nil
}

// Duration is how long sending all packets takes.
func (p *ICMP) Duration() time.Duration {
	return time.Duration((p.Count-1)*p.IntervalMS) * time.Millisecond
}
