//go:build integration

package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// beating is a monitor with what its calls came to.
type beating struct {
	kindOf
	Regions   []string
	Heartbeat *struct {
		PingURL     *string    `json:"ping_url"`
		LastAt      *time.Time `json:"last_at"`
		LastOK      *bool      `json:"last_ok"`
		LastMessage string     `json:"last_message"`
		DurationMS  *int64     `json:"duration_ms"`
		StartedAt   *time.Time `json:"started_at"`
		LateAt      *time.Time `json:"late_at"`
	}
}

// path returns where a heartbeat calls in, without the base.
func (b *beating) path(t testing.TB, base string) string {
	t.Helper()
	if b.Heartbeat == nil || b.Heartbeat.PingURL == nil {
		t.Fatalf("no address: %+v", b.Heartbeat)
	}
	at, ok := strings.CutPrefix(*b.Heartbeat.PingURL, base)
	if !ok || !strings.HasPrefix(at, "/v1/heartbeats/hb_") || len(at) < len("/v1/heartbeats/hb_")+32 {
		t.Fatalf("address %s, want one below %s", *b.Heartbeat.PingURL, base)
	}
	return at
}

// addHeartbeat adds one to a website and returns it with its path.
func (f *fleet) addHeartbeat(website, body string) (beating, string) {
	f.t.Helper()
	var m beating
	f.call("POST", "/v1/websites/"+website+"/monitors", body).want(201, &m)
	return m, m.path(f.t, f.url)
}

// ping calls in without a key and returns status, body and headers.
func (f *fleet) ping(method, path string, body io.Reader) (int, string, http.Header) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, body)
	f.ok(err)
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	f.ok(err)
	return res.StatusCode, string(text), res.Header
}

// calls returns what was recorded for a monitor, oldest first.
func (f *fleet) calls(monitor string) []uptime.Result {
	f.t.Helper()
	lane := queue.HeartbeatLane(id(f.t, monitor).Shard(2))
	f.ok(f.queue.EnsureLane(f.t.Context(), lane))
	reader := f.queue.Results(lane, queue.GroupAggregator, "test") // begins with what it took before
	var out []uptime.Result
	for {
		batches, err := reader.Read(f.t.Context(), 1000)
		f.ok(err)
		if len(batches) == 0 {
			return out
		}
		for _, b := range batches {
			f.ok(wire.DecodeResults(b.Payload, lane.Region, func(r *uptime.Result) {
				if r.Monitor.String() == monitor {
					out = append(out, *r)
				}
			}))
		}
	}
}

func TestAJobCallsIn(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, at := f.addHeartbeat(w.ID, `{"kind":"heartbeat","name":"backup","interval_seconds":3600}`)
	if m.Status != "pending" || m.Target != "" || m.TimeoutMs != 0 || m.Heartbeat.LastAt != nil || m.Heartbeat.LateAt != nil || m.Heartbeat.LastOK != nil {
		t.Errorf("a new heartbeat is %+v, %+v", m, m.Heartbeat)
	}
	for _, c := range []struct {
		method, query, body, want string
	}{
		{"GET", "", "", "ok\n"},
		{"HEAD", "?status=start", "", ""},
		{"POST", "?status=fail&msg=disk%20full&duration_ms=90000000&_=1&whatever=x", strings.Repeat("log\n", 1000), "ok\n"},
		{"POST", "?status=ok&msg=" + strings.Repeat("%C3%BC", 200), `{"not":"looked at"`, "ok\n"},
	} {
		status, body, header := f.ping(c.method, at+c.query, strings.NewReader(c.body))
		if status != 200 || body != c.want || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s %s: %d %q %s", c.method, c.query, status, body, header.Get("Content-Type"))
		}
	}
	got := f.calls(m.ID)
	if len(got) != 4 {
		t.Fatalf("%d calls recorded, want 4: %+v", len(got), got)
	}
	begin, bad, good := got[1], got[2], got[3]
	if !begin.Begins || begin.Outcome != uptime.OutcomeNone {
		t.Errorf("start %+v", begin)
	}
	if bad.Outcome != uptime.OutcomeFail || bad.Reason != uptime.ReasonReported || bad.Detail != "disk full" || bad.Phases.Total != 25*time.Hour {
		t.Errorf("failure %+v", bad)
	}
	if good.Outcome != uptime.OutcomePass || good.Detail != strings.Repeat("ü", 128) || good.Revision != m.Revision || good.Due <= bad.Due {
		t.Errorf("success %+v", good)
	}

	for query, pointer := range map[string]string{
		"?status=maybe": "#/status", "?status=": "#/status", "?duration_ms=-1": "#/duration_ms", "?duration_ms=1.5": "#/duration_ms",
		"?duration_ms=soon": "#/duration_ms", "?status=ok&status=fail": "#/status", "?duration_ms=31536000001": "#/duration_ms",
	} {
		f.in(t).as("").call("GET", at+query, nil).invalid(pointer)
	}
	for _, wrong := range []string{"hb_" + strings.Repeat("a", 32), "hb_", "x", strings.ToUpper(at[len("/v1/heartbeats/"):])} {
		f.as("").call("GET", "/v1/heartbeats/"+wrong, nil).problem(404)
		f.as("").call("POST", "/v1/heartbeats/"+wrong, "").problem(404)
		if status, body, _ := f.ping("HEAD", "/v1/heartbeats/"+wrong, nil); status != 404 || body != "" {
			t.Errorf("HEAD of %s: %d %q", wrong, status, body)
		}
	}
	f.as("").call("PUT", at, "").problem(405)
	if n := len(f.calls(m.ID)); n != 4 {
		t.Errorf("%d calls recorded, want 4", n)
	}
}

