package assertion

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Evaluate tests an observation. It is pure: it changes nothing, reads no clock, and
// gives the same answer for the same observation. Its work is bounded whatever the
// observation holds; what is too costly to decide fails, and says so.
func (s *Set) Evaluate(obs *Observation) Report {
	return s.EvaluateWithin(context.Background(), obs)
}

// EvaluateWithin is [Set.Evaluate] for as long as ctx lasts: the report is cut when that
// ended before all was decided.
func (s *Set) EvaluateWithin(ctx context.Context, obs *Observation) Report {
	report := Report{Outcome: uptime.OutcomePass}
	if s == nil || len(s.checks) == 0 {
		return report
	}
	r := run{ctx: ctx, obs: obs, steps: maxSteps, regexpWork: maxRegexpWork}
	for i := range s.checks {
		c := &s.checks[i]
		f := r.evaluate(c)
		if f.holds {
			continue
		}
		if c.Severity == SeverityDown {
			report.Outcome = uptime.OutcomeFail
		} else if report.Outcome == uptime.OutcomePass {
			report.Outcome = uptime.OutcomeDegraded
		}
		report.Failures = append(report.Failures, c.failure(f))
	}
	report.Cut = r.cut
	return report
}

// maxRegexpWork bounds the work of all regular expressions of one evaluation, in
// bytes of text times instructions: what the slowest expression costs; about half a second.
const maxRegexpWork = 1 << 26

// run is one evaluation: the observation, what was derived from it, and what is left
// of the budgets.
type run struct {
	ctx        context.Context
	cut        bool // ctx ended before something was decided
	obs        *Observation
	doc        document
	body       string
	hasBody    bool
	payload    string
	hasPayload bool
	steps      int
	regexpWork int
}

// finding is what one check came to. Actual and missing matter if it does not hold.
type finding struct {
	holds   bool
	actual  string
	missing bool
}

func missing(why string) finding { return finding{actual: why, missing: true} }

func (c *check) failure(f finding) Failure {
	if c.secret && !f.missing {
		f.actual = mask
	}
	return Failure{
		Index: c.index, Source: c.Source, Property: clean(cut(c.Property, maxShown)), Comparison: c.Comparison,
		Expected: c.expected, Actual: f.actual, Missing: f.missing, Severity: c.Severity,
	}
}

func (r *run) evaluate(c *check) finding {
	switch c.Source {
	case SourceStatus:
		return r.status(c)
	case SourceHeader:
		return r.header(c)
	case SourceBody:
		if !r.hasBody {
			r.body, r.hasBody = string(r.obs.Body), true
		}
		return r.text(c, r.body, r.obs.BodyTruncated)
	case SourcePayload:
		if !r.hasPayload {
			r.payload, r.hasPayload = string(r.obs.Payload), true
		}
		return r.text(c, r.payload, r.obs.PayloadTruncated)
	case SourceJSON:
		return r.json(c)
	case SourceLatency:
		return c.measure(milliseconds(r.phase(c.Property)))
	case SourceCertificate:
		if !r.obs.HasCertificate {
			return missing("missing")
		}
		return c.measure(r.obs.CertificateDays)
	case SourceDNS:
		return r.answers(c)
	case SourceRTT:
		if r.obs.RTT <= 0 {
			return missing("missing")
		}
		return c.measure(milliseconds(r.obs.RTT))
	case SourceLoss:
		return c.measure(r.obs.Loss)
	default:
		return missing("unknown") // never compiled
	}
}

func (r *run) status(c *check) finding {
	if r.obs.Status == 0 && !r.obs.HasStatus {
		return missing("missing")
	}
	if c.base == Matches {
		return r.list(c, []string{fmt.Sprint(r.obs.Status)}, false)
	}
	return c.measure(float64(r.obs.Status))
}

func (r *run) header(c *check) finding {
	values, ok := r.obs.Header[c.Property]
	switch {
	case c.Comparison == Exists:
		if ok {
			return finding{holds: true}
		}
		return missing("missing")
	case c.Comparison == Empty:
		for _, v := range values {
			if v != "" {
				return finding{actual: r.show(v, 0)}
			}
		}
		return finding{holds: true}
	case len(values) == 0 && !c.negated:
		return missing("missing")
	}
	return r.list(c, values, false)
}

func (r *run) answers(c *check) finding {
	switch answers := r.obs.DNS; {
	case c.Comparison == Exists:
		if len(answers) > 0 {
			return finding{holds: true}
		}
		return missing("missing")
	case c.Comparison == Empty:
		return finding{holds: len(answers) == 0, actual: r.showList(answers)}
	case len(answers) == 0 && !c.negated:
		return missing("missing")
	default:
		return r.list(c, answers, false)
	}
}

// text tests a body or payload.
func (r *run) text(c *check, s string, truncated bool) finding {
	switch c.Comparison {
	case Exists:
		if s != "" || truncated {
			return finding{holds: true}
		}
		return missing("empty")
	case Empty:
		if s == "" && !truncated {
			return finding{holds: true}
		}
		return finding{actual: r.show(s, 0)}
	default:
		return r.list(c, []string{s}, truncated)
	}
}

// measure compares a number with the target.
func (c *check) measure(v float64) finding {
	var holds bool
	switch c.base {
	case Equals:
		holds = (v == c.number) != c.negated
	case LessThan:
		holds = v < c.number
	case GreaterThan:
		holds = v > c.number
	default:
	}
	if holds {
		return finding{holds: true}
	}
	return finding{actual: formatNumber(v)}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (r *run) phase(name string) time.Duration {
	p := &r.obs.Phases
	switch name {
	case "dns":
		return p.DNS
	case "connect":
		return p.Connect
	case "tls":
		return p.TLS
	case "ttfb":
		return p.TTFB
	case "transfer":
		return p.Transfer
	default:
		return p.Total
	}
}
