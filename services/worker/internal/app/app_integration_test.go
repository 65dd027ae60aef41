//go:build integration

package app_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/app"
)

type world struct {
	t      *testing.T
	q      *queue.Client
	lane   queue.Lane
	influx *tsdb.Client
	proxy  *influxtest.Proxy
	reg    *prometheus.Registry
	stop   func()
}

// start runs a whole worker against its own Redis. The app writes into the buckets
// without a prefix, so that a test knows its ticks by their monitor.
func start(t *testing.T, change func(*app.Config)) *world {
	t.Helper()
	url := redistest.URL(t)
	base := influxtest.Config(t)
	w := &world{t: t, lane: queue.Lane{Region: "eu-west"}, proxy: influxtest.NewProxy(t, base.URL), reg: prometheus.NewRegistry()}
	var err error
	if w.q, err = queue.Open(t.Context(), queue.Config{URL: url}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.q.Close() })
	if w.influx, err = tsdb.Open(tsdb.Config{URL: base.URL}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.influx.Close)
	cfg, err := config.Load[app.Config](map[string]string{
		"REDIS_URL": url, "INFLUXDB_URL": w.proxy.URL, "REGION_NAME": "eu-west", "WORKER_ID": "w1", "SITE": "rack 4",
		"ALLOW_CIDRS": "127.0.0.0/8",
	})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg)
	}
	log := slog.New(slog.DiscardHandler)
	run, err := app.New(t.Context(), &service.Env{Name: "worker", Version: "v9", Log: log, Metrics: w.reg, Health: service.NewHealth()}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		w.stop = func() {}
	}
	t.Cleanup(func() { w.stop() })
	return w
}

// ask sends a check now and waits for its result.
func (w *world) ask(m uptime.ID, target string, change ...func(*uptime.Check)) uptime.Result {
	w.t.Helper()
	if err := w.q.EnsureLane(w.t.Context(), w.lane); err != nil {
		w.t.Fatal(err)
	}
	now, request := uptime.InstantOf(time.Now()), uptime.NewID(time.Now())
	c := uptime.Check{
		Monitor: m, Revision: 3, Kind: uptime.KindHTTP, Target: target, Timeout: 5 * time.Second, Interval: time.Minute,
		Due: uptime.UrgentDue(now, request), NotAfter: now.Add(time.Minute), Request: request, ReplyTo: queue.ReplyKey(w.lane, request),
	}
	for _, f := range change {
		f(&c)
	}
	if err := w.q.PushUrgent(w.t.Context(), w.lane, c); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	r, err := w.q.AwaitReply(ctx, w.lane, c.ReplyTo)
	if err != nil {
		w.t.Fatalf("no reply: %v", err)
	}
	return r
}

func (w *world) ticks(m uptime.ID) []tsdb.Tick {
	w.t.Helper()
	found, err := w.influx.Ticks(w.t.Context(), tsdb.TickQuery{Monitor: m, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Minute)})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

func TestWorker(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	web.Set("/down", targets.Status(503))
	w := start(t, func(c *app.Config) { c.CanaryTargets = []string{web.URL + "/canary"} })
	up, down := uptime.NewID(time.Now()), uptime.NewID(time.Now())

	r := w.ask(up, web.URL+"/", func(c *uptime.Check) { c.Canary = true })
	if r.Outcome != uptime.OutcomePass || r.Code != 200 || r.Revision != 3 || r.Worker != "w1" || r.Site != "rack 4" ||
		r.IP != "127.0.0.1" || !r.Exempt || r.Canary != uptime.CanaryPassed || r.Phases.Total <= 0 || r.Late < 0 || r.Attempts != 1 {
		t.Errorf("up: %+v", r)
	}
	if agent := web.LastHeader("/").Get("User-Agent"); agent != "probefleet/v9 (eu-west)" {
		t.Errorf("User-Agent %q", agent)
	}
	r = w.ask(down, web.URL+"/down")
	if r.Outcome != uptime.OutcomeFail || r.Reason != uptime.ReasonStatus || r.Code != 503 || r.Canary != uptime.CanaryNone {
		t.Errorf("down: %+v", r)
	}
	if r := w.ask(uptime.NewID(time.Now()), "http://169.254.169.254/"); r.Reason != uptime.ReasonBlockedTarget {
		t.Errorf("metadata: %+v", r)
	}
	if r := w.ask(uptime.NewID(time.Now()), "x", func(c *uptime.Check) { c.Kind = "carrier-pigeon" }); r.Outcome != uptime.OutcomeInvalid || r.Reason != uptime.ReasonUnsupported {
		t.Errorf("unknown kind: %+v", r)
	}
	eventually(t, "both ticks are stored", func() bool { return len(w.ticks(up)) == 1 && len(w.ticks(down)) == 1 })
	if tick := w.ticks(down)[0]; tick.OK || !tick.Urgent || tick.Reason != uptime.ReasonStatus || tick.Region != "eu-west" {
		t.Errorf("tick %+v", tick)
	}
	if regions, err := w.q.Announced(t.Context()); err != nil || !slices.Contains(regions, "eu-west") {
		t.Errorf("announced %v, %v", regions, err)
	}
	workers, err := w.q.Workers(t.Context(), w.lane)
	if err != nil || len(workers) != 1 || !workers[0].Alive || !workers[0].Ticks || workers[0].Version != "v9" || workers[0].Site != "rack 4" {
		t.Errorf("workers %+v, %v", workers, err)
	}
	if _, err := w.reg.Gather(); err != nil {
		t.Errorf("metrics: %v", err)
	}

	w.stop()
	if workers, err := w.q.Workers(t.Context(), w.lane); err != nil || slices.ContainsFunc(workers, func(w queue.Worker) bool { return w.Alive }) {
		t.Errorf("after goodbye: %+v, %v", workers, err)
	}
}

