package assertion

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Source says which part of an observation an assertion looks at.
type Source string

// The sources.
const (
	SourceStatus      Source = "status"      // the protocol's status code
	SourceHeader      Source = "header"      // a response header; property: its name
	SourceBody        Source = "body"        // the decoded body
	SourceJSON        Source = "json"        // the body (or payload) as JSON; property: an RFC 9535 JSONPath
	SourceLatency     Source = "latency"     // milliseconds; property: a phase, total if left out
	SourceCertificate Source = "certificate" // days until the peer's certificate expires
	SourceDNS         Source = "dns"         // the answers of a DNS check
	SourcePayload     Source = "payload"     // what came back over TCP, UDP, WebSocket or SMTP
	SourceRTT         Source = "rtt"         // mean round trip, milliseconds
	SourceLoss        Source = "loss"        // lost packets, percent
)

// Comparison is the test that a value must pass.
type Comparison string

// The comparisons. A not_ form is the exact negation of the form without it.
const (
	Equals      Comparison = "equals"
	NotEquals   Comparison = "not_equals"
	Contains    Comparison = "contains"
	NotContains Comparison = "not_contains"
	Matches     Comparison = "matches" // RE2, anywhere in the value unless anchored
	NotMatches  Comparison = "not_matches"
	LessThan    Comparison = "less_than"
	GreaterThan Comparison = "greater_than"
	Exists      Comparison = "exists"
	Empty       Comparison = "empty"
)

// Severity says what a failed assertion makes of the check.
type Severity string

// The severities.
const (
	SeverityDown     Severity = "down"     // the check fails
	SeverityDegraded Severity = "degraded" // the check passes, degraded
)

// Limits of what a user may ask for. They bound what one check can cost a worker.
const (
	MaxAssertions = 50        // in one monitor
	MaxExpression = 1 << 10   // bytes of a property or a target: regular expression, JSONPath or text
	MaxInput      = 256 << 10 // bytes of the JSON given to [Parse]
	MaxProgram    = 1000      // instructions of one compiled regular expression
)

// Assertion is one thing that must hold of an observation. Target is the JSON text
// of a string, a number, a boolean or null, and nil for exists and empty.
type Assertion struct {
	Source     Source          `json:"source"`
	Property   string          `json:"property,omitempty"`
	Comparison Comparison      `json:"comparison"`
	Target     json.RawMessage `json:"target,omitempty"`
	Severity   Severity        `json:"severity,omitempty"` // down if empty
}

// Text returns the target for a string.
func Text(s string) json.RawMessage {
	b, _ := json.Marshal(s) // a string always marshals
	return b
}

// Number returns the target for a number, which must be finite.
func Number(f float64) json.RawMessage {
	return strconv.AppendFloat(nil, f, 'f', -1, 64)
}

var (
	onText    = []Comparison{Equals, NotEquals, Contains, NotContains, Matches, NotMatches, LessThan, GreaterThan, Exists, Empty}
	onNumber  = []Comparison{Equals, NotEquals, LessThan, GreaterThan}
	onMeasure = []Comparison{LessThan, GreaterThan}
	onAnswers = []Comparison{Equals, NotEquals, Contains, NotContains, Matches, NotMatches, Exists, Empty}
)

// rule is what holds for all assertions on one source.
type rule struct {
	comparisons []Comparison
	kinds       []uptime.Kind
	min, max    float64 // of a numeric target; both 0 means any
	unit        string  // for people, after the number
	whole       bool    // a numeric target is an integer
}

var order = []Source{
	SourceStatus, SourceHeader, SourceBody, SourceJSON, SourceLatency,
	SourceCertificate, SourceDNS, SourcePayload, SourceRTT, SourceLoss,
}

const (
	maxLatencyMS = 3_600_000 // an hour: longer than any timeout
	maxDays      = 36_500    // a century: longer than any certificate
)

var rules = map[Source]rule{
	SourceStatus: {
		comparisons: append(slices.Clone(onNumber), Matches, NotMatches), min: 0, max: 999, whole: true,
		kinds: []uptime.Kind{uptime.KindHTTP, uptime.KindGRPC, uptime.KindWebSocket, uptime.KindSMTP},
	},
	SourceHeader: {comparisons: onText, kinds: []uptime.Kind{uptime.KindHTTP, uptime.KindWebSocket}},
	SourceBody:   {comparisons: onText, kinds: []uptime.Kind{uptime.KindHTTP}},
	SourceJSON:   {comparisons: onText, kinds: []uptime.Kind{uptime.KindHTTP, uptime.KindWebSocket}},
	SourceLatency: {
		comparisons: onMeasure, min: 0, max: maxLatencyMS, unit: " ms",
		kinds: []uptime.Kind{
			uptime.KindHTTP, uptime.KindTCP, uptime.KindDNS, uptime.KindTLS, uptime.KindGRPC,
			uptime.KindWebSocket, uptime.KindSMTP, uptime.KindUDP,
		},
	},
	SourceCertificate: {
		comparisons: onMeasure, min: -maxDays, max: maxDays, unit: " days",
		kinds: []uptime.Kind{
			uptime.KindHTTP, uptime.KindTCP, uptime.KindTLS, uptime.KindGRPC, uptime.KindWebSocket, uptime.KindSMTP,
		},
	},
	SourceDNS: {comparisons: onAnswers, kinds: []uptime.Kind{uptime.KindDNS}},
	SourcePayload: {
		comparisons: onText,
		kinds:       []uptime.Kind{uptime.KindTCP, uptime.KindWebSocket, uptime.KindSMTP, uptime.KindUDP},
	},
	SourceRTT:  {comparisons: onMeasure, min: 0, max: maxLatencyMS, unit: " ms", kinds: []uptime.Kind{uptime.KindICMP}},
	SourceLoss: {comparisons: onNumber, min: 0, max: 100, unit: " %", kinds: []uptime.Kind{uptime.KindICMP}},
}

var phases = []string{"total", "dns", "connect", "tls", "ttfb", "transfer"}

// Allowed returns the sources that a kind's observations have, in the order of the
// model. Heartbeats and domains have none: they answer nothing that could be tested.
func Allowed(kind uptime.Kind) []Source {
	var out []Source
	for _, s := range order {
		if slices.Contains(rules[s].kinds, kind) {
			out = append(out, s)
		}
	}
	return out
}

// Comparisons returns the comparisons that a source allows; none for an unknown one.
func Comparisons(s Source) []Comparison { return slices.Clone(rules[s].comparisons) }

// negated tells whether c is the negation of another comparison, and of which.
func (c Comparison) negated() (Comparison, bool) {
	switch c {
	case NotEquals:
		return Equals, true
	case NotContains:
		return Contains, true
	case NotMatches:
		return Matches, true
	default:
		return c, false
	}
}

func (c Comparison) targetless() bool { return c == Exists || c == Empty }

func (c Comparison) numeric() bool { return c == LessThan || c == GreaterThan }
