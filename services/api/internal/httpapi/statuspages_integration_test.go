//go:build integration

package httpapi_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type statusPage struct {
	ID, Slug, Title, URL string
	Published            bool
	Websites             []struct {
		WebsiteID string `json:"website_id"`
		Title     string
	}
}

func TestStatusPages(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.PublicURL = "https://fleet.example" })
	f.addRegions("a")
	one, two := f.addWebsite(map[string]any{"url": "one.example"}), f.addWebsite(map[string]any{"url": "two.example"})
	foreign := f.as("other").addWebsite(map[string]any{"url": "three.example"})
	body := func(slug string, websites ...any) map[string]any {
		return map[string]any{"slug": slug, "title": "Acme", "websites": append([]any{}, websites...)}
	}
	on := func(id, title string) map[string]any { return map[string]any{"website_id": id, "title": title} }
	var p statusPage
	f.call("POST", "/v1/status-pages", body("acme", on(two.ID, "Two"), on(one.ID, ""))).want(201, &p)
	if p.URL != "https://fleet.example/status/acme" || !p.Published || len(p.Websites) != 2 || p.Websites[0].WebsiteID != two.ID {
		t.Errorf("%+v", p)
	}
	path := "/v1/status-pages/" + p.ID
	f.call("POST", "/v1/status-pages", body("acme")).problem(409)
	if p := f.as("other").call("POST", "/v1/status-pages", body("acme")).problem(409); p.ExistingID != "" || strings.Contains(p.Detail, "Acme") {
		t.Errorf("another tenant is told whose the slug is: %+v", p)
	}
	f.call("POST", "/v1/status-pages", body("other", on(foreign.ID, ""))).invalid("#/websites")
	f.call("POST", "/v1/status-pages", body("other", on(one.ID, ""), on(one.ID, ""))).invalid("#/websites/1/website_id")
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "other", "title": "x", "link": "javascript:alert(1)"}).invalid("#/link")
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "Not A Slug", "title": "x"}).invalid("#/slug")
	f.call("PATCH", path, map[string]any{"title": "Acme Ltd", "websites": []any{on(one.ID, "One")}}).want(200, &p)
	if p.Title != "Acme Ltd" || p.Slug != "acme" || len(p.Websites) != 1 || p.Websites[0].Title != "One" {
		t.Errorf("changed: %+v", p)
	}
	var all pageOf[statusPage]
	f.call("GET", "/v1/status-pages", nil).want(200, &all)
	if len(all.Items) != 1 || all.Items[0].ID != p.ID {
		t.Errorf("list: %+v", all)
	}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		var body any
		if method == "PATCH" {
			body = map[string]any{"title": "mine"}
		}
		f.as("other").call(method, path, body).problem(404)
	}
	f.call("DELETE", path, nil).want(204, nil)
	f.call("GET", path, nil).problem(404)
	f.as("").call("GET", "/v1/public/status/acme", nil).problem(404)
	var audit pageOf[struct{ Operation string }]
	f.call("GET", "/v1/audit", nil).want(200, &audit)
	seen := map[string]bool{}
	for _, a := range audit.Items {
		seen[a.Operation] = true
	}
	for _, op := range []string{"createStatusPage", "updateStatusPage", "deleteStatusPage"} {
		if !seen[op] {
			t.Errorf("no record of %s", op)
		}
	}
}

type publicStatus struct {
	Title, Status string
	AsOf          time.Time `json:"as_of"`
	Websites      []struct {
		Title, Section, Status string
		Days                   []struct{ Day string }
		Regions                []struct{ Region, Vote string }
		Uptime                 *float64 `json:"uptime_90d_percent"`
	}
	Incidents []struct{ Title, Status, Note string }
}

