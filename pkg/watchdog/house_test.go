//go:build integration

package watchdog_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/watchdog"
	"github.com/probefleet/probefleet/pkg/wire"
)

// The test's time: a stage out of patience, and how often all is looked at.
const (
	patience  = 5 * time.Second
	lookEvery = 50 * time.Millisecond
	pingEvery = 100 * time.Millisecond
	waitMost  = time.Minute
)

// house is a fleet in which each stage leaves its traces on real engines, and can be stopped.
type house struct {
	*testing.T
	store   *postgres.Store
	queue   *queue.Client
	raw     *redis.Client
	jobs    postgres.Jobs
	lane    queue.Lane
	monitor uptime.Monitor
	pings   atomic.Int64 // that the service outside has got
	outside *httptest.Server

	leavesAlerts atomic.Bool // the notifier lives, but takes none

	mu      sync.Mutex
	stopped map[watchdog.Stage]bool
}

func newHouse(t *testing.T) *house {
	t.Helper()
	url := redistest.URL(t)
	h := &house{
		T: t, store: postgres.NewStore(pgtest.Pool(t)), lane: queue.Lane{Region: "eu-west"}, stopped: map[watchdog.Stage]bool{},
	}
	opt, err := redis.ParseURL(url)
	h.ok(err)
	h.raw = redis.NewClient(opt)
	t.Cleanup(func() { _ = h.raw.Close() })
	h.queue, err = queue.Open(t.Context(), queue.Config{
		URL: url, Block: 20 * time.Millisecond, LivenessTTL: 500 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	h.ok(err)
	t.Cleanup(func() { _ = h.queue.Close() })
	h.jobs, err = postgres.NewJobs(h.store)
	h.ok(err)
	org := fixture.Org(t, h.store.Pool())
	fixture.Regions(t, h.store.Pool(), org, h.lane.Region)
	fixture.Channel(t, h.store.Pool(), org, "fleet")
	h.monitor = fixture.Monitor(t, h.store.Pool(), uptime.Monitor{OrgID: org})
	h.ok(h.queue.EnsureLane(t.Context(), h.lane))
	h.outside = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/hunter2" || !strings.HasPrefix(r.UserAgent(), "probefleet/") {
			t.Errorf("a ping is %s %s by %q", r.Method, r.URL.Path, r.UserAgent())
		}
		h.pings.Add(1)
	}))
	t.Cleanup(h.outside.Close)
	return h
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// stop stops a stage, or lets it go on.
func (h *house) stop(stage watchdog.Stage, stopped bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped[stage] = stopped
}

// stage has a stage take its turns until the test ends.
func (h *house) stage(stage watchdog.Stage, turn func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			h.mu.Lock()
			stopped := h.stopped[stage]
			h.mu.Unlock()
			if !stopped {
				if err := turn(ctx); err != nil && ctx.Err() == nil {
					h.Errorf("%s: %v", stage, err)
				}
			}
			time.Sleep(30 * time.Millisecond)
		}
	}()
	h.Cleanup(func() {
		cancel()
		<-done
	})
}

// run starts every stage.
func (h *house) run() {
	h.stage(watchdog.StagePusher, func(ctx context.Context) error {
		if _, _, err := h.store.AcquireLease(ctx, postgres.RolePusher, 0, "p", 6*time.Second); err != nil {
			return err
		}
		return h.push(ctx, 1)
	})
	worker := h.queue.Consumer(h.lane, queue.WorkerInfo{ID: "w"})
	h.stage(watchdog.StageWorker, func(ctx context.Context) error {
		if err := worker.Beat(ctx); err != nil {
			return err
		}
		return h.work(ctx, worker, uptime.OutcomePass)
	})
	reader := h.queue.Results(h.lane, queue.GroupAggregator, "a")
	h.stage(watchdog.StageAggregator, func(ctx context.Context) error {
		if _, _, err := h.store.AcquireLease(ctx, postgres.RoleAggregator, 0, "a", 6*time.Second); err != nil {
			return err
		}
		return h.fold(ctx, reader)
	})
	h.stage(watchdog.StageNotifier, func(ctx context.Context) error {
		if !h.leavesAlerts.Load() {
			if _, err := h.store.Pool().Exec(ctx, "UPDATE river_job SET state = 'completed', finalized_at = now() WHERE queue = $1", alert.Queue); err != nil {
				return err
			}
		}
		return h.store.SignStage(ctx, postgres.StageNotifier)
	})
	h.stage(watchdog.StageAPI, func(ctx context.Context) error { return h.store.SignStage(ctx, postgres.StageAPI) })
}

