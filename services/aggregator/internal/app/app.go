// Package app wires the aggregator: settings, engines, and for each shard whose lease
// it holds the fold with its judge, its writer and its confirmations; under the lease
// of the first shard also what the whole fleet needs once.
package app

import (
	"context"
	"fmt"

	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/ticks"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/watchdog"
	"github.com/probefleet/probefleet/services/aggregator/internal/collect"
	"github.com/probefleet/probefleet/services/aggregator/internal/confirm"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
	"github.com/probefleet/probefleet/services/aggregator/internal/judge"
	"github.com/probefleet/probefleet/services/aggregator/internal/rollup"
	"github.com/probefleet/probefleet/services/aggregator/internal/upkeep"
)

const (
	// connsBase are for what runs once, the watchdog included, connsShard for each shard: the fold's
	// transactions, its watch, its confirmations and its lease.
	connsBase  = 4
	connsShard = 4
)

// App is the aggregator.
type App struct {
	env      *service.Env
	cfg      Config
	instance string
	store    *postgres.Store
	queue    *queue.Client
	jobs     postgres.Jobs
	clock    *fleettime.Clock
	now      func() uptime.Instant // fleet time
	influx   *tsdb.Client          // nil without one
	rollup   *rollup.Job           // nil without InfluxDB
	live     *live.Publisher       // tells who looks on
	metrics  metrics
	folds    folds
	// failpoint, in tests, is called at the steps of the fold; its error ends it there.
	failpoint func(step string) error
}

// metrics are registered once for all shards of the process.
type metrics struct {
	collect  *collect.Metrics
	judge    *judge.Metrics
	incident *incident.Metrics
	confirm  *confirm.Metrics
	upkeep   *upkeep.Metrics
	watchdog *watchdog.Metrics
}

// New builds the aggregator. It does not wait for the engines: Run does.
func New(ctx context.Context, env *service.Env, cfg Config) (service.Runner, error) {
	a := &App{env: env, cfg: cfg}
	var err error
	if a.instance, err = cfg.instance(); err != nil {
		return nil, err
	}
	a.store, err = postgres.Open(ctx, postgres.Config{
		URL: cfg.Database.URL.Reveal(), AppName: "probefleet-aggregator",
		MaxConns: int32(connsBase + connsShard*min(cfg.Shards.Shards, 16)),
	})
	if err != nil {
		return nil, err
	}
	if a.jobs, err = postgres.NewJobs(a.store); err != nil {
		return nil, err
	}
	a.queue, err = queue.Open(ctx, queue.Config{URL: cfg.Redis.URL.Reveal(), CA: cfg.CA, Name: "probefleet-aggregator", Log: env.Log})
	if err != nil {
		return nil, err
	}
	if cfg.Enabled() {
		if err := a.openInflux(); err != nil {
			return nil, err
		}
	}
	a.clock = fleettime.New(a.queue.Time, fleettime.Config{Log: env.Log})
	a.now = a.clock.Now
	a.live = live.NewPublisher(a.queue, env.Metrics, env.Log)
	return a, a.observe()
}

// openInflux makes what works on ticks: the roll-ups here, the core's writers in Run.
func (a *App) openInflux() error {
	keep := tsdb.Retention{Raw: a.cfg.Raw, FiveMinutes: a.cfg.FiveMinutes, Hour: a.cfg.Hour}
	var err error
	if a.influx, err = tsdb.Open(tsdb.Config{
		URL: a.cfg.Influx.URL, Org: a.cfg.Organisation(), Token: a.cfg.Token.Reveal(), Retention: keep,
	}); err != nil {
		return err
	}
	every := make([]int, a.cfg.Shards.Shards)
	for shard := range every {
		every[shard] = shard
	}
	a.rollup, err = rollup.New(a.influx, a.queue, rollup.Config{
		Lanes:     func(ctx context.Context) ([]queue.Lane, error) { return a.lanesOf(ctx, every) },
		Retention: keep, Log: a.env.Log, Metrics: a.env.Metrics,
	})
	return err
}

// observe registers metrics and readiness.
func (a *App) observe() error {
	reg := a.env.Metrics
	if err := a.store.Collect(reg); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if err := a.queue.Collect(reg); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	a.metrics = metrics{
		collect: collect.NewMetrics(reg), judge: judge.NewMetrics(reg), incident: incident.NewMetrics(reg),
		confirm: confirm.NewMetrics(reg), upkeep: upkeep.NewMetrics(reg), watchdog: watchdog.NewMetrics(reg),
	}
	a.env.Health.Check("postgres", a.store.Ping)
	a.env.Health.Check("redis", a.queue.Ping)
	a.env.Health.Check("fold", a.folds.ready)
	return nil
}

// Run implements [service.Runner].
func (a *App) Run(ctx context.Context) error {
	defer a.store.Close()
	defer a.queue.Close()
	if a.influx != nil {
		defer a.influx.Close()
	}
	if err := service.Await(ctx, a.env.Log, "the database and its schema", a.store.AlertsReady); err != nil {
		return nil //nolint:nilerr // it ends only because the process is stopping
	}
	if err := service.Await(ctx, a.env.Log, "fleet time", a.clock.Sync); err != nil {
		return nil //nolint:nilerr // as above
	}
	watch := watchdog.New(a.store, a.queue, a.jobs, watchdog.Config{
		Service: a.env.Name, Version: a.env.Version, Shards: a.cfg.Shards.Shards, PingURL: a.cfg.PingURL,
		Metrics: a.metrics.watchdog, Log: a.env.Log, Live: a.live,
	})
	runs := []func(context.Context) error{a.clock.Run, a.live.Run, watch.Run}
	for shard := range a.cfg.Shards.Shards {
		runs = append(runs, func(ctx context.Context) error { return a.hold(ctx, shard) })
	}
	if a.influx != nil {
		m := ticks.NewMetrics()
		if err := m.Register(a.env.Metrics); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
		runs = append(runs, ticks.NewCore(a.queue, a.influx, ticks.CoreConfig{
			Lanes:    func(ctx context.Context) ([]queue.Lane, error) { return a.lanesOf(ctx, a.folds.held()) },
			Consumer: a.instance, Writer: ticks.Config{Log: a.env.Log, Metrics: m},
		}).Run)
	}
	return service.Group(ctx, runs...)
}

// lanesOf returns the lanes of some shards, those of heartbeats among them.
func (a *App) lanesOf(ctx context.Context, shards []int) ([]queue.Lane, error) {
	if len(shards) == 0 {
		return nil, nil
	}
	regions, err := a.store.JudgedRegions(ctx)
	if err != nil {
		return nil, err
	}
	lanes := make([]queue.Lane, 0, (len(regions)+1)*len(shards))
	for _, shard := range shards {
		for _, r := range regions {
			lanes = append(lanes, queue.Lane{Region: r.Name, Shard: shard})
		}
		lanes = append(lanes, queue.HeartbeatLane(shard))
	}
	return lanes, nil
}
