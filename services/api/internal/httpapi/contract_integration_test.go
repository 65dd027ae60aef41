//go:build integration

package httpapi_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// wire makes a call with headers and returns the answer as it came over the wire.
func (f *fleet) wire(method, path, body string, header map[string]string) answer {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	f.ok(err)
	if f.key != "" {
		req.Header.Set("Authorization", "Bearer "+f.key)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	f.ok(err)
	defer res.Body.Close()
	a := answer{t: f.t, call: method + " " + path, status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	f.ok(err)
	if res.Header.Get("Content-Encoding") == "" && method != http.MethodOptions {
		f.conforms(req, &a)
	}
	return a
}

func repeatKey(key string) map[string]string { return map[string]string{"Idempotency-Key": key} }

func TestACallWithItsKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	const body = `{"url":"https://once.example"}`
	first := f.wire("POST", "/v1/websites", body, repeatKey("a-1"))
	first.want(201, nil)
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer is called a repetition")
	}
	again := f.wire("POST", "/v1/websites", body, repeatKey("a-1"))
	again.want(201, nil)
	if string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" ||
		again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("repeated: %v %s\nfirst: %s", again.header, again.body, first.body)
	}
	for what, call := range map[string]answer{
		"another body":  f.wire("POST", "/v1/websites", `{"url":"https://other.example"}`, repeatKey("a-1")),
		"another route": f.wire("POST", "/v1/channels", `{"name":"x","kind":"slack","config":{"webhook_url":"https://hooks.slack.com/services/T/B/x"}}`, repeatKey("a-1")),
	} {
		if p := call.problem(422); p.Type != "urn:probefleet:problem:idempotency-key-reused" {
			t.Errorf("%s: %+v", what, p)
		}
	}
	// Another caller's key of the same text is another key.
	f.as("writer").wire("POST", "/v1/websites", body, repeatKey("a-1")).problem(409)
	f.as("other").wire("POST", "/v1/websites", body, repeatKey("a-1")).want(201, nil)
	var list pageOf[website]
	f.call("GET", "/v1/websites", nil).want(200, &list)
	if len(list.Items) != 1 {
		t.Errorf("%d websites", len(list.Items))
	}
	// What was refused is refused again, with the same words and the first request's id.
	refused := f.wire("POST", "/v1/websites", body, repeatKey("a-2"))
	refused.problem(409)
	f.call("DELETE", "/v1/websites/"+list.Items[0].ID, nil).want(204, nil)
	if got := f.wire("POST", "/v1/websites", body, repeatKey("a-2")); got.status != 409 || string(got.body) != string(refused.body) {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	for _, key := range []string{"", " ", "a b", "é", strings.Repeat("k", 256)} {
		if key == "" || key == " " {
			continue // no client sends it apart from none
		}
		p := f.wire("POST", "/v1/websites", body, repeatKey(key)).problem(422)
		if len(p.Errors) != 1 || p.Errors[0].In != "header" {
			t.Errorf("%q: %+v", key, p)
		}
	}
}

func TestARepeatedAnswerShowsItsSecretAgainAndIsSealed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var first, again struct{ Key string }
	f.wire("POST", "/v1/api-keys", `{"name":"ci","scopes":["read"]}`, repeatKey("k")).want(201, &first)
	f.wire("POST", "/v1/api-keys", `{"name":"ci","scopes":["read"]}`, repeatKey("k")).want(201, &again)
	if first.Key == "" || first.Key != again.Key {
		t.Errorf("%q, then %q", first.Key, again.Key)
	}
	var n int
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM idempotent_call WHERE position($1::bytea in answer) > 0", []byte(first.Key)).Scan(&n))
	if n != 0 {
		t.Error("the key is in the database in clear")
	}
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM idempotent_call WHERE answer IS NOT NULL").Scan(&n))
	if n != 1 {
		t.Errorf("%d answers are kept", n)
	}
}

