// Package cleanup removes what is left of deleted monitors where no transaction
// reaches: their entries in the queues and their ticks. It works from the list that
// the database keeps of them, so that a restart, or an InfluxDB that is away for a day,
// leaves nothing behind. Beside that it forgets the answers to calls that were kept for
// their repetition.
package cleanup

import (
	"context"
	"log/slog"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// every is how often the list is looked at when nobody wakes the cleaner.
	every = 30 * time.Second
	// settle is how long after its deletion a monitor's last results may still come
	// in: those of checks that were in flight. What is cleaned after that stays clean.
	settle = 2 * time.Minute
	// batch bounds how many are in memory at once.
	batch = 500
	// callTime bounds the removal of one monitor.
	callTime = 30 * time.Second
)

// Store is where the list is.
type Store interface {
	UncleanMonitors(ctx context.Context, after postgres.UncleanMonitor, limit int) ([]postgres.UncleanMonitor, error)
	MonitorCleaned(ctx context.Context, id uptime.ID) error
	RegionNames(ctx context.Context) ([]string, error)
}

// Queues drops queue entries.
type Queues interface {
	DropMonitors(ctx context.Context, l queue.Lane, ids ...uptime.ID) (int, error)
}

// Ticks drops ticks.
type Ticks interface {
	DeleteMonitor(ctx context.Context, id uptime.ID) error
}

// Calls forgets the answers to calls that may be repeated.
type Calls interface {
	PurgeCalls(ctx context.Context, age time.Duration) (int64, error)
}

// Config says how to clean. Zero values are the defaults named.
type Config struct {
	Ticks  Ticks // nil: there are none
	Calls  Calls // nil: nobody keeps any
	Shards int   // 1
	Log    *slog.Logger
	Now    func() time.Time // time.Now
	Settle time.Duration    // 2 min
}

// Cleaner cleans.
type Cleaner struct {
	store  Store
	queues Queues
	cfg    Config
	wake   chan struct{}
	// once are those that were cleaned a first time, right after their deletion.
	once map[uptime.ID]bool
}

// New returns a cleaner.
func New(store Store, queues Queues, cfg Config) *Cleaner {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Settle <= 0 {
		cfg.Settle = settle
	}
	cfg.Shards = max(cfg.Shards, 1)
	return &Cleaner{store: store, queues: queues, cfg: cfg, wake: make(chan struct{}, 1), once: map[uptime.ID]bool{}}
}

// Wake makes the cleaner look at the list now. It does not block.
func (c *Cleaner) Wake() {
	select {
	case c.wake <- struct{}{}:
	default: // it has been woken and has not looked yet
	}
}

// Run cleans until ctx is cancelled.
func (c *Cleaner) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-c.wake:
		}
		if err := c.purge(ctx); err != nil && ctx.Err() == nil {
			c.cfg.Log.WarnContext(ctx, "forgetting the answers to old calls failed, will try again", "err", err)
		}
		if err := c.Pass(ctx); err != nil && ctx.Err() == nil {
			c.cfg.Log.WarnContext(ctx, "cleaning up after deleted monitors failed, will try again", "err", err)
		}
	}
}

// purge forgets the answers that nobody may ask for again.
func (c *Cleaner) purge(ctx context.Context) error {
	if c.cfg.Calls == nil {
		return nil
	}
	_, err := c.cfg.Calls.PurgeCalls(ctx, postgres.RepeatKept)
	return err
}

// Pass goes through the list once. Each monitor is cleaned right after its deletion,
// and a last time when nothing can come in any more. The first error ends the pass:
// what is away for one is away for all.
func (c *Cleaner) Pass(ctx context.Context) error {
	var regions []string
	var last postgres.UncleanMonitor
	waiting := map[uptime.ID]bool{} // cleaned a first time, and still on the list
	for {
		monitors, err := c.store.UncleanMonitors(ctx, last, batch)
		if err != nil {
			return err
		}
		if len(monitors) == 0 {
			c.once = waiting
			return nil
		}
		if regions == nil {
			if regions, err = c.store.RegionNames(ctx); err != nil {
				return err
			}
		}
		for _, m := range monitors {
			if err := c.visit(ctx, m, regions); err != nil {
				return err
			}
			if c.once[m.ID] {
				waiting[m.ID] = true
			}
		}
		last = monitors[len(monitors)-1]
	}
}

// visit does for one monitor what its time is for.
func (c *Cleaner) visit(ctx context.Context, m postgres.UncleanMonitor, regions []string) error {
	final := c.cfg.Now().Sub(m.DeletedAt) >= c.cfg.Settle
	if !final && c.once[m.ID] {
		return nil
	}
	if err := c.clean(ctx, m.ID, regions); err != nil {
		return err
	}
	if !final {
		c.once[m.ID] = true
		return nil
	}
	delete(c.once, m.ID)
	return c.store.MonitorCleaned(ctx, m.ID)
}

func (c *Cleaner) clean(ctx context.Context, id uptime.ID, regions []string) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	for _, region := range regions {
		lane := queue.Lane{Region: region, Shard: id.Shard(c.cfg.Shards)}
		if _, err := c.queues.DropMonitors(ctx, lane, id); err != nil {
			return err
		}
	}
	if c.cfg.Ticks == nil {
		return nil
	}
	return c.cfg.Ticks.DeleteMonitor(ctx, id)
}
