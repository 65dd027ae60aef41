package uptime

import "fmt"

// Outcome is what became of one check.
type Outcome uint8

// The outcomes. Only pass, degraded and fail are votes; expired and invalid never
// are, and never refresh freshness.
const (
	OutcomeNone     Outcome = iota // no result yet
	OutcomePass                    // the target answered as it should
	OutcomeDegraded                // it answered, but an assertion of severity "degraded" failed
	OutcomeFail                    // it did not
	OutcomeExpired                 // too late to be run
	OutcomeInvalid                 // could not be run at all
)

var outcomeNames = [...]string{"none", "pass", "degraded", "fail", "expired", "invalid"}

// String returns the stable name.
func (o Outcome) String() string { return nameOf("outcome", outcomeNames[:], uint8(o)) }

// Vote tells whether the outcome is an opinion about the target.
func (o Outcome) Vote() bool { return o >= OutcomePass && o <= OutcomeFail }

// MarshalText implements [encoding.TextMarshaler].
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (o *Outcome) UnmarshalText(b []byte) error {
	v, err := parseName("outcome", outcomeNames[:], string(b))
	*o = Outcome(v)
	return err
}

// Verdict is what the fleet holds of a monitor.
type Verdict uint8

// The verdicts. Unknown is the zero value: what nobody looked at is not up.
const (
	VerdictUnknown Verdict = iota
	VerdictUp
	VerdictDegraded
	VerdictDown
)

var verdictNames = [...]string{"unknown", "up", "degraded", "down"}

// String returns the stable name.
func (v Verdict) String() string { return nameOf("verdict", verdictNames[:], uint8(v)) }

// ParseVerdict reads a stable name.
func ParseVerdict(s string) (Verdict, error) {
	v, err := parseName("verdict", verdictNames[:], s)
	return Verdict(v), err
}

// MarshalText implements [encoding.TextMarshaler].
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (v *Verdict) UnmarshalText(b []byte) (err error) {
	*v, err = ParseVerdict(string(b))
	return err
}

// Worst returns the verdict of a website from those of its monitors: down before
// degraded before unknown before up. Without monitors it is unknown.
func Worst(verdicts ...Verdict) Verdict {
	rank := [...]int{VerdictUnknown: 1, VerdictUp: 0, VerdictDegraded: 2, VerdictDown: 3}
	if len(verdicts) == 0 {
		return VerdictUnknown
	}
	worst := verdicts[0]
	for _, v := range verdicts[1:] {
		if rank[v] > rank[worst] {
			worst = v
		}
	}
	return worst
}

func nameOf(what string, names []string, v uint8) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s_%d", what, v)
}

func parseName(what string, names []string, s string) (uint8, error) {
	for i, name := range names {
		if name == s {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", what, s)
}