func TestWhatThePublicSees(t *testing.T) {
	t.Parallel()
	now := &clock{at: time.Now()}
	f := newFleet(t, func(c *httpapi.Config) { c.Now = now.now })
	f.addRegions("a", "b")
	w := f.addWebsite(map[string]any{"url": "https://inner-host.example/secret-path", "name": "inner name"})
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictDown, "a")
	var open pageOf[incident]
	f.call("GET", "/v1/incidents", nil).want(200, &open)
	f.call("PATCH", "/v1/incidents/"+open.Items[0].ID, map[string]any{"note": "being repaired"}).want(200, nil)
	f.as("").call("GET", "/v1/public/status", nil).want(200, nil) // what it remembers ends with the first page
	var p statusPage
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "acme", "title": "Acme", "websites": []any{map[string]any{"website_id": w.ID, "title": "Shop", "section": "Ours"}}}).want(201, &p)
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "hidden", "title": "Hidden", "published": false}).want(201, nil)
	public := f.as("")
	var s publicStatus
	public.call("GET", "/v1/public/status/acme", nil).want(200, &s)
	if s.Status != "down" || len(s.Websites) != 1 || s.Websites[0].Title != "Shop" || len(s.Websites[0].Days) != 90 || s.Websites[0].Uptime == nil ||
		len(s.Websites[0].Regions) != 2 || len(s.Incidents) != 1 || s.Incidents[0].Note != "being repaired" || time.Since(s.AsOf).Abs() > 5*time.Minute {
		t.Errorf("%+v", s)
	}
	var list struct {
		Items []struct{ Slug, Title string }
	}
	public.call("GET", "/v1/public/status", nil).want(200, &list)
	if len(list.Items) != 1 || list.Items[0].Slug != "acme" {
		t.Errorf("list: %+v", list)
	}
	for _, path := range []string{"/v1/public/status/hidden", "/v1/public/status/nothing", "/v1/public/status/%00"} {
		public.call("GET", path, nil).problem(404)
	}
	for path, kind := range map[string]string{
		"/status": "text/html", "/status/acme": "text/html", "/status/acme/badge.svg": "image/svg+xml", "/status/acme/feed.atom": "application/atom+xml",
		"/v1/public/status/acme": "application/json",
	} {
		a := public.call("GET", path, nil).want(200, nil)
		if !strings.HasPrefix(a.header.Get("Content-Type"), kind) || a.header.Get("Content-Security-Policy") == "" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, a.header)
		}
		for _, inner := range []string{"inner", "secret-path", "192.0.2.1", w.ID, w.Monitors[0].ID, open.Items[0].ID, p.ID, f.org.String()} {
			if strings.Contains(string(a.body), inner) {
				t.Errorf("%s tells %s:\n%s", path, inner, a.body)
			}
		}
		public.call("HEAD", path, nil)
	}
	for _, path := range []string{"/status/hidden", "/status/nothing", "/status/nothing/badge.svg", "/status/..%2Fetc"} {
		if a := get(t, f.url+path, ""); a.StatusCode != 404 {
			t.Errorf("%s: status %d", path, a.StatusCode)
		}
	}
	first := get(t, f.url+"/status/acme", "")
	if again := get(t, f.url+"/status/acme", first.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("with its ETag: status %d", again.StatusCode)
	}
	f.call("PATCH", "/v1/status-pages/"+p.ID, map[string]any{"published": false}).want(200, nil)
	public.call("GET", "/v1/public/status/acme", nil).problem(404)
}

func get(t *testing.T, url, etag string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func TestAPublicPageOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	now := &clock{at: time.Now()}
	f := newFleet(t, func(c *httpapi.Config) { c.Now = now.now })
	f.addRegions("a")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictUp, "a")
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "acme", "title": "Acme", "websites": []any{map[string]any{"website_id": w.ID}}}).want(201, nil)
	public := f.as("")
	a := public.call("GET", "/status/acme", nil).want(200, nil)
	if !strings.Contains(string(a.body), "Everything is up") || strings.Contains(string(a.body), `role="alert"`) {
		t.Fatalf("%s", a.body)
	}
	f.store.Close()
	now.pass(30 * time.Second)
	a = public.call("GET", "/status/acme", nil).want(200, nil)
	if !strings.Contains(string(a.body), "Everything is up") || !strings.Contains(string(a.body), "did not answer just now") {
		t.Errorf("half a minute after the database went:\n%s", a.body)
	}
	now.pass(2 * time.Minute)
	a = public.call("GET", "/status/acme", nil).want(200, nil)
	if strings.Contains(string(a.body), "Everything is up") || !strings.Contains(string(a.body), "How things are now is not known") {
		t.Errorf("minutes after the database went:\n%s", a.body)
	}
	public.call("GET", "/v1/public/status/acme", nil).want(200, nil)
	if never := get(t, f.url+"/status/never-seen", ""); never.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a page that was never read: status %d", never.StatusCode)
	}
}

func TestVerdictsThatNobodyJudgesAnyMoreAreOld(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a")
	w := f.addWebsite(map[string]any{"url": "one.example"})
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictUp, "a")
	f.exec("INSERT INTO shard_lease (role, shard, owner, epoch, expires_at) VALUES ('aggregator', 0, 'x', 1, now() + interval '1 hour'), ('aggregator', 1, 'x', 1, now() - interval '10 minutes')")
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "acme", "title": "Acme", "websites": []any{map[string]any{"website_id": w.ID}}}).want(201, nil)
	a := f.as("").call("GET", "/status/acme", nil).want(200, nil)
	if !strings.Contains(string(a.body), "How things are now is not known") {
		t.Errorf("ten minutes after the last judgement:\n%s", a.body)
	}
}

func TestACrowdCostsOneReading(t *testing.T) {
	t.Parallel()
	now := &clock{at: time.Now()}
	var c counter
	f := newFleet(t, counting(t, &c), func(c *httpapi.Config) { c.Now = now.now })
	f.call("POST", "/v1/status-pages", map[string]any{"slug": "acme", "title": "Acme"}).want(201, nil)
	public := f.as("")
	public.call("GET", "/status/acme", nil).want(200, nil)
	before := c.n.Load()
	var crowd sync.WaitGroup
	var good atomic.Int64
	for range 50 {
		crowd.Go(func() {
			if res, err := http.Get(f.url + "/status/acme"); err == nil { //nolint:noctx // of a test, to itself
				if res.Body.Close() == nil && res.StatusCode == 200 {
					good.Add(1)
				}
			}
		})
	}
	crowd.Wait()
	if n := c.n.Load() - before; n != 0 || good.Load() != 50 {
		t.Errorf("%d statements for 50 who look at the same time, %d answers", n, good.Load())
	}
	now.pass(time.Minute)
	public.call("GET", "/status/acme", nil).want(200, nil)
	if c.n.Load() == before {
		t.Error("a minute later it was not read anew")
	}
}
