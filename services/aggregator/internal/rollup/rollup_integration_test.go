//go:build integration

package rollup_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/influxtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/rollup"
)

// On real engines: a fresh job rolls up what there is, a second one knows that, and a
// late tick whose window was marked shows up.
func TestJob(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := influxtest.Config(t)
	q, err := queue.Open(ctx, queue.Config{URL: redistest.URL(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	lane, m := queue.Lane{Region: "eu"}, uptime.NewID(time.Now())
	hour := time.Now().Add(-30 * time.Hour).Truncate(time.Hour)
	tick := func(after, total time.Duration) uptime.Result {
		return uptime.Result{
			Monitor: m, Region: "eu", Due: uptime.InstantOf(hour.Add(after)), Outcome: uptime.OutcomePass,
			Phases: uptime.Phases{Total: total},
		}
	}
	open := func() *tsdb.Client {
		c, err := tsdb.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	run := func(c *tsdb.Client) {
		t.Helper()
		j, err := rollup.New(c, q, rollup.Config{
			Lanes: func(context.Context) ([]queue.Lane, error) { return []queue.Lane{lane}, nil }, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Once(ctx); err != nil {
			t.Fatal(err)
		}
	}
	count := func(c *tsdb.Client, span time.Duration) (n int) {
		t.Helper()
		s, err := c.Latency(ctx, tsdb.SeriesQuery{Monitor: m, From: hour, To: hour.Add(span)})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Regions {
			for _, p := range r.Points {
				n += p.Count
			}
		}
		return n
	}
	const fine, coarse = 48 * time.Hour, 11 * 24 * time.Hour // read by 5 minutes, by hours

	first := open()
	if err := first.Write(ctx, []uptime.Result{tick(time.Minute, time.Second)}); err != nil {
		t.Fatal(err)
	}
	run(first)
	second := open()
	if err := second.Write(ctx, []uptime.Result{tick(2*time.Minute, time.Second)}); err != nil {
		t.Fatal(err)
	}
	run(second)
	// The span reaches into the future, but 11 days of it are hours.
	if f, c := count(second, fine), countBack(t, second, m, coarse); f != 1 || c != 1 {
		t.Errorf("before the window is marked: %d and %d ticks, want 1 and 1", f, c)
	}
	if err := q.MarkDirty(ctx, lane, queue.Window{Start: hour, Width: 5 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	run(open())
	if f, c := count(second, fine), countBack(t, second, m, coarse); f != 2 || c != 2 {
		t.Errorf("afterwards: %d and %d ticks, want 2 and 2", f, c)
	}
	if left, err := q.TakeDirty(ctx, lane, 10); err != nil || len(left) != 0 {
		t.Errorf("left dirty: %v, %v", left, err)
	}
}

// countBack counts the ticks of the last stretch of time.
func countBack(t *testing.T, c *tsdb.Client, m uptime.ID, span time.Duration) (n int) {
	t.Helper()
	s, err := c.Latency(t.Context(), tsdb.SeriesQuery{Monitor: m, From: time.Now().Add(-span), To: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Level != tsdb.Level1h {
		t.Fatalf("read by %s", s.Level)
	}
	for _, r := range s.Regions {
		for _, p := range r.Points {
			n += p.Count
		}
	}
	return n
}
