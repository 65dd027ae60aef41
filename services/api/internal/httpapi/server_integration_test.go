//go:build integration

package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// operations calls each for every operation of the document that needs a key, with a path that names
// nothing that is there.
func operations(t *testing.T, each func(method, path, id, scope string)) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	nobody := uptime.NewID(time.Now()).String()
	n := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			n++
			if len(*op.Security) == 0 {
				continue // for everybody who has a token
			}
			scope := "a person" // no key has it
			if bearer := (*op.Security)[0]["bearer"]; len(bearer) > 0 {
				scope = bearer[0]
			}
			each(method, strings.NewReplacer("{id}", nobody, "{name}", "nowhere").Replace(path), op.OperationID, scope)
		}
	}
	if n < 40 {
		t.Errorf("only %d operations", n)
	}
}

func TestEveryOperationNeedsAKeyWithItsScope(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	operations(t, func(method, path, id, scope string) {
		for _, key := range []string{"", "wrong", "broken", "nothing"} {
			a := f.as(key).call(method, path, nil)
			switch key {
			case "broken":
				a.problem(http.StatusServiceUnavailable)
			case "nothing":
				a.problem(http.StatusForbidden)
			default:
				a.problem(http.StatusUnauthorized)
				if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s: no challenge", id)
				}
			}
		}
		for key, scopes := range map[string]string{"reader": "read", "writer": "read write", "admin": "read write admin"} {
			a := f.as(key).call(method, path, nil)
			if allowed := strings.Contains(scopes, scope); allowed == (a.status == http.StatusForbidden) || a.status == http.StatusUnauthorized {
				t.Errorf("%s needs %s: a key with %s gets %d", id, scope, scopes, a.status)
			}
		}
	})
}

func TestOtherFormsOfTheHeader(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for header, status := range map[string]int{
		"Bearer admin": 200, "bearer admin": 200, "Bearer  admin ": 200, "admin": 401, "Basic admin": 401, "Bearer": 401, "Bearer ": 401,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v1/websites", nil)
		f.ok(err)
		req.Header.Set("Authorization", header)
		res, err := http.DefaultClient.Do(req)
		f.ok(err)
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%q: status %d, want %d", header, res.StatusCode, status)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for _, path := range []string{"/v1/nothing", "/v1", "/v1/websites/", "/v1/websites/x/y/z", "/monitor/x/y", "/nothing"} {
		f.call("GET", path, nil).problem(404)
	}
	for _, path := range []string{"/v1/websites/1", "/v1/monitors/abc/votes", "/websites/%20", "/monitor/1", "/v1/regions/NOWHERE", "/v1/regions/a%00b"} {
		f.call("GET", path, nil).problem(404)
	}
	a := f.call("PUT", "/v1/websites", nil)
	a.problem(405)
	if allow := a.header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow: %q", allow)
	}
}

func TestDocumentIsServedToAnybody(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.PublicURL = "https://fleet.example" }).as("")
	for _, path := range []string{"/openapi.json", "/openapi.yaml"} {
		a := f.call("GET", path, nil).want(200, nil)
		doc, err := openapi3.NewLoader().LoadFromData(a.body)
		f.ok(err)
		f.ok(doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()))
		if path == "/openapi.json" && doc.Servers[0].URL != "https://fleet.example" || doc.Paths.Find("/v1/websites").Get.OperationID != "listWebsites" {
			t.Errorf("%s: not the document", path)
		}
	}
}

func TestWebPagesAndHealthNeedNoKey(t *testing.T) {
	t.Parallel()
	page := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	f := newFleet(t, func(c *httpapi.Config) { c.Web, c.Live, c.Ready = page("dashboard"), page("alive"), page("ready") }).as("")
	for path, want := range map[string]string{"/": "dashboard", "/incidents/1": "dashboard", "/healthz": "alive", "/readyz": "ready"} {
		a := f.call("GET", path, nil).want(200, nil)
		if string(a.body) != want || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q", path, a.body)
		}
	}
	f.call("POST", "/", nil).problem(404)
	f.call("GET", "/v1/nothing", nil).problem(404)
}

