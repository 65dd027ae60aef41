// Package rollup keeps the coarser buckets of ticks up to date: a cron job that rolls
// every closed window up from the next finer bucket, goes on where it was after a
// restart however long that took, and does again the windows that late ticks
// reached. Doing a window twice changes nothing, so several may run side by side.
package rollup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/tsdb"
)

// Store rolls up and remembers how far it is; a [tsdb.Client] does.
type Store interface {
	RollUp(ctx context.Context, l tsdb.Level, from, to time.Time) (tsdb.Rolled, error)
	Progress(ctx context.Context, l tsdb.Level) (time.Time, error)
	SetProgress(ctx context.Context, l tsdb.Level, until time.Time) error
}

// Dirty knows which windows late ticks reached; a [queue.Client] does.
type Dirty interface {
	TakeDirty(ctx context.Context, l queue.Lane, most int) ([]queue.Window, error)
	ClearDirty(ctx context.Context, l queue.Lane, windows ...queue.Window) error
}

// Config of a [Job]. Zero values are the defaults named.
type Config struct {
	// Lanes returns the lanes whose dirty windows are looked after; nil: none.
	Lanes     func(ctx context.Context) ([]queue.Lane, error)
	Schedule  string         // a cron line; "1-59/5 * * * *", a minute after each window's end
	Delay     time.Duration  // after a window's end, for its last ticks to arrive; 45 s
	Retention tsdb.Retention // as the store has it
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   prometheus.Registerer // not registered anywhere
}

const (
	// schedule runs a minute after each window of five minutes has ended.
	schedule = "1-59/5 * * * *"
	// stretch is after how much the progress is written down while catching up.
	stretch = 24 * time.Hour
	// maxDirty is how many windows of a lane are done again in one run; what is left
	// is done in the next.
	maxDirty = 2000
	// margin keeps dirty windows apart from ticks that are being dropped for their
	// age: a window whose ticks are half gone must not be rolled up again.
	margin = 48 * time.Hour
)

// Job is the cron job.
type Job struct {
	store Store
	dirty Dirty
	cfg   Config
	m     metrics
}

type metrics struct {
	lag     *prometheus.GaugeVec
	windows *prometheus.CounterVec
	errors  prometheus.Counter
}

// New returns a job; see [Job.Run]. The schedule is checked here.
func New(store Store, dirty Dirty, cfg Config) (*Job, error) {
	if cfg.Schedule == "" {
		cfg.Schedule = schedule
	}
	if _, err := cron.ParseStandard(cfg.Schedule); err != nil {
		return nil, fmt.Errorf("schedule of roll-ups: %w", err)
	}
	if cfg.Delay <= 0 {
		cfg.Delay = 45 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "probefleet", Subsystem: "rollup", Name: name, Help: help}
	}
	j := &Job{store: store, dirty: dirty, cfg: cfg, m: metrics{
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts(
			opts("lag_seconds", "Age of what is not rolled up yet, by level of the windows.")), []string{"kind"}),
		windows: prometheus.NewCounterVec(prometheus.CounterOpts(
			opts("windows_total", "Windows written, by level.")), []string{"kind"}),
		errors: prometheus.NewCounter(prometheus.CounterOpts(opts("errors_total", "Failed runs; the next goes on where they ended."))),
	}}
	return j, errors.Join(cfg.Metrics.Register(j.m.lag), cfg.Metrics.Register(j.m.windows), cfg.Metrics.Register(j.m.errors))
}

