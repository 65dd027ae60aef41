//go:build integration

package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
	"github.com/probefleet/probefleet/services/api/internal/stream"
)

// withEvents gives the api live events, until the test ends or stop is called.
func withEvents(t testing.TB, change ...func(*stream.Config)) (with func(*httpapi.Config), stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	return func(c *httpapi.Config) {
		cfg := stream.Config{
			Queue: c.Queue, Shards: c.Shards, TailEvery: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
			Regions: func(context.Context) ([]string, error) { return []string{"us-east"}, nil },
		}
		for _, one := range change {
			one(&cfg)
		}
		c.Events, c.Tell = stream.New(cfg), live.NewPublisher(c.Queue, nil, cfg.Log)
		c.BeatEvery = 50 * time.Millisecond
		for _, run := range []func(context.Context) error{c.Events.Run, c.Tell.Run} {
			done := make(chan error, 1)
			go func() { done <- run(ctx) }()
			t.Cleanup(func() {
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		}
	}, cancel
}

// told is an event as a client gets it.
type told struct{ ID, Event, Data string }

// viewer is a client that looks on.
type viewer struct {
	f       *fleet
	body    io.Closer
	events  chan told // closed at the stream's end
	last    atomic.Value
	beats   atomic.Int64
	retries atomic.Int64
}

// look opens a stream; after is the header Last-Event-ID.
func (f *fleet) look(query, after string) *viewer {
	f.t.Helper()
	var res *http.Response
	until(f.t, "a stream is open", func() bool {
		req, err := http.NewRequestWithContext(context.WithoutCancel(f.t.Context()), http.MethodGet, f.url+"/v1/events?"+query, nil)
		f.ok(err)
		req.Header.Set("Authorization", "Bearer "+f.key)
		if after != "" {
			req.Header.Set("Last-Event-ID", after)
		}
		res, err = http.DefaultClient.Do(req)
		f.ok(err)
		if res.StatusCode == http.StatusServiceUnavailable { // the reader has not begun
			res.Body.Close()
			return false
		}
		return true
	})
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" {
		body, _ := io.ReadAll(res.Body)
		f.t.Fatalf("status %d, %s: %s", res.StatusCode, ct, body)
	}
	v := &viewer{f: f, body: res.Body, events: make(chan told, 20_000)}
	v.last.Store(after)
	f.t.Cleanup(v.close)
	go v.read(bufio.NewReader(res.Body))
	until(f.t, "the stream begins", func() bool { return v.retries.Load() > 0 && v.position() != "" })
	return v
}

func (v *viewer) close() { _ = v.body.Close() }

// read reads as the HTML standard says: a blank line sends what came, if there is data.
func (v *viewer) read(r *bufio.Reader) {
	defer close(v.events)
	var e told
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "":
			if value != "" { // a comment
				v.beats.Add(1)
				continue
			}
			if e.ID != "" {
				v.last.Store(e.ID)
			}
			if e.Data != "" {
				v.events <- e
			}
			e = told{}
		case "id":
			e.ID = value
		case "event":
			e.Event = value
		case "data":
			e.Data = value
		case "retry":
			v.retries.Add(1)
		default:
			v.f.t.Errorf("line %q", line)
		}
	}
}

func (v *viewer) position() string {
	id, _ := v.last.Load().(string)
	return id
}

