package probecmd

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/miekg/dns"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/grpcserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// shot is one run of the command.
type shot struct {
	kind, target, settings string
	code                   int
	outcome, reason        string
	says                   []string // to people
}

func shots(t *testing.T) []shot {
	t.Helper()
	ca := targets.NewTestCA(t)
	trust := fmt.Sprintf(`"tls":{"ca":%q}`, ca.PEM())
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}}
	expired := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{NotBefore: time.Now().AddDate(0, 0, -9), NotAfter: time.Now().AddDate(0, 0, -2)})}}
	web := targets.New(t, nil)
	web.Set("/down", targets.Status(503))
	lines := targets.Raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 ready\r\n") })
	echo := targets.Packets(t, func(p []byte) [][]byte { return [][]byte{p} })
	names := dnsserver.New(t, dnsserver.Zone("www.example.org. 60 IN A 192.0.2.1", "www.example.org. 60 IN MX 10 mail.example.org."), cfg)
	servfail := dnsserver.New(t, dnsserver.Answer(dns.RcodeServerFailure), nil)
	mute := targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	sockets := targets.New(t, func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, nil); err == nil {
			kind, b, _ := c.Read(r.Context())
			_ = c.Write(r.Context(), kind, append([]byte("you said "), b...))
			_ = c.CloseNow()
		}
	})
	ws := strings.Replace(sockets.URL, "http", "ws", 1)
	mail := smtpserver.New(t, smtpserver.Config{TLS: cfg, Mechanisms: []string{"PLAIN"}, Username: "me", Password: "hunter22"})
	well := grpcserver.New(t, nil, grpcserver.Serving(healthpb.HealthCheckResponse_SERVING))
	ill := grpcserver.New(t, cfg, grpcserver.Serving(healthpb.HealthCheckResponse_NOT_SERVING))
	return []shot{
		{"http", web.URL, ``, ExitUp, "pass", "", []string{"UP  " + web.URL, "200", "ttfb", "total"}},
		{"http", web.URL + "/down", ``, ExitDown, "fail", "status", []string{"DOWN", "503"}},
		{"http", web.URL, `"http_version":"9"`, ExitUsage, "", "", []string{"http_version"}},
		{"tcp", lines, `"steps":[{"expect":"^220 "}]`, ExitUp, "pass", "", []string{"UP  " + lines, "connect"}},
		{"tcp", targets.HostPort(targets.Refused(t)), ``, ExitDown, "fail", "connect_refused", []string{"DOWN", "2 attempts"}},
		{"udp", echo, `"send":"ping","expect":"ping"`, ExitUp, "pass", "", []string{"UP  " + echo}},
		{"udp", targets.RefusedUDP(t), `"send":"ping"`, ExitDown, "fail", "connect_refused", []string{"DOWN"}},
		{"dns", "www.example.org", fmt.Sprintf(`"nameserver":%q`, names.Addr), ExitUp, "pass", "", []string{"UP  www.example.org", "192.0.2.1"}},
		{"dns", "www.example.org", fmt.Sprintf(`"nameserver":%q,"protocol":"tls","record":"MX",%s`, names.TLSAddr, trust), ExitUp, "pass", "", []string{"10 mail.example.org", "certificate"}},
		{"dns", "nowhere.example.org", fmt.Sprintf(`"nameserver":%q`, names.Addr), ExitDown, "fail", "nxdomain", []string{"NXDOMAIN"}},
		{"dns", "www.example.org", fmt.Sprintf(`"nameserver":%q`, servfail.Addr), ExitDown, "fail", "servfail", []string{"SERVFAIL"}},
		{"tls", targets.RawTLS(t, cfg, func(net.Conn) {}), trust, ExitUp, "pass", "", []string{"certificate", "days left", "TLS 1.3", "tls"}},
		{"tls", targets.RawTLS(t, expired, func(net.Conn) {}), trust, ExitDown, "fail", "certificate_expired", []string{"expired", "-2 days left"}},
		{"tls", mute, `"min_days":1000`, ExitUsage, "", "", []string{"min_days"}},
		{"grpc", well, `"security":"none"`, ExitUp, "pass", "", []string{"UP  " + well}},
		{"grpc", ill, trust, ExitDown, "fail", "status", []string{"NOT_SERVING, want SERVING", "certificate"}},
		{"websocket", ws, `"send":"hello","expect":"you said hello"`, ExitUp, "pass", "", []string{"UP  " + ws, "101"}},
		{"websocket", strings.Replace(web.URL, "http", "ws", 1), ``, ExitDown, "fail", "status", []string{"200 OK, want 101"}},
		{"smtp", mail, `"security":"starttls","auth":{"username":"me","password":"hunter22"},` + trust, ExitUp, "pass", "", []string{"UP  " + mail, "certificate"}},
		{"smtp", mail, `"security":"starttls","auth":{"username":"me","password":"wrong-one"},` + trust, ExitDown, "fail", "auth", []string{"login: 535"}},
		{"domain", "example.com", ``, ExitUp, "pass", "", []string{"is registered until 2099-01-01"}},
		{"domain", "lost.com", ``, ExitDown, "fail", "nxdomain", []string{"not registered"}},
		{"domain", "example.zz", ``, ExitUsage, "invalid", "unsupported", []string{"INVALID", "no RDAP server"}},
		{"icmp", "192.168.0.1", ``, ExitDown, "fail", "blocked_target", []string{"--allow CIDR"}},
	}
}

