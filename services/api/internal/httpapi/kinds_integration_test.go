//go:build integration

package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// kindOf is a monitor with what its kind makes of it.
type kindOf struct {
	monitor
	Kind     string
	Name     string
	Settings json.RawMessage
}

func (f *fleet) addMonitor(website, body string) kindOf {
	f.t.Helper()
	var m kindOf
	f.call("POST", "/v1/websites/"+website+"/monitors", body).want(201, &m)
	return m
}

func compact(t testing.TB, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMonitorsOfEveryKind(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	at := "/v1/websites/" + w.ID + "/monitors"
	tests := []struct {
		body, target, settings string
		interval, timeout      int
	}{
		{`{"kind":"http","target":"b.example/x","settings":{"method":"HEAD","expected_status":[204,"3xx"]}}`, "https://b.example/x", `{"method": "HEAD", "expected_status": ["204", "3xx"]}`, 60, 10000},
		{`{"kind":"http","target":"bücher.example"}`, "https://xn--bcher-kva.example", `{}`, 60, 10000},
		{`{"kind":"tcp","target":"A.example:25","settings":{"steps":[{"expect":"^220"},{"send":"QUIT\r\n"}]}}`, "a.example:25", `{"steps": [{"expect": "^220"}, {"send": "QUIT\r\n"}]}`, 60, 10000},
		{`{"kind":"udp","target":"a.example:53","settings":{"send":"00ff","encoding":"hex"},"interval_seconds":null}`, "a.example:53", `{"send": "00ff", "encoding": "hex"}`, 60, 10000},
		{`{"kind":"dns","target":"a.example","settings":{"record":"MX"}}`, "a.example", `{"record": "MX"}`, 60, 10000},
		{`{"kind":"tls","target":"a.example","interval_seconds":604800}`, "a.example:443", `{}`, 604800, 10000},
		{`{"kind":"icmp","target":"192.0.2.1","timeout_ms":3000}`, "192.0.2.1", `{}`, 60, 3000},
		{`{"kind":"grpc","target":"a.example:443"}`, "a.example:443", `{}`, 60, 10000},
		{`{"kind":"websocket","target":"wss://a.example/live"}`, "wss://a.example/live", `{}`, 60, 10000},
		{`{"kind":"smtp","target":"mx.a.example"}`, "mx.a.example:25", `{}`, 60, 10000},
		{`{"kind":"domain","target":"a.example"}`, "a.example", `{}`, 86400, 20000},
		{`{"kind":"heartbeat","settings":{"grace_seconds":300},"interval_seconds":31622400,"regions":null}`, "", `{"grace_seconds": 300}`, 31622400, 0},
	}
	var made []string
	for _, tt := range tests {
		m := f.in(t).addMonitor(w.ID, tt.body)
		if m.Target != tt.target || m.IntervalSeconds != tt.interval || m.TimeoutMs != tt.timeout || m.WebsiteID != w.ID || m.Status != "pending" || m.Revision != 1 {
			t.Errorf("%s: %+v", tt.body, m)
		}
		if diff := cmp.Diff(compact(t, []byte(tt.settings)), compact(t, m.Settings)); diff != "" && !sameObject(t, tt.settings, m.Settings) {
			t.Errorf("%s: settings (-want +got):\n%s", tt.body, diff)
		}
		made = append(made, m.ID)
	}
	var all pageOf[kindOf]
	f.call("GET", at, nil).want(200, &all)
	var listed []string
	for _, m := range all.Items[1:] {
		listed = append(listed, m.ID)
	}
	if diff := cmp.Diff(made, listed); diff != "" {
		t.Errorf("listed (-made +listed):\n%s", diff)
	}
	// The scheduler finds them as they are.
	roster, err := f.store.RosterByIDs(context.Background(), []uptime.ID{id(t, made[2])})
	f.ok(err)
	if len(roster) != 1 || roster[0].Kind != uptime.KindTCP || !sameObject(t, tests[2].settings, roster[0].Settings) {
		t.Errorf("the roster has %+v", roster)
	}
	f.as("other").call("POST", at, tests[0].body).problem(404)
	f.as("reader").call("POST", at, tests[0].body).problem(403)
}

func sameObject(t testing.TB, a string, b []byte) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal(b, &y) != nil {
		t.Fatalf("no JSON: %s, %s", a, b)
	}
	return cmp.Equal(x, y)
}

func TestMonitorsRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	at := "/v1/websites/" + w.ID + "/monitors"
	for body, pointers := range map[string][]string{
		`{}`:                                {"#/kind"},
		`{"kind":"tcp"}`:                    {"#/target"},
		`{"kind":"ftp","target":"a:21"}`:    {"#/kind"},
		`{"kind":"heartbeat","target":"x"}`: {"#/target"},
		`{"kind":"heartbeat","regions":["us-east"],"timeout_ms":1000}`:                                         {"#/timeout_ms", "#/regions"},
		`{"kind":"heartbeat","settings":{"grace_seconds":0},"interval_seconds":31622401}`:                      {"#/interval_seconds"},
		`{"kind":"heartbeat","settings":{"grace_seconds":604801,"assertions":[]},"interval_seconds":4}`:        {"#/interval_seconds"},
		`{"kind":"tcp","target":"a.example"}`:                                                                  {"#/target"},
		`{"kind":"http","target":"ftp://a.example"}`:                                                           {"#/target"},
		`{"kind":"http","target":"https://u:p@a.example"}`:                                                     {"#/target"},
		`{"kind":"http","target":"a.example","settings":[]}`:                                                   {"#/settings"},
		`{"kind":"http","target":"a.example","settings":null}`:                                                 {"#/settings"},
		`{"kind":"http","target":"a.example","settings":{"mehtod":"GET"}}`:                                     {"#/settings/mehtod"},
		`{"kind":"http","target":"a.example","settings":{"a/b~c":1}}`:                                          {"#/settings/a~1b~0c"},
		`{"kind":"http","target":"a.example","settings":{"headers":[{"name":"X"},{"name":" "}]}}`:              {"#/settings/headers/1/name"},
		`{"kind":"tcp","target":"a.example","settings":{"security":"ssl"},"timeout_ms":60001}`:                 {"#/target", "#/settings/security", "#/timeout_ms"},
		`{"kind":"http","target":"a.example","settings":{"headers":[{"name":"Authorization","value":"***"}]}}`: {"#/settings/headers/0/value"},
		`{"kind":"http","target":"a.example","settings":{"$sealed":{"us-east":"AAAA"}}}`:                       {"#/settings/$sealed"},
		`{"kind":"http","target":"a.example","interval_seconds":86401}`:                                        {"#/interval_seconds"},
		`{"kind":"http","target":"a.example","interval_seconds":4}`:                                            {"#/interval_seconds"},
		`{"kind":"domain","target":"a.example","interval_seconds":60}`:                                         {"#/interval_seconds"},
		`{"kind":"http","target":"a.example","interval_seconds":9,"timeout_ms":9001}`:                          {"#/timeout_ms"},
		`{"kind":"icmp","target":"a.example","settings":{"count":10,"interval_ms":1000},"timeout_ms":5000}`:    {"#/timeout_ms"},
		`{"kind":"http","target":"a.example","regions":["x"]}`:                                                 {"#/regions/0"},
	} {
		f.in(t).call("POST", at, body).invalid(pointers...)
	}
	var p struct {
		Errors []struct {
			Pointer string
			Offset  *int
		}
	}
	f.call("POST", at, `{"kind":"http","target":"a.example","settings":{"assertions":[{"source":"body","comparison":"contains","target":"x"},
		{"source":"body","comparison":"contains","target":"y"},{"source":"body","comparison":"matches","target":"abc(d"}]}}`).want(422, &p)
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "#/settings/assertions/2/target" || p.Errors[0].Offset == nil {
		t.Errorf("a wrong expression: %+v", p)
	}
	nobody := uptime.NewID(time.Now()).String()
	f.call("POST", "/v1/websites/"+nobody+"/monitors", `{"kind":"http","target":"a.example"}`).problem(404)
	for range postgres.MaxMonitors - 1 {
		f.addMonitor(w.ID, `{"kind":"icmp","target":"192.0.2.1"}`)
	}
	f.call("POST", at, `{"kind":"icmp","target":"192.0.2.1"}`).problem(409)
}