// next waits for the next event.
func (v *viewer) next() told {
	v.f.t.Helper()
	select {
	case e, ok := <-v.events:
		if !ok {
			v.f.t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(time.Minute):
		v.f.t.Fatal("no event within a minute")
	}
	return told{}
}

// ended waits for the end of the stream and returns what came before it.
func (v *viewer) ended() []told {
	v.f.t.Helper()
	var rest []told
	for deadline := time.After(time.Minute); ; {
		select {
		case e, ok := <-v.events:
			if !ok {
				return rest
			}
			rest = append(rest, e)
		case <-deadline:
			v.f.t.Fatal("the stream has not ended within a minute")
		}
	}
}

// is checks the kind of an event, that its data is as the document says, and some of
// the data's members.
func (e told) is(t testing.TB, kind string, members map[string]any) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(e.Data), &data); err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	schema := doc.Components.Schemas["Live"+strings.ToUpper(kind[:1])+kind[1:]]
	if e.Event != kind || schema == nil {
		t.Fatalf("got %+v, want %s", e, kind)
	}
	if err := schema.Value.VisitJSON(data, openapi3.EnableFormatValidation()); err != nil {
		t.Errorf("%+v is not as the document says: %v", e, err)
	}
	for name, want := range members {
		if diff := cmp.Diff(want, data[name]); diff != "" {
			t.Errorf("%s of %+v (-want +got):\n%s", name, e, diff)
		}
	}
}