// One failed write to InfluxDB killed the worker of a predecessor. Here checks go on
// while it fails in every way, and afterwards all ticks are there.
func TestInfluxDBFails(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	w := start(t, nil)
	m := uptime.NewID(time.Now())
	w.ask(m, web.URL)
	eventually(t, "the first tick is stored", func() bool { return len(w.ticks(m)) == 1 })
	for i, fail := range []func(p *influxtest.Proxy){
		func(p *influxtest.Proxy) { p.Fail(influxtest.Gone) },
		func(p *influxtest.Proxy) { p.Fail(influxtest.Status(500)) },
		func(p *influxtest.Proxy) { p.Fail(influxtest.Status(429, "Retry-After", "1")) },
		func(p *influxtest.Proxy) { p.Fail(influxtest.Status(401)) },
	} {
		before := w.proxy.Seen()
		fail(w.proxy)
		if r := w.ask(m, web.URL); r.Outcome != uptime.OutcomePass {
			t.Errorf("check %d while InfluxDB fails: %+v", i, r)
		}
		eventually(t, "the failure is met", func() bool { return w.proxy.Seen() > before })
	}
	if r := w.ask(m, web.URL); r.Outcome != uptime.OutcomePass {
		t.Errorf("last check: %+v", r)
	}
	w.proxy.Fail(nil)
	eventually(t, "all ticks are stored", func() bool { return len(w.ticks(m)) == 6 })
}

// Without InfluxDB a worker leaves its ticks to the core and says so.
func TestWithoutInfluxDB(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	w := start(t, func(c *app.Config) { c.Influx.URL = "" })
	if r := w.ask(uptime.NewID(time.Now()), web.URL); r.Outcome != uptime.OutcomePass {
		t.Errorf("check: %+v", r)
	}
	workers, err := w.q.Workers(t.Context(), w.lane)
	if err != nil || len(workers) != 1 || workers[0].Ticks {
		t.Errorf("workers %+v, %v", workers, err)
	}
	s, err := w.q.LaneStats(t.Context(), w.lane)
	if err != nil || s.Ticks.Pending != 0 || s.Ticks.Length == 0 {
		t.Errorf("ticks group %+v, %v: its results must wait for somebody else", s.Ticks, err)
	}
	if n := w.proxy.Seen(); n != 0 {
		t.Errorf("%d requests to InfluxDB", n)
	}
}

func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	w := start(t, nil)
	w.ask(uptime.NewID(time.Now()), web.URL+"/secret-path")
	w.ask(uptime.NewID(time.Now()), "x", func(c *uptime.Check) { c.Kind = "made-up-by-somebody" })
	families, err := w.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				seen[f.GetName()+" "+l.GetName()+"="+l.GetValue()] = true
				if strings.Contains(l.GetValue(), "secret-path") || strings.Contains(l.GetValue(), "made-up") {
					t.Errorf("%s has label %s=%s", f.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
	for _, want := range []string{
		"probefleet_worker_probes_total reason=ok", "probefleet_worker_probes_total reason=unsupported",
		"probefleet_worker_late_seconds region=eu-west", "probefleet_worker_in_flight class=urgent",
		"probefleet_worker_commit_size region=eu-west", "probefleet_worker_oldest_waiting_seconds class=scheduled",
	} {
		if !seen[want] {
			t.Errorf("no metric %s", want)
		}
	}
}