func TestAnAddressIsForWhoMayWrite(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.PublicURL = "https://status.example/probes/" })
	w := f.addWebsite(map[string]any{"url": "a.example"})
	var m, seen beating
	f.as("writer").call("POST", "/v1/websites/"+w.ID+"/monitors", `{"kind":"heartbeat"}`).want(201, &m)
	at := m.path(t, "https://status.example/probes")
	f.as("writer").call("GET", "/v1/monitors/"+m.ID, nil).want(200, &seen)
	if seen.path(t, "https://status.example/probes") != at {
		t.Error("the address is not the same when it is shown again")
	}
	for _, path := range []string{"/v1/monitors/" + m.ID, "/v1/websites/" + w.ID, "/v1/websites", "/v1/websites/" + w.ID + "/monitors"} {
		if body := string(f.as("reader").call("GET", path, nil).want(200, nil).body); strings.Contains(body, "hb_") || !strings.Contains(body, `"ping_url":null`) {
			t.Errorf("%s shows a reader %s", path, body)
		}
		if body := string(f.call("GET", path, nil).want(200, nil).body); !strings.Contains(body, at) {
			t.Errorf("%s does not show who may write the address", path)
		}
	}
	f.as("other").call("GET", "/v1/monitors/"+m.ID, nil).problem(404)

	// At rest there is neither the token nor anything that holds it.
	token := strings.TrimPrefix(at, "/v1/heartbeats/")
	var row string
	f.ok(f.store.Pool().QueryRow(t.Context(), `SELECT (SELECT to_jsonb(h) FROM heartbeat h)::text || (SELECT to_jsonb(m) FROM monitor m WHERE kind = 'heartbeat')::text
		|| encode((SELECT token_sealed FROM heartbeat), 'escape')`).Scan(&row))
	if strings.Contains(row, token) {
		t.Errorf("the token is stored in the clear: %s", row)
	}
}

func TestATokenIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, old := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	if status, _, _ := f.ping("GET", old, nil); status != 200 {
		t.Fatalf("status %d", status)
	}
	rotate := "/v1/monitors/" + m.ID + "/heartbeat/rotate"
	f.as("reader").call("POST", rotate, nil).problem(403)
	f.as("other").call("POST", rotate, nil).problem(404)
	f.call("POST", "/v1/monitors/"+w.Monitors[0].ID+"/heartbeat/rotate", nil).problem(409)
	var again beating
	f.call("POST", rotate, nil).want(200, &again)
	next := again.path(t, f.url)
	if next == old || again.Revision != m.Revision {
		t.Errorf("rotated from %s to %s, revision %d", old, next, again.Revision)
	}
	f.as("").call("GET", old, nil).problem(404)
	if status, _, _ := f.ping("GET", next, nil); status != 200 {
		t.Errorf("the new address answers %d", status)
	}
}

