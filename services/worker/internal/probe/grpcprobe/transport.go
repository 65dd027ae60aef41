package grpcprobe

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// handshake makes gRPC use the handshakes of package link, whose failures have reasons.
type handshake struct{ call *call }

func (h *handshake) plaintext() bool { return h.call.settings.Security == monitorspec.SecurityNone }

// ClientHandshake implements [credentials.TransportCredentials].
func (h *handshake) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if h.plaintext() {
		return insecure.NewCredentials().ClientHandshake(ctx, authority, conn)
	}
	v := h.call
	v.hands.Offer("h2")
	secured, err := v.hands.Secure(v.ctx, v.env, v.trace, conn, &v.settings.TLS, link.HostOf(v.target))
	if err == nil && secured.ConnectionState().NegotiatedProtocol != "h2" {
		err = link.Failf(uptime.ReasonProtocol, "the server does not agree on HTTP/2 (ALPN)")
	}
	if err != nil {
		v.mu.Lock()
		v.failed = err
		v.mu.Unlock()
		return nil, nil, err
	}
	level := credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
	return secured, credentials.TLSInfo{State: secured.ConnectionState(), CommonAuthInfo: level}, nil
}

// ServerHandshake implements [credentials.TransportCredentials]; a probe serves nobody.
func (h *handshake) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return insecure.NewCredentials().ServerHandshake(conn)
}

// Info implements [credentials.TransportCredentials]: it sets the scheme of the call.
func (h *handshake) Info() credentials.ProtocolInfo {
	if h.plaintext() {
		return insecure.NewCredentials().Info()
	}
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

// Clone implements [credentials.TransportCredentials].
func (h *handshake) Clone() credentials.TransportCredentials { return h }

// OverrideServerName implements [credentials.TransportCredentials]; the name is a setting.
func (h *handshake) OverrideServerName(string) error { return nil }

// observer notes when the server answers.
type observer struct{ call *call }

// HandleRPC implements [stats.Handler].
func (o *observer) HandleRPC(_ context.Context, s stats.RPCStats) {
	switch s.(type) {
	case *stats.InHeader, *stats.InTrailer:
		o.call.trace.Enter(link.StageAnswered)
		o.call.mu.Lock()
		o.call.heard = true
		o.call.mu.Unlock()
	}
}

// TagRPC implements [stats.Handler].
func (o *observer) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// TagConn implements [stats.Handler].
func (o *observer) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements [stats.Handler].
func (o *observer) HandleConn(context.Context, stats.ConnStats) {}
