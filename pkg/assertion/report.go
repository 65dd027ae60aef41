package assertion

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Report is what became of a set's assertions.
type Report struct {
	// Outcome is pass, degraded (no assertion of severity down failed, but another
	// did) or fail.
	Outcome  uptime.Outcome `json:"outcome"`
	Failures []Failure      `json:"failures,omitempty"` // in the order of the assertions
	// Cut says that there was no time to decide everything: what was not decided is
	// among the failures.
	Cut bool `json:"-"`
}

// Failure is one assertion that did not hold. Its texts are valid UTF-8 without
// control characters other than line breaks and tabs, of at most 256 bytes, and
// without secrets.
type Failure struct {
	Index      int        `json:"index"` // of the assertion, from 0
	Source     Source     `json:"source"`
	Property   string     `json:"property,omitempty"`
	Comparison Comparison `json:"comparison"`
	Expected   string     `json:"expected,omitempty"`
	Actual     string     `json:"actual"`
	// Missing says that there was no value to compare; Actual then says why, as in
	// "missing".
	Missing  bool     `json:"missing,omitempty"`
	Severity Severity `json:"severity"`
}

// worst returns the first failure of the gravest severity, nil if nothing failed.
func (r *Report) worst() *Failure {
	for i := range r.Failures {
		if r.Failures[i].Severity == SeverityDown {
			return &r.Failures[i]
		}
	}
	if len(r.Failures) > 0 {
		return &r.Failures[0]
	}
	return nil
}

// Reason returns the reason of a failed check: status if that is what the gravest
// failure is about, assertion for the rest, none if the outcome is a pass.
func (r *Report) Reason() uptime.Reason {
	switch f := r.worst(); {
	case f == nil:
		return uptime.ReasonNone
	case f.Source == SourceStatus:
		return uptime.ReasonStatus
	default:
		return uptime.ReasonAssertion
	}
}

// Detail returns a sentence for [uptime.Result], of at most 256 bytes: the gravest
// failure and how many others there are. It is empty for a pass.
func (r *Report) Detail() string {
	f := r.worst()
	if f == nil {
		return ""
	}
	more := ""
	if n := len(r.Failures) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return cut(f.Phrase(), maxShown-len(more)) + more
}

// What a phrase shows of each part, in bytes.
const (
	maxPhraseProperty = 64
	maxPhraseActual   = 80
	maxPhraseExpected = 64
)

// Phrase returns the failure for people, in at most 256 bytes, as in
// "status is 503, want equals 200" or "header Server is missing, want exists".
func (f *Failure) Phrase() string {
	var b strings.Builder
	b.WriteString(string(f.Source))
	if f.Property != "" {
		b.WriteString(" " + cut(f.Property, maxPhraseProperty))
	}
	b.WriteString(" is ")
	b.WriteString(f.quote(f.Actual, maxPhraseActual, f.Missing))
	b.WriteString(", want " + strings.ReplaceAll(string(f.Comparison), "_", " "))
	if !f.Comparison.targetless() {
		b.WriteString(" " + f.quote(f.Expected, maxPhraseExpected, f.Comparison.numeric()))
	}
	return cut(b.String(), maxShown)
}

// quote shows a value: numbers with their unit, texts in quotes.
func (f *Failure) quote(s string, limit int, bare bool) string {
	r := rules[f.Source]
	switch {
	case r.numbersOnly() && f.Comparison != Matches && f.Comparison != NotMatches:
		if f.Missing && s == f.Actual {
			return s
		}
		return s + r.unit
	case bare || s == mask:
		return cut(s, limit)
	default:
		return strconv.Quote(cut(s, limit))
	}
}
