package spec

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Defaults of a monitor's settings.
const (
	DefaultInterval = 60 * time.Second
	LegacyInterval  = 180 * time.Second // what the predecessors' websites have
	DefaultTimeout  = 10 * time.Second
)

// FieldError says what is wrong with one field, named by the names on the way to it.
type FieldError struct {
	Path   []string
	Detail string
}

func wrong(detail string, path ...string) FieldError { return FieldError{path, detail} }

// Change is what a request says of a monitor. Given tells that a field was there at
// all; with Null it is set back to its default.
type Change struct {
	Interval Field[time.Duration]
	Timeout  Field[time.Duration]
	Regions  Field[[]string] // null: every enabled region
	Policy   Field[PolicyChange]
}

// Field is one field of a request.
type Field[T any] struct {
	Given bool
	Null  bool
	Value T
}

// PolicyChange is what a request says of a policy; nil fields stay as they are.
type PolicyChange struct {
	Mode                *uptime.QuorumMode
	Count               Field[int]
	ConfirmationSeconds *int
	RecoveryRounds      *int
}

// Regions are the regions that a tenant's monitors may name, and those that look for
// monitors which name none.
type Regions struct {
	Known   []string
	Enabled []string
}

// Names returns the regions among which the quorum of a monitor is counted.
func (r Regions) names(of []string) []string {
	if of == nil {
		return r.Enabled
	}
	return of
}

// Settings are those of a monitor that a [Change] concerns.
type Settings struct {
	Interval time.Duration
	Timeout  time.Duration
	Regions  []string
	Policy   uptime.Policy
}

// Defaults are the settings of a new HTTP monitor about which nothing was said.
func Defaults(interval time.Duration) Settings {
	return Settings{Interval: interval, Timeout: min(DefaultTimeout, interval), Policy: uptime.DefaultPolicy}
}

// DefaultsOf are those of a new monitor of any kind.
func DefaultsOf(kind uptime.Kind) Settings {
	l := monitorspec.LimitsOf(kind)
	return Settings{Interval: l.DefaultInterval, Timeout: l.DefaultTimeout, Policy: uptime.DefaultPolicy}
}

// Apply returns the settings after a change; null fields become those of defaults. What
// is wrong comes in the order of the fields.
func (s Settings) Apply(c Change, regions Regions, defaults Settings) (Settings, []FieldError) {
	var errs []FieldError
	if c.Interval.Given {
		s.Interval = c.Interval.Value
		if c.Interval.Null {
			s.Interval = defaults.Interval
		}
	}
	switch {
	case c.Timeout.Given && !c.Timeout.Null:
		s.Timeout = c.Timeout.Value
		if s.Timeout > s.Interval {
			errs = append(errs, wrong(fmt.Sprintf("must be at most the interval, %d", s.Interval.Milliseconds()), "timeout_ms"))
		}
	case c.Timeout.Given:
		s.Timeout = min(defaults.Timeout, s.Interval)
	default:
		s.Timeout = min(s.Timeout, s.Interval)
	}
	if c.Regions.Given {
		s.Regions = nil
		if !c.Regions.Null {
			s.Regions = c.Regions.Value
			errs = append(errs, regions.check(s.Regions)...)
		}
	}
	if c.Policy.Given {
		s.Policy = applyPolicy(s.Policy, c.Policy)
	}
	if (c.Policy.Given || c.Regions.Given) && known(errs) {
		errs = append(errs, checkQuorum(s.Policy.Quorum, len(regions.names(s.Regions)))...)
	}
	return s, errs
}

// known tells whether none of the errors is about regions: those that there are not
// cannot be counted.
func known(errs []FieldError) bool {
	return !slices.ContainsFunc(errs, func(e FieldError) bool { return e.Path[0] == "regions" })
}

// check names the regions that there are not.
func (r Regions) check(names []string) []FieldError {
	if len(names) == 0 {
		return []FieldError{wrong("must name at least one region; null means every enabled one", "regions")}
	}
	var errs []FieldError
	for i, name := range names {
		if !slices.Contains(r.Known, name) {
			errs = append(errs, wrong(fmt.Sprintf("there is no region %q", name), "regions", strconv.Itoa(i)))
		}
	}
	return errs
}

func applyPolicy(p uptime.Policy, c Field[PolicyChange]) uptime.Policy {
	if c.Null {
		return uptime.DefaultPolicy
	}
	if m := c.Value.Mode; m != nil {
		if *m != uptime.QuorumCount {
			p.Quorum.Count = 0 // of the mode before
		}
		p.Quorum.Mode = *m
	}
	if c.Value.Count.Given {
		p.Quorum.Count = c.Value.Count.Value // zero for null
	}
	if v := c.Value.ConfirmationSeconds; v != nil {
		p.ConfirmationSeconds = *v
	}
	if v := c.Value.RecoveryRounds; v != nil {
		p.RecoveryRounds = *v
	}
	return p
}

// checkQuorum checks a quorum for n regions; while a tenant has none yet, any count
// may be right.
func checkQuorum(q uptime.Quorum, n int) []FieldError {
	if n == 0 && q.Mode == uptime.QuorumCount && q.Count >= 1 {
		return nil
	}
	if err := q.Validate(n); err != nil {
		field := "count"
		switch q.Mode {
		case uptime.QuorumMajority, uptime.QuorumAny, uptime.QuorumAll, uptime.QuorumCount:
		default:
			field = "mode"
		}
		return []FieldError{wrong(err.Error(), "policy", "quorum", field)}
	}
	return nil
}
