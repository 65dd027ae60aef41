package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/collect"
	"github.com/probefleet/probefleet/services/aggregator/internal/confirm"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
	"github.com/probefleet/probefleet/services/aggregator/internal/judge"
	"github.com/probefleet/probefleet/services/aggregator/internal/upkeep"
)

// foldPause is how long a fold that failed waits before it begins anew.
const foldPause = time.Second

// hold folds a shard whenever its lease can be had. The writer's transactions are
// fenced by the epoch, so the fold goes on while the database cannot be asked.
func (a *App) hold(ctx context.Context, shard int) error {
	return a.store.HoldLease(ctx, postgres.LeaseConfig{
		Role: postgres.RoleAggregator, Shard: shard, Owner: a.instance, Fenced: true, Log: a.env.Log,
	}, a.work)
}

// work folds a shard until the lease is lost. A fold that fails for another reason has
// written nothing half: it begins anew from what is durable.
func (a *App) work(ctx context.Context, lease postgres.Lease) error {
	for {
		err := a.fold(ctx, lease)
		if ctx.Err() != nil || errors.Is(err, postgres.ErrStaleLease) {
			return err
		}
		a.env.Log.WarnContext(ctx, "the fold ended, beginning anew", "err", err, "shard", lease.Shard)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(foldPause):
		}
	}
}

// fold runs all parts of one shard until one of them ends.
func (a *App) fold(ctx context.Context, lease postgres.Lease) error {
	log := a.env.Log.With("shard", lease.Shard)
	writer := incident.NewWriter(a.store, a.jobs, incident.Config{
		Lease: lease, Metrics: a.metrics.incident, Log: log, Live: a.live, Failpoint: a.failpoint,
	})
	sender := confirm.New(a.store, a.queue, confirm.Config{Shard: lease.Shard, Now: a.now, Metrics: a.metrics.confirm, Log: log})
	judging := judge.New(judge.Config{
		Recorder: writer, Asker: sender, Loader: loader{a.store}, Fleet: lease.Shard == 0, Metrics: a.metrics.judge, Log: log,
	})
	f := collect.New(collect.Deps{Store: a.store, Queue: a.queue, Judge: judging, Troubled: writer}, collect.Config{
		Shard: lease.Shard, Shards: a.cfg.Shards.Shards, Instance: a.instance, Now: a.now, Metrics: a.metrics.collect, Log: log,
		Failpoint: a.failpoint,
	})
	a.folds.put(lease.Shard, f)
	defer a.folds.put(lease.Shard, nil)
	trimmer := upkeep.Trimmer{Queue: a.queue, Lanes: f.Lanes, Metrics: a.metrics.upkeep, Log: log}
	runs := []func(context.Context) error{f.Run, sender.Run, trimmer.Run}
	if lease.Shard == 0 {
		runs = append(runs, a.once()...)
	}
	if err := service.Group(ctx, runs...); err != nil {
		return fmt.Errorf("shard %d: %w", lease.Shard, err)
	}
	return nil
}

// once is what one process of the fleet does for all.
func (a *App) once() []func(context.Context) error {
	purger := upkeep.Purger{History: a.store, Keep: a.cfg.Hour, KeepAudit: a.cfg.Audit, Log: a.env.Log}
	runs := []func(context.Context) error{purger.Run}
	if a.rollup != nil {
		runs = append(runs, a.rollup.Run)
	}
	return runs
}

// loader reads monitors for the judge, waiting for the database if it must: without
// an answer the fold could not go on anyway.
type loader struct{ store *postgres.Store }

func (l loader) Load(ctx context.Context, ids []uptime.ID) ([]postgres.JudgedMonitor, error) {
	for {
		found, err := l.store.JudgedByID(ctx, ids)
		if err == nil || !postgres.Unavailable(err) {
			return found, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(foldPause):
		}
	}
}

// folds are the folds of the shards that are held.
type folds struct {
	mu  sync.Mutex
	all map[int]*collect.Fold
}

func (f *folds) put(shard int, fold *collect.Fold) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[int]*collect.Fold{}
	}
	if fold == nil {
		delete(f.all, shard)
		return
	}
	f.all[shard] = fold
}

// held returns the shards that are held, in order.
func (f *folds) held() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	shards := make([]int, 0, len(f.all))
	for shard := range f.all {
		shards = append(shards, shard)
	}
	slices.Sort(shards)
	return shards
}

// ready tells whether every fold keeps up. A replica that holds no shard stands by and
// is ready, too.
func (f *folds) ready(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for shard, fold := range f.all {
		if err := fold.Ready(); err != nil {
			errs = append(errs, fmt.Errorf("shard %d: %w", shard, err))
		}
	}
	return errors.Join(errs...)
}
