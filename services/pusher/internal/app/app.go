// Package app puts a pusher together: fleet time, the roster and what keeps it
// current, for each shard whose lease it holds the loops that send what is due, and
// the upkeep.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/pusher/internal/dispatch"
	"github.com/probefleet/probefleet/services/pusher/internal/roster"
	"github.com/probefleet/probefleet/services/pusher/internal/upkeep"
)

const (
	// readyPoll is how often it is looked whether scheduling can begin.
	readyPoll = 20 * time.Millisecond
	// largeRoster is from how many monitors on memory matters more than the collector's
	// time, and largeGC the collector's setting then: nearly all of the heap stays.
	largeRoster = 50_000
	largeGC     = 20
)

// App is a pusher that has been put together.
type App struct {
	cfg      Config
	instance string
	log      *slog.Logger
	store    *postgres.Store
	queue    *queue.Client
	clock    *fleettime.Clock
	roster   *roster.Roster
	syncer   *roster.Syncer
	dispatch *dispatch.Dispatcher
	upkeep   *upkeep.Upkeep
}

// New puts a pusher together; nothing is asked of Redis or PostgreSQL before Run.
func New(ctx context.Context, env *service.Env, cfg Config) (service.Runner, error) {
	a := &App{cfg: cfg, log: env.Log}
	var err error
	if a.instance, err = cfg.instance(); err != nil {
		return nil, err
	}
	a.store, err = postgres.Open(ctx, postgres.Config{URL: cfg.Database.URL.Reveal(), AppName: "probefleet-pusher"})
	if err != nil {
		return nil, err
	}
	a.queue, err = queue.Open(ctx, queue.Config{
		URL: cfg.Redis.URL.Reveal(), CA: cfg.Redis.CA, Name: "probefleet-pusher", Log: env.Log,
	})
	if err != nil {
		return nil, err
	}
	a.clock = fleettime.New(a.queue.Time, fleettime.Config{Log: env.Log})
	a.roster = roster.New(cfg.Shards.Shards, cfg.SlotWidth)
	a.dispatch = dispatch.New(a.queue, a.clock, dispatch.Config{
		Regions: a.roster.Regions, Touched: a.touched, Width: cfg.SlotWidth, Log: env.Log,
	})
	a.syncer = roster.NewSyncer(a.roster, a.store, a.dispatch, env.Log)
	a.upkeep, err = upkeep.New(a.store, a.queue, upkeep.Config{
		InCharge: func() bool { return slices.Contains(a.dispatch.Held(), 0) }, ReadRoster: a.readRoster,
		DropUnknown: a.dropUnknown, Reconcile: cfg.Reconcile, Log: env.Log,
	})
	if err != nil {
		return nil, err
	}
	return a, a.observe(env)
}

// observe registers metrics and readiness.
func (a *App) observe(env *service.Env) error {
	env.Health.Check("postgres", a.store.Ping)
	env.Health.Check("redis", a.queue.Ping)
	env.Health.Check("roster", func(context.Context) error {
		if !a.roster.Loaded() {
			return errors.New("not loaded yet")
		}
		return nil
	})
	reg := env.Metrics
	err := errors.Join(a.store.Collect(reg), a.queue.Collect(reg), a.syncer.Collect(reg), a.dispatch.Collect(reg), a.upkeep.Collect(reg))
	if err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// Run schedules until ctx is cancelled; it then finishes the slots that are under way
// and gives its leases back.
func (a *App) Run(ctx context.Context) error {
	defer a.store.Close()
	defer a.queue.Close()
	runs := []func(context.Context) error{a.clock.Run, a.syncer.Run, a.dispatch.WatchMemory, a.upkeep.Run, a.tuneMemory}
	for number := range a.cfg.Shards.Shards {
		runs = append(runs, func(ctx context.Context) error { return a.hold(ctx, number) })
	}
	return service.Group(ctx, runs...)
}

// hold sends a shard's checks whenever its lease is held. Pushes carry the lease's
// epoch and Redis refuses old ones, so checks go on while the database is away.
func (a *App) hold(ctx context.Context, number int) error {
	if !a.ready(ctx) {
		return nil
	}
	lease := postgres.LeaseConfig{
		Role: postgres.RolePusher, Shard: number, Owner: a.instance, Fenced: true, Log: a.log,
	}
	return a.store.HoldLease(ctx, lease, func(ctx context.Context, l postgres.Lease) error {
		err := a.dispatch.RunShard(ctx, number, l.Epoch, a.roster.Shard(number))
		var stale *dispatch.StaleError
		if errors.As(err, &stale) {
			return fmt.Errorf("%w: %w", &postgres.StaleEpochError{Seen: stale.Epoch}, err)
		}
		return err
	})
}

// ready waits until there is something to schedule and a time to do so; it reports
// false if ctx ended before.
func (a *App) ready(ctx context.Context) bool {
	for !a.roster.Loaded() || !a.clock.Synced() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(readyPoll):
		}
	}
	return ctx.Err() == nil
}

// tuneMemory trades the collector's time for memory while the roster is loaded, when
// most of what is allocated is garbage, and for good if it turns out to be large;
// unless GOGC says what is wanted.
func (a *App) tuneMemory(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	usual := debug.SetGCPercent(largeGC)
	if !a.ready(ctx) || a.roster.Len() < largeRoster {
		debug.SetGCPercent(usual)
		return nil
	}
	debug.FreeOSMemory() // what loading left
	return nil
}

// touched returns the monitors that changed since a time.
func (a *App) touched(ctx context.Context, since time.Time) ([]uptime.ID, error) {
	var ids []uptime.ID
	_, err := a.store.RosterTouched(ctx, since, func(page []uptime.ID) error {
		ids = append(ids, page...)
		return nil
	})
	return ids, err
}

func (a *App) readRoster(ctx context.Context) (added, changed, removed int, err error) {
	d, err := a.syncer.Reconcile(ctx)
	return d.Added, d.Changed, d.Removed, err
}

// dropUnknown asks the database for what the roster does not know: an urgent check may
// be of a monitor that was made this moment.
func (a *App) dropUnknown(ctx context.Context) (int, error) {
	regions, err := a.store.RosterRegions(ctx)
	if err != nil {
		return 0, err
	}
	names := make([]string, len(regions))
	for i, r := range regions {
		names[i] = r.Name
	}
	return a.dispatch.DropUnknown(ctx, names, dispatch.Known{Familiar: a.roster.Has, Exist: a.exist})
}

func (a *App) exist(ctx context.Context, ids []uptime.ID) (map[uptime.ID]bool, error) {
	found, err := a.store.RosterByIDs(ctx, ids)
	exist := make(map[uptime.ID]bool, len(found))
	for i := range found {
		exist[found[i].ID] = true
	}
	return exist, err
}
