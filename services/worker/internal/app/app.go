// Package app puts a worker together: its region's lanes, the probes behind the dial
// guard, fleet time, and, where it reaches InfluxDB, the writers of the region's ticks.
package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/ticks"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/runner"
)

const (
	// announceEvery is how often a region says that it exists, in case Redis forgot.
	announceEvery = time.Minute
	// statsEvery is how often the age of the oldest waiting check is looked at.
	statsEvery = 10 * time.Second
)

// App is a worker that has been put together.
type App struct {
	region string
	queue  *queue.Client
	clock  *fleettime.Clock
	runner *runner.Runner
	lanes  []queue.Lane
	ticks  []*ticks.Writer
	tsdb   *tsdb.Client // nil without InfluxDB
	oldest *prometheus.GaugeVec
	log    *slog.Logger
}

// New puts a worker together; nothing is asked of Redis or InfluxDB before Run.
func New(ctx context.Context, env *service.Env, cfg Config) (service.Runner, error) {
	id, err := cfg.workerID()
	if err != nil {
		return nil, err
	}
	log := env.Log.With("region", cfg.Region, "worker", id)
	q, err := queue.Open(ctx, queue.Config{
		URL: cfg.Redis.URL.Reveal(), CA: cfg.Redis.CA, Name: "worker-" + cfg.Region + "-" + id, Log: log,
	})
	if err != nil {
		return nil, err
	}
	a := &App{
		region: cfg.Region, queue: q, log: log,
		clock: fleettime.New(q.Time, fleettime.Config{Log: log}),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "probefleet", Subsystem: "worker", Name: "oldest_waiting_seconds",
			Help:        "Age of the oldest check that nobody has taken. Alarm on this: a full worker only looks busy.",
			ConstLabels: prometheus.Labels{"region": cfg.Region},
		}, []string{"class"}),
	}
	for shard := range cfg.Shards.Shards {
		a.lanes = append(a.lanes, queue.Lane{Region: cfg.Region, Shard: shard})
	}
	if err := errors.Join(q.Collect(env.Metrics), env.Metrics.Register(a.oldest)); err != nil {
		return nil, err
	}
	if err := a.addTicks(env, cfg, id); err != nil {
		return nil, err
	}
	if err := a.addRunner(env, cfg, id); err != nil {
		return nil, err
	}
	env.Health.Check("redis", q.Ping)
	return a, nil
}

// addTicks adds the writers of the region's ticks, if there is an InfluxDB.
func (a *App) addTicks(env *service.Env, cfg Config, id string) error {
	if !cfg.Influx.Enabled() {
		return nil
	}
	sink, err := tsdb.Open(tsdb.Config{
		URL: cfg.Influx.URL, Org: cfg.Organisation(), Token: cfg.Token.Reveal(),
		Retention: tsdb.Retention{Raw: cfg.Raw, FiveMinutes: cfg.FiveMinutes, Hour: cfg.Hour},
	})
	if err != nil {
		return err
	}
	a.tsdb = sink
	metrics := ticks.NewMetrics()
	if err := metrics.Register(env.Metrics); err != nil {
		return err
	}
	for _, lane := range a.lanes {
		a.ticks = append(a.ticks, ticks.NewWriter(a.queue.Results(lane, queue.GroupTicks, id), sink, a.queue, ticks.Config{
			Lane: lane, Log: a.log, Metrics: metrics, Now: func() time.Time { return a.clock.Now().Time() },
		}))
	}
	return nil
}

func (a *App) addRunner(env *service.Env, cfg Config, id string) error {
	box, err := cfg.box()
	if err != nil {
		return err
	}
	probes := probe.NewRunner(kinds.All(), probe.Env{
		Guard: egress.New(cfg.allow()), Box: box, Log: a.log, UserAgent: UserAgent(env.Version, cfg.Region),
		RDAPBootstrap: cfg.RDAPBootstrap,
	})
	host, _ := os.Hostname() // only shown
	info := queue.WorkerInfo{
		ID: id, Site: cfg.Site, Version: env.Version, Ticks: a.tsdb != nil, Concurrency: cfg.Concurrency, Started: time.Now().UTC(), Host: host,
	}
	lanes := make([]runner.Lane, len(a.lanes))
	for i, lane := range a.lanes {
		lanes[i] = a.queue.Consumer(lane, info)
	}
	a.runner, err = runner.New(lanes, probes, runner.Config{
		Region: cfg.Region, Site: cfg.Site, Worker: id,
		Concurrency: cfg.Concurrency, UrgentConcurrency: cfg.UrgentConcurrency, HostConcurrency: cfg.HostConcurrency,
		CanaryTargets: cfg.CanaryTargets, Log: a.log, Metrics: env.Metrics, Now: a.clock.Now,
	})
	return err
}

// UserAgent is how probes introduce themselves, so that whoever is watched can tell.
func UserAgent(version, region string) string { return "probefleet/" + version + " (" + region + ")" }

// Run works until ctx ends and the drain is over. What looks after the runner (fleet
// time, ticks) outlives it.
func (a *App) Run(ctx context.Context) error {
	defer a.queue.Close()
	if a.tsdb != nil {
		defer a.tsdb.Close()
	}
	// No check is looked at before fleet time is known: lateness and expiry depend on it.
	if err := service.Await(ctx, a.log, "redis", a.clock.Sync); err != nil {
		return err // told to stop before Redis was there
	}
	for _, lane := range a.lanes {
		ensure := func(ctx context.Context) error { return a.queue.EnsureLane(ctx, lane) }
		if err := service.Await(ctx, a.log, "the region's lanes", ensure); err != nil {
			return err
		}
	}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var keepers sync.WaitGroup
	keepers.Go(func() { _ = a.clock.Run(keep) }) // returns nil, always
	keepers.Go(func() { a.every(keep, announceEvery, a.announce) })
	keepers.Go(func() { a.every(keep, statsEvery, a.stats) })
	for _, w := range a.ticks {
		keepers.Go(func() { _ = w.Run(keep) }) // returns nil, always
	}
	err := a.runner.Run(ctx)
	stop()
	keepers.Wait()
	return err
}

// every does something at once and then regularly until ctx ends.
func (a *App) every(ctx context.Context, d time.Duration, do func(ctx context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *App) announce(ctx context.Context) {
	if err := a.queue.Announce(ctx, a.region); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "cannot announce the region", "err", err)
	}
}

func (a *App) stats(ctx context.Context) {
	var checks, urgent time.Duration
	for _, lane := range a.lanes {
		s, err := a.queue.LaneStats(ctx, lane)
		if err != nil {
			if ctx.Err() == nil {
				a.log.DebugContext(ctx, "cannot see how old the oldest check is", "err", err)
			}
			return
		}
		checks, urgent = max(checks, s.Checks.OldestAge), max(urgent, s.UrgentQ.OldestAge)
	}
	a.oldest.WithLabelValues("scheduled").Set(checks.Seconds())
	a.oldest.WithLabelValues("urgent").Set(urgent.Seconds())
}
