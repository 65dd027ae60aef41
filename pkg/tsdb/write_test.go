package tsdb

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

var testMonitor = uptime.ID{1, 2, 3, 15: 9}

func TestTickLine(t *testing.T) {
	t.Parallel()
	r := uptime.Result{
		Monitor: testMonitor, Region: "eu-west", Due: 1_700_000_000_250_000, Outcome: uptime.OutcomeFail,
		Reason: uptime.ReasonStatus, Detail: "secret", Code: 503, Late: 1500 * time.Microsecond, IP: "192.0.2.1",
		Phases: uptime.Phases{
			DNS: 1 * time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond,
			TTFB: 4*time.Millisecond + 567*time.Nanosecond, Transfer: 5 * time.Microsecond, Total: 10*time.Millisecond + 5*time.Microsecond,
		},
	}
	const want = `tick,monitor_id=01020300-0000-0000-0000-000000000009,region=eu-west ` +
		`total_ms=10.005,dns_ms=1,connect_ms=2,tls_ms=3,ttfb_ms=4,transfer_ms=0.005,` +
		`ok=false,code=503i,late_ms=1.5,reason="status",urgent=false 1700000000250000`
	if diff := cmp.Diff(want, string(appendTick(nil, &r))); diff != "" {
		t.Error(diff)
	}
	r.Outcome, r.Reason, r.Request = uptime.OutcomeDegraded, uptime.ReasonAssertion, uptime.ID{1}
	if got := string(appendTick(nil, &r)); !strings.Contains(got, `ok=true`) || !strings.Contains(got, `reason="assertion",urgent=true`) {
		t.Errorf("degraded and urgent: %s", got)
	}
}

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		header string
		body   string
		kind   WriteKind
		after  time.Duration
	}{
		{"too many requests", 429, "7", "", WriteRetry, 7 * time.Second},
		{"unavailable", 503, "", "", WriteRetry, 0},
		{"internal", 500, "soon", `{"code":"internal error","message":"timeout"}`, WriteRetry, 0},
		{"wrong token", 401, "", `{"code":"unauthorized","message":"unauthorized access"}`, WriteRetry, 0},
		{"no bucket", 404, "", `{"code":"not found","message":"bucket not found"}`, WriteRetry, 0},
		{"too large", 413, "", "", WriteTooLarge, 0},
		{"bad", 400, "", `{"code":"invalid","message":"unable to parse"}`, WriteBadPoints, 0},
		{"refused", 422, "", "", WriteBadPoints, 0},
		{"full cache", 400, "", `{"code":"invalid","message":"cache-max-memory-size exceeded: (1/1)"}`, WriteRetry, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer srv.Close()
			err := testWrite(t, srv.URL)
			var we *WriteError
			if !errors.As(err, &we) || we.Kind != tt.kind || we.Status != tt.status || we.RetryAfter != tt.after {
				t.Errorf("got %+v, want kind %d, status %d, after %s", err, tt.kind, tt.status, tt.after)
			}
		})
	}
	var we *WriteError
	if err := testWrite(t, "http://127.0.0.1:1"); !errors.As(err, &we) || we.Kind != WriteRetry || we.Status != 0 {
		t.Errorf("nobody there: %+v", err)
	}
}

func testWrite(t *testing.T, url string) error {
	t.Helper()
	c, err := Open(Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.Write(t.Context(), []uptime.Result{{
		Monitor: testMonitor, Region: "eu", Due: uptime.InstantOf(time.Now()), Outcome: uptime.OutcomePass,
	}})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "x": 0,
		testNow.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		testNow.Add(-time.Hour).Format(http.TimeFormat):       0,
	}
	for v, want := range tests {
		if got := retryAfter(v, testNow); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", v, got, want)
		}
	}
}

func TestOpenRefusesWrongSettings(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{}, {URL: "localhost:8086"}, {URL: "ftp://h"}, {URL: "http://h", Prefix: `a"b`},
	} {
		if _, err := Open(cfg); err == nil {
			t.Errorf("Open(%+v) passed", cfg)
		}
	}
}