func TestNothingIsServedBeforeTheGateOpens(t *testing.T) {
	t.Parallel()
	shut := errors.New("no schema yet")
	f := newFleet(t, func(c *httpapi.Config) { c.Gate = func() error { return shut } })
	a := f.as("").call("GET", "/v1/websites", nil)
	if p := a.problem(503); p.Detail != "Not ready: no schema yet." || a.header.Get("Retry-After") == "" {
		t.Errorf("got %+v", p)
	}
	f.as("").call("GET", "/openapi.json", nil).want(200, nil)
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	_, err := f.store.Pool().Exec(t.Context(), "DROP TABLE incident CASCADE")
	f.ok(err)
	f.call("GET", "/v1/incidents", nil).problem(503) // no such table: a schema that is not there yet
	f.store.Close()
	if a := f.call("GET", "/v1/websites", nil); a.status != 500 && a.status != 503 {
		t.Errorf("status %d from a closed pool", a.status)
	}
}

// locked makes a buffer safe to write from the server's goroutines.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestLogsAndMetrics(t *testing.T) {
	t.Parallel()
	var log locked
	reg := prometheus.NewRegistry()
	f := newFleet(t, func(c *httpapi.Config) {
		c.Log, c.Metrics = slog.New(slog.NewJSONHandler(&log, nil)), reg
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/v1/websites?token=hidden-query", strings.NewReader(`{"url":"https://u:hidden-body@a.example"}`))
	f.ok(err)
	req.Header.Set("Authorization", "Bearer admin")
	req.Header.Set("X-Request-ID", "my-request-1")
	req.Header.Set("X-Forwarded-For", "198.51.100.7")
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	res.Body.Close()
	if res.Header.Get("X-Request-ID") != "my-request-1" {
		t.Errorf("request id %q", res.Header.Get("X-Request-ID"))
	}
	f.as("hidden-key").call("GET", "/v1/fleet", nil).problem(401)
	until(t, "both requests logged", func() bool { return strings.Count(log.String(), `"msg":"request"`) == 2 })
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	var line map[string]any
	f.ok(json.Unmarshal([]byte(lines[0]), &line))
	for k, want := range map[string]any{"operation": "createWebsite", "status": 422.0, "request_id": "my-request-1", "key": "admin", "client": "198.51.100.7", "path": "/v1/websites"} {
		if line[k] != want {
			t.Errorf("%s is %v, want %v", k, line[k], want)
		}
	}
	if strings.Contains(log.String(), "hidden") {
		t.Errorf("a secret in the logs: %s", log.String())
	}
	families, err := reg.Gather()
	f.ok(err)
	seen := map[string]bool{}
	for _, family := range families {
		for _, m := range family.Metric {
			labels := family.GetName()
			for _, l := range m.Label {
				labels += " " + l.GetValue()
			}
			seen[labels] = true
		}
	}
	for _, want := range []string{"probefleet_api_requests_total createWebsite 4xx", "probefleet_api_requests_total getFleet 4xx", "probefleet_api_request_seconds getFleet"} {
		if !seen[want] {
			t.Errorf("no %q in %v", want, seen)
		}
	}
}

func TestNoProxyIsTrustedUnlessNamed(t *testing.T) {
	t.Parallel()
	var log locked
	f := newFleet(t, func(c *httpapi.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v1/fleet", nil)
	f.ok(err)
	req.Header.Set("X-Forwarded-For", "198.51.100.7")
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	res.Body.Close()
	until(t, "the request logged", func() bool { return strings.Contains(log.String(), `"msg":"request"`) })
	if strings.Contains(log.String(), "198.51.100.7") {
		t.Errorf("a stranger's X-Forwarded-For was believed: %s", log.String())
	}
}

// panics is an authenticator that breaks.
type panics struct{ httpapi.Authenticator }

func TestPanicIsAProblem(t *testing.T) {
	t.Parallel()
	var log locked
	f := newFleet(t, func(c *httpapi.Config) {
		c.Auth, c.Log = panics{}, slog.New(slog.NewJSONHandler(&log, nil))
	})
	p := f.call("GET", "/v1/websites", nil).problem(500)
	if strings.Contains(p.Detail, "nil pointer") {
		t.Errorf("the caller is told of the inside: %s", p.Detail)
	}
	until(t, "the panic logged with its stack", func() bool { return strings.Contains(log.String(), "middleware.go") })
	f.as("").call("GET", "/openapi.json", nil).want(200, nil)
}
