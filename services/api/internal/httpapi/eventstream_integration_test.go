//go:build integration

package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
	"github.com/probefleet/probefleet/services/api/internal/stream"
)

// loses is an authenticator of which a key can be taken away.
type loses struct {
	httpapi.Authenticator
	gone atomic.Bool
}

func (l *loses) Authenticate(ctx context.Context, key string) (httpapi.Caller, error) {
	if l.gone.Load() {
		return httpapi.Caller{}, fmt.Errorf("revoked: %w", httpapi.ErrDenied)
	}
	return l.Authenticator.Authenticate(ctx, key)
}

func TestAStreamEndsWithItsKey(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t)
	var keys *loses
	f := newFleet(t, with, func(c *httpapi.Config) {
		keys = &loses{Authenticator: c.Auth}
		c.Auth = keys
	})
	v := f.look("", "")
	until(t, "heartbeats", func() bool { return v.beats.Load() > 2 })
	keys.gone.Store(true)
	if rest := v.ended(); len(rest) > 0 {
		t.Errorf("told %v", rest)
	}
}

func TestAStopEndsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	with, stop := withEvents(t)
	f := newFleet(t, with, func(c *httpapi.Config) { c.BeatEvery = 0 })
	v := f.look("", "")
	stop()
	v.ended()
	if v.retries.Load() != 2 {
		t.Errorf("%d hints when to come back, want one at the begin and one at the end", v.retries.Load())
	}
	f.call("GET", "/v1/events", nil).problem(http.StatusServiceUnavailable)
}

func TestAStreamOutlivesTheTimeoutsOfTheServer(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	with, _ := withEvents(t)
	jobs, err := postgres.NewJobs(f.store)
	f.ok(err)
	cfg := httpapi.Config{Store: f.store, Queue: f.queue, Jobs: jobs, Box: f.box, Auth: f, Log: slog.New(slog.DiscardHandler)}
	with(&cfg)
	server, err := httpapi.New(cfg)
	f.ok(err)
	listening := httptest.NewUnstartedServer(server)
	listening.Config.ReadTimeout, listening.Config.WriteTimeout = time.Second, time.Second
	listening.Start()
	t.Cleanup(listening.Close)
	g := *f
	g.url = listening.URL
	v := g.look("", "")
	begun := time.Now()
	until(t, "the server's time is over", func() bool { return v.beats.Load() > 6 && time.Since(begun) > 3*time.Second })
	f.happens(live.Event{Body: live.Fleet{Change: live.Opened, Kind: "blind", At: time.Now()}})
	v.next().is(t, "fleet", nil)
}

// TestASlowClientIsLetGo stops reading while events fill every buffer on the way.
func TestASlowClientIsLetGo(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	with, _ := withEvents(t, func(c *stream.Config) { c.Buffer, c.Metrics = 200, reg })
	f := newFleet(t, with)
	fast := f.look("", "")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v1/events", nil)
	f.ok(err)
	req.Header.Set("Authorization", "Bearer reader")
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	defer res.Body.Close()

	big := queue.LiveEvent{Org: f.org, Type: "config", Data: []byte(`{"x":"` + strings.Repeat("x", 16<<10) + `"}`)}
	for sent := 0; gathered(t, reg, "probefleet_live_slow_total") == 0; sent += 50 {
		if sent > 5000 {
			t.Fatal("80 MB are sent and the client that reads nothing is still there")
		}
		batch := make([]queue.LiveEvent, 50)
		for i := range batch {
			batch[i] = big
		}
		f.ok(f.queue.AddLive(t.Context(), batch))
		for range batch {
			fast.next() // who reads is not held up
		}
	}
	v := &viewer{f: f, body: res.Body, events: make(chan told, 20_000)}
	v.last.Store("")
	go v.read(bufio.NewReader(res.Body))
	rest := v.ended()
	if len(rest) == 0 {
		t.Fatal("nothing was told")
	}
	last := rest[len(rest)-1]
	last.is(t, "reset", map[string]any{"reason": "slow"})
	f.happens(live.Event{Body: live.Fleet{Change: live.Opened, Kind: "blind", At: time.Now()}})
	fast.next().is(t, "fleet", nil)
	again := f.look("", last.ID)
	again.next().is(t, "fleet", nil)
}

