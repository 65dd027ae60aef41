//go:build integration

package httpapi_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type reportRow struct {
	WebsiteID  *string `json:"website_id"`
	Name       string
	Uptime     *float64 `json:"uptime_percent"`
	Down       float64  `json:"down_seconds"`
	Incidents  int
	MTTR       *float64 `json:"mttr_seconds"`
	Longest    *float64 `json:"longest_outage_seconds"`
	Budget     *float64 `json:"budget_seconds"`
	BudgetLeft *float64 `json:"budget_left_seconds"`
	P50        *float64 `json:"p50_ms"`
}

type report struct {
	Total      reportRow
	Items      []reportRow
	NextCursor *string `json:"next_cursor"`
}

func near(v *float64, want, by float64) bool { return v != nil && *v > want-by && *v < want+by }

func TestReport(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a")
	one := f.addWebsite(map[string]any{"url": "one.example", "name": "=1+1", "tags": []string{"x"}})
	two := f.addWebsite(map[string]any{"url": "two.example"})
	f.history(one.Monitors[0].ID, 240*time.Hour, uptime.VerdictUp, 20*time.Hour, uptime.VerdictDown, 18*time.Hour, uptime.VerdictUp, 3*time.Hour, uptime.VerdictDown, 2*time.Hour, uptime.VerdictUp)
	f.history(two.Monitors[0].ID, 240*time.Hour, uptime.VerdictUp)
	f.exec(`INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, resolved_at, explanation, evidence) VALUES
		(gen_random_uuid(), $1, $2, $3, 'down', now() - interval '20 hours', now() - interval '18 hours', '', '{}'),
		(gen_random_uuid(), $1, $2, $3, 'down', now() - interval '3 hours', now() - interval '2 hours', '', '{}')`, f.org, one.ID, one.Monitors[0].ID)
	period := "from=" + time.Now().Add(-100*time.Hour).UTC().Format(time.RFC3339)
	var r report
	f.call("GET", "/v1/reports/uptime?target_percent=99&limit=1&"+period, nil).want(200, &r)
	if len(r.Items) != 1 || r.NextCursor == nil || r.Items[0].Name != "=1+1" || !near(r.Items[0].Uptime, 97, 0.01) || r.Items[0].Incidents != 2 ||
		!near(r.Items[0].MTTR, 5400, 5) || !near(r.Items[0].Longest, 7200, 5) || !near(r.Items[0].Budget, 3600, 2) || !near(r.Items[0].BudgetLeft, 3600-10800, 5) {
		t.Errorf("first page: %+v", r)
	}
	if r.Total.WebsiteID != nil || !near(r.Total.Uptime, 98.5, 0.01) || r.Total.Incidents != 2 || !near(r.Total.Budget, 7200, 5) {
		t.Errorf("the total is not over both: %+v", r.Total)
	}
	a := f.call("GET", "/v1/reports/uptime?format=csv&limit=1&"+period, nil).want(200, nil)
	if a.header.Get("X-Next-Cursor") == "" || strings.Contains(string(a.body), "TOTAL") {
		t.Errorf("of the first of two pages: %v\n%s", a.header, a.body)
	}
	a = f.call("GET", "/v1/reports/uptime?format=csv&target_percent=99.9&"+period, nil).want(200, nil)
	rows, err := csv.NewReader(strings.NewReader(string(a.body))).ReadAll()
	f.ok(err)
	if len(rows) != 4 || rows[1][1] != "'=1+1" || rows[3][1] != "TOTAL" || !strings.HasPrefix(rows[1][14], "-") || a.header.Get("X-Next-Cursor") != "" {
		t.Errorf("CSV: %q", rows)
	}
	f.call("GET", "/v1/reports/uptime?tag=x&"+period, nil).want(200, &r)
	if len(r.Items) != 1 || !near(r.Total.Uptime, 97, 0.01) {
		t.Errorf("by tag: %+v", r)
	}
	f.call("GET", "/v1/reports/uptime?website_id="+two.ID+"&"+period, nil).want(200, &r)
	if len(r.Items) != 1 || !near(r.Total.Uptime, 100, 0.001) || r.Total.Longest != nil || r.Total.MTTR != nil {
		t.Errorf("by website: %+v", r)
	}
	f.as("other").call("GET", "/v1/reports/uptime?website_id="+two.ID, nil).want(200, &r)
	if len(r.Items) != 0 || r.Total.Uptime != nil {
		t.Errorf("another tenant sees %+v", r)
	}
}