func TestAHeartbeatIsChangedPausedAndCloned(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, at := f.addHeartbeat(w.ID, `{"kind":"heartbeat","settings":{"grace_seconds":300,"max_run_seconds":1800}}`)
	path := "/v1/monitors/" + m.ID
	f.call("PATCH", path, `{"regions":["us-east"]}`).invalid("#/regions")
	f.call("PATCH", path, `{"timeout_ms":1000}`).invalid("#/timeout_ms")
	f.call("PATCH", path, `{"target":"a.example"}`).invalid("#/target")
	f.call("PATCH", path, `{"settings":{"upside_down":true}}`).invalid("#/settings/upside_down")
	var changed beating
	f.call("PATCH", path, `{"settings":{"grace_seconds":60},"regions":null,"timeout_ms":null}`).want(200, &changed)
	if changed.Revision != m.Revision+1 || !sameObject(t, `{"max_run_seconds":1800}`, changed.Settings) || changed.path(t, f.url) != at {
		t.Errorf("changed to %+v", changed)
	}
	f.call("PATCH", path, `{"interval_seconds":86400,"name":"nightly"}`).want(200, &changed)
	judged, err := f.store.JudgedByID(t.Context(), []uptime.ID{id(t, m.ID)})
	f.ok(err)
	if len(judged) != 1 || judged[0].Watched.TargetRevision != 1 || !sameObject(t, `{"max_run_seconds":1800}`, judged[0].Watched.Settings) {
		t.Errorf("judged as %+v, want the same target with its settings", judged)
	}

	f.call("POST", path+"/pause", nil).want(200, &changed)
	if status, body, _ := f.ping("POST", at, nil); status != 200 || body != "ok\n" {
		t.Errorf("a paused heartbeat answers %d %q", status, body)
	}
	f.call("POST", path+"/resume", nil).want(200, nil)
	var twin beating
	f.call("POST", path+"/clone", `{"name":"twin"}`).want(201, &twin)
	if other := twin.path(t, f.url); other == at || twin.Kind != "heartbeat" || twin.Name != "twin" || twin.IntervalSeconds != 86400 {
		t.Errorf("cloned as %+v at %s", twin, other)
	}
	f.call("POST", path+"/clone", `{"target":"a.example"}`).invalid("#/target")
	f.call("DELETE", path, nil).want(204, nil)
	// The token goes with its monitor, at once where it was not called yet.
	f.call("DELETE", "/v1/monitors/"+twin.ID, nil).want(204, nil)
	f.as("").call("GET", twin.path(t, f.url), nil).problem(404)
}

func TestAHeartbeatIsNotCheckedAndNeedsNoRegion(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, _ := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	if p := f.call("POST", "/v1/monitors/"+m.ID+"/check", nil).problem(409); !strings.Contains(p.Detail, "calls in by itself") {
		t.Errorf("refused with %q", p.Detail)
	}
	var report struct {
		Results []struct {
			MonitorID string `json:"monitor_id"`
		}
	}
	f.call("POST", "/v1/websites/"+w.ID+"/check", nil).want(200, &report)
	if len(report.Results) != 1 || report.Results[0].MonitorID != w.Monitors[0].ID {
		t.Errorf("checked %+v, want only what can be checked", report)
	}
	f.call("POST", "/v1/monitors/test", `{"kind":"heartbeat"}`).invalid("#/kind")
	f.call("POST", "/v1/monitors/test", `{"kind":"tcp"}`).invalid("#/target")
	f.call("POST", "/v1/regions", `{"name":"heartbeat"}`).invalid("#/name")
	f.call("POST", "/regions", `{"name":"heartbeat"}`).invalid("#/name")
	roster, err := f.store.RosterByIDs(t.Context(), []uptime.ID{id(t, m.ID), id(t, w.Monitors[0].ID)})
	f.ok(err)
	seen := 0
	f.ok(f.store.Roster(t.Context(), func(*postgres.Scheduled) error { seen++; return nil }))
	if len(roster) != 1 || seen != 1 {
		t.Errorf("%d and %d monitors in the roster, want the website's own", len(roster), seen)
	}
	n, err := f.store.InsertAnnounced(t.Context(), []string{"heartbeat", "eu-west"}, 100)
	f.ok(err)
	if n != 1 {
		t.Errorf("%d regions announced themselves, want one", n)
	}

	f.call("DELETE", "/v1/regions/us-east", nil).problem(409) // the website's own monitor needs it
	f.call("DELETE", "/v1/monitors/"+w.Monitors[0].ID, nil).want(204, nil)
	f.call("DELETE", "/v1/regions/us-east", nil).want(204, nil)
	var seenAs beating
	f.call("GET", "/v1/monitors/"+m.ID, nil).want(200, &seenAs)
	if seenAs.Revision != m.Revision || seenAs.Regions != nil {
		t.Errorf("a region that was deleted changed %+v", seenAs)
	}
}

