//go:build integration

package httpapi_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type legacyWebsite struct {
	ID, URL, Name string
}

// keys returns the members of the objects of an array, or of one object.
func (a answer) keys() []string {
	a.t.Helper()
	body := a.body
	var items []json.RawMessage
	if json.Unmarshal(body, &items) == nil {
		if len(items) == 0 {
			a.t.Fatalf("%s: empty", a.call)
		}
		body = items[0]
	}
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		a.t.Fatalf("%s: %v: %s", a.call, err, a.body)
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	return names
}

func TestPredecessorsRoutes(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withTicks(t))
	ctx := context.Background()
	var none []any
	f.call("GET", "/websites", nil).want(200, &none)
	if none == nil || len(none) != 0 {
		t.Errorf("no websites: %v", none)
	}
	var r struct{ Name string }
	f.call("POST", "/regions", `{"name":"europe"}`).want(201, &r)
	f.call("POST", "/regions", `{"name":"europe"}`).problem(409)
	f.call("POST", "/regions", `{"name":"Europe!"}`).invalid("#/name")
	var regions []struct{ Name string }
	f.call("GET", "/regions", nil).want(200, &regions)
	if len(regions) != 1 || regions[0].Name != "europe" {
		t.Errorf("regions: %v", regions)
	}

	var w, other legacyWebsite
	f.call("POST", "/websites", `{"url":"http://a.example","name":"A"}`).want(201, &w)
	f.call("POST", "/websites", `{"url":"b.example"}`).want(201, &other)
	if diff := cmp.Diff(legacyWebsite{w.ID, "http://a.example", "A"}, w); diff != "" {
		t.Errorf("an http URL stays one (-want +got):\n%s", diff)
	}
	var v1 website
	f.call("GET", "/v1/websites/"+w.ID, nil).want(200, &v1)
	if v1.Monitors[0].IntervalSeconds != 180 || v1.Monitors[0].TimeoutMs != 10000 {
		t.Errorf("its monitor: %+v", v1.Monitors[0])
	}
	if p := f.call("POST", "/websites", `{"url":"http://a.example/"}`).problem(409); p.ExistingID != w.ID {
		t.Errorf("duplicate of %q, want %q", p.ExistingID, w.ID)
	}
	// Errors of the predecessors were answered 200 with an empty body.
	f.call("POST", "/websites", `{"name":"no url"}`).invalid("#/url")
	f.call("POST", "/websites", `{"url":"x.example","interval":10}`).invalid("#/interval")
	f.call("POST", "/websites", `not json`).problem(400)
	f.call("POST", "/websites", ``).problem(400)

	var list []legacyWebsite
	f.call("GET", "/websites", nil).want(200, &list)
	if len(list) != 2 || list[0].ID != w.ID {
		t.Errorf("list: %v", list)
	}
	var changed, one legacyWebsite
	f.call("PATCH", "/websites/"+w.ID, `{"name":"AA","url":"http://a.example/new"}`).want(200, &changed)
	f.call("GET", "/websites/"+w.ID, nil).want(200, &one)
	if diff := cmp.Diff(legacyWebsite{w.ID, "http://a.example/new", "AA"}, one); diff != "" || !cmp.Equal(one, changed) {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	f.call("PATCH", "/websites/"+w.ID, `{"url":"b.example"}`).problem(409)
	f.call("PATCH", "/websites/"+w.ID, `{"interval":1}`).invalid("#/interval")

	m := id(t, v1.Monitors[0].ID)
	f.judge(m, uptime.VerdictDown, "europe")
	f.addTicks(m, 10, "europe", "asia")
	var status []struct {
		ID, Status   string
		LastChecked  *time.Time `json:"last_checked"`
		ResponseTime *float64   `json:"response_time"`
	}
	f.call("GET", "/monitor", nil).want(200, &status)
	if len(status) != 2 || status[0].Status != "down" || status[0].LastChecked == nil || *status[0].ResponseTime != 12.345 || status[1].Status != "pending" || status[1].LastChecked != nil {
		t.Errorf("status: %+v", status)
	}

	type point struct {
		Time  time.Time
		Value float64
	}
	var series []point
	a := f.call("GET", "/monitor/"+w.ID+"?days=1", nil).want(200, &series)
	if keys := a.keys(); len(keys) != 2 {
		t.Errorf("a point has %v, want time and value", keys)
	}
	for i, p := range series {
		if p.Value != 15 || i > 0 && !p.Time.After(series[i-1].Time) {
			t.Errorf("mean of both regions, oldest first: %+v", p)
		}
	}
	f.call("GET", "/monitor/"+w.ID+"?days=0.01&region=europe", nil).want(200, &series)
	if len(series) == 0 || series[0].Value != 10 {
		t.Errorf("of europe: %v", series)
	}
	for _, days := range []string{"1", "2", "7", "13.5", "30", "399"} {
		f.call("GET", "/monitor/"+w.ID+"?days="+days, nil).want(200, nil)
	}
	f.call("GET", "/monitor/"+other.ID, nil).want(200, &series)
	if series == nil || len(series) != 0 {
		t.Errorf("nothing measured: %v", series)
	}
	for _, path := range []string{"", "/downtime", "/last_downtime"} {
		for query, pointer := range map[string]string{
			"days=0": "#/days", "days=-1": "#/days", "days=week": "#/days", "days=401": "#/days", "days=": "#/days", "days=NaN": "#/days", "days=1e999": "#/days", "days=1e-9": "#/days",
			"region=mars": "#/region", "region=%22)%20|%3E%20drop()": "#/region",
		} {
			f.call("GET", "/monitor/"+w.ID+path+"?"+query, nil).invalid(pointer)
		}
		f.call("GET", "/monitor/"+uptime.NewID(time.Now()).String()+path, nil).problem(404)
		f.as("other").call("GET", "/monitor/"+w.ID+path, nil).problem(404)
	}
	f.call("DELETE", "/websites/"+other.ID, nil).want(204, nil)
	f.call("DELETE", "/websites/"+other.ID, nil).problem(404)
	f.call("GET", "/websites/"+other.ID, nil).problem(404)

	// Downtime: by quorum, and as one region saw it.
	type downtime struct {
		Time     time.Time
		End      *time.Time
		Duration float64 `json:"duration_seconds"`
		Region   *string
		Reason   string
	}
	var down []downtime
	f.call("GET", "/monitor/"+w.ID+"/downtime", nil).want(200, &down)
	if len(down) != 1 || down[0].End != nil || down[0].Reason != "status" || down[0].Region != nil || down[0].Duration < 59 {
		t.Errorf("down now: %+v", down)
	}
	start := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	end := start.Add(25 * time.Hour)
	_, err := f.store.Pool().Exec(ctx, "INSERT INTO vote_span VALUES ($1, $2, 'europe', $3, $4, 'fail', 'tls')", m, f.org, start, end)
	f.ok(err)
	f.call("GET", "/monitor/"+w.ID+"/downtime?region=europe&days=1", nil).want(200, &down)
	if len(down) != 2 || !down[1].Time.Equal(start) || !down[1].End.Equal(end) || down[1].Reason != "tls" || *down[1].Region != "europe" {
		t.Errorf("as europe saw it, newest first, from its real beginning: %+v", down)
	}
	var last *downtime
	f.call("GET", "/monitor/"+w.ID+"/last_downtime?region=europe", nil).want(200, &last)
	if last == nil || !last.Time.Equal(down[0].Time) {
		t.Errorf("last: %+v", last)
	}
	f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error {
		return postgres.SwitchSpans(ctx, tx, []postgres.SpanSwitch{{Monitor: m, At: uptime.InstantOf(time.Now()), Verdict: uptime.VerdictUp}})
	}))
	f.call("GET", "/monitor/"+w.ID+"/last_downtime", nil).want(200, &last)
	if last == nil || last.End == nil {
		t.Errorf("over: %+v", last)
	}
	f.call("POST", "/regions", `{"name":"asia"}`).want(201, nil)
	a = f.call("GET", "/monitor/"+w.ID+"/last_downtime?region=asia", nil).want(200, &last)
	if last != nil {
		t.Errorf("none in asia: %s", a.body)
	}
}