func TestAtOnceWithOneKeyOnlyOneIsDone(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var wg sync.WaitGroup
	statuses := make([]int, 20)
	for i := range statuses {
		wg.Go(func() {
			a := f.wire("POST", "/v1/websites", `{"url":"https://race.example","allow_duplicate":true}`, repeatKey("race"))
			statuses[i] = a.status
			if a.status == 409 && a.header.Get("Retry-After") == "" {
				t.Error("409 without Retry-After")
			}
		})
	}
	wg.Wait()
	made := 0
	for _, status := range statuses {
		if status == 201 {
			made++
		} else if status != 409 {
			t.Errorf("status %d", status)
		}
	}
	var list pageOf[website]
	f.call("GET", "/v1/websites", nil).want(200, &list)
	if made == 0 || len(list.Items) != 1 {
		t.Errorf("%d were told that it is made, there are %d", made, len(list.Items))
	}
}

func TestACallWhoseProcessDiedMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	const body = `{"url":"https://crash.example"}`
	f.wire("POST", "/v1/websites", body, repeatKey("c")).want(201, nil)
	set := func(sql string) {
		t.Helper()
		_, err := f.store.Pool().Exec(t.Context(), sql)
		f.ok(err)
	}
	set("UPDATE idempotent_call SET status = NULL, answer = NULL")
	a := f.wire("POST", "/v1/websites", body, repeatKey("c"))
	if p := a.problem(409); p.Type != "urn:probefleet:problem:being-answered" || a.header.Get("Retry-After") == "" {
		t.Errorf("%+v", p)
	}
	set("UPDATE idempotent_call SET created_at = now() - interval '3 minutes'")
	f.wire("POST", "/v1/websites", `{"url":"https://another.example"}`, repeatKey("c")).problem(422)
	a = f.wire("POST", "/v1/websites", body, repeatKey("c")) // it is done again: the website is there
	if p := a.problem(409); p.Type != "urn:probefleet:problem:duplicate" {
		t.Errorf("%+v", p)
	}
	set("UPDATE idempotent_call SET created_at = now() - interval '25 hours'")
	f.wire("POST", "/v1/websites", `{"url":"https://another.example"}`, repeatKey("c")).want(201, nil)
	set("UPDATE idempotent_call SET created_at = now() - interval '25 hours'")
	if n, err := f.store.PurgeCalls(t.Context(), 24*time.Hour); err != nil || n != 1 {
		t.Errorf("purged %d, %v", n, err)
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	_, err := f.store.Pool().Exec(t.Context(), "ALTER TABLE website RENAME TO elsewhere")
	f.ok(err)
	f.wire("POST", "/v1/websites", `{"url":"https://a.example"}`, repeatKey("f")).problem(503)
	_, err = f.store.Pool().Exec(t.Context(), "ALTER TABLE elsewhere RENAME TO website")
	f.ok(err)
	f.wire("POST", "/v1/websites", `{"url":"https://a.example"}`, repeatKey("f")).want(201, nil)
}

// versionedRoutes are objects of an estate that have an ETag, and a change of each.
var versionedRoutes = []struct{ path, change string }{
	{"/v1/incidents/{incident}", `{"note":"n%d"}`}, {"/v1/websites/{website}", `{"name":"n%d"}`}, {"/v1/monitors/{monitor}", `{"name":"n%d"}`}, {"/v1/channels/{channel}", `{"name":"n%d"}`},
	{"/v1/regions/a", `{"title":"n%d"}`}, {"/v1/api-keys/{key}", `{"name":"n%d"}`}, {"/v1/status-pages/{page}", `{"title":"n%d"}`},
	{"/v1/organisation", `{"name":"n%d"}`},
}