// rdap is a list of registries with one registry, of com.
func rdap(t *testing.T) string {
	t.Helper()
	var url string
	s := targets.New(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, `{"services":[[["com"],["%s/com/"]]]}`, url)
		case "/com/domain/example.com":
			fmt.Fprint(w, `{"ldhName":"example.com","events":[{"eventAction":"expiration","eventDate":"2099-01-01T00:00:00Z"}]}`)
		default:
			http.NotFound(w, r)
		}
	})
	url = s.URL
	return url
}

// Every kind can be run from the shell, for people and for machines.
func TestEveryKind(t *testing.T) {
	t.Setenv("RDAP_BOOTSTRAP_URL", rdap(t))
	covered := map[uptime.Kind]bool{uptime.KindHeartbeat: true} // it is not probed
	for _, s := range shots(t) {
		covered[uptime.Kind(s.kind)] = true
		file := filepath.Join(t.TempDir(), "settings.json")
		if err := os.WriteFile(file, []byte(`{`+s.settings+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"--kind", s.kind, "--target", s.target, "--config", file, "--allow", "127.0.0.0/8"}
		code, out, errOut := run(t, args...)
		if code != s.code {
			t.Errorf("%s %s: exit %d, want %d\n%s%s", s.kind, s.target, code, s.code, out, errOut)
		}
		for _, text := range s.says {
			if !strings.Contains(out+errOut, text) {
				t.Errorf("%s %s: no %q in\n%s%s", s.kind, s.target, text, out, errOut)
			}
		}
		if strings.Contains(out+errOut, "hunter22") || strings.Contains(out+errOut, "wrong-one") {
			t.Errorf("%s %s shows a secret:\n%s%s", s.kind, s.target, out, errOut)
		}
		if s.outcome == "" { // refused before anything was probed
			continue
		}
		code, out, _ = run(t, append(args, "--json")...)
		var got struct {
			Kind, Target, Outcome, Reason, Detail string
			Up                                    bool
			Attempts                              int
			Phases                                map[string]float64 `json:"phases_ms"`
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || strings.Count(out, "\n") != 1 {
			t.Fatalf("%s: %v in %s", s.kind, err, out)
		}
		if code != s.code || got.Kind != s.kind || got.Target != s.target || got.Outcome != s.outcome || got.Reason != s.reason || got.Up != (s.code == ExitUp) || len(got.Phases) != 6 {
			t.Errorf("%s %s: exit %d, want %d with %s %q\n%s", s.kind, s.target, code, s.code, s.outcome, s.reason, out)
		}
		if (got.Reason == "") != (got.Detail == "") || got.Attempts < 1 {
			t.Errorf("%s %s: %s", s.kind, s.target, out)
		}
	}
	for _, kind := range monitorspec.Kinds() {
		if !covered[kind] {
			t.Errorf("%s is not run", kind)
		}
	}
}

// A ping needs a socket that the system may refuse; then that is what is said.
func TestPing(t *testing.T) {
	t.Parallel()
	code, out, _ := run(t, "--kind", "icmp", "127.0.0.1", "--allow", "127.0.0.1", "--timeout", "5s")
	switch {
	case strings.Contains(out, "may not open an ICMP socket"):
		if code != ExitUsage || !strings.HasPrefix(out, "INVALID") {
			t.Errorf("exit %d\n%s", code, out)
		}
	case code != ExitUp || !strings.Contains(out, "echoes came back"):
		t.Errorf("exit %d\n%s", code, out)
	}
}
