package kinds_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/coder/websocket"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/grpcserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

type object = map[string]any

// server is one that is well as its kind sees it.
type server struct {
	name     string
	kind     uptime.Kind
	target   string
	settings object
}

// probe asks it with some more settings.
func (s server) probe(t *testing.T, env probe.Env, more object) probe.Finding {
	t.Helper()
	all := object{}
	maps.Copy(all, s.settings)
	maps.Copy(all, more)
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	k := probetest.Kind{Kind: s.kind, New: kinds.All()[s.kind], Untimed: true}
	return k.Run(t, env, s.target, string(text), probetest.Long)
}

func idle(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// web serves pages, with TLS if cfg is not nil; WebSockets at /socket. It returns host:port.
func web(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, nil); err == nil {
			_, _, _ = c.Read(r.Context())
			_ = c.CloseNow()
		}
	})
	s := httptest.NewUnstartedServer(mux)
	if s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError); cfg != nil {
		s.TLS = cfg.Clone()
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.Listener.Addr().String()
}

var zone = dnsserver.Zone("example.org. 60 IN A 192.0.2.1")

// secured are servers of every kind that may have TLS.
func secured(t *testing.T, cfg *tls.Config) []server {
	t.Helper()
	raw, at := targets.RawTLS(t, cfg, idle), web(t, cfg)
	return []server{
		{"http", uptime.KindHTTP, "https://" + at + "/page", nil},
		{"websocket", uptime.KindWebSocket, "wss://" + at + "/socket", nil},
		{"tcp", uptime.KindTCP, raw, object{"security": "tls"}},
		{"tls", uptime.KindTLS, raw, nil},
		{"dns", uptime.KindDNS, "example.org", object{"protocol": "tls", "nameserver": dnsserver.New(t, zone, cfg).TLSAddr}},
		{"grpc", uptime.KindGRPC, grpcserver.New(t, cfg, grpcserver.Serving(healthpb.HealthCheckResponse_SERVING)), nil},
		{"smtp", uptime.KindSMTP, smtpserver.New(t, smtpserver.Config{TLS: cfg, Implicit: true}), object{"security": "tls"}},
		{"smtp, starttls", uptime.KindSMTP, smtpserver.New(t, smtpserver.Config{TLS: cfg}), nil},
	}
}

// plain are servers of every kind without TLS, at a host of any name that is loopback's.
func plain(t *testing.T, host string) []server {
	t.Helper()
	at := func(addr string) string { return strings.Replace(addr, "127.0.0.1", host, 1) }
	echo := targets.Packets(t, func(p []byte) [][]byte { return [][]byte{p} })
	pages := at(web(t, nil))
	return []server{
		{"http", uptime.KindHTTP, "http://" + pages + "/page", nil},
		{"websocket", uptime.KindWebSocket, "ws://" + pages + "/socket", nil},
		{"tcp", uptime.KindTCP, at(targets.Raw(t, idle)), nil},
		{"udp", uptime.KindUDP, at(echo), object{"send": "hi"}},
		{"dns", uptime.KindDNS, "example.org", object{"nameserver": at(dnsserver.New(t, zone, nil).Addr)}},
		{"dns over TCP", uptime.KindDNS, "example.org", object{"protocol": "tcp", "nameserver": at(dnsserver.New(t, zone, nil).Addr)}},
		{"grpc", uptime.KindGRPC, at(grpcserver.New(t, nil, grpcserver.Serving(healthpb.HealthCheckResponse_SERVING))), object{"security": "none"}},
		{"smtp", uptime.KindSMTP, at(smtpserver.New(t, smtpserver.Config{})), object{"security": "none"}},
	}
}

// The settings of TLS mean the same for every kind that has them.
func TestTLSSettings(t *testing.T) {
	t.Parallel()
	ca, other := targets.NewTestCA(t), targets.NewTestCA(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}
	mutual := cfg.Clone()
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool
	certificate, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	mine := ca.PEM()
	tests := []struct {
		name    string
		servers []server
		tls     object
		reason  uptime.Reason
	}{
		{"nothing said", secured(t, cfg), object{}, uptime.ReasonCertUntrusted},
		{"own authority", secured(t, cfg), object{"ca": mine}, uptime.ReasonNone},
		{"another authority", secured(t, cfg), object{"ca": other.PEM()}, uptime.ReasonCertUntrusted},
		{"not verified", secured(t, cfg), object{"skip_verify": true}, uptime.ReasonNone},
		{"its name", secured(t, cfg), object{"ca": mine, "server_name": "localhost"}, uptime.ReasonNone},
		{"another name", secured(t, cfg), object{"ca": mine, "server_name": "shop.example"}, uptime.ReasonCertName},
		{"newer than it speaks", secured(t, cfg), object{"ca": mine, "min_version": "1.3"}, uptime.ReasonTLSVersion},
		{"without a certificate", secured(t, mutual), object{"ca": mine}, uptime.ReasonAuth},
		{"with a certificate", secured(t, mutual), object{"ca": mine, "certificate": certificate, "key": key}, uptime.ReasonNone},
	}
	for _, tt := range tests {
		for _, s := range tt.servers {
			t.Run(tt.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				f := s.probe(t, probetest.Env(), object{"tls": tt.tls})
				if f.Reason != tt.reason {
					t.Errorf("%q %q, want %q", f.Reason, f.Detail, tt.reason)
				}
			})
		}
	}
}

// ip_version 6 finds nothing at an address of version 4, whatever the kind.
func TestIPVersions(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	all := append(plain(t, "127.0.0.1"), server{
		"tls", uptime.KindTLS, targets.RawTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}}, idle), nil,
	})
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for version, want := range map[string]uptime.Reason{"auto": uptime.ReasonNone, "4": uptime.ReasonNone, "6": uptime.ReasonDNS} {
				if f := s.probe(t, env, object{"ip_version": version}); f.Reason != want {
					t.Errorf("by %s: %q %q, want %q", version, f.Reason, f.Detail, want)
				}
			}
		})
	}
}

// No kind asks a proxy of the worker's environment, which would dial past the guard.
// net/http reads that environment once in a process, so the test has one of its own.
func TestNoKindUsesAProxy(t *testing.T) {
	t.Parallel()
	const inside = "PROBEFLEET_TEST_PROXY"
	if os.Getenv(inside) == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), inside+"=set")
		nobody := targets.Refused(t)
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
			again.Env = append(again.Env, name+"="+nobody, strings.ToLower(name)+"="+nobody)
		}
		if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	env := probetest.Env()
	names := dnsserver.New(t, dnsserver.Zone("shop.test. 60 IN A 127.0.0.1"), nil).Addr
	env.Resolver = probetest.Resolver(func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", names)
	})
	for _, s := range plain(t, "shop.test") {
		if f := s.probe(t, env, nil); f.Reason != uptime.ReasonNone || f.IP.String() != "127.0.0.1" {
			t.Errorf("%s: %q %q at %s", s.name, f.Reason, f.Detail, f.IP)
		}
	}
}
