// Package upkeep does what the fleet needs now and then from whoever schedules it:
// pauses and mutings that end, regions that announce themselves, and the daily
// reconcile of PostgreSQL, memory and Redis.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"github.com/probefleet/probefleet/pkg/queue"
)

const (
	resumeEvery   = time.Second
	announceEvery = 3 * time.Second
	// quietFor is how long after a failure of the same kind nothing is logged.
	quietFor = 30 * time.Second
	// purgeAfter is how long the ids of deleted monitors are kept: much longer than any
	// poll looks back.
	purgeAfter = 7 * 24 * time.Hour
	// reconcileTime bounds a reconcile.
	reconcileTime = 30 * time.Minute
)

// Store is the database, as far as upkeep needs it.
type Store interface {
	ResumeWebsites(ctx context.Context) (resumed, unmuted int64, err error)
	InsertAnnounced(ctx context.Context, names []string, most int) (int64, error)
	PurgeDeleted(ctx context.Context, age time.Duration) (int64, error)
}

// Announcements are the regions that say of themselves that they exist.
type Announcements interface {
	Announced(ctx context.Context) ([]string, error)
	TakeNote(ctx context.Context, regions ...string) error
}

// Config of [Upkeep].
type Config struct {
	// InCharge tells whether this process does what one process does for the fleet.
	InCharge func() bool
	// ReadRoster reads all monitors again and tells how many differed.
	ReadRoster func(ctx context.Context) (added, changed, removed int, err error)
	// DropUnknown empties the queues of monitors that do not exist.
	DropUnknown func(ctx context.Context) (dropped int, err error)
	// Reconcile is when to reconcile: five fields of cron, in UTC.
	Reconcile string
	Log       *slog.Logger // nil: slog.Default()
}

// Upkeep runs the jobs.
type Upkeep struct {
	store       Store
	regions     Announcements
	cfg         Config
	log         *slog.Logger
	differences *prometheus.CounterVec
	warned      map[string]time.Time
}

// New returns the jobs, or an error if the time to reconcile cannot be read.
func New(store Store, regions Announcements, cfg Config) (*Upkeep, error) {
	if err := CheckSchedule(cfg.Reconcile); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Upkeep{
		store: store, regions: regions, cfg: cfg, log: cfg.Log, warned: map[string]time.Time{},
		differences: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_pusher_reconcile_differences_total",
			Help: "What the daily reconcile had to repair; anything but zero says that notifications were lost.",
		}, []string{"kind"}),
	}, nil
}

// CheckSchedule tells what is wrong with a time in cron's five fields.
func CheckSchedule(spec string) error {
	if _, err := cron.ParseStandard(spec); err != nil {
		return fmt.Errorf("%q: %w", spec, err)
	}
	return nil
}

// Collect registers the metrics with reg.
func (u *Upkeep) Collect(reg prometheus.Registerer) error { return reg.Register(u.differences) }

// Run does what is due until ctx is cancelled, which it answers with nil once a
// reconcile that runs has noticed.
func (u *Upkeep) Run(ctx context.Context) error {
	daily := cron.New(cron.WithLocation(time.UTC), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger)))
	_, err := daily.AddFunc(u.cfg.Reconcile, func() {
		if err := u.Reconcile(ctx); err != nil && ctx.Err() == nil {
			u.log.ErrorContext(ctx, "the reconcile failed", "err", err)
		}
	})
	if err != nil {
		return fmt.Errorf("time to reconcile: %w", err)
	}
	daily.Start()
	defer func() { <-daily.Stop().Done() }()
	resume, announce := time.NewTicker(resumeEvery), time.NewTicker(announceEvery)
	defer resume.Stop()
	defer announce.Stop()
	for {
		job, what := u.resume, "resume"
		select {
		case <-ctx.Done():
			return nil
		case <-resume.C:
		case <-announce.C:
			job, what = u.meet, "announced regions"
		}
		if !u.cfg.InCharge() {
			continue
		}
		if err := job(ctx); err != nil && ctx.Err() == nil {
			u.warn(ctx, what, err)
		}
	}
}

// warn logs a failure, not again for some time.
func (u *Upkeep) warn(ctx context.Context, what string, err error) {
	if now := time.Now(); now.Sub(u.warned[what]) > quietFor {
		u.warned[what] = now
		u.log.WarnContext(ctx, "upkeep failed", "kind", what, "err", err)
	}
}

// resume ends pauses and mutings whose time is over; the monitors' new revisions reach
// the roster like any change.
func (u *Upkeep) resume(ctx context.Context) error {
	resumed, unmuted, err := u.store.ResumeWebsites(ctx)
	if resumed+unmuted > 0 {
		u.log.InfoContext(ctx, "websites came back", "resumed", resumed, "unmuted", unmuted)
	}
	return err
}

// meet makes regions that announced themselves known. They stay pending, without
// checks and without a vote, until somebody enables them.
func (u *Upkeep) meet(ctx context.Context) error {
	names, err := u.regions.Announced(ctx)
	if err != nil || len(names) == 0 {
		return err
	}
	n, err := u.store.InsertAnnounced(ctx, names, queue.MaxAnnounced)
	if err != nil {
		return err
	}
	if n > 0 {
		u.log.InfoContext(ctx, "regions announced themselves and wait to be enabled", "count", n, "regions", names)
	}
	return u.regions.TakeNote(ctx, names...)
}

// Reconcile makes memory and queues what the database says and forgets what is long gone.
func (u *Upkeep) Reconcile(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reconcileTime)
	defer cancel()
	began := time.Now()
	added, changed, removed, err := u.cfg.ReadRoster(ctx)
	if err != nil {
		return fmt.Errorf("read the roster: %w", err)
	}
	dropped, dropErr := u.cfg.DropUnknown(ctx)
	purged, purgeErr := u.store.PurgeDeleted(ctx, purgeAfter)
	for kind, n := range map[string]int{"added": added, "changed": changed, "removed": removed, "dropped": dropped} {
		u.differences.WithLabelValues(kind).Add(float64(n))
	}
	u.log.InfoContext(ctx, "reconciled", "added", added, "changed", changed, "removed", removed,
		"dropped", dropped, "purged", purged, "duration_ms", time.Since(began).Milliseconds())
	return errors.Join(dropErr, purgeErr)
}