func gathered(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestTicksAreThoseOfTheMonitorsThatAreWatched(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t, func(c *stream.Config) { c.Log = slog.New(slog.NewTextHandler(t.Output(), nil)) })
	f := newFleet(t, with)
	f.addRegions("us-east")
	ctx := t.Context()
	w, x := f.twoWebsites()
	watched, unwatched := id(t, w.Monitors[0].ID), id(t, x.Monitors[0].ID)
	for shard := range 2 {
		f.ok(f.queue.EnsureLane(ctx, queue.Lane{Region: "us-east", Shard: shard}))
	}
	now := uptime.InstantOf(time.Now())
	n := 0
	check := func(m uptime.ID, outcome uptime.Outcome) {
		t.Helper()
		n++
		lane := queue.Lane{Region: "us-east", Shard: m.Shard(2)}
		due := now.Add(time.Duration(n) * time.Second)
		f.ok(f.queue.PushUrgent(ctx, lane, uptime.Check{
			Monitor: m, Region: "us-east", Kind: uptime.KindHTTP, Target: "https://a.example", Due: due, NotAfter: due.Add(time.Minute),
			Request: uptime.NewID(time.Now()), Timeout: time.Second, Interval: time.Minute,
		}))
		f.finish(lane, uptime.Result{
			Monitor: m, Region: "us-east", Due: due, Started: due.Add(2 * time.Millisecond), Outcome: outcome, Code: 200,
			Phases: uptime.Phases{Total: 30 * time.Millisecond, DNS: time.Millisecond},
		})
	}
	check(watched, uptime.OutcomePass) // before anybody looked
	v := f.look("monitor_id="+watched.String(), "")
	none, ticks := f.look("", ""), f.look("types=tick&monitor_id="+watched.String()+","+unwatched.String(), "")
	seen := func() bool { // the tail has begun once one of these arrives
		check(unwatched, uptime.OutcomePass)
		select {
		case e := <-ticks.events:
			e.is(t, "tick", map[string]any{"monitor_id": unwatched.String()})
			return true
		case <-time.After(50 * time.Millisecond):
			return false
		}
	}
	until(t, "ticks are told", seen)
	check(watched, uptime.OutcomeExpired) // no tick
	check(watched, uptime.OutcomeFail)
	e := v.next()
	e.is(t, "tick", map[string]any{
		"monitor_id": watched.String(), "website_id": w.ID, "region": "us-east", "ok": false, "outcome": "fail",
		"latency_ms": 30.0, "dns_ms": 1.0, "late_ms": 2.0, "status_code": 200.0, "urgent": true,
	})
	if e.ID != "" {
		t.Errorf("a tick has the id %s, but is not kept", e.ID)
	}
	f.happens(live.Event{Body: live.Fleet{Change: live.Opened, Kind: "blind", At: time.Now()}})
	none.next().is(t, "fleet", nil) // and no tick
	v.next().is(t, "fleet", nil)
}

// finish commits the result of the one check that waits in a lane.
func (f *fleet) finish(lane queue.Lane, r uptime.Result) {
	f.t.Helper()
	k := f.queue.Consumer(lane, queue.WorkerInfo{ID: "worker", Concurrency: 1})
	f.ok(k.Beat(f.t.Context()))
	entries, err := k.Read(f.t.Context(), 0, 1)
	f.ok(err)
	if len(entries) != 1 {
		f.t.Fatalf("%d checks wait, want one", len(entries))
	}
	r.Request = entries[0].Check.Request
	n, err := k.Commit(f.t.Context(), []queue.Finished{{Entry: entries[0], Result: r}})
	f.ok(err)
	if n != 1 {
		f.t.Fatal("the result does not count")
	}
}
