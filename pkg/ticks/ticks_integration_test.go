//go:build integration

package ticks_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/ticks"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
)

var quiet = slog.New(slog.DiscardHandler)

func openQueue(t *testing.T) *queue.Client {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Config{
		URL: redistest.URL(t), Log: quiet, Block: 200 * time.Millisecond, LivenessTTL: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

// commit finishes n checks of a monitor, due a second apart up to until.
func commit(t *testing.T, q *queue.Client, lane queue.Lane, m uptime.ID, until time.Time, n int) {
	t.Helper()
	ctx := t.Context()
	if err := q.EnsureLane(ctx, lane); err != nil {
		t.Fatal(err)
	}
	checks := make([]uptime.Check, n)
	for i := range checks {
		checks[i] = uptime.Check{
			Monitor: m, Revision: 1, Kind: uptime.KindHTTP, Target: "http://example.com/", Timeout: time.Second, Interval: time.Minute,
			Due: uptime.InstantOf(until.Add(time.Duration(i-n) * time.Second)), Request: uptime.NewID(time.Now()),
		}
	}
	if err := q.PushUrgent(ctx, lane, checks...); err != nil {
		t.Fatal(err)
	}
	consumer := q.Consumer(lane, queue.WorkerInfo{ID: "w"})
	var done []queue.Finished
	for len(done) < n {
		entries, err := consumer.Read(ctx, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			done = append(done, queue.Finished{Entry: e, Result: uptime.Result{
				Monitor: m, Revision: 1, Region: lane.Region, Due: e.Check.Due, Started: e.Check.Due, Request: e.Check.Request,
				Outcome: uptime.OutcomePass, Code: 200, Phases: uptime.Phases{Total: time.Millisecond},
			}})
		}
	}
	if counted, err := consumer.Commit(ctx, done); err != nil || counted != n {
		t.Fatalf("committed %d, %v", counted, err)
	}
}

// runs runs something until the test or the returned function ends it.
func runs(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

func stored(t *testing.T, c *tsdb.Client, m uptime.ID) int {
	t.Helper()
	found, err := c.Ticks(t.Context(), tsdb.TickQuery{
		Monitor: m, From: time.Now().Add(-3 * time.Hour), To: time.Now().Add(time.Minute), Limit: 1000,
	})
	if err != nil { // a server whose buckets come and go may say so for a moment
		t.Logf("ticks: %v", err)
		return -1
	}
	return len(found)
}

func pending(t *testing.T, q *queue.Client, lane queue.Lane) int64 {
	t.Helper()
	s, err := q.LaneStats(t.Context(), lane)
	if err != nil {
		t.Fatal(err)
	}
	return s.Ticks.Pending
}

// InfluxDB goes away in the middle, the writer is restarted meanwhile, and afterwards
// every tick is there.
func TestOutageOfInfluxDB(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	proxy := influxtest.NewProxy(t, cfg.URL)
	cfg.URL = proxy.URL
	sink, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	q, lane, m, now := openQueue(t), queue.Lane{Region: "eu"}, uptime.NewID(time.Now()), time.Now()
	start := func() (stop func()) {
		return runs(t, ticks.NewWriter(q.Results(lane, queue.GroupTicks, "w"), sink, q, ticks.Config{
			Lane: lane, Linger: 10 * time.Millisecond, Retry: 10 * time.Millisecond, Most: 50 * time.Millisecond, Log: quiet,
		}).Run)
	}
	commit(t, q, lane, m, now, 300)
	stop := start()
	eventually(t, "the first ticks are stored", func() bool { return stored(t, sink, m) == 300 })

	proxy.Fail(influxtest.Gone)
	commit(t, q, lane, m, now.Add(-time.Hour), 300)
	before := proxy.Seen()
	eventually(t, "the writer tries again", func() bool { return proxy.Seen() > before+3 })
	proxy.Fail(influxtest.Status(503, "Retry-After", "1"))
	stop()
	if n := pending(t, q, lane); n == 0 {
		t.Error("nothing is pending though InfluxDB has nothing of it")
	}
	start()
	proxy.Fail(nil)
	eventually(t, "the others are stored", func() bool { return stored(t, sink, m) == 600 })
	eventually(t, "everything is acknowledged", func() bool { return pending(t, q, lane) == 0 })
	windows, err := q.TakeDirty(t.Context(), lane, 100)
	if err != nil || len(windows) < 1 || len(windows) > 3 {
		t.Errorf("dirty windows %v, %v, want those of the late ticks", windows, err)
	}
}

// A server that lost its databases gets them again.
func TestBucketsAreMadeAgain(t *testing.T) {
	t.Parallel()
	cfg := influxtest.Config(t)
	influxtest.Drop(t, cfg)
	sink, err := tsdb.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	q, lane, m := openQueue(t), queue.Lane{Region: "eu"}, uptime.NewID(time.Now())
	commit(t, q, lane, m, time.Now(), 3)
	runs(t, ticks.NewWriter(q.Results(lane, queue.GroupTicks, "w"), sink, q, ticks.Config{
		Lane: lane, Linger: 10 * time.Millisecond, Retry: 10 * time.Millisecond, Log: quiet,
	}).Run)
	eventually(t, "the ticks are stored", func() bool { return stored(t, sink, m) == 3 })
	eventually(t, "the ticks are acknowledged", func() bool { return pending(t, q, lane) == 0 })
}

// The core writes what no worker writes, and stops when one does.
func TestCoreWritesForRegionsWithoutInfluxDB(t *testing.T) {
	t.Parallel()
	sink, q := influxtest.Client(t), openQueue(t)
	remote, local := queue.Lane{Region: "remote"}, queue.Lane{Region: "local"}
	mRemote, mLocal := uptime.NewID(time.Now()), uptime.NewID(time.Now())
	commit(t, q, remote, mRemote, time.Now(), 5)
	commit(t, q, local, mLocal, time.Now(), 5)
	beat := func(lane queue.Lane, writes bool) (stop func()) {
		c := q.Consumer(lane, queue.WorkerInfo{ID: "w-" + lane.Region, Ticks: writes})
		return runs(t, func(ctx context.Context) error {
			for ctx.Err() == nil {
				if err := c.Beat(ctx); err != nil && ctx.Err() == nil {
					return err
				}
				time.Sleep(100 * time.Millisecond)
			}
			_, err := c.Leave(context.Background())
			return err
		})
	}
	beat(remote, false)
	stopLocal := beat(local, true)
	eventually(t, "the workers are seen", func() bool {
		for _, l := range []queue.Lane{remote, local} {
			if w, err := q.Workers(t.Context(), l); err != nil || len(w) != 1 || !w[0].Alive {
				return false
			}
		}
		return true
	})
	runs(t, ticks.NewCore(q, sink, ticks.CoreConfig{
		Consumer: "core", Every: 100 * time.Millisecond, Writer: ticks.Config{Linger: 10 * time.Millisecond, Log: quiet},
		Lanes: func(context.Context) ([]queue.Lane, error) { return []queue.Lane{remote, local}, nil },
	}).Run)
	eventually(t, "the remote region's ticks are stored", func() bool { return stored(t, sink, mRemote) == 5 })
	if n := stored(t, sink, mLocal); n != 0 {
		t.Errorf("the core wrote %d ticks of a region that writes its own", n)
	}
	stopLocal()
	eventually(t, "what the local worker left behind is stored", func() bool { return stored(t, sink, mLocal) == 5 })
}

// The calls of heartbeats have no worker: their ticks are the core's, and neither a start nor
// a mark of the api is one.
func TestCoreWritesTheCallsOfHeartbeats(t *testing.T) {
	t.Parallel()
	sink, q := influxtest.Client(t), openQueue(t)
	lane, m := queue.HeartbeatLane(0), uptime.NewID(time.Now())
	if err := q.EnsureLane(t.Context(), lane); err != nil {
		t.Fatal(err)
	}
	now := uptime.InstantOf(time.Now()) / 1000 * 1000
	if err := q.MarkListening(t.Context(), 1, now); err != nil {
		t.Fatal(err)
	}
	for i, r := range []uptime.Result{
		{Begins: true}, {Outcome: uptime.OutcomePass, Phases: uptime.Phases{Total: 90 * time.Minute}},
		{Outcome: uptime.OutcomeFail, Reason: uptime.ReasonReported},
	} {
		r.Monitor, r.Region, r.Due = m, lane.Region, now-uptime.Instant(3-i)*1_000_000
		r.Started = r.Due
		if err := q.WriteCall(t.Context(), 0, &r); err != nil {
			t.Fatal(err)
		}
	}
	runs(t, ticks.NewCore(q, sink, ticks.CoreConfig{
		Consumer: "core", Every: 100 * time.Millisecond, Writer: ticks.Config{Linger: 10 * time.Millisecond, Log: quiet},
		Lanes: func(context.Context) ([]queue.Lane, error) { return []queue.Lane{lane}, nil },
	}).Run)
	eventually(t, "both finishes are stored", func() bool { return stored(t, sink, m) == 2 })
	eventually(t, "everything is acknowledged", func() bool {
		s, err := q.LaneStats(t.Context(), lane)
		return err == nil && s.Ticks.Pending == 0 && s.Ticks.OldestAge == 0
	})
	if s, err := q.LaneStats(t.Context(), lane); err != nil || s.DeadLetter != 0 {
		t.Errorf("%d dead letters, %v", s.DeadLetter, err)
	}
	if n := stored(t, sink, m); n != 2 {
		t.Errorf("%d ticks, want the two finishes", n)
	}
}
