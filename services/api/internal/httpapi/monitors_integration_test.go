//go:build integration

package httpapi_test

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

func TestMonitors(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	at := "/v1/monitors/" + w.Monitors[0].ID
	var list pageOf[monitor]
	f.call("GET", "/v1/websites/"+w.ID+"/monitors", nil).want(200, &list)
	var one monitor
	f.call("GET", at, nil).want(200, &one)
	if diff := cmp.Diff(w.Monitors, list.Items); diff != "" || !cmp.Equal(one, w.Monitors[0]) {
		t.Errorf("the monitor differs from place to place:\n%s", diff)
	}
	f.call("PATCH", at, `{"target":"b.example","name":"front","interval_seconds":30,"timeout_ms":700,"regions":["eu-west"],"policy":{"quorum":{"mode":"any"}}}`).want(200, &one)
	want := monitor{
		ID: one.ID, WebsiteID: w.ID, Target: "https://b.example", Status: "pending", Verdict: "unknown", IntervalSeconds: 30, TimeoutMs: 700,
		Regions: []string{"eu-west"}, Policy: uptime.Policy{Quorum: uptime.Quorum{Mode: "any"}, RecoveryRounds: 2}, Revision: 2,
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	f.call("PATCH", at, `{"name":null}`).want(200, &one)
	f.call("PATCH", at, `{}`).want(200, &one)
	if one.Revision != 2 {
		t.Errorf("revision %d after a change of the name alone, want 2", one.Revision)
	}
	f.call("PATCH", at, `{"paused":true}`).want(200, &one)
	if one.Revision != 3 || one.Status != "paused" || !one.Paused {
		t.Errorf("paused: %+v", one)
	}
	var site website
	f.call("GET", "/v1/websites/"+w.ID, nil).want(200, &site)
	if site.Status != "paused" || site.Paused {
		t.Errorf("a website all of whose monitors are paused: %+v", site)
	}
	f.call("PATCH", at, `{"target":"ftp://x"}`).invalid("#/target")
	f.call("PATCH", at, `{"target":null}`).invalid("#/target")
	f.call("PATCH", at, `{"timeout_ms":30001}`).invalid("#/timeout_ms")
	f.call("PATCH", at, `{"timeout_ms":99}`).invalid("#/timeout_ms")
	f.call("PATCH", at, `{"kind":"tcp"}`).invalid("#/kind")
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		f.as("other").call(method, at, `{}`).problem(404)
	}
	f.as("other").call("GET", at+"/votes", nil).problem(404)
	f.call("DELETE", at, nil).want(204, nil)
	f.call("DELETE", at, nil).problem(404)
	f.call("GET", "/v1/websites/"+w.ID, nil).want(200, &site)
	if len(site.Monitors) != 0 || site.Status != "pending" || site.Verdict != "unknown" {
		t.Errorf("a website without monitors: %+v", site)
	}
	f.call("PATCH", "/v1/websites/"+w.ID, `{"name":"still here","interval_seconds":9}`).want(200, nil)
	f.call("POST", "/v1/websites/"+w.ID+"/check", nil).want(200, nil)
}

type votes struct {
	Items []struct {
		Region, Vote, Reason string
		Since, Due           time.Time
		LatencyMs            float64 `json:"latency_ms"`
		Fresh, Counted       bool
		Advisory             bool
	}
	Verdict  string
	Advisory *struct {
		Regions []string
		Since   *time.Time
	}
}

