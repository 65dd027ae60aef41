//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// machine is this one, in the tests' own network, which may stop answering pings.
func machine(t *testing.T) *subject {
	const deaf = "/proc/sys/net/ipv4/icmp_echo_ignore_all"
	s := &subject{kind: "icmp", target: "127.0.0.1", reason: uptime.ReasonTimeout}
	s.settings = object{"interval_ms": 50, "assertions": []object{{"source": "loss", "comparison": "equals", "target": 0}}}
	tried := call[report](t, http.MethodPost, "/v1/monitors/test", object{"kind": s.kind, "target": s.target})
	for _, r := range tried.Results {
		if r.Reason == uptime.ReasonUnsupported.String() {
			t.Skipf("the kernel lets no worker ping: %s", r.Detail)
		}
	}
	s.change = func(t *testing.T, broken bool) {
		value := map[bool]string{false: "0", true: "1"}[broken]
		if os.WriteFile(deaf, []byte(value), 0) == nil {
			return
		}
		out, err := exec.CommandContext(context.Background(), "sudo", "-n", "sh", "-c", "echo "+value+" > "+deaf).CombinedOutput()
		if err != nil {
			t.Skipf("the kernel lets nobody set %s: %v %s", deaf, err, out)
		}
	}
	t.Cleanup(func() { s.turn(t, false) })
	return s
}

// registryPath is where the workers of these tests find the list of registries.
const registryPath = "/rdap/dns.json"

