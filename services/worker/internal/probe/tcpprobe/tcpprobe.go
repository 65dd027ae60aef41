// Package tcpprobe opens a TCP connection and, if it is told to, holds a dialogue over
// it: it sends, waits for expressions to match, puts what they captured into what it sends
// next, and turns to TLS where a step says so. An open port is enough without steps.
package tcpprobe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

type prober struct{ env probe.Env }

// New returns the prober of kind tcp.
func New(env probe.Env) probe.Prober { return &prober{env} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.TCP](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: monitorspec.SecretsOf(s), Evidence: &probe.Evidence{}}
	d := dialogue{
		env: &p.env, settings: s, secrets: f.Secrets, host: link.HostOf(c.Target), trace: link.Begin(), hands: &link.Handshakes{},
		captured: map[string][]byte{}, listens: p.env.Asserts(c.Kind, s.Assertions, assertion.SourcePayload),
	}
	step, err := d.run(ctx, c.Target)
	obs := &assertion.Observation{Payload: d.heard, PayloadTruncated: d.deaf}
	d.hands.Observe(obs, f.Evidence)
	f.Evidence.Excerpt = probe.Excerpt(d.heard, f.Secrets)
	if err != nil {
		d.trace.Fail(ctx, &f, err)
		if step > 0 {
			f.Detail = fmt.Sprintf("step %d: %s", step, f.Detail)
		}
		return f
	}
	d.trace.End(&f)
	p.env.Judge(ctx, &f, c.Kind, s.Assertions, obs)
	return f
}

// dialogue is one attempt.
type dialogue struct {
	env      *probe.Env
	settings *monitorspec.TCP
	secrets  []string
	host     string
	trace    *link.Trace
	hands    *link.Handshakes
	listens  bool // an assertion wants to know what the target says
	conn     net.Conn
	captured map[string][]byte
	rest     []byte // that came after the last match
	heard    []byte // all that came, for assertions and evidence
	deaf     bool   // more came
	closed   bool
}

// run opens the connection and takes the steps; it returns the number of the one that
// failed, 0 for the connection itself.
func (d *dialogue) run(ctx context.Context, target string) (int, error) {
	conn, err := link.Dial(ctx, d.env, d.trace, "tcp", d.settings.IPVersion, target)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	d.conn = conn
	if d.settings.Security == monitorspec.SecurityTLS {
		if err := d.secure(ctx); err != nil {
			return 0, err
		}
	}
	expected := false // the last step was an expression
	for i := range d.settings.Steps {
		step := &d.settings.Steps[i]
		expected = step.Expect != ""
		if err := d.take(ctx, step); err != nil {
			return i + 1, err
		}
	}
	if d.listens && !expected {
		return 0, d.listen(ctx)
	}
	return 0, nil
}

func (d *dialogue) take(ctx context.Context, step *monitorspec.Step) error {
	switch {
	case step.StartTLS:
		if len(d.rest) > 0 {
			// What a man in the middle slips in before the handshake must not count after it.
			return link.Failf(uptime.ReasonProtocol, "the server went on talking before the handshake: %s", link.Quote(d.rest, d.secrets))
		}
		return d.secure(ctx)
	case step.Expect != "":
		return d.expect(ctx, step)
	}
	return d.send(step)
}

func (d *dialogue) secure(ctx context.Context) error {
	secured, err := d.hands.Secure(ctx, d.env, d.trace, d.conn, &d.settings.TLS, d.host)
	if err == nil {
		d.conn = secured
	}
	return err
}

func (d *dialogue) send(step *monitorspec.Step) error {
	b, err := monitorspec.Decode(step.Send, step.Encoding)
	if err != nil {
		return link.Failf(uptime.ReasonInvalid, "settings: what is to be sent is not %s", step.Encoding)
	}
	if step.Encoding == monitorspec.EncodingText {
		if b, err = monitorspec.Expand(b, d.captured); errors.Is(err, monitorspec.ErrExpanded) {
			return link.Failf(uptime.ReasonBodyTooLarge, "by what was captured, what is to be sent %s", err) // the target's doing
		} else if err != nil {
			return link.Failf(uptime.ReasonInvalid, "settings: what is to be sent %s", err)
		}
	}
	_, err = d.conn.Write(b)
	return err
}

// settle is how long captures that touch the end of what came may still grow.
const settle = 20 * time.Millisecond

// expect reads until the expression matches.
func (d *dialogue) expect(ctx context.Context, step *monitorspec.Step) error {
	m, err := link.NewMatcher(step.Expect, step.Encoding, d.secrets)
	if err != nil {
		return err
	}
	m.Add(d.rest)
	over := false // the time, or the connection
	for {
		if m.Unseen() && (m.Rest() <= 0 || over) {
			found, ok := m.Look(ctx)
			if ok && found.AtEnd && !over {
				if more, err := d.read(ctx, settle); err == nil && len(more) > 0 && m.Add(more) {
					continue
				}
			}
			if ok {
				d.rest = append([]byte(nil), m.Bytes()[found.End:]...)
				d.learn(found.Captured)
				return nil
			}
		}
		if over && len(m.Bytes()) > 0 {
			return m.Mismatch()
		}
		wait := time.Duration(0)
		if m.Unseen() {
			wait = max(m.Rest(), time.Millisecond)
		}
		more, err := d.read(ctx, wait)
		late := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
		switch {
		case late && ctx.Err() == nil && wait > 0: // time for another look
		case late && len(m.Bytes()) > 0:
			over = true
		case err != nil:
			return err
		case !m.Add(more):
			return m.Flooded()
		case d.closed && len(m.Bytes()) == 0:
			return io.EOF
		default:
			over = d.closed
		}
	}
}

// learn keeps what was captured: numbers until the next expression, names for good.
func (d *dialogue) learn(captured map[string][]byte) {
	maps.DeleteFunc(d.captured, func(name string, _ []byte) bool { return name[0] >= '0' && name[0] <= '9' })
	maps.Copy(d.captured, captured)
}

// read returns what comes next, within wait if that is positive. The end of the
// connection is no error, but noted.
func (d *dialogue) read(ctx context.Context, wait time.Duration) ([]byte, error) {
	deadline, _ := ctx.Deadline()
	if soon := time.Now().Add(wait); wait > 0 && (deadline.IsZero() || soon.Before(deadline)) {
		deadline = soon
	}
	if err := d.conn.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil { // the deadline just set may be later than what ended it
		return nil, err
	}
	var chunk [4 << 10]byte
	n, err := d.conn.Read(chunk[:])
	if n > 0 {
		d.trace.Enter(link.StageAnswered)
		room := link.MaxPayload - len(d.heard)
		d.deaf = d.deaf || n > room
		d.heard = append(d.heard, chunk[:min(n, room)]...)
	}
	if errors.Is(err, io.EOF) {
		d.closed, err = true, nil
	}
	return chunk[:n], err
}

// Without an expression to wait for, a target has said all when it pauses.
const (
	pause  = 250 * time.Millisecond
	margin = 50 * time.Millisecond // left of the timeout, to judge in
)

// listen hears what the target says by itself, for assertions to look at.
func (d *dialogue) listen(ctx context.Context) error {
	for !d.closed && !d.deaf {
		wait := pause
		if deadline, ok := ctx.Deadline(); ok && len(d.heard) == 0 {
			wait = max(time.Until(deadline)-margin, time.Millisecond)
		}
		if _, err := d.read(ctx, wait); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