// push sends a slot of n checks.
func (h *house) push(ctx context.Context, n int) error {
	now := uptime.InstantOf(time.Now())
	_, cursor, err := h.queue.Cursor(ctx, h.lane)
	if err != nil {
		return err
	}
	p := queue.Push{Epoch: 1, Prev: cursor, Slot: max(now, cursor+1), Missed: 1}
	for range n {
		c := h.monitor.Check(h.lane.Region, now)
		p.Checks = append(p.Checks, wire.EncodeCheck(nil, &c))
	}
	done, err := h.queue.PushSlot(ctx, h.lane, p)
	if err == nil && !done.Accepted {
		err = fmt.Errorf("refused: %+v", done)
	}
	return err
}

// work finishes what waits.
func (h *house) work(ctx context.Context, worker *queue.Consumer, outcome uptime.Outcome) error {
	entries, err := worker.Read(ctx, 100, 100)
	if err != nil {
		return err
	}
	_, err = worker.Commit(ctx, finish(entries, outcome))
	return err
}

func finish(entries []queue.Entry, outcome uptime.Outcome) []queue.Finished {
	done := make([]queue.Finished, len(entries))
	for i, e := range entries {
		done[i] = queue.Finished{Entry: e, Result: uptime.Result{
			Monitor: e.Check.Monitor, Revision: e.Check.Revision, Region: e.Check.Region, Due: e.Check.Due, Started: e.Check.Due,
			Outcome: outcome, Worker: "w", Attempts: 1,
		}}
	}
	return done
}

// fold makes results durable, as a checkpoint does.
func (h *house) fold(ctx context.Context, reader *queue.ResultReader) error {
	batches, err := reader.Read(ctx, 100)
	if err != nil || len(batches) == 0 {
		return err
	}
	ids := make([]string, len(batches))
	for i, b := range batches {
		ids[i] = b.ID
	}
	err = h.store.Tx(ctx, func(tx pgx.Tx) error {
		return postgres.SavePositions(ctx, tx, 0, []postgres.Position{{Region: h.lane.Region, LastID: ids[len(ids)-1], Folded: 1}})
	})
	if err != nil {
		return err
	}
	return reader.Ack(ctx, ids...)
}

// watch runs a watchdog; stop ends it. What it logs is looked at for the ping's URL.
func (h *house) watch(change ...func(*watchdog.Config)) (m *prometheus.Registry, stop func()) {
	h.Helper()
	var log strings.Builder
	m = prometheus.NewRegistry()
	cfg := watchdog.Config{
		Service: "test", Version: "1", Shards: 1, PingURL: config.Secret(h.outside.URL + "/hunter2"), Metrics: watchdog.NewMetrics(m),
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), LookEvery: lookEvery, PingEvery: pingEvery,
		Patience: patience, LedgerPatience: 500 * time.Millisecond, Lease: 3 * time.Second,
	}
	for _, c := range change {
		c(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- watchdog.New(h.store, h.queue, h.jobs, cfg).Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				h.Errorf("Run = %v", err)
			}
			if strings.Contains(log.String(), "hunter2") {
				h.Errorf("the ping's URL is in the log:\n%s", log.String())
			}
		})
	}
	h.Cleanup(stop)
	return m, stop
}

func (h *house) await(what string, ok func() bool) {
	h.Helper()
	for deadline := time.Now().Add(waitMost); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("waited %v for: %s\n%v", waitMost, what, h.column("SELECT to_jsonb(e) FROM fleet_event e UNION ALL SELECT to_jsonb(m) FROM ledger_minute m"))
		}
	}
}

// pinged waits for some pings more.
func (h *house) pinged() {
	h.Helper()
	from := h.pings.Load()
	h.await("pings", func() bool { return h.pings.Load() >= from+3 })
}

// open returns the kinds and regions of the events that are on.
func (h *house) open() string {
	h.Helper()
	return strings.Join(h.column("SELECT trim(kind || ' ' || region) FROM fleet_event WHERE resolved_at IS NULL ORDER BY 1"), ", ")
}

func (h *house) column(sql string, args ...any) []string {
	h.Helper()
	rows, err := h.store.Pool().Query(context.Background(), "SELECT x::text FROM ("+sql+") AS q(x)", args...)
	h.ok(err)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	h.ok(err)
	return out
}

// gauge returns the sum of a metric.
func gauge(t *testing.T, m *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := m.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == name {
			for _, metric := range f.GetMetric() {
				sum += metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}
