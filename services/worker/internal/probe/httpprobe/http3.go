package httpprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// roundTrip3 makes one request by HTTP/3, on a connection of its own that lasts until
// [visit.close3].
func (v *visit) roundTrip3(ctx context.Context, req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, link.Failf(uptime.ReasonProtocol, "HTTP/3 goes with https only, not with %.100s", req.URL.Redacted())
	}
	v.close3() // that of the hop before
	deadline, _ := ctx.Deadline()
	h := &hop{visit: v, own: v.own, deadline: deadline.Add(deadlineGrace)}
	conn, err := h.dial3(ctx, address(req.URL))
	if err != nil {
		return nil, err
	}
	transport := &http3.Transport{
		DisableCompression: true, MaxResponseHeaderBytes: MaxHeaderBytes, Logger: slog.New(slog.DiscardHandler),
		// It would dial in a goroutine, which may outlive the check.
		Dial: func(context.Context, string, *tls.Config, *quic.Config) (*quic.Conn, error) { return conn, nil },
	}
	v.closers = append(v.closers, transport)
	res, err := transport.RoundTrip(req.WithContext(ctx))
	if err == nil {
		v.tracer.enter(v.tracer.hops, stageAnswered)
	}
	return res, err
}

// address is where the server of a URL of https is.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// close3 closes the connections of HTTP/3, the last one opened the first.
func (v *visit) close3() {
	for i := len(v.closers) - 1; i >= 0; i-- {
		_ = v.closers[i].Close()
	}
	v.closers = nil
}

// dial3 opens a connection of QUIC. Below it is a connected socket, so that the guard sees
// where it leads and a closed port is heard of.
func (h *hop) dial3(ctx context.Context, addr string) (*quic.Conn, error) {
	cfg, err := h.tlsConfig(link.HostOf(addr))
	if err != nil {
		return nil, err
	}
	cfg.NextProtos, cfg.MinVersion = []string{http3.NextProtoH3}, tls.VersionTLS13
	conn, err := h.dial(h.tracer.attach(ctx), "udp", addr)
	if err != nil {
		return nil, err
	}
	h.tracer.connected(h.tracer.hops, conn)
	h.tracer.back(stageTLS)
	packets := &quic.Transport{Conn: &packetConn{conn}}
	h.closers = append([]io.Closer{conn, packets}, h.closers...)
	// A machine that is late may get here after the deadline, and quic-go panics about times
	// below zero with its lock held, by which closing it would wait for ever.
	rest := max(time.Until(h.deadline), time.Millisecond)
	c, err := packets.Dial(ctx, conn.RemoteAddr(), cfg, &quic.Config{
		HandshakeIdleTimeout: rest, MaxIdleTimeout: rest, // the deadline is what ends it
		MaxIncomingStreams: -1, InitialPacketSize: 1200,
		InitialStreamReceiveWindow: 64 << 10, MaxStreamReceiveWindow: MaxBodyBytes,
		InitialConnectionReceiveWindow: 128 << 10, MaxConnectionReceiveWindow: 2 * MaxBodyBytes,
	})
	if err != nil {
		return nil, err // the stage stays, so that the error is known to be the handshake's
	}
	h.tracer.enter(h.tracer.hops, stageSent)
	return c, nil
}

// packetConn is a connected UDP socket as QUIC wants one. It has no more than it must:
// with the rest of *net.UDPConn each probe would take buffers of 7 MiB from the kernel.
type packetConn struct{ net.Conn }

func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := c.Read(p)
	return n, c.RemoteAddr(), err
}

func (c *packetConn) WriteTo(p []byte, _ net.Addr) (int, error) { return c.Write(p) }

// SetReadBuffer leaves the buffer as it is.
func (c *packetConn) SetReadBuffer(int) error { return nil }

// SetWriteBuffer leaves the buffer as it is.
func (c *packetConn) SetWriteBuffer(int) error { return nil }

// explain3 gives reasons to errors of QUIC and HTTP/3; nil if it knows none.
func explain3(ctx context.Context, err error, at link.Stage) error {
	timeout, app, transport := (*quic.HandshakeTimeoutError)(nil), (*http3.Error)(nil), (*quic.TransportError)(nil)
	known := (*link.Failure)(nil)
	switch {
	case errors.As(err, &known):
		return known
	case at == stageTLS && (ctx.Err() != nil || errors.As(err, &timeout)):
		return &link.Failure{
			Reason: uptime.ReasonConnectTimeout,
			Detail: "no answer over UDP within the timeout: the server does not speak HTTP/3, or UDP is denied on the way",
		}
	case ctx.Err() != nil:
		return nil
	case errors.As(err, &app):
		switch app.ErrorCode {
		case http3.ErrCodeNoError, http3.ErrCodeInternalError, http3.ErrCodeRequestRejected, http3.ErrCodeRequestCanceled, http3.ErrCodeExcessiveLoad:
			return &link.Failure{Reason: uptime.ReasonReset, Detail: app.Error()}
		}
		return link.Failf(uptime.ReasonProtocol, "%s", app.Error())
	case errors.As(err, &transport) && transport.ErrorCode.IsCryptoError():
		return alert3(transport)
	}
	return nil
}

// alert3 names the cause of an alert of TLS.
func alert3(err *quic.TransportError) error {
	const (
		alerts            = 0x100 // what codes of alerts are added to
		badCertificate    = alerts + 42
		unknownCA         = alerts + 48
		protocolVersion   = alerts + 70
		missingCert       = alerts + 116
		noApplicationName = alerts + 120
	)
	switch code := uint64(err.ErrorCode); {
	case code == noApplicationName:
		return link.Failf(uptime.ReasonProtocol, "the server does not speak HTTP/3")
	case code == protocolVersion:
		return link.Failf(uptime.ReasonTLSVersion, "%s", err.Error())
	case err.Remote && (code >= badCertificate && code <= unknownCA || code == missingCert):
		return link.Failf(uptime.ReasonAuth, "the server refuses the client certificate, or wants one: %s", err.Error())
	}
	return link.Failf(uptime.ReasonTLS, "%s", err.Error())
}