func TestUptimeByDay(t *testing.T) {
	t.Parallel()
	// The day after clocks went forward in Berlin: yesterday had 23 hours.
	now := time.Date(2026, 3, 30, 10, 0, 0, 0, time.UTC)
	f := newFleet(t, func(c *httpapi.Config) { c.Now = func() time.Time { return now } })
	f.addRegions("a")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	f.exec(`INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict) VALUES ($1, $2, '2026-03-28T12:00:00Z', '2026-03-29T06:00:00Z', 'up'),
		($1, $2, '2026-03-29T06:00:00Z', '2026-03-29T08:00:00Z', 'down'), ($1, $2, '2026-03-29T08:00:00Z', NULL, 'up')`, w.Monitors[0].ID, f.org)
	f.exec(`INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, resolved_at, explanation, evidence) VALUES
		(gen_random_uuid(), $1, $2, $3, 'down', '2026-03-29T06:00:00Z', '2026-03-29T08:00:00Z', '', '{}')`, f.org, w.ID, w.Monitors[0].ID)
	var out struct {
		Zone  string
		Items []struct {
			Day         string
			Up          float64 `json:"up_seconds"`
			Down        float64 `json:"down_seconds"`
			Unmonitored float64 `json:"unmonitored_seconds"`
			Incidents   int
		}
	}
	f.call("GET", "/v1/websites/"+w.ID+"/uptime/daily?days=3&zone=Europe/Berlin", nil).want(200, &out)
	got := fmt.Sprintf("%v", out)
	want := "{Europe/Berlin [{2026-03-28 39600 0 46800 0} {2026-03-29 75600 7200 0 1} {2026-03-30 43200 0 0 0}]}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.call("GET", "/v1/websites/"+w.ID+"/uptime/daily?zone=Nowhere", nil).invalid("#/zone")
	f.call("GET", "/v1/websites/"+w.ID+"/uptime/daily?zone=../../etc/passwd", nil).invalid("#/zone")
	f.as("other").call("GET", "/v1/websites/"+w.ID+"/uptime/daily", nil).problem(404)
}

func TestDowntimeWithRegions(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a", "b", "c")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	m := w.Monitors[0].ID
	f.history(m, 90*time.Hour, uptime.VerdictUp, 20*time.Hour, uptime.VerdictDown, 18*time.Hour, uptime.VerdictUp)
	f.exec(`INSERT INTO vote_span (monitor_id, org_id, region, started_at, ended_at, outcome) VALUES
		($1, $2, 'a', now() - interval '1201 minutes', now() - interval '18 hours', 'fail'), ($1, $2, 'c', now() - interval '19 hours', now() - interval '18 hours', 'fail'),
		($1, $2, 'b', now() - interval '30 hours', now() - interval '29 hours', 'fail')`, m, f.org)
	f.judge(id(t, m), uptime.VerdictDown, "b")
	var out struct {
		Total float64 `json:"total_seconds"`
		Items []struct {
			MonitorID  string     `json:"monitor_id"`
			IncidentID *string    `json:"incident_id"`
			EndedAt    *time.Time `json:"ended_at"`
			Duration   float64    `json:"duration_seconds"`
			Regions    []string
		}
	}
	f.call("GET", "/v1/websites/"+w.ID+"/downtime", nil).want(200, &out)
	if len(out.Items) != 2 || out.Items[0].EndedAt != nil || out.Items[0].IncidentID == nil || fmt.Sprint(out.Items[0].Regions) != "[b]" ||
		fmt.Sprint(out.Items[1].Regions) != "[a c]" || out.Items[1].IncidentID != nil || !near(&out.Items[1].Duration, 7200, 5) || out.Total < 7250 {
		t.Errorf("%+v", out)
	}
	total := out.Total
	f.call("GET", "/v1/websites/"+w.ID+"/downtime?limit=1", nil).want(200, &out)
	if len(out.Items) != 1 || out.Total < total {
		t.Errorf("a limit changes the total: %+v", out)
	}
}

func TestMonitorStats(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withTicks(t))
	f.addRegions("a", "b")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	m := id(t, w.Monitors[0].ID)
	now := time.Now()
	var results []uptime.Result
	for minute := 119; minute > 0; minute-- {
		r := uptime.Result{Monitor: m, Region: []string{"a", "b"}[minute%2], Due: uptime.InstantOf(now.Add(-time.Duration(minute) * time.Minute)), Outcome: uptime.OutcomePass}
		r.Phases.Total = 20 * time.Millisecond
		if minute > 60 {
			r.Phases.Total = 80 * time.Millisecond
		}
		if minute%10 == 0 {
			r.Outcome, r.Reason = uptime.OutcomeFail, uptime.ReasonStatus
		}
		results = append(results, r)
	}
	f.ok(f.ticks.Write(t.Context(), results))
	var out struct {
		Now, Before struct {
			Checks, Passed int
			P50            *float64 `json:"p50_ms"`
			P99            *float64 `json:"p99_ms"`
		}
		Regions []struct{ Region string }
	}
	f.call("GET", "/v1/monitors/"+m.String()+"/stats?from="+now.Add(-time.Hour-30*time.Second).UTC().Format("2006-01-02T15:04:05.999999Z07:00"), nil).want(200, &out)
	if out.Now.Checks != 60 || out.Now.Passed != 54 || !near(out.Now.P50, 20, 0.01) || !near(out.Before.P99, 80, 0.01) || out.Before.Checks != 59 || len(out.Regions) != 2 {
		t.Errorf("%+v", out)
	}
	f.call("GET", "/v1/monitors/"+m.String()+"/stats?region=a", nil).want(200, &out)
	if len(out.Regions) != 1 || out.Before.Checks != 0 || out.Before.P50 != nil {
		t.Errorf("of a region: %+v", out)
	}
	g := newFleet(t)
	g.addRegions("a")
	g.call("GET", "/v1/monitors/"+g.addWebsite(map[string]any{"url": "x.example"}).Monitors[0].ID+"/stats", nil).problem(503)
}

