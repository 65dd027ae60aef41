package probecmd

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/grpcserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Every kind runs from the shell: its settings from a file, the rest by flags, once well
// and once not.
func TestEveryKind(t *testing.T) {
	ca := targets.NewTestCA(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	authority, err := json.Marshal(ca.PEM())
	if err != nil {
		t.Fatal(err)
	}
	trusting := `"tls":{"ca":` + string(authority) + `}`
	var registry *httptest.Server
	registry = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, found := strings.CutPrefix(r.URL.Path, "/domain/")
		if !found {
			fmt.Fprintf(w, `{"services":[[["example"],[%q]]]}`, registry.URL+"/")
			return
		}
		until := map[string]time.Time{"kept.example": time.Now().Add(48 * time.Hour), "lost.example": time.Now().Add(-48 * time.Hour)}[name]
		fmt.Fprintf(w, `{"ldhName":%q,"events":[{"eventAction":"expiration","eventDate":%q}]}`, name, until.UTC().Format(time.RFC3339))
	}))
	t.Cleanup(registry.Close)
	t.Setenv("RDAP_BOOTSTRAP_URL", registry.URL)
	t.Setenv("ALLOW_CIDRS", "127.0.0.0/8")

	web := targets.New(t, nil)
	web.Set("/down", targets.Status(503))
	socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, nil); err == nil {
			_ = c.Write(r.Context(), websocket.MessageText, []byte("hello"))
			_ = c.Close(websocket.StatusNormalClosure, "")
		}
	}))
	t.Cleanup(socket.Close)
	quiet := targets.RawTLS(t, cfg, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	banner := targets.Raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 ready\r\n") })
	echo := targets.Packets(t, func(p []byte) [][]byte { return [][]byte{p} })
	names := dnsserver.New(t, dnsserver.Zone("example.org. 60 IN A 192.0.2.1"), nil).Addr
	health := grpcserver.New(t, cfg, grpcserver.Serving(healthpb.HealthCheckResponse_SERVING))
	mail := smtpserver.New(t, smtpserver.Config{TLS: cfg})
	feed := "ws" + strings.TrimPrefix(socket.URL, "http")
	tests := []struct {
		kind, target, settings string
		code                   int
		says                   string
	}{
		{"http", web.URL, `{}`, ExitUp, "UP  " + web.URL},
		{"http", web.URL + "/down", `{}`, ExitDown, "503"},
		{"tcp", banner, `{"steps":[{"expect":"^220 "}]}`, ExitUp, "connect"},
		{"tcp", banner, `{"steps":[{"expect":"^250 "}]}`, ExitDown, "does not match"},
		{"udp", echo, `{"send":"ping"}`, ExitUp, "ttfb"},
		{"udp", targets.RefusedUDP(t), `{"send":"ping"}`, ExitDown, "refused"},
		{"dns", "example.org", `{"nameserver":"` + names + `"}`, ExitUp, "192.0.2.1"},
		{"dns", "example.net", `{"nameserver":"` + names + `"}`, ExitDown, "NXDOMAIN"},
		{"tls", quiet, `{` + trusting + `}`, ExitUp, "days left"},
		{"tls", quiet, `{}`, ExitDown, "untrusted certificate"},
		{"icmp", "127.0.0.1", `{"count":1}`, ExitUp, "1 of 1 echoes came back"},
		{"icmp", "127.0.0.1", `{"count":1,"assertions":[{"source":"rtt","comparison":"greater_than","target":60000}]}`, ExitDown, "rtt"},
		{"grpc", health, `{` + trusting + `}`, ExitUp, "tls"},
		{"grpc", health, `{"security":"none"}`, ExitDown, "DOWN"},
		{"websocket", feed, `{"expect":"hello"}`, ExitUp, "101"},
		{"websocket", feed, `{"expect":"goodbye"}`, ExitDown, `"hello" does not match`},
		{"smtp", mail, `{` + trusting + `}`, ExitUp, "250"},
		{"smtp", mail, `{"security":"tls"}`, ExitDown, "TLS failure"},
		{"domain", "kept.example", `{}`, ExitUp, "2 days left"},
		{"domain", "lost.example", `{}`, ExitDown, "domain expired"},
		{"domain", "kept.test", `{}`, ExitUsage, "has no RDAP server"},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		seen[tt.kind] = true
		file := filepath.Join(t.TempDir(), "monitor.json")
		if err := os.WriteFile(file, []byte(tt.settings), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errOut := run(t, "--kind", tt.kind, "--target", tt.target, "--config", file)
		if tt.kind == "icmp" && strings.Contains(out, "unsupported") {
			t.Logf("the kernel lets nobody ping: %s", out)
			continue
		}
		if code != tt.code || !strings.Contains(out+errOut, tt.says) {
			t.Errorf("%s %s %s: exit %d, want %d and %q in\n%s%s", tt.kind, tt.target, tt.settings, code, tt.code, tt.says, out, errOut)
		}
	}
	for _, kind := range monitorspec.Kinds() {
		if kind != uptime.KindHeartbeat && !seen[string(kind)] { // that one is not probed
			t.Errorf("%s is not probed", kind)
		}
	}
}
