//go:build integration

package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type failure struct {
	Region, Outcome, Reason, Detail, Worker string
	Due                                     time.Time
	StatusCode                              *int    `json:"status_code"`
	ResolvedIP                              *string `json:"resolved_ip"`
	Attempts                                int
	LatencyMs                               float64         `json:"latency_ms"`
	TtfbMs                                  float64         `json:"ttfb_ms"`
	IncidentID                              *string         `json:"incident_id"`
	Evidence                                json.RawMessage `json:"evidence"`
}

// fails writes failures of a monitor in regions, one a minute, the last due at the instant.
func (f *fleet) fails(m uptime.ID, n int, last uptime.Instant, incident uptime.ID, regions ...string) {
	f.t.Helper()
	var all []postgres.Failure
	for i := range n {
		for _, region := range regions {
			all = append(all, postgres.Failure{
				Monitor: m, Revision: 1, Region: region, Due: last.Add(-time.Duration(i) * time.Minute), Incident: incident,
				Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus, Detail: fmt.Sprintf("%s %d", region, i), Code: 503, IP: "192.0.2.7",
				Attempts: 1, Worker: "w-" + region, Phases: uptime.Phases{TTFB: 8 * time.Millisecond, Total: 9500 * time.Microsecond},
				Evidence: []byte(`{"excerpt":"<b>out of order</b>","header":{"Server":["x"]}}`),
			})
		}
	}
	f.ok(f.store.Tx(context.Background(), func(tx pgx.Tx) error { return postgres.AddFailures(context.Background(), tx, all) }))
}

func TestFailuresOfAMonitor(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("ap-south", "eu-west", "us-east")
	m, quiet := f.addWebsite(map[string]any{"url": "a.example"}).Monitors[0].ID, f.addWebsite(map[string]any{"url": "b.example"}).Monitors[0].ID
	f.judge(id(t, m), uptime.VerdictDown, "us-east")
	var incidents pageOf[incident]
	f.call("GET", "/v1/incidents", nil).want(200, &incidents)
	outage := incidents.Items[0].ID
	last := uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC))
	f.fails(id(t, m), 10, last, uptime.ID{}, "us-east", "eu-west")
	f.fails(id(t, m), 2, last.Add(-time.Hour), id(t, outage), "us-east", "ap-south")

	list := func(query string) (got []failure, next *string) {
		t.Helper()
		var p pageOf[failure]
		f.call("GET", "/v1/monitors/"+m+"/failures?"+query, nil).want(200, &p)
		return p.Items, p.NextCursor
	}
	all, next := list("")
	if len(all) != 24 || next != nil {
		t.Fatalf("%d failures, next %v", len(all), next)
	}
	code, ip := 503, "192.0.2.7"
	want := failure{
		Region: "eu-west", Outcome: "fail", Reason: "status", Detail: "eu-west 0", Worker: "w-eu-west", Due: last.Time(), StatusCode: &code,
		ResolvedIP: &ip, Attempts: 1, LatencyMs: 9.5, TtfbMs: 8,
	}
	first := all[0]
	if first.Evidence = nil; !cmp.Equal(want, first) {
		t.Errorf("the newest (-want +got):\n%s", cmp.Diff(want, first))
	}
	var saw map[string]any
	f.ok(json.Unmarshal(all[0].Evidence, &saw))
	if diff := cmp.Diff(map[string]any{"excerpt": "<b>out of order</b>", "header": map[string]any{"Server": []any{"x"}}}, saw); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; a.Due.Before(b.Due) || a.Due.Equal(b.Due) && a.Region >= b.Region {
			t.Errorf("%d is %s %s after %s %s", i, b.Due, b.Region, a.Due, a.Region)
		}
	}
	for _, limit := range []int{1, 5, 24} {
		var paged []failure
		for cursor := ""; ; {
			page, next := list(fmt.Sprintf("limit=%d&cursor=%s", limit, cursor))
			if paged = append(paged, page...); next == nil {
				break
			}
			cursor = url.QueryEscape(*next)
		}
		if diff := cmp.Diff(all, paged); diff != "" {
			t.Errorf("in pages of %d (-want +got):\n%s", limit, diff)
		}
	}
	for query, want := range map[string]int{
		"region=us-east": 12, "region=ap-south": 2, "incident_id=" + outage: 4, "region=us-east&incident_id=" + outage: 2,
		"incident_id=" + m: 0,
	} {
		got, _ := list(query)
		for _, one := range got {
			if one.IncidentID != nil && *one.IncidentID != outage {
				t.Errorf("%s: of incident %s", query, *one.IncidentID)
			}
		}
		if len(got) != want {
			t.Errorf("%s: %d failures, want %d", query, len(got), want)
		}
	}
	path := "/v1/monitors/" + m + "/failures"
	for query, pointer := range map[string]string{
		"region=nowhere": "#/region", "incident_id=1": "#/incident_id", "limit=0": "#/limit", "limit=x": "#/limit",
		"cursor=zzz": "#/cursor", "cursor=" + url.QueryEscape(*f.cursorOf("/v1/incidents?limit=1", 2)): "#/cursor",
	} {
		f.call("GET", path+"?"+query, nil).invalid(pointer)
	}
	f.as("other").call("GET", path, nil).problem(404)
	f.call("GET", "/v1/monitors/"+outage+"/failures", nil).problem(404)
	var none pageOf[failure]
	f.call("GET", "/v1/monitors/"+quiet+"/failures", nil).want(200, &none)
	if len(none.Items) != 0 {
		t.Errorf("another monitor has %d failures", len(none.Items))
	}

	// The incident shows what the failing regions saw; a page of incidents does not.
	type detail struct{ Failures *[]failure }
	for _, call := range [][2]string{{"GET", ""}, {"POST", "/acknowledge"}} {
		var one detail
		f.call(call[0], "/v1/incidents/"+outage+call[1], nil).want(200, &one)
		if one.Failures == nil || len(*one.Failures) != 4 || (*one.Failures)[0].Region != "ap-south" || (*one.Failures)[3].Due.Before((*one.Failures)[0].Due) {
			t.Errorf("%s: %+v", call, one.Failures)
		}
	}
	var page pageOf[detail]
	f.call("GET", "/v1/incidents", nil).want(200, &page)
	if page.Items[0].Failures != nil {
		t.Error("a page of incidents has failures")
	}
}

