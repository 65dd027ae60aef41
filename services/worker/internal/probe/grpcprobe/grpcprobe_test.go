package grpcprobe_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/grpcserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/grpcprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

var kind = probetest.Kind{Kind: uptime.KindGRPC, New: grpcprobe.New}

const plaintext = `{"security":"none"}`

// frames answers the preface of HTTP/2 with the frames that f writes.
func frames(t *testing.T, f func(fr *http2.Framer)) string {
	t.Helper()
	return targets.Raw(t, func(c net.Conn) {
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(c, preface); err != nil {
			return
		}
		fr := http2.NewFramer(c, c)
		if fr.WriteSettings() == nil {
			f(fr)
		}
	})
}

// untilHeaders reads frames until the call comes, and returns its stream.
func untilHeaders(fr *http2.Framer) uint32 {
	for {
		frame, err := fr.ReadFrame()
		if err != nil {
			return 0
		}
		if h, ok := frame.(*http2.HeadersFrame); ok {
			return h.StreamID
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	serving := grpcserver.New(t, nil, grpcserver.Serving(healthpb.HealthCheckResponse_SERVING))
	fails := func(code codes.Code, text string) string {
		return grpcserver.New(t, nil, func(context.Context, string) (healthpb.HealthCheckResponse_ServingStatus, error) {
			return 0, status.Error(code, text)
		})
	}
	byName := grpcserver.New(t, nil, func(ctx context.Context, service string) (healthpb.HealthCheckResponse_ServingStatus, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		switch {
		case service == "shop.Cart" && strings.Join(md.Get("x-token"), "") == "hunter22" && strings.Join(md.Get("x-bin"), "") == "\x00\x01":
			return healthpb.HealthCheckResponse_SERVING, nil
		case service == "shop.Cart":
			return 0, status.Error(codes.Unauthenticated, "who are you?")
		}
		return 0, status.Error(codes.NotFound, "unknown service")
	})
	hangs := grpcserver.New(t, nil, func(ctx context.Context, _ string) (healthpb.HealthCheckResponse_ServingStatus, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
	web := httptest.NewUnstartedServer(http.NotFoundHandler())
	web.Config.Protocols = new(http.Protocols)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	t.Cleanup(web.Close)
	goaway := frames(t, func(fr *http2.Framer) {
		untilHeaders(fr)
		_ = fr.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("too_many_pings"))
		untilHeaders(fr)
	})
	resetStream := frames(t, func(fr *http2.Framer) {
		if id := untilHeaders(fr); id != 0 {
			_ = fr.WriteRSTStream(id, http2.ErrCodeInternal)
			untilHeaders(fr)
		}
	})

	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "serving", Target: serving, Settings: plaintext},
		{Name: "not serving", Target: grpcserver.New(t, nil, grpcserver.Serving(healthpb.HealthCheckResponse_NOT_SERVING)), Settings: plaintext,
			Reason: uptime.ReasonStatus, Detail: "NOT_SERVING, want SERVING", Attempts: 1},
		{Name: "service and metadata", Target: byName, Settings: `{"security":"none","service":"shop.Cart","metadata":[{"name":"X-Token","value":"hunter22"},{"name":"x-bin","value":"AAE="}]}`},
		{Name: "unknown service", Target: byName, Settings: `{"security":"none","service":"shop.Card"}`, Reason: uptime.ReasonStatus, Code: 5, Detail: "does not know the service"},
		{Name: "no credentials", Target: byName, Settings: `{"security":"none","service":"shop.Cart"}`, Reason: uptime.ReasonAuth, Code: 16, Detail: "Unauthenticated: who are you?"},
		{Name: "permission denied", Target: fails(codes.PermissionDenied, "no"), Settings: plaintext, Reason: uptime.ReasonAuth, Code: 7},
		{Name: "no health service", Target: grpcserver.New(t, nil, nil), Settings: plaintext, Reason: uptime.ReasonStatus, Code: 12, Detail: "no health service"},
		{Name: "unavailable", Target: fails(codes.Unavailable, "draining"), Settings: plaintext, Reason: uptime.ReasonStatus, Code: 14, Detail: "Unavailable: draining"},
		{Name: "internal", Target: fails(codes.Internal, "oops"), Settings: plaintext, Reason: uptime.ReasonStatus, Code: 13, Detail: "oops"},
		{Name: "hangs", Target: hangs, Settings: plaintext, Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no answer"},
		{Name: "goes away", Target: goaway, Settings: plaintext, Reason: uptime.ReasonReset, Detail: "GOAWAY"},
		{Name: "resets the stream", Target: resetStream, Settings: plaintext, Reason: uptime.ReasonProtocol, Detail: "INTERNAL_ERROR"},
		{Name: "a web server", Target: strings.TrimPrefix(web.URL, "http://"), Settings: plaintext, Reason: uptime.ReasonProtocol, Detail: "404"},
		{Name: "no HTTP/2", Target: targets.Raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		}),
			Settings: plaintext, Reason: uptime.ReasonProtocol, Detail: "HTTP/2"},
		{Name: "says nothing", Target: targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), Settings: plaintext, Timeout: probetest.Short, Reason: uptime.ReasonTimeout},
		{Name: "hangs up", Target: targets.Raw(t, func(net.Conn) {}), Settings: plaintext, Reason: uptime.ReasonReset},
		{Name: "refused", Target: targets.HostPort(targets.Refused(t)), Settings: plaintext, Reason: uptime.ReasonConnectRefused, Attempts: 2},
		{Name: "dropped", Target: targets.HostPort(targets.Full(t)), Settings: plaintext, Timeout: probetest.Short, Reason: uptime.ReasonConnectTimeout},
		{Name: "blocked", Target: "10.0.0.1:443", Reason: uptime.ReasonBlockedTarget, Detail: "private network"},
		{Name: "no lookup", Target: "nowhere.invalid:443", Reason: uptime.ReasonDNS},
		{Name: "assertion", Target: serving, Settings: `{"security":"none","assertions":[{"source":"status","comparison":"equals","target":0},{"source":"latency","comparison":"less_than","target":20000}]}`},
		{Name: "assertion fails", Target: serving, Settings: `{"security":"none","assertions":[{"source":"latency","comparison":"less_than","target":0}]}`, Reason: uptime.ReasonAssertion, Detail: "latency"},
		{Name: "degraded", Target: serving, Settings: `{"security":"none","assertions":[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]}`, Reason: uptime.ReasonAssertion, Degraded: true, Detail: "latency"},
	})
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	ok := grpcserver.Serving(healthpb.HealthCheckResponse_SERVING)
	with := func(cert tls.Certificate, change ...func(*tls.Config)) string {
		cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		for _, f := range change {
			f(cfg)
		}
		return grpcserver.New(t, cfg, ok)
	}
	mutual := func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool }
	cert, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	pair, err := json.Marshal(map[string]any{"tls": map[string]string{"certificate": cert, "key": key}})
	if err != nil {
		t.Fatal(err)
	}
	good := with(ca.Issue(t, targets.Identity{}))
	kind.Table(t, env, []probetest.Case{
		{Name: "good", Target: good},
		{Name: "mutual", Target: with(ca.Issue(t, targets.Identity{}), mutual), Settings: string(pair)},
		{Name: "wants a client certificate", Target: with(ca.Issue(t, targets.Identity{}), mutual, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			Reason: uptime.ReasonAuth, Detail: "client certificate"},
		{Name: "self-signed", Target: with(targets.SelfSigned(t, targets.Identity{})), Reason: uptime.ReasonCertUntrusted, Attempts: 1},
		{Name: "another name", Target: with(ca.Issue(t, targets.Identity{Names: []string{"example.org"}})), Reason: uptime.ReasonCertName},
		{Name: "expired", Target: with(ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)})), Reason: uptime.ReasonCertExpired},
		{Name: "plaintext server", Target: grpcserver.New(t, nil, ok), Reason: uptime.ReasonTLS},
		{Name: "plaintext to a server with TLS", Target: good, Settings: plaintext, Reason: uptime.ReasonReset},
		{Name: "no HTTP/2 by ALPN", Target: targets.RawTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }),
			Reason: uptime.ReasonProtocol, Detail: "ALPN"},
		{Name: "certificate", Target: good, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":120}]}`, Reason: uptime.ReasonAssertion, Detail: "certificate is"},
	})
	f := kind.Run(t, env, good, ``, probetest.Long)
	if f.Phases.TLS <= 0 || f.Phases.TTFB <= 0 || f.Evidence.Certificate == nil || f.IP.String() != "127.0.0.1" {
		t.Errorf("%+v %+v", f, f.Evidence)
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "endless pings", Target: frames(t, func(fr *http2.Framer) {
			for fr.WritePing(false, [8]byte{}) == nil {
				time.Sleep(time.Millisecond)
			}
		}), Settings: plaintext, Timeout: probetest.Short, Reason: uptime.ReasonTimeout},
		{Name: "a large message", Target: frames(t, func(fr *http2.Framer) {
			id := untilHeaders(fr)
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: []byte("\x88\x5f\x10application/grpc")})
			_ = fr.WriteData(id, false, []byte{0, 0xff, 0xff, 0xff, 0xff})
			untilHeaders(fr)
		}), Settings: plaintext, Reason: uptime.ReasonBodyTooLarge, Code: 8, Detail: "64 KiB"},
		{Name: "not protobuf", Target: frames(t, func(fr *http2.Framer) {
			id := untilHeaders(fr)
			_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: []byte("\x88\x5f\x10application/grpc")})
			_ = fr.WriteData(id, false, []byte{0, 0, 0, 0, 2, 0xff, 0xff})
			untilHeaders(fr)
		}), Settings: plaintext, Reason: uptime.ReasonStatus, Code: 13},
		{Name: "garbage frames", Target: targets.Raw(t, func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("\xff", 4096))); err != nil {
					return
				}
			}
		}), Settings: plaintext, Reason: uptime.ReasonProtocol},
	})
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	echo := grpcserver.New(t, nil, func(ctx context.Context, _ string) (healthpb.HealthCheckResponse_ServingStatus, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		return 0, status.Error(codes.Internal, "you said "+strings.Join(md.Get("authorization"), ""))
	})
	f := kind.Run(t, probetest.Env(), echo, `{"security":"none","metadata":[{"name":"authorization","value":"Bearer hunter22"}]}`, probetest.Long)
	if f.Reason != uptime.ReasonStatus || strings.Contains(f.Detail, "hunter22") || !strings.Contains(f.Detail, "***") {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
}

// The server is told whom the call is for: the target, unless the monitor says otherwise.
func TestAuthority(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	addr := grpcserver.New(t, nil, func(ctx context.Context, _ string) (healthpb.HealthCheckResponse_ServingStatus, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		told <- strings.Join(md.Get(":authority"), " ")
		return healthpb.HealthCheckResponse_SERVING, nil
	})
	for settings, want := range map[string]string{plaintext: addr, `{"security":"none","authority":"cart.example:8443"}`: "cart.example:8443"} {
		if f := kind.Run(t, probetest.Env(), addr, settings, probetest.Long); f.Reason != uptime.ReasonNone {
			t.Errorf("%s: %s %s", settings, f.Reason, f.Detail)
		}
		if got := <-told; got != want {
			t.Errorf("%s: authority %q, want %q", settings, got, want)
		}
	}
}
