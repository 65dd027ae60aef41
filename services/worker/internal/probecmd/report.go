package probecmd

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// report is what the command prints.
type report struct {
	Kind     string   `json:"kind"`
	Target   string   `json:"target"`
	Up       bool     `json:"up"`
	Outcome  string   `json:"outcome"`
	Reason   string   `json:"reason,omitempty"`
	Detail   string   `json:"detail,omitempty"`
	Code     int      `json:"code,omitempty"`
	IP       string   `json:"ip,omitempty"`
	Attempts int      `json:"attempts"`
	Phases   phasesMS `json:"phases_ms"`

	Evidence *probe.Evidence `json:"evidence,omitempty"`

	reason uptime.Reason
	phases uptime.Phases
}

// phasesMS are phases in milliseconds.
type phasesMS struct {
	DNS      float64 `json:"dns"`
	Connect  float64 `json:"connect"`
	TLS      float64 `json:"tls"`
	TTFB     float64 `json:"ttfb"`
	Transfer float64 `json:"transfer"`
	Total    float64 `json:"total"`
}

func reportOf(c *uptime.Check, f *probe.Finding) report {
	p := f.Phases
	r := report{
		Kind: string(c.Kind), Target: redacted(c.Target), Evidence: f.Evidence, Outcome: f.Outcome().String(), Reason: f.Reason.String(), Detail: f.Detail, Code: f.Code,
		Up:       f.Outcome() == uptime.OutcomePass || f.Outcome() == uptime.OutcomeDegraded,
		Attempts: f.Attempts, reason: f.Reason, phases: p,
		Phases: phasesMS{ms(p.DNS), ms(p.Connect), ms(p.TLS), ms(p.TTFB), ms(p.Transfer), ms(p.Total)},
	}
	if f.IP.IsValid() {
		r.IP = f.IP.String()
	}
	return r
}

// barWidth is how many characters the total takes.
const barWidth = 40

// text draws the report for people: the verdict, then when each phase took place.
func (r *report) text() string {
	var b strings.Builder
	verdict := map[bool]string{true: "UP", false: "DOWN"}[r.Up]
	if r.Outcome == uptime.OutcomeDegraded.String() {
		verdict = "DEGRADED"
	}
	if r.Outcome == uptime.OutcomeInvalid.String() {
		verdict = "INVALID"
	}
	fmt.Fprintf(&b, "%s  %s", verdict, r.Target)
	if r.Code != 0 {
		fmt.Fprintf(&b, "  %d", r.Code)
	}
	if r.IP != "" {
		fmt.Fprintf(&b, "  %s", r.IP)
	}
	b.WriteByte('\n')
	if r.reason != uptime.ReasonNone {
		fmt.Fprintf(&b, "  %s", r.reason.Phrase())
		if r.Detail != "" {
			fmt.Fprintf(&b, ": %s", r.Detail)
		}
		b.WriteByte('\n')
	}
	if r.reason == uptime.ReasonBlockedTarget {
		b.WriteString("  A worker refuses private and special addresses; --allow CIDR (or ALLOW_CIDRS) lets it,\n  but never to metadata services.\n")
	}
	if r.Attempts > 1 {
		fmt.Fprintf(&b, "  %d attempts; of the last:\n", r.Attempts)
	}
	r.drawPhases(&b)
	r.showEvidence(&b)
	return b.String()
}

// drawPhases draws when each phase took place.
func (r *report) drawPhases(b *strings.Builder) {
	if r.phases.Total <= 0 {
		return
	}
	var at time.Duration
	for _, p := range []struct {
		name string
		took time.Duration
	}{
		{"dns", r.phases.DNS}, {"connect", r.phases.Connect}, {"tls", r.phases.TLS},
		{"ttfb", r.phases.TTFB}, {"transfer", r.phases.Transfer},
	} {
		if p.took > 0 {
			fmt.Fprintf(b, "  %-8s %9.1f ms  %s\n", p.name, ms(p.took), bar(at, p.took, r.phases.Total))
		}
		at += p.took
	}
	fmt.Fprintf(b, "  %-8s %9.1f ms\n", "total", ms(r.phases.Total))
}

// showEvidence adds what else was seen.
func (r *report) showEvidence(b *strings.Builder) {
	e := r.Evidence
	if e == nil {
		return
	}
	if c := e.Certificate; c != nil {
		fmt.Fprintf(b, "  certificate %s of %s, %.0f days left, %s\n", c.Subject, c.Issuer, c.Days, c.Version)
	}
	if d := e.Registration; d != nil {
		fmt.Fprintf(b, "  %s is registered until %s, %.0f days left, says %s\n", d.Domain, d.Expires.Format(time.DateOnly), d.Days, d.Source)
	}
	if p := e.Packets; p != nil {
		fmt.Fprintf(b, "  %d of %d echoes came back, after %.1f / %.1f / %.1f ms\n", p.Received, p.Sent, ms(p.Min), ms(p.Mean), ms(p.Max))
	}
	for _, answer := range e.Answers {
		fmt.Fprintf(b, "  %s\n", answer)
	}
	for _, f := range e.Failures {
		fmt.Fprintf(b, "  assertion %d (%s): want %s %s, got %s\n", f.Index, strings.TrimSpace(string(f.Source)+" "+f.Property), f.Comparison, f.Expected, f.Actual)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		fmt.Fprintf(b, "  > %s: %s\n", name, strings.Join(e.Header[name], ", "))
	}
	if e.Excerpt != "" && r.Outcome != uptime.OutcomePass.String() {
		fmt.Fprintf(b, "  > %s\n", strings.ReplaceAll(strings.TrimRight(e.Excerpt, "\n"), "\n", "\n  > "))
	}
}

// bar draws a phase at its place in the total, at least as a thin line.
func bar(from, took, total time.Duration) string {
	column := func(d time.Duration) int {
		return int(math.Round(barWidth * min(1, float64(d)/float64(total))))
	}
	start, end := column(from), column(from+took)
	if end <= start {
		return strings.Repeat(" ", min(start, barWidth-1)) + "▏"
	}
	return strings.Repeat(" ", start) + strings.Repeat("█", end-start)
}

// ms returns milliseconds, to the microsecond.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
