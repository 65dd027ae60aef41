package httpprobe

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// dialer is the guard's.
type dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// deadlineGrace lets the request's own end come first, which names the cause.
const deadlineGrace = 100 * time.Millisecond

// roundTrip makes one request over a transport that only this one has: net/http would
// let two checks that come together share a connection of HTTP/2, and with it the client
// certificate and the trust of one.
func (v *visit) roundTrip(ctx context.Context, req *http.Request) (*http.Response, error) {
	if v.settings.HTTPVersion == "3" {
		return v.roundTrip3(ctx, req)
	}
	deadline, _ := ctx.Deadline() // the runner gives every check one
	h := &hop{visit: v, own: v.own, deadline: deadline.Add(deadlineGrace)}
	return h.transport(req.URL.Scheme).RoundTrip(req.WithContext(v.tracer.attach(ctx)))
}

// hop is one of the requests of a visit, or that for a token.
type hop struct {
	*visit
	own      bool // to whom the settings are meant for
	deadline time.Time
}

func (h *hop) transport(scheme string) *http.Transport {
	t := &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, past the guard
		DialContext:            h.dial,
		DisableKeepAlives:      true,
		DisableCompression:     true, // bodies are decoded here, to bound the ratio
		MaxResponseHeaderBytes: MaxHeaderBytes,
		Protocols:              h.protocols(scheme),
	}
	if scheme == "https" {
		t.DialTLSContext = h.dialTLS
	}
	return t
}

// protocols are the versions of HTTP that may be spoken. Without TLS there is nothing to
// agree on the second one by: it is spoken to whom it is wanted of.
func (h *hop) protocols(scheme string) *http.Protocols {
	p := new(http.Protocols)
	switch version := h.settings.HTTPVersion; {
	case version == "2":
		p.SetHTTP2(true)
		p.SetUnencryptedHTTP2(scheme == "http")
	case version == "1.1", scheme == "http":
		p.SetHTTP1(true)
	default:
		p.SetHTTP1(true)
		p.SetHTTP2(true)
	}
	return p
}

// offer are the names of these versions in TLS.
func (h *hop) offer() []string {
	switch h.settings.HTTPVersion {
	case "1.1":
		return []string{"http/1.1"}
	case "2":
		return []string{"h2"}
	}
	return []string{"h2", "http/1.1"}
}

// dial opens a connection that ends with the check. net/http detaches a dial, and the
// TLS handshake after it, from the request that wants it, in the hope of a later one;
// with a host that drops packets each check would leave a goroutine and a socket behind
// for minutes.
func (h *hop) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := h.env.Guard.CheckHost(link.HostOf(addr)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithDeadline(ctx, h.deadline)
	defer cancel()
	conn, err := h.dialer.DialContext(ctx, link.Network(network, h.settings.IPVersion), addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(h.deadline); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return link.Bound(conn), nil
}

// dialTLS opens a connection for net/http to shake hands on.
func (h *hop) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	cfg, err := h.tlsConfig(link.HostOf(addr))
	if err != nil {
		return nil, err
	}
	cfg.NextProtos = h.offer()
	if h.settings.HTTPVersion == "2" {
		cfg.VerifyConnection = secondVersion(cfg.VerifyConnection)
	}
	conn, err := h.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return tls.Client(conn, cfg), nil
}

// tlsConfig is for a handshake with a host.
func (h *hop) tlsConfig(host string) (*tls.Config, error) {
	s := h.settings.TLS
	if !h.own { // another host gets neither our name for the first one nor our certificate
		s = monitorspec.ClientTLS{SkipVerify: s.SkipVerify, CA: s.CA, MinVersion: s.MinVersion}
	}
	return h.hands.Config(&h.env, &s, host)
}

// secondVersion refuses, before anything is sent, a server that did not agree on HTTP/2.
func secondVersion(verify func(tls.ConnectionState) error) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if err := verify(state); err != nil {
			return err
		}
		if state.NegotiatedProtocol != "h2" {
			return link.Failf(uptime.ReasonProtocol, "the server does not speak HTTP/2")
		}
		return nil
	}
}
