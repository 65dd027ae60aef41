package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

const (
	million         = 1_000_000
	millionInterval = 3 * time.Minute
	// millionGroup is how many of the monitors belong to one website.
	millionGroup  = 1000
	millionSettle = 5 * time.Second
	// drainEvery is how often the streams are emptied, as workers would.
	drainEvery = 100 * time.Millisecond
)

// million runs the pusher with a million monitors, alone but for Redis, PostgreSQL, and
// what takes the checks off the streams.
func (b *bench) million(ctx context.Context, out *report.Part) error {
	f, err := b.start(ctx)
	if err != nil {
		return err
	}
	f.spoilt = true
	var services []string
	for _, name := range f.Names() {
		if !isEngine(name) {
			services = append(services, name)
		}
	}
	if err := f.Halt(services...); err != nil {
		return err
	}
	begun := time.Now()
	if err := f.seedMillion(ctx); err != nil {
		return err
	}
	f.tell("inserted %d monitors in %.1f s", million, time.Since(begun).Seconds())
	if err := f.forgetCursors(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	drained := make(chan error, 1)
	go func() { drained <- f.drain(ctx) }()
	err = b.millionRows(ctx, f, out)
	stop()
	if end := <-drained; err == nil {
		err = end
	}
	return err
}

// millionRows starts the pusher, and measures how it starts and how it goes on.
func (b *bench) millionRows(ctx context.Context, f *fleet, out *report.Part) error {
	begun := time.Now()
	if err := f.Again(stack.Pusher); err != nil {
		return err
	}
	ready := make(chan error, 1)
	go func() { ready <- f.Ready(ctx, stack.Pusher) }()
	peak := 0.0
	for started := false; !started; {
		select {
		case err := <-ready:
			if err != nil {
				return err
			}
			started = true
		case <-time.After(200 * time.Millisecond):
		}
		memory, err := f.memory()
		if err != nil {
			return err
		}
		peak = max(peak, memory[stack.Pusher])
	}
	took := time.Since(begun)
	if err := sleep(ctx, millionSettle); err != nil {
		return err
	}
	url := f.OpsURL(stack.Pusher) + "/metrics"
	before, err := scrape(ctx, url)
	if err != nil {
		return err
	}
	var busy []float64
	others := 0.0
	var runs []window
	first := time.Now()
	for range b.form.runs {
		w, err := f.pusherWindow(ctx, b.form.window)
		if err != nil {
			return err
		}
		runs = append(runs, w)
		busy = append(busy, w.cpu[stack.Pusher].Seconds()/w.seconds)
		others = max(others, w.others)
	}
	seconds := time.Since(first).Seconds()
	after, err := scrape(ctx, url)
	if err != nil {
		return err
	}
	memory, err := f.memory()
	if err != nil {
		return err
	}
	rate := (after.sum("probefleet_pusher_pushed_total", "kind", "scheduled") - before.sum("probefleet_pusher_pushed_total", "kind", "scheduled")) / seconds
	missed := after.sum("probefleet_pusher_missed_total", "", "") - before.sum("probefleet_pusher_missed_total", "", "")
	late := after.quantile(before, "probefleet_pusher_late_seconds", 0.99)
	out.Others = others
	out.Rows = append(out.Rows,
		report.AtMost("start: a million monitors read from PostgreSQL", took.Seconds(), 20, "s"),
		report.Plain("checks pushed", rate, "/s").Note("due: %.0f/s", 3*million/millionInterval.Seconds()),
		report.AtMost("slots missed", missed, 0, ""),
		report.AtMost("CPU of the pusher", report.Median(busy), 0.1, "cores").Of(busy),
		report.AtMost("memory of the pusher (PSS)", memory[stack.Pusher], 300, "MiB").Note("most while it started: %.0f", peak),
		report.AtMost("slot in Redis after its instant, 99th percentile", 1000*late, 50, "ms").Note("interpolated in its histogram"),
		report.Plain("CPU of Redis", runs[len(runs)-1].cpu["redis"].Seconds()/runs[len(runs)-1].seconds, "cores").Note("draining included"))
	return nil
}

// pusherWindow is a window in which the ledgers are of no interest.
func (f *fleet) pusherWindow(ctx context.Context, d time.Duration) (window, error) {
	before, err := f.sample(ctx)
	if err != nil {
		return window{}, err
	}
	if err := sleep(ctx, d); err != nil {
		return window{}, err
	}
	after, err := f.sample(ctx)
	return between(before, after), err
}

// bare lets a million rows in at once: nobody listens, and no key points nowhere.
var bare = []string{
	"ALTER TABLE monitor DISABLE TRIGGER USER",
	"ALTER TABLE monitor DROP CONSTRAINT monitor_website_id_fkey, DROP CONSTRAINT monitor_org_id_fkey",
}

// seedMillion inserts the monitors as if they had been there for a day.
func (f *fleet) seedMillion(ctx context.Context) error {
	var org uptime.ID
	if err := f.db.QueryRow(ctx, "SELECT id FROM org LIMIT 1").Scan(&org); err != nil {
		return err
	}
	for _, sql := range bare {
		if _, err := f.db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	then := time.Now().Add(-24 * time.Hour)
	websites := make([]uptime.ID, million/millionGroup)
	_, err := f.db.CopyFrom(ctx, pgx.Identifier{"website"}, []string{"id", "org_id", "name", "url", "url_key", "created_at", "updated_at"},
		pgx.CopyFromSlice(len(websites), func(i int) ([]any, error) {
			websites[i] = uptime.NewID(then)
			url := fmt.Sprintf("https://host-%d.example.com/", i)
			return []any{websites[i], org, url, url, url, then, then}, nil
		}))
	if err != nil {
		return err
	}
	_, err = f.db.CopyFrom(ctx, pgx.Identifier{"monitor"},
		[]string{"id", "org_id", "website_id", "kind", "target", "interval_ms", "timeout_ms", "policy", "created_at", "updated_at"},
		pgx.CopyFromSlice(million, func(i int) ([]any, error) {
			return []any{
				uptime.NewID(then.Add(time.Duration(i) * 80 * time.Microsecond)), org, websites[i/millionGroup], "http", fmt.Sprintf("https://host-%d.example.com/page/%d", i/millionGroup, i),
				int32(millionInterval.Milliseconds()), int32(10_000), `{}`, then, then,
			}, nil
		}))
	if err != nil {
		return err
	}
	_, err = f.db.Exec(ctx, "ANALYZE monitor")
	return err
}

// forgetCursors lets the pusher begin now: going on from where it was halted it would
// catch up first, at twice the rate.
func (f *fleet) forgetCursors(ctx context.Context) error {
	client, err := f.redis()
	if err != nil {
		return err
	}
	defer client.Close()
	for _, region := range stack.DefaultRegions() {
		if err := client.Del(ctx, fmt.Sprintf("pf:{%s.0}:cursor", region)).Err(); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) redis() (*redis.Client, error) {
	opt, err := redis.ParseURL(f.RedisURL)
	if err != nil {
		return nil, err
	}
	return redis.NewClient(opt), nil
}

// drain empties the streams until ctx ends: nothing is done with the checks.
func (f *fleet) drain(ctx context.Context) error {
	client, err := f.redis()
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		for _, region := range stack.DefaultRegions() {
			for _, stream := range []string{"checks", "urgent"} {
				err := client.XTrimMaxLen(ctx, fmt.Sprintf("pf:{%s.0}:%s", region, stream), 0).Err()
				if ctx.Err() != nil {
					return nil
				}
				if err != nil {
					return fmt.Errorf("drain: %w", err)
				}
			}
		}
		if sleep(ctx, drainEvery) != nil {
			return nil
		}
	}
}