func TestMonitorMetrics(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.MonitorMetrics = true })
	f.addRegions("a")
	w := f.addWebsite(map[string]any{"url": "one.example", "name": "a \"quoted\"\\ name"})
	f.exec("UPDATE website SET name = name || E'\\nof two lines' WHERE id = $1", w.ID) // as older versions took it
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictDown, "a")
	pending := f.addWebsite(map[string]any{"url": "two.example"})
	a := f.call("GET", "/metrics/monitors", nil).want(200, nil)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(a.body)))
	f.ok(err)
	value := func(name, monitor string) (v float64, found bool) {
		for _, m := range families[name].GetMetric() {
			for _, l := range m.GetLabel() {
				found = found || l.GetName() == "monitor_id" && l.GetValue() == monitor
			}
			if found {
				return m.GetGauge().GetValue(), true
			}
		}
		return 0, false
	}
	if v, ok := value("probefleet_monitor_up", w.Monitors[0].ID); !ok || v != 0 {
		t.Errorf("down is %v, %v\n%s", v, ok, a.body)
	}
	if v, ok := value("probefleet_monitor_region_up", w.Monitors[0].ID); !ok || v != 0 {
		t.Errorf("a failing region is %v, %v", v, ok)
	}
	if _, ok := value("probefleet_monitor_up", pending.Monitors[0].ID); ok {
		t.Error("what nobody has looked at is up or down")
	}
	if _, ok := value("probefleet_monitor_status", pending.Monitors[0].ID); !ok {
		t.Error("what nobody has looked at has no status")
	}
	if other := f.as("other").call("GET", "/metrics/monitors", nil).want(200, nil); len(other.body) != 0 {
		t.Errorf("another tenant sees %s", other.body)
	}
	f.as("").call("GET", "/metrics/monitors", nil).problem(401)
	newFleet(t).call("GET", "/metrics/monitors", nil).problem(404)
}

func TestCommentsAndNotes(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictDown, "a")
	var open pageOf[incident]
	f.call("GET", "/v1/incidents", nil).want(200, &open)
	path := "/v1/incidents/" + open.Items[0].ID
	var e struct {
		Kind string
		Data struct{ By, Text string }
	}
	f.call("POST", path+"/comments", map[string]any{"text": " the switch burns "}).want(201, &e)
	if e.Kind != "comment" || e.Data.Text != "the switch burns" || e.Data.By != "admin's key" {
		t.Errorf("%+v", e)
	}
	f.call("POST", path+"/comments", map[string]any{"text": "  "}).invalid("#/text")
	f.call("PATCH", path, map[string]any{"note": "we bought\nanother one"}).want(200, nil)
	var in struct {
		Note   string
		Events []struct {
			Kind string
			Data json.RawMessage
		}
	}
	f.call("GET", path, nil).want(200, &in)
	if last := in.Events[len(in.Events)-1]; in.Note != "we bought\nanother one" || last.Kind != "comment" {
		t.Errorf("%+v", in)
	}
	f.call("PATCH", path, map[string]any{}).want(200, &in)
	if in.Note == "" {
		t.Error("a change of nothing took the note")
	}
	f.call("PATCH", path, map[string]any{"note": nil}).want(200, &in)
	if in.Note != "" {
		t.Error("null left the note")
	}
	f.as("other").call("POST", path+"/comments", map[string]any{"text": "x"}).problem(404)
	f.as("other").call("PATCH", path, map[string]any{"note": "x"}).problem(404)
	f.as("reader").call("POST", path+"/comments", map[string]any{"text": "x"}).problem(403)
	var audit pageOf[struct {
		Operation string
		Object    struct{ Kind, ID string }
	}]
	f.call("GET", "/v1/audit", nil).want(200, &audit)
	got := ""
	for _, a := range audit.Items {
		got += a.Operation + " "
	}
	if !strings.Contains(got, "commentIncident") || !strings.Contains(got, "updateIncident") {
		t.Errorf("the record has %s", got)
	}
}