// happens publishes as the aggregator does.
func (f *fleet) happens(events ...live.Event) {
	f.t.Helper()
	p := live.NewPublisher(f.queue, nil, slog.New(slog.DiscardHandler))
	p.Publish(events...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f.ok(p.Run(ctx))
}

// twoWebsites adds them and waits until that is told: streams that are opened from then
// on are told of what comes after it.
func (f *fleet) twoWebsites() (w, x website) {
	f.t.Helper()
	v := f.look("", "")
	w, x = f.addWebsite(map[string]any{"url": "a.example"}), f.addWebsite(map[string]any{"url": "b.example"})
	for v.next(); !strings.Contains(v.next().Data, x.ID); {
	}
	v.close()
	return w, x
}

// numbered are events of the tenant that say which they are.
func (f *fleet) numbered(from, to int) []queue.LiveEvent {
	var out []queue.LiveEvent
	for n := from; n <= to; n++ {
		out = append(out, queue.LiveEvent{Org: f.org, Type: "config", Data: fmt.Appendf(nil, `{"n":%d}`, n)})
	}
	return out
}

func TestEveryReplicaTellsEveryEvent(t *testing.T) {
	t.Parallel()
	one, _ := withEvents(t)
	two, _ := withEvents(t)
	f := newFleet(t, one)
	g := f.replica(two)
	first := f.look("", "")
	f.addRegions("us-east")
	first.next().is(t, "config", map[string]any{"change": "created", "object": "region", "id": "us-east"})
	viewers := []*viewer{f.look("", ""), g.as("reader").look("", "")}
	all := func(kind string, members map[string]any) {
		t.Helper()
		for _, v := range viewers {
			v.next().is(t, kind, members)
		}
	}
	w := f.addWebsite(map[string]any{"url": "a.example", "name": "shop"})
	all("config", map[string]any{"change": "created", "object": "website", "id": w.ID, "website_id": w.ID})
	monitor, site := id(t, w.Monitors[0].ID), id(t, w.ID)
	f.happens(
		live.Event{Org: f.org, Website: site, Body: live.Verdict{
			MonitorID: monitor, WebsiteID: site, WebsiteName: "shop", From: uptime.VerdictUp, To: uptime.VerdictDown, At: time.Now(), Reason: uptime.ReasonDNS,
		}},
		live.Event{Body: live.Fleet{Change: live.Opened, Kind: "sick", Region: "us-east", At: time.Now(), Explanation: "sick"}},
	)
	all("verdict", map[string]any{"to": "down", "monitor_id": monitor.String(), "reason": "dns"})
	all("fleet", map[string]any{"kind": "sick", "region": "us-east", "change": "opened"})

	f.judge(monitor, uptime.VerdictDown, "us-east")
	var open pageOf[incident]
	g.call("GET", "/v1/incidents", nil).want(200, &open)
	g.call("POST", "/v1/incidents/"+open.Items[0].ID+"/acknowledge", nil).want(200, nil)
	all("incident", map[string]any{"change": "acknowledged", "incident_id": open.Items[0].ID, "website_id": w.ID, "by": "admin's key"})

	g.call("PATCH", "/v1/monitors/"+monitor.String(), map[string]any{"name": "front"}).want(200, nil)
	all("config", map[string]any{"change": "changed", "object": "monitor", "id": monitor.String(), "website_id": w.ID})
	g.call("PATCH", "/v1/regions/us-east", map[string]any{"title": "Virginia"}).want(200, nil)
	all("config", map[string]any{"change": "changed", "object": "region", "id": "us-east"})
	g.call("DELETE", "/v1/monitors/"+monitor.String(), nil).want(204, nil)
	all("config", map[string]any{"change": "deleted", "object": "monitor", "website_id": w.ID})
	g.call("DELETE", "/v1/websites/"+w.ID, nil).want(204, nil)
	all("config", map[string]any{"change": "deleted", "object": "website", "id": w.ID})
	f.call("DELETE", "/v1/websites/"+w.ID, nil).problem(404)
	f.call("POST", "/v1/websites", map[string]any{"url": "http://"}).problem(422)
	f.happens(live.Event{Body: live.Fleet{Change: live.Resolved, Kind: "sick", Region: "us-east", At: time.Now()}})
	all("fleet", map[string]any{"change": "resolved"}) // and nothing of what failed
}

// TestAStreamIsResumedWithoutLossOrRepetition reads some events at a time, from
// alternating replicas, while more come.
func TestAStreamIsResumedWithoutLossOrRepetition(t *testing.T) {
	t.Parallel()
	one, _ := withEvents(t)
	two, _ := withEvents(t)
	f := newFleet(t, one)
	replicas := []*fleet{f, f.replica(two)}
	v, last, n := f.look("", ""), "", 1
	take := func(most int) {
		t.Helper()
		for ; n <= most; n++ {
			e := v.next()
			if e.Data != fmt.Sprintf(`{"n":%d}`, n) {
				t.Fatalf("got %+v, want number %d", e, n)
			}
			last = e.ID
		}
	}
	const most = 1500
	published := make(chan error, 1)
	go func() {
		for n := 1; n <= most; n += 10 {
			if err := f.queue.AddLive(context.Background(), f.numbered(n, n+9)); err != nil {
				published <- err
				return
			}
		}
		published <- nil
	}()
	for opened := 1; n <= most; opened++ {
		take(min(n+96, most))
		v.close()
		v = replicas[opened%2].look("", last)
	}
	f.ok(<-published)
	v.close()
	f.ok(f.queue.AddLive(t.Context(), f.numbered(most+1, 2*most))) // several pages
	v = replicas[0].look("", last)
	take(2 * most)
	f.ok(f.queue.AddLive(t.Context(), f.numbered(2*most+1, 2*most+1)))
	take(2*most + 1)
}

func TestAnIDThatIsTooOldGetsAReset(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t)
	f := newFleet(t, with)
	v := f.look("", "")
	f.ok(f.queue.AddLive(t.Context(), f.numbered(1, 2)))
	first, second := v.next(), v.next()
	v.close()
	v = f.look("", first.ID) // reads along, so that no event is lost to this replica
	if got := v.next(); got != second {
		t.Errorf("resumed with %+v, want %+v", got, second)
	}
	for n := 3; n < queue.LiveKept+1000; n += 500 {
		f.ok(f.queue.AddLive(t.Context(), f.numbered(n, n+499)))
		for range 500 {
			v.next()
		}
	}
	for name, after := range map[string]string{"old": first.ID, "older than everything": "1-0", "of another Redis": "9999999999999-0", "huge": "99999999999999999999-0"} {
		v := f.look("", after)
		e := v.next()
		e.is(t, "reset", map[string]any{"reason": "expired"})
		f.happens(live.Event{Body: live.Fleet{Change: live.Opened, Kind: "blind", At: time.Now()}})
		if e = v.next(); e.ID == "" {
			t.Errorf("%s: no id to go on from", name)
		}
		if e.is(t, "fleet", nil); t.Failed() {
			t.Fatal(name)
		}
		v.close()
	}
}

