package probecmd

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func run(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(t.Context(), args, "v1", &o, &e)
	return code, o.String(), e.String()
}

func TestExitCodes(t *testing.T) {
	web := targets.New(t, nil)
	web.Set("/down", targets.Status(503))
	tests := []struct {
		args []string
		code int
		says string
	}{
		{[]string{web.URL, "--allow", "127.0.0.0/8"}, ExitUp, "UP  " + web.URL + "  200  127.0.0.1"},
		{[]string{"--allow", "127.0.0.1", "--timeout=3s", web.URL + "/down"}, ExitDown, "unexpected status: 503 Service Unavailable"},
		{[]string{web.URL}, ExitDown, "--allow CIDR"},
		{[]string{"--allow", "169.254.0.0/16", "http://169.254.169.254/"}, ExitDown, "metadata service"},
		{[]string{"ftp://example.com"}, ExitUsage, `target: `},
		{[]string{}, ExitUsage, "want one target"},
		{[]string{web.URL, web.URL}, ExitUsage, "want one target"},
		{[]string{web.URL, "--allow", "lan"}, ExitUsage, `"lan"`},
		{[]string{web.URL, "--timeout", "0s"}, ExitUsage, "not positive"},
		{[]string{web.URL, "--frobnicate"}, ExitUsage, "frobnicate"},
		{[]string{"--kind", "heartbeat", "x"}, ExitUsage, "calls in by itself"},
		{[]string{"--kind", "pigeon", "x"}, ExitUsage, "kind: must be http"},
		{[]string{"--kind", "tcp", "127.0.0.1"}, ExitUsage, "needs a port"},
		{[]string{"--config", "/nowhere/monitor.json", web.URL}, ExitUsage, "/nowhere/monitor.json"},
		{[]string{"--help"}, ExitUp, "usage: worker probe"},
	}
	for _, tt := range tests {
		code, out, errOut := run(t, tt.args...)
		if code != tt.code || !strings.Contains(out+errOut, tt.says) {
			t.Errorf("probe %v: exit %d, want %d and %q in\n%s%s", tt.args, code, tt.code, tt.says, out, errOut)
		}
	}
	if agent := web.LastHeader("/").Get("User-Agent"); agent != "probefleet/v1 (cli)" {
		t.Errorf("User-Agent %q", agent)
	}
}

func TestAllowOfTheEnvironment(t *testing.T) {
	t.Setenv("ALLOW_CIDRS", "10.0.0.0/8, 127.0.0.0/8")
	if code, out, _ := run(t, targets.New(t, nil).URL); code != ExitUp {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	web := targets.New(t, targets.Delay(30*time.Millisecond, targets.Status(404)))
	target := strings.Replace(web.URL, "http://", "http://me:hunter22@", 1)
	code, out, _ := run(t, target, "--json", "--allow", "127.0.0.0/8")
	var got struct {
		Target, Outcome, Reason, IP string
		Up                          bool
		Code, Attempts              int
		Phases                      map[string]float64 `json:"phases_ms"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	if code != ExitDown || got.Up || got.Outcome != "fail" || got.Reason != "status" || got.Code != 404 || got.IP != "127.0.0.1" ||
		got.Attempts != 1 || got.Phases["ttfb"] < 30 || got.Phases["total"] < got.Phases["ttfb"] || len(got.Phases) != 6 {
		t.Errorf("exit %d, %s", code, out)
	}
	if strings.Contains(out, "hunter22") {
		t.Errorf("the password is shown: %s", out)
	}
}

// A monitor of any kind, from a file, with what the flags say before it.
func TestConfig(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	web.Set("/down", targets.Status(503))
	echo := targets.Raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 ready\r\n") })
	packets := targets.Packets(t, func(p []byte) [][]byte { return [][]byte{p} })
	tests := []struct {
		name, file string
		args       []string
		code       int
		says       string
	}{
		{"a monitor", `{"kind":"http","target":"` + web.URL + `/down","timeout_ms":5000,"name":"shop","settings":{"expected_status":[503]}}`, nil, ExitUp, "UP  " + web.URL + "/down  503"},
		{"another target", `{"kind":"http","target":"http://192.0.2.1/","settings":{}}`, []string{"--target", web.URL + "/down"}, ExitDown, "503 Service Unavailable"},
		{"settings alone", `{"expected_status":["5xx"]}`, []string{web.URL + "/down"}, ExitUp, "503"},
		{"tcp", `{"steps":[{"expect":"^220 "}]}`, []string{"--kind", "tcp", echo}, ExitUp, "UP  " + echo},
		{"tcp, unexpected", `{"kind":"tcp","target":"` + echo + `","settings":{"steps":[{"expect":"^250 "}]}}`, nil, ExitDown, "does not match"},
		{"udp", `{"kind":"udp","target":"` + packets + `","settings":{"send":"ping","expect":"ping"}}`, nil, ExitUp, "UP"},
		{"degraded", `{"assertions":[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]}`, []string{web.URL}, ExitUp, "DEGRADED"},
		{"failed assertion", `{"assertions":[{"source":"status","comparison":"equals","target":201}]}`, []string{web.URL}, ExitDown, "assertion 0 (status): want equals 201, got 200"},
		{"every mistake", `{"kind":"tcp","target":"x","settings":{"stepz":1,"ip_version":"5"}}`, nil, ExitUsage, "settings.stepz: unknown field"},
		{"no JSON", `kind: tcp`, nil, ExitUsage, "not a JSON object"},
	}
	for _, tt := range tests {
		file := filepath.Join(t.TempDir(), "monitor.json")
		if err := os.WriteFile(file, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errOut := run(t, append([]string{"--config", file, "--allow", "127.0.0.0/8"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out+errOut, tt.says) {
			t.Errorf("%s: exit %d, want %d and %q in\n%s%s", tt.name, code, tt.code, tt.says, out, errOut)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	r := report{
		Target: "https://example.com/", Up: true, Outcome: "pass", Code: 200, IP: "192.0.2.1", Attempts: 2,
		phases: uptime.Phases{DNS: 10 * ms, Connect: 10 * ms, TLS: 20 * ms, TTFB: 59500 * time.Microsecond, Transfer: 500 * time.Microsecond, Total: 100 * ms},
	}
	const want = `UP  https://example.com/  200  192.0.2.1
  2 attempts; of the last:
  dns           10.0 ms  ████
  connect       10.0 ms      ████
  tls           20.0 ms          ████████
  ttfb          59.5 ms                  ████████████████████████
  transfer       0.5 ms                                         ▏
  total        100.0 ms
`
	if diff := cmp.Diff(want, r.text()); diff != "" {
		t.Error(diff)
	}
}