// The address of a website is that of its first HTTP monitor and of no other.
func TestWebsitesOwnMonitor(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	east := f.addRegion("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	tcp := f.addMonitor(w.ID, `{"kind":"tcp","target":"a.example:22"}`)
	f.call("DELETE", "/v1/monitors/"+w.Monitors[0].ID, nil).want(204, nil)
	f.call("PATCH", "/v1/websites/"+w.ID, `{"url":"b.example","interval_seconds":30}`).want(200, nil)
	var m kindOf
	f.call("GET", "/v1/monitors/"+tcp.ID, nil).want(200, &m)
	if m.Target != "a.example:22" || m.IntervalSeconds != 60 || m.Revision != 1 {
		t.Errorf("the TCP monitor became %+v", m)
	}
	secret := f.addMonitor(w.ID, `{"kind":"http","target":"b.example","settings":{"auth":{"type":"bearer","token":"hidden"}}}`)
	f.call("PATCH", "/v1/websites/"+w.ID, `{"url":"evil.example"}`).invalid("#/url")
	f.call("PATCH", "/v1/websites/"+w.ID, `{"url":"b.example/other","regions":["us-east"]}`).want(200, nil)
	f.call("GET", "/v1/monitors/"+secret.ID, nil).want(200, &m)
	if m.Target != "https://b.example/other" {
		t.Errorf("it stayed at %s", m.Target)
	}
	// What is sealed goes along with a target on the same host, whichever way it changes.
	if settings, err := f.opened(secret.ID, "us-east", east); err != nil || !strings.Contains(settings, "hidden") {
		t.Errorf("after the website moved the worker reads %s, %v", settings, err)
	}
	f.call("PATCH", "/v1/monitors/"+secret.ID, `{"target":"https://b.example/third"}`).want(200, nil)
	if settings, err := f.opened(secret.ID, "us-east", east); err != nil || !strings.Contains(settings, "hidden") {
		t.Errorf("after the monitor moved the worker reads %s, %v", settings, err)
	}
	f.call("PATCH", "/v1/monitors/"+secret.ID, `{"settings":{"tls":{"skip_verify":true}}}`).want(200, nil)
	if settings, err := f.opened(secret.ID, "us-east", east); err != nil || !strings.Contains(settings, "hidden") {
		t.Errorf("after the settings changed the worker reads %s, %v", settings, err)
	}
}

// opened returns the settings of a monitor as a region's worker reads them from a check
// that the scheduler makes.
func (f *fleet) opened(monitorID, region string, key *seal.Box) (string, error) {
	f.t.Helper()
	roster, err := f.store.RosterByIDs(context.Background(), []uptime.ID{id(f.t, monitorID)})
	f.ok(err)
	c := roster[0].Check(region, 1)
	if strings.Contains(string(c.Settings), "hidden") {
		f.t.Errorf("a secret in the clear: %s", c.Settings)
	}
	full, err := monitorspec.Receive(&c, key)
	return string(full), err
}

func boxOf(t testing.TB, key string) *seal.Box {
	t.Helper()
	k, err := seal.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(k)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func (f *fleet) addRegion(name string) *seal.Box {
	f.t.Helper()
	var r region
	f.call("POST", "/v1/regions", map[string]any{"name": name}).want(201, &r)
	return boxOf(f.t, r.MessageKey)
}

func TestSecretsOfMonitors(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	east, west := f.addRegion("us-east"), f.addRegion("eu-west")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m := f.addMonitor(w.ID, `{"kind":"http","target":"a.example","settings":{"headers":[{"name":"Authorization","value":"hidden-1"},{"name":"X-A","value":"open"}]}}`)
	at := "/v1/monitors/" + m.ID
	holds := func(when, secret string, key *seal.Box, region string) {
		t.Helper()
		got, err := f.opened(m.ID, region, key)
		if err != nil || !strings.Contains(got, secret) {
			t.Errorf("%s, %s reads %q: %v", when, region, got, err)
		}
	}
	patch := func(body string) {
		t.Helper()
		was := m.Revision
		m = kindOf{}
		f.call("PATCH", at, body).want(200, &m)
		if strings.Contains(string(m.Settings), "hidden") || !strings.Contains(string(m.Settings), `"***"`) {
			t.Errorf("%s shows %s", body, m.Settings)
		}
		if m.Revision <= was {
			t.Errorf("%s: revision %d after %d", body, m.Revision, was)
		}
	}
	if strings.Contains(string(m.Settings), "hidden") {
		t.Errorf("shown: %s", m.Settings)
	}
	holds("at first", `"hidden-1"`, east, "us-east")
	holds("at first", `"hidden-1"`, west, "eu-west")
	if _, err := f.opened(m.ID, "us-east", west); err == nil {
		t.Error("a region opens what is another's")
	}
	patch(`{"settings":{"method":"HEAD"}}`)
	holds("after a change beside it", `"hidden-1"`, east, "us-east")
	patch(`{"settings":{"headers":[{"name":"Authorization","value":"***"},{"name":"X-B","value":"open"}]}}`)
	holds("given as ***", `"hidden-1"`, east, "us-east")
	f.judge(id(t, m.ID), uptime.VerdictUp, "us-east")
	patch(`{"settings":{"headers":[{"name":"Authorization","value":"hidden-2"},{"name":"X-B","value":"open"}]}}`)
	holds("changed", `"hidden-2"`, west, "eu-west")
	if m.Verdict != "unknown" {
		t.Errorf("another secret, and still %s", m.Verdict)
	}
	patch(`{"regions":["us-east"]}`)
	if _, err := f.opened(m.ID, "eu-west", west); err == nil {
		t.Error("a region that does not look has the secrets")
	}
	patch(`{"regions":null}`)
	f.judge(id(t, m.ID), uptime.VerdictUp, "us-east")
	south := f.addRegion("ap-south")
	holds("with a new region", `"hidden-2"`, south, "ap-south")
	var again kindOf
	f.call("GET", at, nil).want(200, &again)
	if again.Revision != m.Revision+1 || again.Verdict != "up" {
		t.Errorf("a new region: revision %d after %d, %s", again.Revision, m.Revision, again.Verdict)
	}
	f.call("PATCH", at, `{"settings":{"method":"HEAD"},"name":"n"}`).want(200, &m)
	if m.Revision != again.Revision {
		t.Errorf("revision %d after %d though nothing changed", m.Revision, again.Revision)
	}
	// Secrets are told to no other host.
	f.call("PATCH", at, `{"target":"evil.example"}`).invalid("#/settings/headers/0/value")
	f.call("POST", at+"/clone", `{"target":"evil.example"}`).invalid("#/target")
	f.call("POST", "/v1/monitors/test", `{"kind":"http","target":"evil.example","monitor_id":"`+m.ID+`"}`).invalid("#/settings/headers/0/value")

	var twin kindOf
	other := f.addWebsite(map[string]any{"url": "c.example"})
	f.call("POST", at+"/clone", map[string]any{"website_id": other.ID, "name": "twin", "target": "a.example/x"}).want(201, &twin)
	if twin.WebsiteID != other.ID || twin.Name != "twin" || twin.Target != "https://a.example/x" || twin.Revision != 1 || !sameObject(t, string(m.Settings), twin.Settings) {
		t.Errorf("the clone is %+v", twin)
	}
	if got, err := f.opened(twin.ID, "us-east", east); err != nil || !strings.Contains(got, `"hidden-2"`) {
		t.Errorf("the clone has %q, %v", got, err)
	}
	var plain kindOf
	f.call("PATCH", at, `{"settings":null}`).want(200, &plain)
	if got, err := f.opened(m.ID, "us-east", nil); err != nil || strings.Contains(got, "hidden") || string(plain.Settings) != `{}` {
		t.Errorf("without settings: %s, %q, %v", plain.Settings, got, err)
	}
	var dump string
	f.ok(f.store.Pool().QueryRow(context.Background(), "SELECT string_agg(m::text, '') FROM monitor m").Scan(&dump))
	if strings.Contains(dump, "hidden") {
		t.Error("a secret in the database in the clear")
	}
}

func TestMonitorIsPausedClonedAndChecked(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	f.worker("us-east", func(c uptime.Check) *uptime.Result {
		return &uptime.Result{Outcome: uptime.OutcomePass, Detail: c.Target}
	})
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m := f.addMonitor(w.ID, `{"kind":"tcp","target":"a.example:22","name":"ssh","interval_seconds":30}`)
	at := "/v1/monitors/" + m.ID
	var got kindOf
	f.call("POST", at+"/pause", nil).want(200, &got)
	f.call("POST", at+"/pause", nil).want(200, &got)
	if !got.Paused || got.Status != "paused" || got.Revision != 2 {
		t.Errorf("paused: %+v", got)
	}
	var report checkReport
	f.call("POST", at+"/check", nil).want(200, &report)
	if !report.Complete || len(report.Results) != 1 || report.Results[0].Detail != "a.example:22" || report.Results[0].MonitorID != m.ID {
		t.Errorf("checked: %+v", report)
	}
	var twin kindOf
	f.call("POST", at+"/clone", nil).want(201, &twin)
	if twin.ID == m.ID || twin.Name != "ssh" || twin.Target != m.Target || twin.IntervalSeconds != 30 || twin.Paused || twin.WebsiteID != w.ID {
		t.Errorf("the clone is %+v", twin)
	}
	f.call("POST", at+"/resume", nil).want(200, &got)
	if got.Paused || got.Status != "pending" || got.Revision != 3 {
		t.Errorf("resumed: %+v", got)
	}
	f.call("POST", at+"/clone", `{"website_id":"`+uptime.NewID(time.Now()).String()+`"}`).problem(404)
	f.call("POST", at+"/clone", `{"website_id":"x"}`).invalid("#/website_id")
	f.call("POST", at+"/clone", `{"target":"a.example"}`).invalid("#/target")
	for _, action := range []string{"pause", "resume", "clone", "check"} {
		f.as("other").call("POST", at+"/"+action, nil).problem(404)
	}
}

// A test goes through the regions' workers and leaves nothing behind.
func TestTestBeforeSaving(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	east := f.addRegion("us-east")
	f.addRegions("eu-west")
	var checks sync.Map
	f.worker("us-east", func(c uptime.Check) *uptime.Result {
		settings, err := monitorspec.Receive(&c, east)
		checks.Store(c.Target, fmt.Sprintf("%s %v", settings, err))
		return &uptime.Result{Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectRefused}
	})
	var got checkReport
	f.call("POST", "/v1/monitors/test", `{"kind":"tcp","target":"a.example:25","settings":{"steps":[{"send":"hidden","secret":true}]},"timeout_ms":500,"regions":["us-east"]}`).want(200, &got)
	if !got.Complete || len(got.Results) != 1 || got.Results[0].Region != "us-east" || got.Results[0].Reason != "connect_refused" {
		t.Errorf("tested: %+v", got)
	}
	if seen, _ := checks.Load("a.example:25"); seen != `{"steps":[{"send":"hidden","secret":true}]} <nil>` {
		t.Errorf("the worker read %v", seen)
	}
	f.call("POST", "/v1/monitors/test", `{"kind":"http","target":"a.example"}`).want(200, &got)
	if len(got.Results) != 2 || got.Results[0].Region != "eu-west" || got.Results[0].Reason != "no_worker" {
		t.Errorf("in every region: %+v", got)
	}
	f.call("POST", "/v1/monitors/test", `{"kind":"http","target":"x:y","settings":{"methods":1}}`).invalid("#/target", "#/settings/methods")
	f.call("POST", "/v1/monitors/test", `{"kind":"http","target":"a.example","regions":["x"],"timeout_ms":60001}`).invalid("#/timeout_ms", "#/regions/0")

	// An edited one is tested with the secrets that are kept.
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m := f.addMonitor(w.ID, `{"kind":"http","target":"a.example","settings":{"auth":{"type":"bearer","token":"kept"}}}`)
	body := `{"kind":"http","target":"a.example/new","settings":{"auth":{"token":"***"},"method":"HEAD"},"regions":["us-east"],"monitor_id":"` + m.ID + `"}`
	f.call("POST", "/v1/monitors/test", body).want(200, &got)
	if seen, _ := checks.Load("https://a.example/new"); !strings.Contains(fmt.Sprint(seen), `"token":"kept"`) || !strings.Contains(fmt.Sprint(seen), "HEAD") {
		t.Errorf("the worker read %v", seen)
	}
	f.call("POST", "/v1/monitors/test", strings.Replace(body, "http", "tcp", 1)).invalid("#/kind")
	f.as("other").call("POST", "/v1/monitors/test", body).problem(404)

	for shard := range 2 {
		for _, group := range []queue.Group{queue.GroupAggregator, queue.GroupTicks} {
			batches, err := f.queue.Results(queue.Lane{Region: "us-east", Shard: shard}, group, "t").Read(t.Context(), 10)
			f.ok(err)
			if len(batches) != 0 {
				t.Errorf("%v has %d results of tests", group, len(batches))
			}
		}
	}
	var n int
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM monitor").Scan(&n))
	if n != 2 {
		t.Errorf("%d monitors, want the two that were made", n)
	}
}
