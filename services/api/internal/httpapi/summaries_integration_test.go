//go:build integration

package httpapi_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type summary struct {
	ID, Name, Status, Slots, Reason string
	Tags, Kinds                     []string
	AdvisoryRegions                 []string `json:"advisory_regions"`
	Votes                           []struct {
		Region, Vote   string
		Fresh, Counted bool
	}
	Sparkline     []*float64
	P50           *float64   `json:"p50_ms"`
	P95           *float64   `json:"p95_ms"`
	Uptime24h     *float64   `json:"uptime_24h_percent"`
	Uptime30d     *float64   `json:"uptime_30d_percent"`
	Coverage30d   float64    `json:"coverage_30d_percent"`
	LastCheckedAt *time.Time `json:"last_checked_at"`
	IncidentID    *string    `json:"incident_id"`
	ExpiresInDays *int       `json:"expires_in_days"`
}

type summaryPage struct {
	Items       []summary
	NextCursor  *string   `json:"next_cursor"`
	SlotSeconds int       `json:"slot_seconds"`
	SlotsEnd    time.Time `json:"slots_end"`
	TicksAway   bool      `json:"ticks_away"`
}

// history writes the spans of a monitor: pairs of how long ago each begins and its verdict.
func (f *fleet) history(monitor string, spans ...any) {
	f.t.Helper()
	for i := 0; i < len(spans); i += 2 {
		f.ok(f.store.Tx(f.t.Context(), func(tx pgx.Tx) error {
			one := postgres.SpanSwitch{Monitor: id(f.t, monitor), At: uptime.InstantOf(time.Now().Add(-spans[i].(time.Duration)))}
			if v, ok := spans[i+1].(uptime.Verdict); ok {
				one.Verdict = v
			} else {
				one.Close = true
			}
			return postgres.SwitchSpans(f.t.Context(), tx, []postgres.SpanSwitch{one})
		}))
	}
}

// crowd makes many websites that are up, each with a monitor, behind the api's back.
func (f *fleet) crowd(n int) {
	f.t.Helper()
	f.exec(`INSERT INTO website (id, org_id, name, url, url_key) SELECT gen_random_uuid(), $1, 'site ' || i, 'https://c' || i || '.example/', 'c' || i FROM generate_series(1, $2::int) i`, f.org, n)
	f.exec(`INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
		SELECT gen_random_uuid(), w.org_id, w.id, 'http', w.url, 60000, 10000, '{"quorum":{"mode":"majority"}}' FROM website w WHERE w.name LIKE 'site %'`)
	f.exec(`INSERT INTO monitor_state (monitor_id, org_id, revision, verdict, since) SELECT id, org_id, revision, 'up', now() - interval '40 days' FROM monitor ON CONFLICT DO NOTHING`)
	f.exec(`INSERT INTO span (monitor_id, org_id, started_at, verdict) SELECT id, org_id, now() - interval '40 days', 'up' FROM monitor ON CONFLICT DO NOTHING`)
	f.exec(`INSERT INTO vote (monitor_id, region, revision, outcome, since, due, latency_us) SELECT id, r, revision, 'pass', now() - interval '40 days', now(), 9000 FROM monitor, unnest('{a,b,c}'::text[]) r ON CONFLICT DO NOTHING`)
}