func TestWhatCallsCameToIsShown(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, _ := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	tx, err := f.store.Pool().Begin(t.Context())
	f.ok(err)
	f.ok(postgres.SavePulses(t.Context(), tx, []postgres.Pulse{{
		Monitor: id(t, m.ID), Last: uptime.InstantOf(at), OK: false, Message: "disk full", Run: time.Minute,
		Started: uptime.InstantOf(at.Add(time.Hour)), Late: uptime.InstantOf(at.Add(2 * time.Hour)),
	}}))
	f.ok(postgres.UpsertVotes(t.Context(), tx, []postgres.Vote{{
		Monitor: id(t, m.ID), Region: uptime.RegionHeartbeat, Revision: 1, Outcome: uptime.OutcomeFail, Reason: uptime.ReasonReported,
		Detail: "disk full", Since: uptime.InstantOf(at), Due: uptime.InstantOf(at), Counted: true,
	}}))
	f.ok(tx.Commit(t.Context()))
	var got beating
	f.as("reader").call("GET", "/v1/monitors/"+m.ID, nil).want(200, &got)
	h := got.Heartbeat
	if h.PingURL != nil || !h.LastAt.Equal(at) || *h.LastOK || h.LastMessage != "disk full" || *h.DurationMS != 60_000 ||
		!h.StartedAt.Equal(at.Add(time.Hour)) || !h.LateAt.Equal(at.Add(2*time.Hour)) {
		t.Errorf("heartbeat %+v", h)
	}
	var votes struct {
		Items []struct {
			Region, Vote, Reason string
			Fresh, Counted       bool
		}
	}
	f.call("GET", "/v1/monitors/"+m.ID+"/votes", nil).want(200, &votes)
	if len(votes.Items) != 1 || votes.Items[0].Region != "heartbeat" || !votes.Items[0].Fresh || !votes.Items[0].Counted {
		t.Errorf("votes %+v, want one that holds however old it is", votes)
	}
}

func TestChartsOfRuns(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withTicks(t))
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, _ := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	f.addTicks(id(t, m.ID), 3, uptime.RegionHeartbeat)
	var page pageOf[struct{ Region string }]
	f.call("GET", "/v1/monitors/"+m.ID+"/ticks?region=heartbeat", nil).want(200, &page)
	if len(page.Items) != 3 || page.Items[0].Region != "heartbeat" {
		t.Errorf("ticks %+v", page.Items)
	}
	var charts struct{ Series []struct{ Region string } }
	f.call("GET", "/v1/monitors/"+m.ID+"/latency?region=heartbeat", nil).want(200, &charts)
	if len(charts.Series) != 1 {
		t.Errorf("series %+v", charts)
	}
}

func TestACallTooMany(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, at := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	refused := 0
	for range 40 {
		status, body, header := f.ping("GET", at, nil)
		if status == 429 {
			refused++
			var p problem
			f.ok(json.Unmarshal([]byte(body), &p))
			if header.Get("Retry-After") != "1" || p.Type != "urn:probefleet:problem:busy" {
				t.Errorf("refused with %q and Retry-After %q", body, header.Get("Retry-After"))
			}
		}
	}
	if n := len(f.calls(m.ID)); refused == 0 || n != 40-refused {
		t.Errorf("%d refused, %d recorded of 40", refused, n)
	}
}
