//go:build integration && bench

package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	benchWebsites = 10_000
	benchCharted  = 100                   // websites with ticks: a chart reads one website's, whatever others have
	benchTarget   = 50 * time.Millisecond // of the 99th percentile
)

// benchRequests is how often each route is asked: BENCH_REQUESTS, or 2,000 times.
func benchRequests(t *testing.T) int {
	text := os.Getenv("BENCH_REQUESTS")
	if text == "" {
		return 2_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		t.Fatalf("BENCH_REQUESTS is %q, and must be a number from 100 on", text)
	}
	return n
}

// loadAverage is how busy the machine is, which figures mean nothing without.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}

// TestBenchAPI prints how long the routes take that the dashboard lives on, with 10,000
// websites that were watched for 30 days: `make bench-api`. It judges nothing, since the
// machine may have other things to do. BENCH_ROUTE picks routes by a part of their names.
func TestBenchAPI(t *testing.T) {
	f := newFleet(t, withTicks(t))
	f.addRegions("eu-west", "us-east", "ap-south")
	for _, sql := range strings.Split(`
INSERT INTO website (id, org_id, name, url, url_key, tags) SELECT gen_random_uuid(), (SELECT id FROM org WHERE slug = 'default'),
    'Website ' || n, 'https://w' || n || '.example', 'https://w' || n || '.example/', ARRAY['client-' || n % 40] FROM generate_series(1, 10000) n;
INSERT INTO monitor (id, org_id, website_id, kind, target, settings, interval_ms, timeout_ms, policy)
    SELECT gen_random_uuid(), org_id, id, 'http', url, '{}', 60000, 10000, '{"quorum": {"mode": "majority"}, "confirmation_seconds": 0, "recovery_rounds": 2}' FROM website;
INSERT INTO monitor_state (monitor_id, org_id, revision, verdict, since) SELECT id, org_id, 1, 'up', now() - interval '1 day' FROM monitor;
INSERT INTO vote (monitor_id, region, revision, outcome, since, due, latency_us) SELECT m.id, r.name, 1, 'pass', now() - interval '1 day', now(), 80000 FROM monitor m, region r;
INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict)
    SELECT id, org_id, now() - k * interval '1 day', CASE WHEN k > 1 THEN now() - k * interval '1 day' + interval '23 hours 50 minutes' END, 'up' FROM monitor, generate_series(1, 30) k;
INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict)
    SELECT monitor_id, org_id, ended_at, ended_at + interval '10 minutes', 'down' FROM span WHERE ended_at IS NOT NULL;
INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, resolved_at, explanation, evidence)
    SELECT gen_random_uuid(), m.org_id, m.website_id, m.id, 'down', s.started_at, s.ended_at, 'Down.', '{}' FROM span s JOIN monitor m ON m.id = s.monitor_id
    WHERE s.verdict = 'down' AND s.started_at > now() - interval '4 days'`, ";") {
		f.exec(sql)
	}
	f.exec("ANALYZE")
	var first pageOf[website]
	f.call("GET", "/v1/websites?limit=100", nil).want(200, &first)
	if text := os.Getenv("BENCH_ROUTE"); text == "" || strings.Contains("chart of 30 days", text) {
		f.benchTicks(first.Items[:benchCharted])
	}

	from := time.Now().Add(-30 * 24 * time.Hour).UTC().Format(time.RFC3339)
	always := func(path string) func(int) string { return func(int) string { return path } }
	requests := benchRequests(t)
	t.Logf("%d websites, %d requests a route, one after the other; target: p99 ≤ %s", benchWebsites, requests, benchTarget)
	t.Logf("|Route|p5|p50|p99|max|load average|")
	for _, tt := range []struct {
		name string
		path func(n int) string
	}{
		{"list of 100", always("/v1/websites?limit=100")},
		{"list of 100, by tag", func(n int) string { return fmt.Sprintf("/v1/websites?limit=100&tag=client-%d", n%40) }},
		{"list of 100, by part of the name", func(n int) string { return fmt.Sprintf("/v1/websites?limit=100&q=w%d", n%1000) }},
		{"website", func(n int) string { return "/v1/websites/" + first.Items[n%100].ID }},
		{"chart of 30 days", func(n int) string {
			return "/v1/monitors/" + first.Items[n%benchCharted].Monitors[0].ID + "/latency?from=" + from
		}},
		{"summaries of 100", always("/v1/summaries?limit=100")},
		{"summaries of 100, by name", always("/v1/summaries?limit=100&sort=name")},
		{"summaries of 100, by status", always("/v1/summaries?limit=100&sort=status")},
		{"summaries of 100, those down", always("/v1/summaries?limit=100&status=down")},
		{"overview", always("/v1/overview")},
	} {
		if !strings.Contains(tt.name, os.Getenv("BENCH_ROUTE")) {
			continue
		}
		took := make([]time.Duration, 0, requests)
		for n := range requests + 50 { // the first few warm caches up
			begun := time.Now()
			f.fetch(tt.path(n))
			if n >= 50 {
				took = append(took, time.Since(begun))
			}
		}
		slices.Sort(took)
		ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
		t.Logf("|%s|%s|%s|%s|%s|%s|", tt.name, ms(took[len(took)/20]), ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]), loadAverage())
	}
}

// fetch reads an answer to its end, without a look at what it says.
func (f *fleet) fetch(path string) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+path, nil)
	f.ok(err)
	req.Header.Set("Authorization", "Bearer "+f.key)
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n == 0 || res.StatusCode != http.StatusOK {
		f.t.Fatalf("%s: status %d, %d bytes, %v", path, res.StatusCode, n, err)
	}
}

// benchTicks writes a tick an hour and region for 30 days, and their roll-ups.
func (f *fleet) benchTicks(websites []website) {
	f.t.Helper()
	end := time.Now().Truncate(time.Hour)
	begin := end.Add(-30 * 24 * time.Hour)
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		var ticks []uptime.Result
		for _, w := range websites {
			for n, region := range []string{"eu-west", "us-east", "ap-south"} {
				ticks = append(ticks, uptime.Result{
					Monitor: id(f.t, w.Monitors[0].ID), Region: region, Due: uptime.InstantOf(at.Add(time.Minute)), Revision: 1, Outcome: uptime.OutcomePass,
					Code: 200, Phases: uptime.Phases{TTFB: 40 * time.Millisecond, Total: time.Duration(60+20*n) * time.Millisecond},
				})
			}
		}
		f.ok(f.ticks.Write(f.t.Context(), ticks))
	}
	for _, level := range []tsdb.Level{tsdb.Level5m, tsdb.Level1h} {
		_, err := f.ticks.RollUp(f.t.Context(), level, begin, end)
		f.ok(err)
		f.ok(f.ticks.SetProgress(f.t.Context(), level, end))
	}
}