func TestSummary(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a", "b")
	w := f.addWebsite(map[string]any{"url": "one.example", "tags": []string{"shop"}})
	m := w.Monitors[0].ID
	f.history(m, 48*time.Hour, uptime.VerdictUp, 3*time.Hour, uptime.VerdictDown, 2*time.Hour, uptime.VerdictUp)
	f.judge(id(t, m), uptime.VerdictDown, "a")
	fresh := f.addWebsite(map[string]any{"url": "two.example"})

	var p summaryPage
	f.call("GET", "/v1/summaries?sort=created", nil).want(200, &p)
	if len(p.Items) != 2 || p.SlotSeconds != 960 || !p.TicksAway || p.SlotsEnd.Before(time.Now()) {
		t.Fatalf("page: %+v", p)
	}
	one, two := p.Items[0], p.Items[1]
	if one.ID != w.ID || one.Status != "down" || one.Reason != "status" || one.IncidentID == nil || one.LastCheckedAt == nil ||
		!cmp.Equal(one.Tags, []string{"shop"}) || !cmp.Equal(one.Kinds, []string{"http"}) {
		t.Errorf("the one that is down: %+v", one)
	}
	if len(one.Slots) != 90 || !strings.HasPrefix(one.Slots, "uuu") || !strings.Contains(one.Slots, "uxxxx") || !strings.HasSuffix(one.Slots, "x") {
		t.Errorf("slots %q", one.Slots)
	}
	if one.Uptime24h == nil || *one.Uptime24h < 95.6 || *one.Uptime24h > 95.84 || one.Coverage30d < 6.6 || one.Coverage30d > 6.7 {
		t.Errorf("an hour and a minute of a day: %v %%, covered %v %%", one.Uptime24h, one.Coverage30d)
	}
	if len(one.Votes) != 2 || one.Votes[0].Vote != "fail" || !one.Votes[0].Fresh || one.Votes[1].Region != "b" || one.Votes[1].Vote != "none" || one.Votes[1].Counted {
		t.Errorf("votes %+v", one.Votes)
	}
	if two.ID != fresh.ID || two.Status != "pending" || two.Slots != strings.Repeat("-", 90) || two.Uptime24h != nil || two.LastCheckedAt != nil ||
		len(two.Sparkline) != 24 || two.P50 != nil || two.IncidentID != nil {
		t.Errorf("the one that nobody has looked at: %+v", two)
	}
	f.call("GET", "/v1/summaries?slot_seconds=86400&ids="+w.ID, nil).want(200, &p)
	if len(p.Items) != 1 || !strings.HasPrefix(p.Items[0].Slots, strings.Repeat("-", 87)) || !strings.HasSuffix(p.Items[0].Slots, "x") {
		t.Errorf("days: %+v", p)
	}
	f.call("GET", "/v1/summaries?ids=x", nil).invalid("#/ids")
	f.call("GET", "/v1/summaries?slot_seconds=0", nil).invalid("#/slot_seconds")
	f.as("other").call("GET", "/v1/summaries?ids="+w.ID, nil).want(200, &p)
	if len(p.Items) != 0 {
		t.Errorf("another tenant sees %+v", p.Items)
	}
}

func TestSlotsTellOfRegionsBelowQuorumAndOfPauses(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a", "b", "c")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	m := w.Monitors[0].ID
	f.history(m, 100*time.Hour, uptime.VerdictUp, 20*time.Hour, nil, 15*time.Hour, uptime.VerdictUp)
	f.exec(`INSERT INTO vote_span (monitor_id, org_id, region, started_at, ended_at, outcome) VALUES
		($1, $2, 'b', now() - interval '5 hours', now() - interval '4 hours', 'fail'), ($1, $2, 'c', now() - interval '3 days', now() - interval '2 days', 'fail'),
		($1, $2, 'a', now() - interval '5 hours', NULL, 'pass')`, m, f.org)
	var p summaryPage
	f.call("GET", "/v1/summaries", nil).want(200, &p)
	// Letters in the order of their first appearances: up, paused, up, partly, up.
	var order []byte
	for i := range len(p.Items[0].Slots) {
		if c := p.Items[0].Slots[i]; len(order) == 0 || order[len(order)-1] != c {
			order = append(order, c)
		}
	}
	if string(order) != "uzupu" {
		t.Errorf("slots %s", p.Items[0].Slots)
	}
}