// cursorOf makes incidents until there is a second page, and returns where it begins.
func (f *fleet) cursorOf(path string, incidents int) *string {
	f.t.Helper()
	for i := range incidents {
		w := f.addWebsite(map[string]any{"url": fmt.Sprintf("cursor%d.example", i)})
		f.judge(id(f.t, w.Monitors[0].ID), uptime.VerdictDown, "us-east")
	}
	var p pageOf[incident]
	f.call("GET", path, nil).want(200, &p)
	if p.NextCursor == nil {
		f.t.Fatalf("%s has one page", path)
	}
	return p.NextCursor
}

// A check on demand tells what it saw, whatever a region sends as that.
func TestChecksOnDemandShowEvidence(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	sent := map[string]string{
		"ap-south": `{"excerpt":"out of order"}`, "eu-west": "", "sa-east": `{"excerpt":`, "us-east": `{"certificate":{"subject":"CN=x"}}`,
	}
	want := map[string]string{"ap-south": `{"excerpt":"out of order"}`, "eu-west": "null", "sa-east": "{}", "us-east": `{"certificate":{"subject":"CN=x"}}`}
	for region, evidence := range sent {
		f.addRegions(region)
		f.worker(region, func(uptime.Check) *uptime.Result {
			r := &uptime.Result{Outcome: uptime.OutcomeFail, Reason: uptime.ReasonStatus, Detail: "503", Evidence: []byte(evidence)}
			if region == "us-east" {
				r.Outcome, r.Reason, r.Detail = uptime.OutcomePass, uptime.ReasonNone, ""
			}
			return r
		})
	}
	m := f.addWebsite(map[string]any{"url": "a.example", "timeout_ms": 5000}).Monitors[0].ID
	for _, call := range []struct{ path, body string }{
		{"/v1/monitors/" + m + "/check", ""},
		{"/v1/monitors/test", `{"kind":"http","target":"https://a.example","timeout_ms":5000}`},
	} {
		var body any
		if call.body != "" {
			body = call.body
		}
		var report struct {
			Results []struct {
				Region   string
				Evidence json.RawMessage
			}
		}
		f.call("POST", call.path, body).want(200, &report)
		got := map[string]string{}
		for _, r := range report.Results {
			got[r.Region] = string(r.Evidence)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", call.path, diff)
		}
	}
}