func TestChangesUnderACondition(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("a", "b")
	w := f.addWebsite(map[string]any{"url": "https://a.example"})
	ids := []string{"{website}", w.ID, "{monitor}", w.Monitors[0].ID}
	for name, call := range map[string][2]string{
		"{channel}": {"/v1/channels", `{"name":"c","kind":"slack","config":{"webhook_url":"https://hooks.slack.com/services/T/B/x"}}`},
		"{key}":     {"/v1/api-keys", `{"name":"k","scopes":["read"]}`},
		"{page}":    {"/v1/status-pages", `{"slug":"p","title":"P"}`},
	} {
		var made struct{ ID string }
		f.call("POST", call[0], call[1]).want(201, &made)
		ids = append(ids, name, made.ID)
	}
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictDown, "a")
	var open pageOf[incident]
	f.call("GET", "/v1/incidents", nil).want(200, &open)
	ids = append(ids, "{incident}", open.Items[0].ID)
	for _, one := range versionedRoutes {
		path := strings.NewReplacer(ids...).Replace(one.path)
		first := f.wire("GET", path, "", nil)
		first.want(200, nil)
		etag := first.header.Get("ETag")
		if etag == "" || first.header.Get("Cache-Control") != "private, no-cache" {
			t.Fatalf("%s: %v", one.path, first.header)
		}
		match := func(method, body, tag string) answer {
			t.Helper()
			return f.wire(method, path, body, map[string]string{"If-Match": tag})
		}
		same := f.wire("GET", path, "", map[string]string{"If-None-Match": `"x", W/` + etag})
		if same.status != 304 || len(same.body) != 0 || same.header.Get("ETag") != etag {
			// A region that is looked at says when it was last seen, and an incident how long it lasts.
			if one.path != "/v1/incidents/{incident}" {
				t.Errorf("%s: status %d with its own ETag, %q", one.path, same.status, same.body)
			}
		}
		changed := match("PATCH", fmt.Sprintf(one.change, 1), etag)
		changed.want(200, nil)
		next := changed.header.Get("ETag")
		if next == "" || next == etag {
			t.Errorf("%s: ETag %q after %q", one.path, next, etag)
		}
		stale := match("PATCH", fmt.Sprintf(one.change, 2), etag)
		if p := stale.problem(412); p.Type != "urn:probefleet:problem:precondition-failed" {
			t.Errorf("%s: %+v", one.path, p)
		}
		if version, _, _ := strings.Cut(strings.Trim(next, `"`), "."); stale.header.Get("ETag") != `"`+version+`"` {
			t.Errorf("%s: told of %q, is %q", one.path, stale.header.Get("ETag"), next)
		}
		match("PATCH", fmt.Sprintf(one.change, 3), `"x", `+stale.header.Get("ETag")).want(200, nil)
		match("PATCH", fmt.Sprintf(one.change, 4), "*").want(200, nil)
		match("PATCH", fmt.Sprintf(one.change, 5), `"open`).problem(400)
		if body := f.wire("GET", path, "", nil).body; !strings.Contains(string(body), `"n4"`) {
			t.Errorf("%s: %s", one.path, body)
		}
		if strings.Contains(one.path, "organisation") || strings.Contains(one.path, "incident") || strings.Contains(one.path, "website") {
			continue // no key removes an organisation, nobody an incident; the website is needed
		}
		match("DELETE", "", etag).problem(412)
		now := f.wire("GET", path, "", nil).header.Get("ETag")
		match("DELETE", "", now).want(204, nil)
	}
	path := "/v1/websites/" + w.ID
	f.wire("DELETE", path, "", map[string]string{"If-Match": `"1"`}).problem(412)
	f.wire("DELETE", path, "", map[string]string{"If-Match": f.wire("GET", path, "", nil).header.Get("ETag")}).want(204, nil)
}

func TestOfManyWhoReadTheSameOneWrites(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "https://a.example"})
	etag := f.wire("GET", "/v1/websites/"+w.ID, "", nil).header.Get("ETag")
	var wg sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		wg.Go(func() {
			// Half of them by the monitor, whose settings the website's are.
			statuses[i] = f.wire("PATCH", "/v1/websites/"+w.ID, fmt.Sprintf(`{"name":"n%d","interval_seconds":%d}`, i, 60+i), map[string]string{"If-Match": etag}).status
		})
	}
	wg.Wait()
	written := 0
	for _, status := range statuses {
		if status == 200 {
			written++
		} else if status != 412 {
			t.Errorf("status %d", status)
		}
	}
	if written != 1 {
		t.Errorf("%d wrote", written)
	}
	// The monitor's own change makes the website's version another.
	etag = f.wire("GET", "/v1/websites/"+w.ID, "", nil).header.Get("ETag")
	f.wire("PATCH", "/v1/monitors/"+w.Monitors[0].ID, `{"interval_seconds":300}`, nil).want(200, nil)
	f.wire("PATCH", "/v1/websites/"+w.ID, `{"interval_seconds":60}`, map[string]string{"If-Match": etag}).problem(412)
}

