//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// together runs tests at the same time, however few processors there are: they wait
// more than they work.
func together(t *testing.T, tests map[string]func(*testing.T)) {
	t.Helper()
	var all sync.WaitGroup
	for name, test := range tests {
		all.Go(func() { t.Run(name, test) })
	}
	all.Wait()
}

// Each kind from the API to the alert and back. Afterwards nothing but the vault and the
// targets knows the secrets of all these monitors.
func TestKinds(t *testing.T) {
	t.Parallel()
	heard := listen(t)
	secrets := &hoard{}
	tests := map[string]func(*testing.T){}
	for name, make := range map[string]func(*testing.T) *subject{
		"http, with a token": shop, "http, with a certificate": bank, "tcp": mailbox, "udp": gameServer, "dns": nameServer,
		"tls": certificate, "icmp": machine, "grpc": healthService, "websocket": feed, "smtp": mailServer,
	} {
		tests[name] = func(t *testing.T) {
			s := make(t)
			secrets.add(s.secrets...)
			s.life(t, heard)
		}
	}
	maps.Copy(tests, map[string]func(*testing.T){
		"heartbeat": func(t *testing.T) { heartbeats(t, heard, secrets) },
		"domain":    registrations, "degraded": degradation, "upside down": upsideDown, "several monitors": severalMonitors, "told together": toldTogether,
	})
	together(t, tests)
	secrets.isNowhere(t, heard)
}

// checked is a monitor as the API shows it.
type checked struct {
	ID        string          `json:"id"`
	WebsiteID string          `json:"website_id"`
	Kind      string          `json:"kind"`
	Name      string          `json:"name"`
	Status    string          `json:"status"`
	Verdict   string          `json:"verdict"`
	Reason    string          `json:"reason"`
	Paused    bool            `json:"paused"`
	Settings  json.RawMessage `json:"settings"`
}

// report is what checks on demand found.
type report struct {
	Complete bool `json:"complete"`
	Results  []struct {
		MonitorID string `json:"monitor_id"`
		Region    string `json:"region"`
		OK        bool   `json:"ok"`
		Reason    string `json:"reason"`
		Detail    string `json:"detail"`
	} `json:"results"`
}

// good checks that every region found the target well.
func (r report) good(t *testing.T, what string) {
	t.Helper()
	if !r.Complete || len(r.Results) != len(stack.DefaultRegions()) {
		t.Errorf("%s: %+v, want an answer of each region", what, r)
	}
	for _, in := range r.Results {
		if !in.OK {
			t.Errorf("%s: %s in %s: %s", what, in.Reason, in.Region, in.Detail)
		}
	}
}

// bystander is a website for the monitors of a test; its own is well.
func bystander(t *testing.T) website {
	t.Helper()
	return watch(t, targets.New(t, nil).URL+"/", map[string]any{"name": t.Name(), "interval_seconds": 60})
}

// addMonitor adds a monitor that looks as often as may be, unless the body says otherwise.
func addMonitor(t *testing.T, w website, body object) checked {
	t.Helper()
	in := object{"interval_seconds": 5, "timeout_ms": 2000, "name": "of " + t.Name()}
	maps.Copy(in, body)
	return call[checked](t, http.MethodPost, "/v1/websites/"+w.ID+"/monitors", in)
}

func (m checked) path() string { return "/v1/monitors/" + m.ID }

func (m checked) becomes(t *testing.T, verdict string) checked {
	t.Helper()
	var last checked
	eventually(t, m.Kind+" becomes "+verdict, func() bool {
		last, _ = tryCall[checked](t, http.MethodGet, m.path())
		return last.Verdict == verdict
	})
	return last
}

// allVote waits until every region has a fresh vote of the kind, and returns the votes.
func (m checked) allVote(t *testing.T, want string) []vote {
	t.Helper()
	var last []vote
	eventually(t, "every region votes "+want, func() bool {
		got, _ := tryCall[page[vote]](t, http.MethodGet, m.path()+"/votes")
		last = got.Items
		return len(last) == len(stack.DefaultRegions()) && !slices.ContainsFunc(last, func(v vote) bool { return v.Vote != want || !v.Fresh })
	})
	return last
}

// life takes a monitor through all that may happen to it.
func (s *subject) life(t *testing.T, heard *ear) {
	w, hook := bystander(t), newHook(t, "ok")
	s.tried(t, w, heard)
	m := addMonitor(t, w, s.body())
	m.becomes(t, "up")
	m.allVote(t, "pass")
	addChannel(t, "webhook", object{"url": hook.url}, w, nil)
	call[report](t, http.MethodPost, m.path()+"/check", nil).good(t, "checked now")

	s.turn(t, true)
	turned := time.Now()
	s.goesDown(t, w, m, hook)
	t.Logf("MEASURED broken → told %v", time.Since(turned).Round(10*time.Millisecond))
	s.turn(t, false)
	m.becomes(t, "up")
	eventually(t, "the recovery is told", func() bool { return len(hook.with("alert.recovered")) > 0 })
	t.Logf("MEASURED broken → well again and told %v", time.Since(turned).Round(10*time.Millisecond))
	toldOnce(t, w, hook)

	s.restsAndDoubles(t, w, m)
	heard.lookEverywhere(t, w, m, hook)
	call[any](t, http.MethodDelete, m.path(), nil)
	refused(t, http.StatusNotFound, http.MethodGet, m.path(), nil)
	if left := call[page[checked]](t, http.MethodGet, "/v1/websites/"+w.ID+"/monitors", nil).Items; len(left) != 1 {
		t.Errorf("%d monitors are left, want the website's own", len(left))
	}
}

