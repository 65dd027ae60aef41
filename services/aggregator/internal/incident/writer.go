package incident

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

const (
	// conflictTries is how often a batch is tried again that collided with somebody
	// else's transaction, before its units are written one by one.
	conflictTries = 3
	// The pause while the database cannot be reached.
	pauseFirst = 50 * time.Millisecond
	pauseMost  = 2 * time.Second
)

// The steps at which a test may end the process, as [Config.Failpoint] names them.
const (
	StepBegin     = "begin"     // before anything is written
	StepCommit    = "commit"    // all is written, nothing committed
	StepCommitted = "committed" // nobody knows yet
)

// Config of a [Writer]. Lease is the one under which it writes.
type Config struct {
	Lease   postgres.Lease
	Metrics *Metrics     // nil: unregistered ones
	Log     *slog.Logger // nil: slog.Default()
	Live    Teller       // hears what was committed; nil: nobody does
	// Failpoint, for tests, is called at each step; what it returns ends the fold there.
	Failpoint func(step string) error
}

// Teller tells those who look on of what is durable. It must not wait.
type Teller interface{ Publish(events ...live.Event) }

// Writer writes units under one lease. It is safe for concurrent use, though the order
// of what concerns one monitor is then the caller's.
type Writer struct {
	store *postgres.Store
	jobs  postgres.Jobs
	cfg   Config
}

// NewWriter returns a writer to the store that puts alerts' jobs on the queue.
func NewWriter(store *postgres.Store, jobs postgres.Jobs, cfg Config) *Writer {
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Writer{store: store, jobs: jobs, cfg: cfg}
}

// Record writes units in their order, the positions with the last of them. It returns
// the monitors whose transitions were refused because they are not what was judged
// any more. While the database cannot be reached it tries again until ctx ends. The
// error is ctx's, [postgres.ErrStaleLease], or a failpoint's.
func (w *Writer) Record(ctx context.Context, units []unit.Unit, positions []postgres.Position) ([]uptime.ID, error) {
	began := time.Now()
	refused, err := w.write(ctx, units, positions)
	if err != nil {
		return refused, err
	}
	w.cfg.Metrics.observe(units, len(refused), time.Since(began))
	return refused, nil
}

// waves splits units so that within one wave no monitor is named twice and none both
// opens and resolves, because one statement cannot change a row twice. The order of
// what concerns one monitor stays.
func waves(units []unit.Unit) [][]unit.Unit {
	var all [][]unit.Unit
	depth := map[uptime.ID]int{}
	put := func(u unit.Unit) {
		n := depth[u.Monitor]
		depth[u.Monitor] = n + 1
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], u)
	}
	for _, u := range units {
		for _, part := range steps(u) {
			put(part)
		}
	}
	return all
}

// steps splits a unit in which an incident is opened and resolved, or several are,
// into one unit for each, and a last one with all the rest.
func steps(u unit.Unit) []unit.Unit {
	if len(u.Opened)+len(u.Resolved) <= 1 && len(u.Spans) <= 1 {
		return []unit.Unit{u}
	}
	var parts []unit.Unit
	add := func(set func(*unit.Unit)) {
		p := unit.Unit{Monitor: u.Monitor, Target: u.Target, Paused: u.Paused, State: u.State, Flapping: u.Flapping}
		set(&p)
		parts = append(parts, p)
	}
	for _, s := range u.Spans {
		add(func(p *unit.Unit) { p.Spans = append(p.Spans, s) })
	}
	opened, resolved := u.Opened, u.Resolved
	for len(opened)+len(resolved) > 0 {
		if len(opened) == 0 || len(resolved) > 0 && resolved[0].At <= opened[0].At {
			r := resolved[0]
			resolved = resolved[1:]
			add(func(p *unit.Unit) { p.Resolved = append(p.Resolved, r); p.Votes = u.Votes })
			continue
		}
		o := opened[0]
		opened = opened[1:]
		add(func(p *unit.Unit) { p.Opened = append(p.Opened, o) })
	}
	u.Opened, u.Resolved, u.Spans = nil, nil, nil
	return append(parts, u)
}