func TestHowOftenOneMayCall(t *testing.T) {
	t.Parallel()
	now := &clock{at: time.Now()}
	f := newFleet(t, func(c *httpapi.Config) { c.Now, c.RateLimit, c.PublicRateLimit = now.now, 60, 2 })
	for i := range 60 {
		a := f.call("GET", "/v1/tags", nil).want(200, nil)
		if got, want := a.header.Get("RateLimit"), fmt.Sprintf(`"key";r=%d;t=%d`, 59-i, i+1); got != want {
			t.Fatalf("RateLimit: %s, want %s", got, want)
		}
		if got := a.header.Get("RateLimit-Policy"); got != `"key";q=60;w=60` {
			t.Fatalf("RateLimit-Policy: %s", got)
		}
	}
	a := f.call("GET", "/v1/tags", nil)
	if p := a.problem(429); p.Type != "urn:probefleet:problem:rate-limited" || a.header.Get("Retry-After") != "1" {
		t.Errorf("%+v, Retry-After %s", p, a.header.Get("Retry-After"))
	}
	f.as("reader").call("GET", "/v1/tags", nil).want(200, nil) // has a count of its own
	now.pass(2 * time.Second)
	f.call("GET", "/v1/tags", nil).want(200, nil)
	f.call("GET", "/v1/tags", nil).want(200, nil)
	f.call("GET", "/v1/tags", nil).problem(429)
	// Without a key, the address counts: for what is public, and for wrong keys.
	f.as("").call("GET", "/v1/setup", nil).want(200, nil)
	f.as("wrong").call("GET", "/v1/tags", nil).problem(401)
	f.as("wrong").call("GET", "/v1/tags", nil).problem(429)
	f.as("").call("GET", "/v1/setup", nil).problem(429)
	f.as("reader").call("GET", "/v1/tags", nil).want(200, nil)
	// Calls of heartbeats do not count for the address.
	for range 5 {
		f.as("").call("GET", "/v1/heartbeats/"+strings.Repeat("x", 43), nil).problem(404)
	}
}

func TestLongAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for i := range 5 {
		f.addWebsite(map[string]any{"url": fmt.Sprintf("https://s%d.example", i)})
	}
	zip := map[string]string{"Accept-Encoding": "gzip"}
	for path, want := range map[string]string{
		"/v1/websites": "gzip", "/v1/export?format=csv": "", "/v1/tags": "", "/openapi.json": "gzip", "/openapi.yaml": "gzip", "/docs": "gzip", "/docs/page.css": "gzip",
	} {
		a := f.wire("GET", path, "", zip)
		if a.status != 200 || a.header.Get("Content-Encoding") != want || want == "gzip" && !strings.Contains(a.header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: status %d, %q, Vary %q, %d bytes", path, a.status, a.header.Get("Content-Encoding"), a.header.Get("Vary"), len(a.body))
		}
		if want == "" {
			continue
		}
		plain, err := gzip.NewReader(strings.NewReader(string(a.body)))
		f.ok(err)
		text, err := io.ReadAll(plain)
		f.ok(err)
		if whole := f.wire("GET", path, "", nil); string(whole.body) != string(text) || whole.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed it is another", path)
		}
	}
	// An object's ETag names its form, and either is taken.
	var list pageOf[website]
	f.call("GET", "/v1/websites", nil).want(200, &list)
	path := "/v1/monitors/" + list.Items[0].Monitors[0].ID
	f.wire("PATCH", path, `{"name":"`+strings.Repeat("n", 100)+`"}`, nil).want(200, nil)
	etag := f.wire("GET", path, "", nil).header.Get("ETag")
	for _, tag := range []string{etag, strings.TrimSuffix(etag, `"`) + `-gzip"`} {
		if a := f.wire("GET", path, "", map[string]string{"If-None-Match": tag}); a.status != 304 {
			t.Errorf("%s: status %d", tag, a.status)
		}
	}
	// What is shown once is not compressed, however long.
	a := f.wire("POST", "/v1/api-keys", `{"name":"`+strings.Repeat("k", 100)+`","scopes":["read"],"website_ids":[`+idList(list)+`]}`, zip)
	if a.status != 201 || a.header.Get("Content-Encoding") != "" || a.header.Get("No-Gzip-Compression") != "" {
		t.Errorf("status %d, %v", a.status, a.header)
	}
}