// Run rolls up at once and then by the schedule until ctx ends. No failure ends it: it
// returns nil.
func (j *Job) Run(ctx context.Context) error {
	once := func() {
		if err := j.Once(ctx); err != nil && ctx.Err() == nil {
			j.m.errors.Inc()
			j.cfg.Log.WarnContext(ctx, "cannot roll up, trying again at the next run", "err", err)
		}
	}
	once()
	c := cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	if _, err := c.AddFunc(j.cfg.Schedule, once); err != nil {
		return fmt.Errorf("schedule of roll-ups: %w", err)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// Once rolls up everything that is closed by now, and again what is dirty.
func (j *Job) Once(ctx context.Context) error {
	fine, err := j.level(ctx, tsdb.Level5m, j.cfg.Now().Add(-j.cfg.Delay))
	if err != nil {
		return err
	}
	coarse, err := j.level(ctx, tsdb.Level1h, fine)
	if err != nil {
		return err
	}
	return j.again(ctx, fine, coarse)
}

// level rolls the windows of a level up that are closed at an instant, and returns up
// to where that is done.
func (j *Job) level(ctx context.Context, l tsdb.Level, closed time.Time) (time.Time, error) {
	until := closed.Truncate(l.Width())
	from, err := j.store.Progress(ctx, l)
	if err != nil {
		return time.Time{}, err
	}
	oldest := j.cfg.Now().Add(-j.cfg.Retention.Of(l - 1)).Truncate(l.Width())
	if from.Before(oldest) {
		from = oldest
	}
	for from.Before(until) {
		end := from.Add(stretch)
		if end.After(until) {
			end = until
		}
		done, err := j.store.RollUp(ctx, l, from, end)
		if err != nil {
			return time.Time{}, err
		}
		if err := j.store.SetProgress(ctx, l, end); err != nil {
			return time.Time{}, err
		}
		j.m.windows.WithLabelValues(l.String()).Add(float64(done.Windows))
		from = end
	}
	j.m.lag.WithLabelValues(l.String()).Set(j.cfg.Now().Sub(from).Seconds())
	return from, nil
}

// again does the dirty windows of all lanes. Those that were not rolled up yet come
// with the others in time and are forgotten.
func (j *Job) again(ctx context.Context, fine, coarse time.Time) error {
	if j.cfg.Lanes == nil {
		return nil
	}
	lanes, err := j.cfg.Lanes(ctx)
	if err != nil {
		return err
	}
	taken := make(map[queue.Lane][]queue.Window, len(lanes))
	windows, hours := map[time.Time]bool{}, map[time.Time]bool{}
	oldest := j.cfg.Now().Add(margin - j.cfg.Retention.Of(tsdb.LevelRaw))
	for _, lane := range lanes {
		found, err := j.dirty.TakeDirty(ctx, lane, maxDirty)
		if err != nil {
			return err
		}
		taken[lane] = found
		for _, w := range found {
			start := w.Start.Truncate(tsdb.Level5m.Width())
			if start.Before(oldest) || !start.Before(fine) {
				continue
			}
			windows[start] = true
			if hour := start.Truncate(time.Hour); hour.Before(coarse) {
				hours[hour] = true
			}
		}
	}
	// The hours are made of the windows, so that these come first.
	for _, todo := range []struct {
		level  tsdb.Level
		starts map[time.Time]bool
	}{{tsdb.Level5m, windows}, {tsdb.Level1h, hours}} {
		for _, s := range stretches(todo.starts, todo.level.Width()) {
			done, err := j.store.RollUp(ctx, todo.level, s.from, s.to)
			if err != nil {
				return err
			}
			j.m.windows.WithLabelValues(todo.level.String()).Add(float64(done.Windows))
		}
	}
	for lane, found := range taken {
		if err := j.dirty.ClearDirty(ctx, lane, found...); err != nil {
			return err
		}
	}
	return nil
}

type span struct{ from, to time.Time }

// stretches joins windows that follow one another.
func stretches(starts map[time.Time]bool, width time.Duration) []span {
	var out []span
	for _, start := range slices.SortedFunc(maps.Keys(starts), time.Time.Compare) {
		if n := len(out); n > 0 && out[n-1].to.Equal(start) {
			out[n-1].to = start.Add(width)
			continue
		}
		out = append(out, span{start, start.Add(width)})
	}
	return out
}