// tried checks the subject before it is saved, which leaves nothing behind.
func (s *subject) tried(t *testing.T, w website, heard *ear) {
	t.Helper()
	try := object{"timeout_ms": 2000}
	maps.Copy(try, s.body())
	tried := call[report](t, http.MethodPost, "/v1/monitors/test", try)
	tried.good(t, "tried before saving")
	if len(tried.Results) == 0 {
		t.Fatal("nobody tried")
	}
	id := tried.Results[0].MonitorID
	refused(t, http.StatusNotFound, http.MethodGet, "/v1/monitors/"+id, nil)
	if now := w.now(t); len(now.Monitors) != 1 {
		t.Errorf("trying left %d monitors behind, want the website's own", len(now.Monitors))
	}
	heard.unsaved(id)
}

func (s *subject) body() object {
	body := object{"kind": s.kind, "target": s.target}
	if s.settings != nil {
		body["settings"] = s.settings
	}
	return body
}

// goesDown waits for the verdict, and looks at what is said about it.
func (s *subject) goesDown(t *testing.T, w website, m checked, hook *inbox) {
	t.Helper()
	eventually(t, "an incident", func() bool { return len(w.incidents(t)) > 0 })
	eventually(t, "the alert", func() bool { return len(hook.with("alert.down", s.reason.Phrase())) > 0 })
	in := w.incidents(t)[0]
	if in.Status != "open" || !strings.Contains(in.Explanation, "fresh regions failed, "+s.reason.Phrase()) {
		t.Errorf("incident %s: %q, want it open by %q", in.Status, in.Explanation, s.reason.Phrase())
	}
	counted := 0 // two are a quorum, and the third may answer too late to be counted
	for _, v := range in.Evidence.Votes {
		if !v.Counted {
			continue
		}
		counted++
		if v.Vote != "fail" || v.Reason != s.reason.String() {
			t.Errorf("evidence of %s: %s by %q, want fail by %q", v.Region, v.Vote, v.Reason, s.reason)
		}
	}
	if counted < 2 || len(in.Evidence.Votes) != len(stack.DefaultRegions()) {
		t.Errorf("evidence %+v", in.Evidence)
	}
	for _, v := range m.allVote(t, "fail") {
		if v.Reason != s.reason.String() {
			t.Errorf("%s votes fail by %q, want %q", v.Region, v.Reason, s.reason)
		}
	}
	type failure struct {
		Reason     string          `json:"reason"`
		IncidentID *string         `json:"incident_id"`
		Evidence   json.RawMessage `json:"evidence"`
	}
	eventually(t, "what led to it is kept with the incident", func() bool {
		kept, _ := tryCall[page[failure]](t, http.MethodGet, m.path()+"/failures")
		return slices.ContainsFunc(kept.Items, func(f failure) bool {
			return f.Reason == s.reason.String() && f.IncidentID != nil && *f.IncidentID == in.ID && len(f.Evidence) > 0
		})
	})
	if now := m.becomes(t, "down"); now.Reason != s.reason.String() {
		t.Errorf("it is down by %q, want %q", now.Reason, s.reason)
	}
}

// restsAndDoubles pauses, resumes and clones.
func (s *subject) restsAndDoubles(t *testing.T, w website, m checked) {
	t.Helper()
	if got := call[checked](t, http.MethodPost, m.path()+"/pause", nil); !got.Paused || got.Status != "paused" {
		t.Errorf("paused, it is %s", got.Status)
	}
	m.becomes(t, "unknown")
	call[checked](t, http.MethodPost, m.path()+"/resume", nil)
	m.becomes(t, "up")
	twin := call[checked](t, http.MethodPost, m.path()+"/clone", object{"name": "twin"})
	if twin.ID == m.ID || twin.Kind != m.Kind || twin.Name != "twin" || twin.WebsiteID != w.ID || string(twin.Settings) != string(m.Settings) {
		t.Errorf("the clone of %+v is %+v", m, twin)
	}
	twin.becomes(t, "up") // with the secrets of the first
	twin.allVote(t, "pass")
	call[any](t, http.MethodDelete, twin.path(), nil)
}

// remove deletes what a test has made, whatever became of it.
func remove(t *testing.T, m checked) {
	t.Helper()
	t.Cleanup(func() { _ = fleet.Client().Do(context.Background(), http.MethodDelete, m.path(), nil, nil) })
}