func idList(list pageOf[website]) string {
	var ids []string
	for _, w := range list.Items {
		text, _ := json.Marshal(w.ID)
		ids = append(ids, string(text))
	}
	return strings.Join(ids, ",")
}

func TestPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	ask := map[string]string{"Origin": "https://app.example", "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match"}
	closed := newFleet(t)
	if a := closed.as("").wire("OPTIONS", "/v1/websites", "", ask); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without a setting: %v", a.header)
	}
	f := newFleet(t, func(c *httpapi.Config) { c.Origins = []string{"https://app.example"} })
	a := f.as("").wire("OPTIONS", "/v1/websites", "", ask)
	if a.status >= 300 || a.header.Get("Access-Control-Allow-Origin") != "https://app.example" || a.header.Get("Access-Control-Allow-Methods") != "PATCH" ||
		a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: status %d, %v", a.status, a.header)
	}
	a = f.wire("GET", "/v1/websites", "", map[string]string{"Origin": "https://app.example"})
	if a.header.Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "Etag") ||
		!strings.Contains(a.header.Get("Vary"), "Origin") {
		t.Errorf("a call: %v", a.header)
	}
	for _, origin := range []string{"https://app.example.evil", "http://app.example", "https://evil.example", "null"} {
		ask["Origin"] = origin
		if a := f.as("").wire("OPTIONS", "/v1/websites", "", ask); a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", origin, a.header)
		}
	}
	// A door to a session stays shut for it, and so does everything with a cookie.
	f.as("").wire("POST", "/v1/sessions", `{"email":"a@example.com","password":"0123456789"}`, map[string]string{"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}).problem(403)
}

func TestUnknownParametersAreNamed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p := f.call("GET", "/v1/websites?limt=5&zzz=1&limit=0", nil).invalid("#/limit", "#/limt", "#/zzz")
	if !strings.Contains(p.Detail, "limit?") || p.Errors[1].In != "query" {
		t.Errorf("%+v", p)
	}
	f.call("POST", "/v1/websites?dry_run=true", map[string]any{"url": "https://a.example"}).invalid("#/dry_run")
	f.call("GET", "/v1/tags?%zz", nil).problem(400)
	// The routes of the systems that came before take what they always took, and no call of
	// a job is lost for a word too many.
	f.call("GET", "/websites?utm=1", nil).want(200, nil)
	f.as("").call("GET", "/v1/heartbeats/"+strings.Repeat("x", 43)+"?status=ok&ping=3&utm=1", nil).problem(404)
}

func TestDocumentation(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.PublicURL = "https://fleet.example" }).as("")
	for path, kind := range map[string]string{"/docs": "text/html", "/docs/page.css": "text/css", "/docs/page.js": "text/javascript"} {
		a := f.call("GET", path, nil).want(200, nil)
		if !strings.HasPrefix(a.header.Get("Content-Type"), kind) || !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	if a := f.call("GET", "/docs", nil); !strings.Contains(string(a.body), "https://fleet.example/v1/websites") {
		t.Error("the page does not say where the API is")
	}
}