func TestVotes(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	f.addRegions("us-east", "eu-west", "ap-south")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m := id(t, w.Monitors[0].ID)
	at := "/v1/monitors/" + w.Monitors[0].ID
	var v votes
	f.call("GET", at+"/votes", nil).want(200, &v)
	if len(v.Items) != 0 || v.Advisory != nil || v.Verdict != "unknown" {
		t.Errorf("nobody has voted: %+v", v)
	}
	now := uptime.InstantOf(time.Now())
	fresh, stale := now.Add(-time.Second), now.Add(-131*time.Second) // older than 2 × 60 s + 10 s
	vote := func(region string, o uptime.Outcome, r uptime.Reason, due uptime.Instant, counted bool) postgres.Vote {
		return postgres.Vote{Monitor: m, Region: region, Revision: 1, Outcome: o, Reason: r, Since: due.Add(-time.Minute), Due: due, Latency: 1500 * time.Microsecond, Counted: counted}
	}
	f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error {
		if err := postgres.UpsertVotes(ctx, tx, []postgres.Vote{
			vote("us-east", uptime.OutcomePass, 0, fresh, true),
			vote("eu-west", uptime.OutcomeFail, uptime.ReasonConnectTimeout, fresh, false),
			vote("ap-south", uptime.OutcomePass, 0, stale, true),
		}); err != nil {
			return err
		}
		return postgres.UpsertMonitorStates(ctx, tx, []postgres.MonitorState{{
			Monitor: m, Revision: 1, Verdict: uptime.VerdictUp, Since: stale, Advisory: []string{"eu-west"}, AdvisorySince: fresh,
		}})
	}))
	f.call("GET", at+"/votes", nil).want(200, &v)
	var got []string
	for _, i := range v.Items {
		got = append(got, fmt.Sprintf("%s %s %s %v %v %v %v", i.Region, i.Vote, i.Reason, i.Fresh, i.Counted, i.Advisory, i.LatencyMs))
	}
	want := []string{"ap-south pass  false false false 1.5", "eu-west fail connect_timeout true false true 1.5", "us-east pass  true true false 1.5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("votes (-want +got):\n%s", diff)
	}
	if v.Verdict != "up" || v.Advisory == nil || !cmp.Equal(v.Advisory.Regions, []string{"eu-west"}) || v.Advisory.Since == nil {
		t.Errorf("verdict %s, advisory %+v", v.Verdict, v.Advisory)
	}
	var site website
	f.call("GET", "/v1/websites/"+w.ID, nil).want(200, &site)
	if site.Status != "up" || site.Verdict != "up" || !site.VerdictSince.Equal(stale.Time()) || !cmp.Equal(site.AdvisoryRegions, []string{"eu-west"}) {
		t.Errorf("the website: %+v", site)
	}
	// Another interval is another revision, but the votes still speak of this target.
	f.call("PATCH", at, `{"interval_seconds":90}`).want(200, nil)
	f.call("GET", at+"/votes", nil).want(200, &v)
	if len(v.Items) != 3 {
		t.Errorf("%d votes after a change of the interval, want 3", len(v.Items))
	}
	f.call("PATCH", at, `{"target":"b.example"}`).want(200, nil)
	v = votes{}
	f.call("GET", at+"/votes", nil).want(200, &v)
	if len(v.Items) != 0 || v.Advisory != nil || v.Verdict != "unknown" {
		t.Errorf("after a change of target: %+v", v)
	}
	f.call("GET", "/v1/websites/"+w.ID, nil).want(200, &site)
	if site.Status != "pending" {
		t.Errorf("status %s after a change of target, want pending", site.Status)
	}
}

// addTicks writes a tick a minute per region for the last n minutes; every fifth fails.
func (f *fleet) addTicks(m uptime.ID, n int, regions ...string) {
	f.t.Helper()
	start := time.Now().Truncate(time.Minute).Add(-time.Duration(n) * time.Minute)
	var ticks []uptime.Result
	for i := range n {
		for j, region := range regions {
			r := uptime.Result{
				Monitor: m, Region: region, Due: uptime.InstantOf(start.Add(time.Duration(i) * time.Minute)), Outcome: uptime.OutcomePass, Code: 200,
				Phases: uptime.Phases{DNS: time.Millisecond, Connect: 2 * time.Millisecond, TTFB: 3 * time.Millisecond, Transfer: time.Millisecond, Total: time.Duration(10*(j+1)) * time.Millisecond},
				Late:   4 * time.Millisecond,
			}
			if i%5 == 4 {
				r.Outcome, r.Reason, r.Code = uptime.OutcomeFail, uptime.ReasonStatus, 500
			}
			ticks = append(ticks, r)
		}
	}
	f.ok(f.ticks.Write(context.Background(), ticks))
}

