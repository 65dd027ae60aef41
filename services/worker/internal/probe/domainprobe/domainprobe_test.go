package domainprobe

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

const day = 24 * time.Hour

// registry is a list of registries and a registry, whose answers can be set.
type registry struct {
	url string

	mu    sync.Mutex
	paths map[string]http.HandlerFunc
	seen  map[string]int
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{paths: map[string]http.HandlerFunc{}, seen: map[string]int{}}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.url = s.URL
	r.set("/dns.json", says(200, fmt.Sprintf(`{"version":"1.0","services":[[["org","example"],["%[1]s/rdap/"]],[["co.example"],["%[1]s/deeper"]],[["odd"]],[["lost"],["http://10.1.2.3/"]]]}`, s.URL)))
	return r
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.seen[req.URL.Path]++
	h := r.paths[req.URL.Path]
	r.mu.Unlock()
	if h == nil {
		h = http.NotFound
	}
	h(w, req)
}

func (r *registry) set(path string, h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths[path] = h
}

func (r *registry) requests(path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[path]
}

func (r *registry) env() probe.Env {
	env := probetest.Env()
	env.RDAPBootstrap = r.url + "/dns.json"
	return env
}

func says(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// until is the answer for a domain that is registered until then.
func until(domain string, then time.Time, status ...string) string {
	return fmt.Sprintf(`{"objectClassName":"domain","ldhName":%q,"status":["%s"],
		"events":[{"eventAction":"registration","eventDate":"1997-08-15T04:00:00Z"},{"eventAction":"expiration","eventDate":%q}],
		"entities":[{"roles":["technical"]},{"roles":["registrar"],"handle":"376","vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Example Registrar, Inc."]]]}]}`,
		strings.ToUpper(domain), strings.Join(append(status, "active"), `","`), then.UTC().Format(time.RFC3339))
}

var kind = probetest.Kind{Kind: uptime.KindDomain, New: New, Untimed: true}

func TestReasons(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	now := time.Now()
	for name, h := range map[string]http.HandlerFunc{
		"good.org":    says(200, until("good.org", now.Add(100*day))),
		"soon.org":    says(200, until("soon.org", now.Add(12*day+time.Hour))),
		"expired.org": says(200, until("expired.org", now.Add(-time.Hour))),
		"lost.org":    says(200, until("lost.org", now.Add(300*day), "redemption period")),
		"silent.org":  says(200, `{"ldhName":"silent.org","events":[{"eventAction":"registration","eventDate":"1997-08-15T04:00:00Z"}]}`),
		"other.org":   says(200, until("another.org", now.Add(100*day))),
		"broken.org":  says(200, `{"ldhName":`),
		"list.org":    says(200, `["ldhName"]`),
		"large.org":   says(200, `{"ldhName":"`+strings.Repeat("x", maxAnswer)),
		"error.org":   says(500, ``),
		"busy.org":    says(429, ``),
		"moved.org": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/rdap/domain/good.org", http.StatusFound)
		},
		"inward.org": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
		},
		"hang.org":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"date.org":     says(200, `{"events":[{"eventAction":"registrar expiration","eventDate":"2199-01-02"}]}`),
		"nonsense.org": says(200, `{"events":[{"eventAction":"expiration","eventDate":"tomorrow"}]}`),
	} {
		r.set("/rdap/domain/"+name, h)
	}
	r.set("/deeper/domain/shop.co.example", says(200, until("shop.co.example", now.Add(100*day))))
	kind.Table(t, r.env(), []probetest.Case{
		{Name: "registered", Target: "good.org"},
		{Name: "long enough", Target: "good.org", Settings: `{"min_days":90}`},
		{Name: "not for long", Target: "soon.org", Settings: `{"min_days":20}`, Reason: uptime.ReasonAssertion, Degraded: true, Detail: "in 12 days, want at least 20"},
		{Name: "not for long, which is fine", Target: "soon.org"},
		{Name: "expired", Target: "expired.org", Reason: uptime.ReasonDomainExpired, Detail: "expired " + now.Add(-time.Hour).UTC().Format(time.DateOnly), Attempts: 1},
		{Name: "let go", Target: "lost.org", Reason: uptime.ReasonDomainExpired, Detail: "redemption period"},
		{Name: "not registered", Target: "nowhere.org", Reason: uptime.ReasonNXDomain, Detail: "not registered", Attempts: 1},
		{Name: "registry of a suffix", Target: "shop.co.example"},
		{Name: "registrar's date", Target: "date.org"},
		{Name: "registry does not tell", Target: "silent.org", Reason: uptime.ReasonUnsupported, Detail: "does not tell"},
		{Name: "no date", Target: "nonsense.org", Reason: uptime.ReasonUnsupported},
		{Name: "no registry", Target: "example.test", Reason: uptime.ReasonUnsupported, Detail: ".test has no RDAP server"},
		{Name: "another domain's answer", Target: "other.org", Reason: uptime.ReasonRegistry, Detail: "ANOTHER.ORG"},
		{Name: "no JSON", Target: "broken.org", Reason: uptime.ReasonRegistry, Detail: "not the JSON of RDAP"},
		{Name: "another JSON", Target: "list.org", Reason: uptime.ReasonRegistry},
		{Name: "a flood", Target: "large.org", Reason: uptime.ReasonRegistry, Detail: "more than 512 KiB"},
		{Name: "fails", Target: "error.org", Reason: uptime.ReasonRegistry, Detail: "answers 500"},
		{Name: "busy", Target: "busy.org", Reason: uptime.ReasonRegistry, Detail: "answers 429"},
		{Name: "redirect to another's answer", Target: "moved.org", Reason: uptime.ReasonRegistry, Detail: "GOOD.ORG"},
		{Name: "redirect inwards", Target: "inward.org", Reason: uptime.ReasonBlockedTarget, Detail: "10.0.0.1"},
		{Name: "registry inside", Target: "example.lost", Reason: uptime.ReasonBlockedTarget},
		{Name: "hangs", Target: "hang.org", Timeout: probetest.Short, Reason: uptime.ReasonRegistry, Detail: "within the timeout"},
	})
	f := kind.Run(t, r.env(), "good.org", ``, probetest.Long)
	g := f.Evidence.Registration
	if g.Registrar != "Example Registrar, Inc." || g.Days < 99 || g.Days > 100 || len(g.Status) != 1 || g.Source != strings.TrimPrefix(r.url, "http://") {
		t.Errorf("%+v", g)
	}
	// What says nothing about the domain is no vote.
	for _, target := range []string{"error.org", "silent.org", "example.test"} {
		if f := kind.Run(t, r.env(), target, ``, probetest.Long); f.Outcome() != uptime.OutcomeInvalid {
			t.Errorf("%s is %s", target, f.Outcome())
		}
	}
}

func TestListCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, list := range []http.HandlerFunc{says(500, ``), says(200, `{}`), says(200, `[`)} {
		r := newRegistry(t)
		r.set("/dns.json", list)
		f := kind.Run(t, r.env(), "good.org", ``, probetest.Long)
		if f.Reason != uptime.ReasonRegistry || !strings.Contains(f.Detail, "list of registries") {
			t.Errorf("%s %s", f.Reason, f.Detail)
		}
	}
	env := newRegistry(t).env()
	env.Guard = egress.New(nil)
	if f := kind.Run(t, env, "good.org", ``, probetest.Long); f.Reason != uptime.ReasonBlockedTarget {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A registry is asked for a domain at most once a day, by however many monitors at once,
// and less often while it is busy; its last answer serves for a week.
func TestAsksOnceADay(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	now := &clock{now: time.Now()}
	env := r.env()
	p := newProber(env, now.Now)
	const path = "/rdap/domain/good.org"
	probes := func(what string, reason uptime.Reason, requests int) {
		t.Helper()
		f := p.Probe(t.Context(), &uptime.Check{Kind: uptime.KindDomain, Target: "good.org"})
		if f.Reason != reason || r.requests(path) != requests {
			t.Errorf("%s: %q %q after %d requests, want %q after %d", what, f.Reason, f.Detail, r.requests(path), reason, requests)
		}
	}
	r.set(path, says(200, until("good.org", now.now.Add(40*day))))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { p.Probe(t.Context(), &uptime.Check{Kind: uptime.KindDomain, Target: "good.org"}) })
	}
	all.Wait()
	probes("twenty at once", uptime.ReasonNone, 1)
	now.pass(22 * time.Hour)
	probes("the same day", uptime.ReasonNone, 1)
	now.pass(2 * time.Hour)
	probes("the next day", uptime.ReasonNone, 2)

	r.set(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7200")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	now.pass(day)
	probes("busy", uptime.ReasonNone, 3)
	now.pass(time.Hour)
	probes("busy, an hour later", uptime.ReasonNone, 3)
	now.pass(2 * time.Hour)
	probes("busy, asked again", uptime.ReasonNone, 4)
	r.set(path, says(500, ``))
	now.pass(5 * day)
	probes("fails", uptime.ReasonNone, 5)
	now.pass(10 * time.Minute)
	probes("fails, at once", uptime.ReasonNone, 5)
	now.pass(2 * day)
	probes("fails, a week after its answer", uptime.ReasonRegistry, 6)
	now.pass(time.Minute)
	probes("fails, and is not asked", uptime.ReasonRegistry, 6)
	r.set(path, nil)
	now.pass(day)
	probes("is gone", uptime.ReasonNXDomain, 7)
	now.pass(time.Hour)
	probes("is gone, the same day", uptime.ReasonNXDomain, 7)
	r.set(path, says(200, until("good.org", now.Now().Add(time.Hour))))
	now.pass(day)
	probes("expired meanwhile", uptime.ReasonDomainExpired, 8)
}

// One check does not wait for another's registry beyond its own timeout.
func TestWaitsNoLongerThanItsTimeout(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	asked := make(chan struct{}, 1)
	r.set("/rdap/domain/hang.org", func(_ http.ResponseWriter, req *http.Request) {
		asked <- struct{}{}
		<-req.Context().Done()
	})
	p := newProber(r.env(), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() { p.Probe(ctx, &uptime.Check{Kind: uptime.KindDomain, Target: "hang.org"}) })
	<-asked
	soon, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if f := p.Probe(soon, &uptime.Check{Kind: uptime.KindDomain, Target: "hang.org"}); f.Reason != uptime.ReasonRegistry {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
	cancel()
	first.Wait()
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache(3)
	first := c.get("a")
	for _, d := range []string{"b", "c", "a", "d", "e"} {
		c.get(d)
	}
	if c.order.Len() != 3 || len(c.entries) != 3 || c.get("a") != first {
		t.Errorf("%d entries, %d by name", c.order.Len(), len(c.entries))
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(until("good.org", time.Now())))
	f.Add([]byte(`{"entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn"],[1,2,3,4],["fn",{},"text",5]]]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d rdapDomain
		if json.Unmarshal(b, &d) != nil {
			return
		}
		d.expires()
		if len(d.registrar()) > 2*maxText || len(d.statuses()) > maxStatuses {
			t.Fatalf("%q %q", d.registrar(), d.statuses())
		}
	})
}