// write writes units in one transaction: a kill leaves all of what was judged of a monitor
// or nothing, so that its state is never ahead of its history. What collides again and again, or is
// refused by the database, is written unit by unit, so that one bad unit does not
// keep back the others; it alone is then given up, loudly.
func (w *Writer) write(ctx context.Context, units []unit.Unit, positions []postgres.Position) ([]uptime.ID, error) {
	tries, pause := 0, pauseFirst
	for {
		refused, err := w.try(ctx, units, positions)
		var step *failed
		switch {
		case err == nil:
			return refused, nil
		case errors.Is(err, postgres.ErrStaleLease):
			return nil, err
		case errors.As(err, &step):
			return nil, step.err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case collided(err) && tries < conflictTries:
			tries++
			continue
		case !refusedByDatabase(err):
			w.cfg.Log.WarnContext(ctx, "cannot write what was judged, trying again", "err", err, "units", len(units))
			w.cfg.Metrics.retries.Inc()
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			pause = min(2*pause, pauseMost)
		case len(units) > 1:
			return w.oneByOne(ctx, units, positions)
		case len(units) == 1 && len(positions) > 0:
			return w.oneByOne(ctx, units, positions)
		case len(units) == 1:
			w.cfg.Log.ErrorContext(ctx, "what was judged of a monitor cannot be written and is given up",
				"err", err, "monitor", units[0].Monitor.String())
			w.cfg.Metrics.lost.Inc()
			return []uptime.ID{units[0].Monitor}, nil
		default:
			w.cfg.Log.ErrorContext(ctx, "positions cannot be written", "err", err)
			return nil, nil
		}
	}
}

func (w *Writer) oneByOne(ctx context.Context, units []unit.Unit, positions []postgres.Position) ([]uptime.ID, error) {
	var refused []uptime.ID
	for i := range units {
		no, err := w.write(ctx, units[i:i+1], nil)
		refused = append(refused, no...)
		if err != nil {
			return refused, err
		}
	}
	if len(positions) == 0 {
		return refused, nil
	}
	_, err := w.write(ctx, nil, positions)
	return refused, err
}

// try is one transaction.
func (w *Writer) try(ctx context.Context, units []unit.Unit, positions []postgres.Position) (refused []uptime.ID, err error) {
	var happened []live.Event
	err = w.store.Tx(ctx, func(tx pgx.Tx) error {
		refused, happened = nil, nil
		if err := w.step(StepBegin); err != nil {
			return err
		}
		if err := w.lock(ctx, tx); err != nil {
			return err
		}
		for _, wave := range waves(units) {
			apply, no, err := newBatch(ctx, tx, wave)
			if err != nil {
				return err
			}
			refused = append(refused, no...)
			if err := apply.write(ctx); err != nil {
				return err
			}
			if err := apply.tell(ctx, w.jobs); err != nil {
				return err
			}
			happened = append(happened, apply.happened()...)
		}
		if err := postgres.SavePositions(ctx, tx, w.cfg.Lease.Shard, positions); err != nil {
			return err
		}
		return w.step(StepCommit)
	})
	if err != nil {
		return nil, err
	}
	if err := w.step(StepCommitted); err != nil {
		return refused, err
	}
	w.publish(happened...)
	return refused, nil
}

// publish tells whoever looks on of what was committed.
func (w *Writer) publish(events ...live.Event) {
	if w.cfg.Live != nil && len(events) > 0 {
		w.cfg.Live.Publish(events...)
	}
}

// lock makes sure that the shard is still ours until the transaction ends.
func (w *Writer) lock(ctx context.Context, tx pgx.Tx) error {
	return postgres.LockLease(ctx, tx, w.cfg.Lease.Role, w.cfg.Lease.Shard, w.cfg.Lease.Epoch)
}

// failed is a failpoint's error, which is never tried again.
type failed struct{ err error }

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

func (w *Writer) step(name string) error {
	if w.cfg.Failpoint == nil {
		return nil
	}
	if err := w.cfg.Failpoint(name); err != nil {
		return &failed{err}
	}
	return nil
}

// collided tells whether somebody else's transaction was in the way: a deadlock, a
// serialisation failure, or a monitor that was deleted while a row of it was written.
func collided(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "40") || strings.HasPrefix(pg.Code, "23") || pg.Code == "55P03")
}

// refusedByDatabase tells whether the database has looked at what was written and
// will say the same again: bad data, or a violated constraint. A missing table or right
// is not of that kind: it is waited for, since it concerns everything.
func refusedByDatabase(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (collided(err) || strings.HasPrefix(pg.Code, "22"))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