func TestLatencyAndTicks(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withTicks(t))
	f.addRegions("us-east", "eu-west")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	f.addTicks(id(t, w.Monitors[0].ID), 20, "us-east", "eu-west")
	at := "/v1/monitors/" + w.Monitors[0].ID
	var series struct {
		ResolutionSeconds float64 `json:"resolution_seconds"`
		Source            string
		Series            []struct {
			Region string
			Points []struct {
				Time      time.Time
				Count, OK int
				MeanMs    *float64 `json:"mean_ms"`
				P95Ms     *float64 `json:"p95_ms"`
				DNSMs     *float64 `json:"dns_ms"`
			}
		}
	}
	f.call("GET", at+"/latency", nil).want(200, &series)
	if len(series.Series) != 2 || series.Series[0].Region != "eu-west" || series.Source != "raw" {
		t.Fatalf("series: %+v", series)
	}
	for _, s := range series.Series {
		count, ok := 0, 0
		for _, p := range s.Points {
			count, ok = count+p.Count, ok+p.OK
			mean := map[string]float64{"us-east": 10, "eu-west": 20}[s.Region]
			if p.OK > 0 && (p.MeanMs == nil || math.Abs(*p.MeanMs-mean) > 0.01 || p.P95Ms == nil || *p.DNSMs != 1) || p.OK == 0 && p.MeanMs != nil {
				t.Errorf("%s: point %+v", s.Region, p)
			}
		}
		if count != 20 || ok != 16 {
			t.Errorf("%s: %d ticks, %d ok, want 20 and 16", s.Region, count, ok)
		}
	}
	f.call("GET", at+"/latency?region=us-east&resolution=5m", nil).want(200, &series)
	if len(series.Series) != 1 || series.ResolutionSeconds != 300 || len(series.Series[0].Points) > 5 {
		t.Errorf("one region in 5 minutes: %+v", series)
	}
	f.call("GET", at+"/latency?from=2020-01-01T00:00:00Z", nil).want(200, &series)
	if series.Source != "1h" {
		t.Errorf("years are read from %s, want 1h", series.Source)
	}
	f.call("GET", at+"/latency?from="+url.QueryEscape(time.Now().Add(-48*time.Hour).Format(time.RFC3339))+"&to=9999-12-31T00:00:00Z", nil).want(200, &series)

	type tick struct {
		Time    time.Time
		Region  string
		OK      bool
		Outcome string
		Reason  string
		LateMs  float64 `json:"late_ms"`
	}
	for query, want := range map[string]int{"": 40, "region=us-east&": 20, "ok=false&": 8, "ok=true&region=eu-west&": 16} {
		var all []tick
		for cursor := ""; ; {
			var p pageOf[tick]
			f.call("GET", at+"/ticks?"+query+"limit=7&cursor="+cursor, nil).want(200, &p)
			all = append(all, p.Items...)
			if p.NextCursor == nil {
				break
			}
			cursor = url.QueryEscape(*p.NextCursor)
		}
		seen := map[string]bool{}
		for i, one := range all {
			seen[one.Region+one.Time.String()] = true
			if i > 0 && one.Time.After(all[i-1].Time) || one.LateMs != 4 || one.OK == (one.Reason == "status") || one.OK == (one.Outcome == "fail") {
				t.Errorf("%s: tick %d is %+v", query, i, one)
			}
		}
		if len(all) != want || len(seen) != want {
			t.Errorf("%q: %d ticks, %d different ones, want %d", query, len(all), len(seen), want)
		}
	}
	for query, pointer := range map[string]string{
		"from=yesterday": "#/from", "from=2999-01-01T00:00:00Z": "#/from", "from=2024-01-02T00:00:00Z&to=2024-01-01T00:00:00Z": "#/from",
		"region=mars": "#/region", "region=%22%29": "#/region",
	} {
		f.call("GET", at+"/latency?"+query, nil).invalid(pointer)
		f.call("GET", at+"/ticks?"+query, nil).invalid(pointer)
	}
	for _, resolution := range []string{"0", "fine", "1ms", "401d", "-5m", "999999999h", "99999d"} {
		f.call("GET", at+"/latency?resolution="+resolution, nil).invalid("#/resolution")
	}
	for _, resolution := range []string{"auto", "300", "1h", "1d", "90s"} {
		f.call("GET", at+"/latency?resolution="+resolution, nil).want(200, nil)
	}
	f.call("GET", at+"/ticks?ok=maybe", nil).invalid("#/ok")
	f.call("GET", at+"/ticks?cursor=AAAA", nil).invalid("#/cursor")
	f.call("GET", at+"/ticks?cursor=dP____________8B", nil).invalid("#/cursor")
	for _, path := range []string{"/latency", "/ticks"} {
		f.as("other").call("GET", at+path, nil).problem(404)
	}
}

