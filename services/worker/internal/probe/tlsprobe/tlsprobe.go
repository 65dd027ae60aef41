// Package tlsprobe shakes hands with a server and looks at the certificate that it
// shows: chain, name, time, version and, if asked to, pinned keys. It sends nothing
// after the handshake but the closing alert.
package tlsprobe

import (
	"context"
	"errors"
	"io"
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

// New returns the prober of kind tls.
func New(env probe.Env) probe.Prober { return &prober{env} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.TLS](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: monitorspec.SecretsOf(s), Evidence: &probe.Evidence{}}
	t, hands, obs := link.Begin(), &link.Handshakes{}, &assertion.Observation{}
	hands.Pin(s.Pins)
	err = p.shake(ctx, t, hands, c.Target, s)
	hands.Observe(obs, f.Evidence)
	if err != nil {
		t.Fail(ctx, &f, err)
		return f
	}
	t.End(&f)
	p.env.Judge(ctx, &f, c.Kind, s.Assertions, obs)
	return f
}

func (p *prober) shake(ctx context.Context, t *link.Trace, hands *link.Handshakes, target string, s *monitorspec.TLS) error {
	conn, err := link.Dial(ctx, &p.env, t, "tcp", s.IPVersion, target)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	start := time.Now()
	secured, err := hands.Secure(ctx, &p.env, t, conn, &s.TLS, link.HostOf(target))
	if err != nil {
		return err
	}
	if s.TLS.Certificate != "" {
		return p.accepted(ctx, secured, time.Since(start))
	}
	return nil
}

// patience is how much longer than the handshake took a server gets to refuse a client
// certificate: with TLS 1.3 it says so after the client has finished. It is at least the
// second of the two.
const (
	patience    = 3
	minPatience = 100 * time.Millisecond
)

// accepted waits for the server's word on our certificate. Silence, or data, is consent.
func (p *prober) accepted(ctx context.Context, conn net.Conn, handshake time.Duration) error {
	wait := max(patience*handshake, minPatience)
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/2)
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
