//go:build integration

package httpapi_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type incident struct {
	ID, Severity, Status, Explanation, URL string
	WebsiteID                              string     `json:"website_id"`
	MonitorID                              string     `json:"monitor_id"`
	OpenedAt                               time.Time  `json:"opened_at"`
	ResolvedAt                             *time.Time `json:"resolved_at"`
	AcknowledgedAt                         *time.Time `json:"acknowledged_at"`
	AcknowledgedBy                         *string    `json:"acknowledged_by"`
	Evidence                               struct {
		Round  int
		Quorum map[string]any
		Votes  []map[string]any
	}
	Events []struct {
		Kind string
		Data map[string]any
	}
}

func TestIncidents(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	var sites []website
	for i := range 3 {
		w := f.addWebsite(map[string]any{"url": fmt.Sprintf("s%d.example", i)})
		f.judge(id(t, w.Monitors[0].ID), uptime.VerdictDown, "us-east")
		sites = append(sites, w)
	}
	list := func(query string) (ids []string, next *string) {
		t.Helper()
		var p pageOf[incident]
		f.call("GET", "/v1/incidents?"+query, nil).want(200, &p)
		for _, i := range p.Items {
			ids = append(ids, i.ID)
		}
		return ids, p.NextCursor
	}
	all, _ := list("")
	if len(all) != 3 || all[0] < all[1] || all[1] < all[2] {
		t.Fatalf("incidents %v, want three, newest first", all)
	}
	var paged []string
	for cursor := ""; ; {
		page, next := list("limit=2&cursor=" + cursor)
		paged = append(paged, page...)
		if next == nil {
			break
		}
		cursor = url.QueryEscape(*next)
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("in pages (-want +got):\n%s", diff)
	}

	var one incident
	f.call("GET", "/v1/incidents?website_id="+sites[0].ID, nil)
	mine, _ := list("website_id=" + sites[0].ID)
	f.call("GET", "/v1/incidents/"+mine[0], nil).want(200, &one)
	if one.Status != "open" || one.Severity != "down" || one.MonitorID != sites[0].Monitors[0].ID || one.URL != "https://s0.example" || one.Evidence.Round != 2 {
		t.Errorf("incident: %+v", one)
	}
	wantVote := map[string]any{"region": "us-east", "vote": "fail", "reason": "", "due": "2026-01-01T00:00:00Z", "latency_ms": 12.3, "status_code": nil, "resolved_ip": nil, "counted": true}
	if diff := cmp.Diff(wantVote, one.Evidence.Votes[0]); diff != "" {
		t.Errorf("evidence has all members of a vote (-want +got):\n%s", diff)
	}

	var first, second incident
	f.call("POST", "/v1/incidents/"+one.ID+"/acknowledge", nil).want(200, &first)
	f.as("writer").call("POST", "/v1/incidents/"+one.ID+"/acknowledge", nil).want(200, &second)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("a second acknowledgement changes something:\n%s", diff)
	}
	if first.Status != "acknowledged" || first.AcknowledgedBy == nil || *first.AcknowledgedBy != "admin's key" || len(first.Events) != 1 ||
		first.Events[0].Kind != "acknowledged" || first.Events[0].Data["by"] != "admin's key" {
		t.Errorf("acknowledged: %+v", first)
	}
	resolved := id(t, sites[1].Monitors[0].ID)
	f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error {
		_, err := postgres.ResolveIncidents(ctx, tx, []postgres.IncidentEnd{{Monitor: resolved, At: uptime.InstantOf(time.Now().Add(-30 * time.Second)), Resolution: "UP again"}})
		return err
	}))
	byStatus := map[string]string{}
	for _, s := range []string{"open", "acknowledged", "resolved"} {
		ids, _ := list("status=" + s)
		if len(ids) != 1 {
			t.Fatalf("%s: %v", s, ids)
		}
		byStatus[s] = ids[0]
	}
	f.call("POST", "/v1/incidents/"+byStatus["resolved"]+"/acknowledge", nil).problem(409)
	ago := func(d time.Duration) string { return url.QueryEscape(time.Now().Add(-d).Format(time.RFC3339Nano)) }
	for query, want := range map[string]int{
		"from=" + ago(time.Hour): 3, "from=" + ago(10*time.Second): 2, "to=" + ago(2*time.Minute): 0, "to=" + ago(0): 3,
		"from=" + ago(50*time.Second) + "&to=" + ago(0): 3, "monitor_id=" + sites[2].Monitors[0].ID: 1, "website_id=" + sites[2].ID + "&status=resolved": 0,
	} {
		if ids, _ := list(query); len(ids) != want {
			t.Errorf("%s: %d incidents, want %d", query, len(ids), want)
		}
	}
	for query, pointer := range map[string]string{
		"status=closed": "#/status", "website_id=1": "#/website_id", "from=now": "#/from", "from=2024-01-02T00:00:00Z&to=2024-01-01T00:00:00Z": "#/from",
		"cursor=" + url.QueryEscape("zzz"): "#/cursor", "limit=0": "#/limit",
	} {
		f.call("GET", "/v1/incidents?"+query, nil).invalid(pointer)
	}
	other := f.as("other")
	other.call("GET", "/v1/incidents/"+one.ID, nil).problem(404)
	other.call("POST", "/v1/incidents/"+one.ID+"/acknowledge", nil).problem(404)
	var none pageOf[incident]
	other.call("GET", "/v1/incidents", nil).want(200, &none)
	if len(none.Items) != 0 {
		t.Errorf("another tenant sees %d incidents", len(none.Items))
	}
	// Down now, so the website says so and is found by it.
	var down pageOf[website]
	f.call("GET", "/v1/websites?status=down", nil).want(200, &down)
	if len(down.Items) != 3 || down.Items[0].VerdictSince == nil {
		t.Errorf("down: %+v", down.Items)
	}
}

func TestFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	f.addRegions("us-east", "eu-west")
	type ledger struct{ Scheduled, Done, Expired, Invalid, Missed, Waiting int64 }
	var got struct {
		Regions []struct {
			Region, State string
			ledger
			Urgent      ledger
			LateP50Ms   *float64 `json:"late_p50_ms"`
			LateP99Ms   *float64 `json:"late_p99_ms"`
			LiveWorkers int      `json:"live_workers"`
		}
		Stages []struct {
			Stage, Detail string
			OK            bool
			LagMs         *int64 `json:"lag_ms"`
			Waiting       *int64
		}
		Events []struct{ Kind, Region string }
	}
	f.call("GET", "/v1/fleet", nil).want(200, &got)
	for _, s := range got.Stages {
		if idle := s.Stage == "worker" || s.Stage == "ticks" || s.Stage == "notifier"; s.OK != idle {
			t.Errorf("before anything ran: %+v", s)
		}
	}
	now := time.Now()
	for shard := range 2 {
		lane := queue.Lane{Region: "us-east", Shard: shard}
		f.ok(f.queue.EnsureLane(ctx, lane))
		check := uptime.Check{Monitor: uptime.NewID(now), Region: "us-east", Due: uptime.InstantOf(now), Kind: uptime.KindHTTP, Target: "x"}
		f.ok(f.queue.PushUrgent(ctx, lane, check))
		_, err := f.queue.PushSlot(ctx, lane, queue.Push{Epoch: 1, Slot: uptime.InstantOf(now), Missed: 3})
		f.ok(err)
		for _, role := range []string{"pusher", "aggregator"} {
			_, err := f.store.Pool().Exec(ctx, "INSERT INTO shard_lease VALUES ($1, $2, 'me', 1, now() + interval '1 minute')", role, shard)
			f.ok(err)
		}
		f.ok(f.store.SaveRegionStats(ctx, shard, 10*time.Second, []postgres.RegionStat{{Region: "us-east", Results: 10, LateP50: time.Duration(shard+1) * time.Millisecond, LateP99: 9 * time.Millisecond}}))
	}
	f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error {
		_, err := postgres.OpenFleetEvent(ctx, tx, postgres.FleetEvent{ID: uptime.NewID(now), Kind: postgres.FleetSilent, Region: "eu-west", Opened: uptime.InstantOf(now), Explanation: "silent"})
		return err
	}))
	f.call("GET", "/v1/fleet", nil).want(200, &got)
	if len(got.Regions) != 2 || got.Regions[1].Region != "us-east" {
		t.Fatalf("regions: %+v", got.Regions)
	}
	us := got.Regions[1]
	if us.ledger != (ledger{Missed: 6}) || us.Urgent != (ledger{Scheduled: 2, Waiting: 2}) || us.LateP50Ms == nil || *us.LateP50Ms != 2 || *us.LateP99Ms != 9 || us.State != "silent" {
		t.Errorf("us-east: %+v", us)
	}
	if got.Regions[0].LateP50Ms != nil {
		t.Errorf("eu-west has a lateness without a result: %+v", got.Regions[0])
	}
	for _, s := range got.Stages {
		if !s.OK || s.LagMs == nil || s.Stage == "worker" && *s.Waiting != 2 {
			t.Errorf("stage: %+v", s)
		}
	}
	if len(got.Events) != 1 || got.Events[0].Kind != "silent" || got.Events[0].Region != "eu-west" {
		t.Errorf("events: %+v", got.Events)
	}
}