func TestAStreamShowsOnlyTheTenantsEventsAndWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t)
	f := newFleet(t, with)
	f.addRegions("us-east")
	w, x := f.twoWebsites()
	all, other := f.look("", ""), f.as("other").look("", "")
	incidents, site := f.look("types=incident,fleet", ""), f.look("website_id="+w.ID, "")
	before := all.position()
	for _, one := range []website{x, w} {
		body := live.Verdict{MonitorID: id(t, one.Monitors[0].ID), WebsiteID: id(t, one.ID), To: uptime.VerdictUp, At: time.Now()}
		f.happens(live.Event{Org: f.org, Website: body.WebsiteID, Body: body})
	}
	f.happens(
		live.Event{Org: f.other, Body: live.Config{Change: live.Changed, Object: live.ObjectChannel, ID: "hush", At: time.Now()}},
		live.Event{Body: live.Fleet{Change: live.Opened, Kind: "blind", At: time.Now()}},
	)
	all.next().is(t, "verdict", map[string]any{"website_id": x.ID})
	all.next().is(t, "verdict", map[string]any{"website_id": w.ID})
	all.next().is(t, "fleet", nil)
	incidents.next().is(t, "fleet", nil)
	site.next().is(t, "verdict", map[string]any{"website_id": w.ID})
	other.next().is(t, "config", map[string]any{"id": "hush"})
	other.next().is(t, "fleet", nil)
	again := f.as("other").look("", before) // what is past is the tenant's, too
	again.next().is(t, "config", map[string]any{"id": "hush"})
	again.next().is(t, "fleet", nil)
	// Whoever sees nothing stays young: heartbeats say where to go on.
	until(t, "the position of a quiet stream moves", func() bool { return queue.CompareIDs(site.position(), all.position()) >= 0 })
}

func TestAStreamIsRefused(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t, func(c *stream.Config) { c.PerKey, c.PerOrg, c.Most = 2, 3, 4 })
	f := newFleet(t, with)
	f.addRegions("us-east")
	foreign := f.as("other")
	foreign.addPrivateRegion("theirs")
	theirs := foreign.addWebsite(map[string]any{"url": "a.example", "regions": []string{"theirs"}}).Monitors[0].ID
	nobody := uptime.NewID(time.Now()).String()
	for query, field := range map[string]string{
		"types=verdicts": "#/types", "types=verdict,,tick": "#/types", "types=tick": "#/monitor_id", "types=verdict&types=fleet": "#/types",
		"monitor_id=1": "#/monitor_id", "monitor_id=" + nobody: "#/monitor_id", "monitor_id=" + theirs: "#/monitor_id",
		"monitor_id=" + nobody + strings.Repeat(","+nobody, 50): "#/monitor_id", "website_id=" + strings.Repeat("-", 36): "#/website_id",
	} {
		f.call("GET", "/v1/events?"+query, nil).invalid(field)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v1/events", nil)
	f.ok(err)
	req.Header.Set("Authorization", "Bearer admin")
	req.Header.Set("Last-Event-ID", "yesterday")
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	f.ok(err)
	bad := answer{t: t, call: "GET /v1/events", status: res.StatusCode, header: res.Header, body: body}
	bad.invalid("#/Last-Event-ID")

	full := func(key string) {
		t.Helper()
		a := f.as(key).call("GET", "/v1/events", nil)
		a.problem(http.StatusTooManyRequests)
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	first := f.look("", "")
	f.look("", "")
	full("admin") // of the key
	f.as("reader").look("", "")
	full("writer") // of the tenant
	f.as("other").look("", "")
	full("other") // of the process
	first.close()
	until(t, "a place is free", func() bool {
		req = req.Clone(t.Context())
		req.Header.Del("Last-Event-ID")
		res, err := http.DefaultClient.Do(req)
		f.ok(err)
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}
