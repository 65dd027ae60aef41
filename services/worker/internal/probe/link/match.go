package link

import (
	"context"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// MaxPayload is how many bytes a probe takes while it looks for an expression.
const MaxPayload = 64 << 10

// Matcher looks for an expression in bytes that come bit by bit. Looking again at each of
// them would let a target that drips burn a core, so a look that took long puts off the
// next one: at most a twentieth of the time goes into looking.
type Matcher struct {
	re      assertion.Expression
	hex     bool
	secrets []string // not to be repeated in failures
	buf     []byte
	looked  int           // bytes of buf that the last look saw
	at      time.Time     // of the last look
	cost    time.Duration // of it
}

const restFactor = 20

// NewMatcher compiles an expression. With an encoding of hex it sees hex digits.
func NewMatcher(expression, encoding string, secrets []string) (*Matcher, error) {
	re, err := assertion.CompileExpression(expression)
	if err != nil {
		return nil, Failf(uptime.ReasonInvalid, "settings: not an expression: %s", err)
	}
	return &Matcher{re: re, hex: encoding == monitorspec.EncodingHex, secrets: secrets}, nil
}

// Add takes bytes that came; false when that is too many.
func (m *Matcher) Add(b []byte) bool {
	m.buf = append(m.buf, b...)
	return len(m.buf) <= MaxPayload
}

// Unseen tells whether bytes came since the last look.
func (m *Matcher) Unseen() bool { return len(m.buf) > m.looked }

// Bytes returns what came.
func (m *Matcher) Bytes() []byte { return m.buf }

// Rest is how long to wait before the next look.
func (m *Matcher) Rest() time.Duration {
	if m.looked == 0 {
		return 0
	}
	return m.cost*restFactor - time.Since(m.at)
}

// Match is what an expression found.
type Match struct {
	End      int               // how many bytes there are until its end
	AtEnd    bool              // it has captures and touches the end: more bytes could make them longer
	Captured map[string][]byte // by number and by name
}

// Look searches what came so far, when it is its turn; it has seen nothing if ctx ended
// before.
func (m *Matcher) Look(ctx context.Context) (Match, bool) {
	text := m.buf
	if m.hex {
		text = monitorspec.Received(m.buf, monitorspec.EncodingHex)
	}
	var loc []int
	done := false
	start := time.Now()
	if !probe.Effort(ctx, len(text), func() {
		start = time.Now()
		loc, done = m.re.Find(ctx, text)
	}) || !done {
		return Match{}, false
	}
	m.looked, m.at = len(m.buf), time.Now()
	m.cost = m.at.Sub(start)
	if loc == nil {
		return Match{}, false
	}
	found := Match{End: loc[1], Captured: map[string][]byte{}}
	if m.hex {
		found.End = (loc[1] + 1) / 2
	}
	found.AtEnd = m.re.Regexp().NumSubexp() > 0 && found.End == len(m.buf)
	for i, name := range m.re.Regexp().SubexpNames() {
		var value []byte
		if loc[2*i] >= 0 {
			value = append(value, text[loc[2*i]:loc[2*i+1]]...)
		}
		found.Captured[strconv.Itoa(i)] = value
		if name != "" {
			found.Captured[name] = value
		}
	}
	return found, true
}

// Mismatch is the failure of an expression that nothing matched.
func (m *Matcher) Mismatch() error {
	return Failf(uptime.ReasonAssertion, "%s does not match %s", Quote(m.buf, m.secrets), Quote([]byte(m.re.Regexp().String()), nil))
}

// Flooded is the failure of a target that says too much without matching.
func (m *Matcher) Flooded() error {
	return Failf(uptime.ReasonBodyTooLarge, "more than %d KiB, and nothing matches %s", MaxPayload>>10, Quote([]byte(m.re.Regexp().String()), nil))
}

// Quote shows the beginning of bytes in a failure, without secrets.
func Quote(b []byte, secrets []string) string {
	const most, margin = 80, 1 << 10 // what is beyond the margin cannot be cut in two
	text := probe.Redact(string(b[:min(len(b), most+margin)]), secrets)
	s := strconv.QuoteToASCII(text[:min(len(text), most)])
	if len(text) > most {
		return s + "…"
	}
	return s
}