func TestChartsWithoutInfluxDB(t *testing.T) {
	t.Parallel()
	away, err := tsdb.Open(tsdb.Config{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*fleet{"none": newFleet(t), "away": newFleet(t, func(c *httpapi.Config) { c.Ticks = away })} {
		w := f.addWebsite(map[string]any{"url": "a.example"})
		for _, path := range []string{"/v1/monitors/" + w.Monitors[0].ID + "/latency", "/v1/monitors/" + w.Monitors[0].ID + "/ticks", "/monitor/" + w.ID} {
			if p := f.call("GET", path, nil).problem(503); !strings.Contains(p.Detail, "InfluxDB") {
				t.Errorf("%s: %s: %s", name, path, p.Detail)
			}
		}
		f.call("GET", "/v1/websites/"+w.ID+"/uptime", nil).want(200, nil)
	}
}

func TestUptime(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m := id(t, w.Monitors[0].ID)
	end := time.Now().Truncate(time.Second).Add(-time.Hour)
	at := func(minute int) time.Time { return end.Add(time.Duration(minute-100) * time.Minute) }
	for _, s := range []struct {
		from    int
		verdict uptime.Verdict
		close   bool
	}{{0, uptime.VerdictUp, false}, {50, uptime.VerdictDown, false}, {60, uptime.VerdictUnknown, false}, {70, 0, true}, {80, uptime.VerdictDegraded, false}} {
		f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error {
			return postgres.SwitchSpans(ctx, tx, []postgres.SpanSwitch{{Monitor: m, At: uptime.InstantOf(at(s.from)), Verdict: s.verdict, Close: s.close}})
		}))
	}
	var got struct {
		Total       float64  `json:"total_seconds"`
		Up          float64  `json:"up_seconds"`
		Degraded    float64  `json:"degraded_seconds"`
		Down        float64  `json:"down_seconds"`
		Unknown     float64  `json:"unknown_seconds"`
		Unmonitored float64  `json:"unmonitored_seconds"`
		Uptime      *float64 `json:"uptime_percent"`
		Coverage    float64  `json:"coverage_percent"`
	}
	period := func(from, to int) string {
		return "?from=" + url.QueryEscape(at(from).Format(time.RFC3339)) + "&to=" + url.QueryEscape(at(to).Format(time.RFC3339))
	}
	f.call("GET", "/v1/websites/"+w.ID+"/uptime"+period(0, 100), nil).want(200, &got)
	if got.Total != 6000 || got.Up != 3000 || got.Down != 600 || got.Unknown != 600 || got.Unmonitored != 600 || got.Degraded != 1200 {
		t.Errorf("seconds: %+v", got)
	}
	if got.Uptime == nil || *got.Uptime != 87.5 || got.Coverage != 80 {
		t.Errorf("uptime %v of coverage %v, want 87.5 of 80", got.Uptime, got.Coverage)
	}
	f.call("GET", "/v1/websites/"+w.ID+"/uptime"+period(60, 80), nil).want(200, &got)
	if got.Uptime != nil || got.Coverage != 0 || got.Unknown != 600 || got.Unmonitored != 600 {
		t.Errorf("of what nobody knows: %+v", got)
	}
	f.call("GET", "/v1/websites/"+w.ID+"/uptime", nil).want(200, &got)
	if math.Abs(got.Total-30*86400) > 1 || got.Coverage > 1 {
		t.Errorf("of 30 days: %+v", got)
	}
	f.call("GET", "/v1/websites/"+w.ID+"/uptime"+period(80, 60), nil).invalid("#/from")
	f.call("GET", "/v1/websites/"+w.ID+"/uptime?from=x&to=y", nil).invalid("#/from", "#/to")
	f.as("other").call("GET", "/v1/websites/"+w.ID+"/uptime", nil).problem(404)
}