// registrations is the life of monitors of kind domain, of which a registry is asked once
// a day: one that is well, and one that has expired before anybody looked.
func registrations(t *testing.T) {
	day := 24 * time.Hour
	canary.Set(registryPath, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"version":"1.0","services":[[["example"],["%s/rdap/"]]]}`, canary.URL)
	})
	registered := func(name string, until time.Time) {
		canary.Set("/rdap/domain/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/rdap+json")
			fmt.Fprintf(w, `{"objectClassName":"domain","ldhName":%q,"events":[{"eventAction":"expiration","eventDate":%q}]}`, name, until.UTC().Format(time.RFC3339))
		})
	}
	registered("kept.example", time.Now().Add(200*day))
	registered("lost.example", time.Now().Add(-2*day))

	hourly := object{"kind": "domain", "interval_seconds": 3600, "timeout_ms": 1000}
	of := func(name string) object {
		body := object{"target": name}
		maps.Copy(body, hourly)
		return body
	}
	w, hook := bystander(t), newHook(t, "ok")
	kept := &subject{kind: "domain", target: "kept.example", reason: uptime.ReasonDomainExpired}
	kept.tried(t, w, &ear{})
	m := addMonitor(t, w, of("kept.example"))
	m.becomes(t, "up")
	m.allVote(t, "pass")
	call[report](t, http.MethodPost, m.path()+"/check", nil).good(t, "checked now")
	kept.restsAndDoubles(t, w, m)
	if n := canary.Requests("/rdap/domain/kept.example"); n != 3 {
		t.Errorf("the registry was asked %d times, want once by each worker", n)
	}

	addChannel(t, "webhook", object{"url": hook.url}, w, nil)
	lost := addMonitor(t, w, of("lost.example"))
	kept.goesDown(t, w, lost, hook)
	// Somebody had mistyped it. The right one is well; of the other nobody hears again.
	call[checked](t, http.MethodPatch, lost.path(), object{"target": "kept.example"})
	lost.becomes(t, "up")
	lost.allVote(t, "pass")
	if got := w.incidents(t); len(got) != 1 || got[0].Status != "resolved" {
		t.Errorf("incidents %+v, want one, resolved", got)
	}
	if got := hook.with("alert."); len(got) != 1 {
		t.Errorf("%d alerts, want 1", len(got))
	}
	call[any](t, http.MethodDelete, lost.path(), nil)
	refused(t, http.StatusNotFound, http.MethodGet, lost.path(), nil)
}

// degradation is an assertion that does not take a target down: it is seen, it is told to
// who wants to hear of it, and it is no incident.
func degradation(t *testing.T) {
	var bad atomic.Bool
	site := targets.New(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, map[bool]string{false: "in stock", true: "sold out"}[bad.Load()])
	})
	w, keen, calm := bystander(t), newHook(t, "ok"), newHook(t, "ok")
	m := addMonitor(t, w, object{"kind": "http", "target": site.URL + "/", "settings": object{"assertions": []object{
		{"source": "body", "comparison": "contains", "target": "in stock", "severity": "degraded"},
	}}})
	m.becomes(t, "up")
	addChannel(t, "webhook", object{"url": keen.url}, w, object{"events": []string{"down", "recovered", "degraded"}})
	addChannel(t, "webhook", object{"url": calm.url}, w, nil)
	bad.Store(true)
	if got := m.becomes(t, "degraded"); got.Reason != "assertion" {
		t.Errorf("degraded by %q", got.Reason)
	}
	m.allVote(t, "degraded")
	eventually(t, "who wants to hear of it does", func() bool { return len(keen.with("alert.degraded", "assertion failed")) == 1 })
	bad.Store(false)
	m.becomes(t, "up")
	eventually(t, "and of its end", func() bool { return len(keen.with("alert.recovered")) == 1 })
	if got := w.incidents(t); len(got) != 0 {
		t.Errorf("incidents %+v, want none", got)
	}
	if got := calm.with(""); len(got) != 0 {
		t.Errorf("the other channel heard %v", got)
	}
	remove(t, m)
}

// upsideDown is a port that must stay closed.
func upsideDown(t *testing.T) {
	addr := targets.HostPort(targets.Refused(t))
	s := &subject{kind: "tcp", target: addr, settings: object{"upside_down": true}, reason: uptime.ReasonAssertion}
	var door net.Listener
	s.change = func(t *testing.T, broken bool) {
		if !broken {
			if door != nil {
				_ = door.Close()
			}
			return
		}
		var err error
		if door, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr); err != nil {
			t.Fatal(err)
		}
		go func(door net.Listener) {
			for {
				c, err := door.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					_, _ = io.Copy(io.Discard, c)
				}()
			}
		}(door)
	}
	t.Cleanup(func() { s.turn(t, false) })
	s.life(t, &ear{})
}

// severalMonitors is a website of which two monitors of three go down at once: two
// incidents, one time that it was down.
func severalMonitors(t *testing.T) {
	site := targets.New(t, nil)
	broken := func(paths ...string) {
		for _, path := range []string{"/", "/api", "/blog"} {
			b := targets.Status(http.StatusOK)
			if strings.Contains(strings.Join(paths, " ")+" ", path+" ") {
				b = targets.Status(http.StatusInternalServerError)
			}
			site.Set(path, b)
		}
	}
	broken()
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 2000})
	hook := newHook(t, "ok")
	api := addMonitor(t, w, object{"kind": "http", "target": site.URL + "/api", "name": "api"})
	blog := addMonitor(t, w, object{"kind": "http", "target": site.URL + "/blog", "name": "blog"})
	api.becomes(t, "up")
	blog.becomes(t, "up")
	w.becomes(t, "up")
	addChannel(t, "webhook", map[string]any{"url": hook.url}, w, nil)

	broken("/", "/api")
	eventually(t, "two incidents", func() bool { return len(w.incidents(t)) == 2 })
	eventually(t, "two alerts", func() bool { return len(hook.with("alert.down")) == 2 })
	if got := w.now(t); got.Verdict != "down" {
		t.Errorf("the website is %s", got.Verdict)
	}
	broken("/api")
	eventually(t, "one is over", func() bool { return len(hook.with("alert.recovered")) == 1 })
	if got := w.now(t); got.Verdict != "down" {
		t.Errorf("with one monitor down, the website is %s", got.Verdict)
	}
	broken()
	w.becomes(t, "up")
	eventually(t, "both are over", func() bool { return len(hook.with("alert.recovered")) == 2 })
	if got := blog.becomes(t, "up"); got.Reason != "" {
		t.Errorf("the third was %q", got.Reason)
	}
	downOnce(t, w)
}

// downOnce checks that two incidents at the same time are one downtime.
func downOnce(t *testing.T, w website) {
	t.Helper()
	all := w.incidents(t)
	if len(all) != 2 || all[0].ResolvedAt == nil || all[1].ResolvedAt == nil {
		t.Fatalf("incidents %+v, want two, resolved", all)
	}
	from, to, sum := all[0].OpenedAt, *all[0].ResolvedAt, time.Duration(0)
	for _, in := range all {
		if in.OpenedAt.Before(from) {
			from = in.OpenedAt
		}
		if in.ResolvedAt.After(to) {
			to = *in.ResolvedAt
		}
		sum += in.ResolvedAt.Sub(in.OpenedAt)
	}
	if sum <= to.Sub(from) {
		t.Fatalf("the incidents did not overlap: %+v", all)
	}
	type uptime struct {
		Down    float64 `json:"down_seconds"`
		Percent float64 `json:"uptime_percent"`
	}
	got := call[uptime](t, http.MethodGet, "/v1/websites/"+w.ID+"/uptime", nil)
	const rounding = 0.01
	if d := got.Down - to.Sub(from).Seconds(); d > rounding || d < -rounding {
		t.Errorf("down for %v s, want %v, once", got.Down, to.Sub(from).Seconds())
	}
	if got.Percent <= 0 || got.Percent >= 100 {
		t.Errorf("uptime %v %%", got.Percent)
	}
}

// toldTogether is a website that goes down altogether: machines hear of each incident,
// people of the first at once and of the others in one mail.
func toldTogether(t *testing.T) {
	site := targets.New(t, nil)
	w := watch(t, site.URL+"/", map[string]any{"interval_seconds": 5, "timeout_ms": 2000})
	all := []checked{{ID: w.Monitors[0].ID, Kind: "http"}}
	names := []string{"orchard", "pantry"}
	for _, name := range names {
		all = append(all, addMonitor(t, w, object{"kind": "http", "target": site.URL + "/" + name, "name": name}))
	}
	for _, m := range all {
		m.becomes(t, "up")
	}
	mail, hook := newMailbox(t), newHook(t, "ok")
	addChannel(t, "webhook", object{"url": hook.url}, w, nil)
	people := addChannel(t, "email", object{"to": []string{"ops@example.com"}, "smtp": object{
		"host": "127.0.0.1", "port": mail.smtp, "security": "none", "from": "fleet@example.com",
	}}, w, nil)
	site.Set("/", targets.Status(http.StatusInternalServerError))
	broken := time.Now()
	eventually(t, "all incidents are told to the machine", func() bool { return len(hook.with("alert.down")) == len(all) })
	eventually(t, "people hear of the first", func() bool { return len(mail.with("")) > 0 })
	t.Logf("MEASURED broken → first mail %v", time.Since(broken).Round(10*time.Millisecond))
	eventually(t, "everything is told", func() bool {
		got, _ := tryCall[page[delivery]](t, http.MethodGet, "/v1/deliveries?channel_id="+people.ID)
		told := 0
		for _, d := range got.Items {
			if d.Event == "down" && (d.Status == "delivered" || d.Status == "combined") {
				told++
			}
		}
		return told == len(all)
	})
	t.Logf("MEASURED broken → the others %v", time.Since(broken).Round(10*time.Millisecond))
	if got := mail.with(""); len(got) != 2 {
		t.Errorf("%d mails, want one of the first and one of the others", len(got))
	}
	for _, name := range names {
		if len(mail.with(name)) == 0 {
			t.Errorf("no mail speaks of %s", name)
		}
	}
}
