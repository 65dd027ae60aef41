// Package udpprobe sends a datagram and waits for one from the same address. It sends
// again while nothing comes back, since losing a packet is what UDP may do; silence until
// the end is a timeout, and a port that its host reports closed is a refused connection.
package udpprobe

import (
	"context"
	"errors"
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

// New returns the prober of kind udp.
func New(env probe.Env) probe.Prober { return &prober{env} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.UDP](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: monitorspec.SecretsOf(s), Evidence: &probe.Evidence{}}
	e := exchange{env: &p.env, settings: s, secrets: f.Secrets, trace: link.Begin()}
	err = e.run(ctx, c.Target)
	f.Evidence.Excerpt = probe.Excerpt(e.answer, f.Secrets)
	if err != nil {
		e.trace.Fail(ctx, &f, err)
		return f
	}
	e.trace.End(&f)
	p.env.Judge(ctx, &f, c.Kind, s.Assertions, &assertion.Observation{Payload: e.answer})
	return f
}

// exchange is one attempt.
type exchange struct {
	env      *probe.Env
	settings *monitorspec.UDP
	secrets  []string
	trace    *link.Trace
	conn     net.Conn
	answer   []byte // the last one, good or not
}

// run sends until an answer will do.
func (e *exchange) run(ctx context.Context, target string) error {
	s := e.settings
	packet, err := monitorspec.Decode(s.Send, s.Encoding)
	if err != nil {
		return link.Failf(uptime.ReasonInvalid, "settings: what is to be sent is not %s", s.Encoding)
	}
	conn, err := link.Dial(ctx, e.env, e.trace, "udp", s.IPVersion, target)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	e.conn = conn
	tries, pause := max(s.Tries, 1), time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		pause = time.Until(deadline) / time.Duration(tries)
	}
	outcome := os.ErrDeadlineExceeded
	for range tries {
		if _, err := conn.Write(packet); err != nil {
			return err // that an earlier datagram was refused may be told here
		}
		err := e.await(ctx, time.Now().Add(pause))
		if wrong := (*link.Failure)(nil); errors.As(err, &wrong) {
			outcome = err // a better answer may still come
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return outcome
}

const (
	// maxDatagram is what IPv4 and IPv6 can carry.
	maxDatagram = 64 << 10
	// maxAnswers bounds how many datagrams that do not match are looked at between two
	// that are sent.
	maxAnswers = 100
)

// await reads datagrams until one matches (nil) or the time is over.
func (e *exchange) await(ctx context.Context, until time.Time) error {
	outcome := os.ErrDeadlineExceeded
	buf := make([]byte, maxDatagram)
	for range maxAnswers {
		if err := e.conn.SetReadDeadline(until); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return outcome
		}
		n, err := e.conn.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return outcome
		}
		if err != nil {
			return err
		}
		e.trace.Enter(link.StageAnswered)
		e.answer = append([]byte(nil), buf[:n]...)
		if e.settings.Expect == "" {
			return nil
		}
		m, err := link.NewMatcher(e.settings.Expect, e.settings.Encoding, e.secrets)
		if err != nil {
			return err
		}
		m.Add(e.answer)
		if _, ok := m.Look(ctx); ok {
			return nil
		}
		outcome = m.Mismatch()
	}
	return outcome
}