// counter counts statements.
type counter struct{ n atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (c *counter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (c *counter) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) { c.n.Add(1) }
func (c *counter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// counting lets an api's statements be counted.
func counting(t *testing.T, c *counter) func(*httpapi.Config) {
	return func(cfg *httpapi.Config) {
		pool := cfg.Store.Pool().Config()
		pool.ConnConfig.Tracer = c
		counted, err := pgxpool.NewWithConfig(context.Background(), pool)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(counted.Close)
		cfg.Store = postgres.NewStore(counted)
	}
}

func TestALongerPageTakesNoMoreQueries(t *testing.T) {
	t.Parallel()
	var c counter
	f := newFleet(t, counting(t, &c))
	f.addRegions("a", "b", "c")
	f.crowd(120)
	taken := func(path string) int64 {
		f.call("GET", path, nil).want(200, nil) // statements are described when they are first used
		before := c.n.Load()
		f.call("GET", path, nil).want(200, nil)
		return c.n.Load() - before
	}
	for _, path := range []string{"/v1/summaries?", "/v1/reports/uptime?", "/v1/websites?"} {
		two, hundred := taken(path+"limit=2"), taken(path+"limit=100")
		if two != hundred || hundred == 0 {
			t.Errorf("%s: %d statements for 2 websites, %d for 100", path, two, hundred)
		}
	}
}

func TestSummariesByInfluxDB(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withTicks(t))
	f.addRegions("a", "b")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	m := id(t, w.Monitors[0].ID)
	f.addWebsite(map[string]any{"url": "two.example"})
	now := time.Now()
	var results []uptime.Result
	for minute := 6 * 60; minute > 0; minute -= 2 {
		for _, region := range []string{"a", "b"} {
			latency := 10 * time.Millisecond
			if minute%20 == 0 {
				latency = 50 * time.Millisecond
			}
			results = append(results, uptime.Result{
				Monitor: m, Region: region, Due: uptime.InstantOf(now.Add(-time.Duration(minute) * time.Minute)),
				Outcome: uptime.OutcomePass, Phases: uptime.Phases{Total: latency},
			})
		}
	}
	f.ok(f.ticks.Write(t.Context(), results))
	for _, l := range []tsdb.Level{tsdb.Level5m, tsdb.Level1h} { // the hours are behind
		until := now.Truncate(l.Width()).Add(-l.Width())
		_, err := f.ticks.RollUp(t.Context(), l, now.Add(-7*time.Hour).Truncate(l.Width()), until)
		f.ok(err)
		f.ok(f.ticks.SetProgress(t.Context(), l, until))
	}
	var p summaryPage
	until(t, "the latencies read", func() bool {
		f.call("GET", "/v1/summaries?sort=created", nil).want(200, &p)
		return !p.TicksAway
	})
	one := p.Items[0]
	if one.P50 == nil || *one.P50 < 9.8 || *one.P50 > 10.2 || one.P95 == nil || *one.P95 < 49 || *one.P95 > 51 {
		t.Errorf("p50 %v, p95 %v", deref(one.P50), deref(one.P95))
	}
	seen := 0
	for i, mean := range one.Sparkline {
		if mean != nil {
			seen++
			if *mean < 10 || *mean > 50 || i < 16 {
				t.Errorf("hour %d: %v", i, *mean)
			}
		}
	}
	if seen < 6 || one.Sparkline[23] == nil && now.Minute() > 3 {
		t.Errorf("%d hours with a mean: %v", seen, one.Sparkline)
	}
	if p.Items[1].P50 != nil {
		t.Errorf("a monitor without ticks has a median: %+v", p.Items[1])
	}
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func TestSummariesWhileInfluxDBIsAway(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	proxy := influxtest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	proxy.Fail(influxtest.Gone)
	ticks, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ticks.Close)
	f := newFleet(t, func(c *httpapi.Config) { c.Ticks = ticks })
	f.addRegions("a")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictUp, "a")
	var p summaryPage
	f.call("GET", "/v1/summaries", nil).want(200, &p)
	if !p.TicksAway || len(p.Items) != 1 || p.Items[0].Status != "up" || p.Items[0].Uptime24h == nil || p.Items[0].P50 != nil {
		t.Errorf("%+v", p)
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a", "b")
	up := f.addWebsite(map[string]any{"url": "up.example", "tags": []string{"x"}})
	down := f.addWebsite(map[string]any{"url": "down.example", "tags": []string{"x", "y"}})
	paused := f.addWebsite(map[string]any{"url": "paused.example"})
	f.addWebsite(map[string]any{"url": "pending.example"})
	f.judge(id(t, up.Monitors[0].ID), uptime.VerdictUp, "a")
	f.judge(id(t, down.Monitors[0].ID), uptime.VerdictDown, "a")
	f.exec("UPDATE monitor_state SET advisory = '{b}' WHERE monitor_id = $1", up.Monitors[0].ID)
	f.call("POST", "/v1/websites/"+paused.ID+"/pause", nil).want(200, nil)
	f.call("POST", "/v1/channels", map[string]any{"name": "hook", "kind": "webhook", "config": map[string]any{"url": "https://h.example/x", "secret": signingSecret}}).want(201, nil)
	type overview struct {
		Counts        map[string]int
		Advisories    int
		OpenIncidents int `json:"open_incidents"`
		Incidents     []incident
		Uptime24h     *float64 `json:"uptime_24h_percent"`
		Channels      int
		Regions       int
		Sites         int
	}
	var o overview
	f.call("GET", "/v1/overview", nil).want(200, &o)
	want := map[string]int{"up": 1, "down": 1, "paused": 1, "pending": 1, "degraded": 0, "unknown": 0}
	if !maps.Equal(o.Counts, want) || o.Advisories != 1 || o.OpenIncidents != 1 || len(o.Incidents) != 1 || o.Channels != 1 || o.Regions != 2 || o.Sites != 0 {
		t.Errorf("%+v", o)
	}
	if o.Uptime24h == nil || *o.Uptime24h < 49 || *o.Uptime24h > 51 {
		t.Errorf("one of two is up: %v", deref(o.Uptime24h))
	}
	var tagged, none overview
	f.call("GET", "/v1/overview?tag=x,y", nil).want(200, &tagged)
	if tagged.Counts["down"] != 1 || tagged.Counts["up"] != 0 || tagged.OpenIncidents != 1 || deref(tagged.Uptime24h) != 0 {
		t.Errorf("of tags: %+v", tagged)
	}
	f.as("other").call("GET", "/v1/overview", nil).want(200, &none)
	if fmt.Sprint(none.Counts["down"], none.OpenIncidents, len(none.Incidents), none.Channels) != "0 0 0 0" || none.Uptime24h != nil {
		t.Errorf("another tenant sees %+v", none)
	}
}
