// Package grpcprobe asks the health service of a gRPC server (grpc.health.v1) whether it,
// or one of its services, is serving, on one connection of its own.
package grpcprobe

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/grpclog"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// What gRPC would log of hostile servers is in the findings.
func init() { grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) }

type prober struct{ env probe.Env }

// New returns the prober of kind grpc.
func New(env probe.Env) probe.Prober { return &prober{env} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.GRPC](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: monitorspec.SecretsOf(s), Evidence: &probe.Evidence{}}
	v := call{ctx: ctx, env: &p.env, settings: s, target: c.Target, trace: link.Begin(), hands: &link.Handshakes{}}
	health, err := v.run(ctx)
	obs := &assertion.Observation{}
	v.hands.Observe(obs, f.Evidence)
	if v.answered() && !isHTTP(err) && status.Code(err) != codes.DeadlineExceeded {
		obs.Status, obs.HasStatus = int(status.Code(err)), true
		f.Code = obs.Status
	}
	if err != nil {
		v.trace.Fail(ctx, &f, v.cause(err))
		return f
	}
	v.trace.End(&f)
	f.Evidence.Excerpt = health.String()
	if health != healthpb.HealthCheckResponse_SERVING {
		f.Reason, f.Detail, f.Final = uptime.ReasonStatus, fmt.Sprintf("%s, want SERVING", health), true
		return f
	}
	p.env.Judge(ctx, &f, c.Kind, s.Assertions, obs)
	return f
}

// Bounds of what a server may send.
const (
	maxMessage     = 64 << 10
	maxHeaderBytes = 64 << 10
)

// call is one attempt.
type call struct {
	ctx      context.Context // of the check: gRPC dials under one of its own, which has another deadline
	env      *probe.Env
	settings *monitorspec.GRPC
	target   string
	trace    *link.Trace
	hands    *link.Handshakes

	mu      sync.Mutex
	failed  error // to connect: gRPC only passes its text on
	broken  error // of the connection once it was there, likewise
	left    bool  // gRPC wanted another connection: the first one is of no use any more
	heard   bool  // the server answered the call
	current net.Conn
}

func (v *call) run(ctx context.Context) (healthpb.HealthCheckResponse_ServingStatus, error) {
	ctx, err := v.metadata(ctx)
	if err != nil {
		return 0, err
	}
	authority := v.settings.Authority
	if authority == "" {
		authority = v.target
	}
	conn, err := grpc.NewClient("passthrough:///target", // which is ours to dial: gRPC would read a zone as an escape
		grpc.WithNoProxy(), // a proxy would dial for us, past the guard
		grpc.WithContextDialer(v.dial), grpc.WithTransportCredentials(&handshake{v}), grpc.WithAuthority(authority),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithDisableHealthCheck(),
		grpc.WithUserAgent(v.env.UserAgent), grpc.WithMaxHeaderListSize(maxHeaderBytes), grpc.WithStatsHandler(&observer{v}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
	)
	if err != nil {
		return 0, link.Failf(uptime.ReasonInvalid, "target: %s", err)
	}
	defer v.close(conn)
	res, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: v.settings.Service})
	return res.GetStatus(), err
}

func (v *call) metadata(ctx context.Context) (context.Context, error) {
	md := metadata.MD{}
	for _, m := range v.settings.Metadata {
		value := m.Value
		if strings.HasSuffix(m.Name, "-bin") { // gRPC encodes it again
			b, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, link.Failf(uptime.ReasonInvalid, "settings: metadata %s is not base64", m.Name)
			}
			value = string(b)
		}
		md.Append(m.Name, value)
	}
	return metadata.NewOutgoingContext(ctx, md), nil
}

// dial makes the one connection of the call, under the deadline of the check.
func (v *call) dial(context.Context, string) (net.Conn, error) {
	v.mu.Lock()
	v.left = v.failed != nil || v.current != nil
	again := v.left
	v.mu.Unlock()
	if again {
		return nil, errors.New("one connection is all")
	}
	conn, err := link.Dial(v.ctx, v.env, v.trace, "tcp", v.settings.IPVersion, v.target)
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.failed = err
		return nil, err
	}
	v.current = &watched{conn, v}
	return v.current, nil
}

// watched keeps the error that a connection ended with.
type watched struct {
	net.Conn
	call *call
}

// Read implements [net.Conn].
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err != nil && !errors.Is(err, net.ErrClosed) { // that would be us
		w.call.mu.Lock()
		w.call.broken = err
		w.call.mu.Unlock()
	}
	return n, err
}

func (v *call) close(conn *grpc.ClientConn) {
	_ = conn.Close()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.current != nil {
		_ = v.current.Close() // gRPC's own goroutines may take a moment to do so
	}
}

func (v *call) answered() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heard
}

// isHTTP tells the answer of another kind of server: gRPC makes up a status for it.
func isHTTP(err error) bool {
	text := status.Convert(err).Message()
	return strings.Contains(text, "unexpected HTTP status code") || strings.Contains(text, "unexpected content-type")
}

// cause finds what an error of gRPC comes from: its statuses hold text only.
func (v *call) cause(err error) error {
	var known *link.Failure
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case errors.As(err, &known):
		return known
	case v.failed != nil:
		return v.failed
	case v.ctx.Err() != nil:
		return v.ctx.Err()
	case v.broken != nil && !v.heard:
		if v.left && errors.Is(v.broken, io.EOF) {
			return &link.Failure{Reason: uptime.ReasonReset, Detail: "the server closed the connection before it answered"}
		}
		return v.broken
	case v.left:
		return &link.Failure{Reason: uptime.ReasonReset, Detail: "the server does not want the connection any more (GOAWAY)"}
	}
	st := status.Convert(err)
	code, text := st.Code(), st.Message()
	switch {
	case code == codes.DeadlineExceeded: // ours, which the server is told
		return os.ErrDeadlineExceeded
	case isHTTP(err):
		return link.Failf(uptime.ReasonProtocol, "an answer of HTTP, not of gRPC: %s", text)
	case strings.Contains(text, "error reading server preface"), strings.Contains(text, "http2: frame too large"):
		return link.Failf(uptime.ReasonProtocol, "the server does not speak HTTP/2: %s", text)
	case strings.Contains(text, "header list size"):
		return link.Failf(uptime.ReasonHeaderTooLarge, "more than %d KiB of headers", maxHeaderBytes>>10)
	case code == codes.ResourceExhausted && strings.Contains(text, "received message larger than max"):
		return link.Failf(uptime.ReasonBodyTooLarge, "a message of more than %d KiB", maxMessage>>10)
	case code == codes.Unauthenticated, code == codes.PermissionDenied:
		return link.Failf(uptime.ReasonAuth, "%s: %s", code, text)
	case code == codes.NotFound:
		return link.Failf(uptime.ReasonStatus, "the server does not know the service: %s", text)
	case code == codes.Unimplemented:
		return link.Failf(uptime.ReasonStatus, "the server has no health service: %s", text)
	case v.heard:
		return link.Failf(uptime.ReasonStatus, "%s: %s", code, text)
	case code == codes.Unavailable:
		return &link.Failure{Reason: uptime.ReasonReset, Detail: text}
	}
	return link.Failf(uptime.ReasonProtocol, "%s: %s", code, text)
}
