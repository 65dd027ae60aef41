package watchdog

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// LookEvery is how often everything is read: a lane takes two calls, 0.13 ms together
	// with their answers, and what is found is told in minutes.
	LookEvery = 5 * time.Second
	// lookTime bounds one look, so that an engine that hangs is noticed.
	lookTime = 15 * time.Second
)

// Teller tells those who look on of what is durable. It must not wait.
type Teller interface{ Publish(events ...live.Event) }

// Config of a [Watchdog]. Zero values are the defaults named.
type Config struct {
	Service string        // in whose process it runs
	Version string        // told to the service outside
	Shards  int           // of the fleet
	PingURL config.Secret // empty: nobody is pinged
	Metrics *Metrics      // nil: unregistered ones
	Log     *slog.Logger  // nil: slog.Default()
	Live    Teller        // hears of trouble once it is recorded; nil: nobody does

	LookEvery      time.Duration // LookEvery
	PingEvery      time.Duration // PingEvery
	Patience       time.Duration // with stages: Patience
	LedgerPatience time.Duration // with the ledger: a minute
	Lease          time.Duration // postgres.DefaultLeaseTTL
}

// Watchdog watches the fleet.
type Watchdog struct {
	store *postgres.Store
	queue *queue.Client
	jobs  postgres.Jobs
	cfg   Config
	ping  *Pinger
	beats beats
}

// New returns a watchdog; jobs writes the jobs of alerts.
func New(store *postgres.Store, q *queue.Client, jobs postgres.Jobs, cfg Config) *Watchdog {
	for _, d := range []struct {
		at    *time.Duration
		value time.Duration
	}{
		{&cfg.LookEvery, LookEvery}, {&cfg.PingEvery, PingEvery}, {&cfg.Patience, Patience}, {&cfg.LedgerPatience, ledgerPatience},
	} {
		if *d.at <= 0 {
			*d.at = d.value
		}
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Watchdog{
		store: store, queue: q, jobs: jobs, cfg: cfg, ping: NewPinger(cfg.PingURL, cfg.Version),
		beats: beats{every: cfg.PingEvery, again: pingAgain, slack: cfg.LookEvery / 2},
	}
}

// Run watches whenever it holds the lease, until ctx is cancelled, which it answers with nil.
func (w *Watchdog) Run(ctx context.Context) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return w.store.HoldLease(ctx, postgres.LeaseConfig{
		Role: postgres.RoleWatchdog, TTL: w.cfg.Lease, Log: w.cfg.Log,
		// Nobody else may take it for his own: two services of one host would.
		Owner: w.cfg.Service + "/" + host + "/" + uptime.NewID(time.Now()).String(),
	}, w.work)
}

// watch is what one holder of the lease remembers.
type watch struct {
	lease    postgres.Lease
	book     *Book
	progress *Progress
	off      map[string]time.Time // region → since when its ledger is
	told     map[Trouble]bool     // recorded as on
	regions  []string             // that are enabled
}

// work looks again and again until the lease is lost.
func (w *Watchdog) work(ctx context.Context, lease postgres.Lease) error {
	defer w.cfg.Metrics.rest()
	tick := time.NewTicker(w.cfg.LookEvery)
	defer tick.Stop()
	var state *watch
	failing := false
	for {
		err := func() error {
			var err error
			if state == nil {
				if state, err = w.begin(ctx, lease); err != nil {
					return err
				}
			}
			return w.look(ctx, state)
		}()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, postgres.ErrStaleLease):
			return err
		case err != nil && !failing:
			w.cfg.Log.WarnContext(ctx, "cannot look after the fleet; no ping goes out meanwhile", "err", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// begin reads what was kept.
func (w *Watchdog) begin(ctx context.Context, lease postgres.Lease) (*watch, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	now, err := w.store.Now(ctx)
	if err != nil {
		return nil, err
	}
	at := time.Now()
	readings, err := w.store.LedgerReadings(ctx)
	if err != nil {
		return nil, err
	}
	minutes, err := w.store.LedgerMinutes(ctx)
	if err != nil {
		return nil, err
	}
	events, err := w.store.OpenFleetEvents(ctx)
	if err != nil {
		return nil, err
	}
	s := &watch{lease: lease, book: NewBook(readings, minutes), off: map[string]time.Time{}, told: map[Trouble]bool{}}
	open := map[Trouble]time.Time{}
	for _, e := range events {
		if !ours(e.Kind) {
			continue
		}
		t := Trouble{Kind: e.Kind, Region: e.Region}
		s.told[t] = true
		open[t] = at.Add(-now.Sub(e.Opened.Time()))
		if e.Kind == postgres.FleetLedger {
			s.off[e.Region] = open[t]
		}
	}
	s.progress = NewProgress(w.cfg.Patience, open)
	return s, nil
}

// look reads everything, writes what follows, and pings if all moves.
func (w *Watchdog) look(ctx context.Context, s *watch) error {
	bounded, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	snap, err := w.read(bounded, s)
	if err != nil {
		return err
	}
	s.progress.Take(snap)
	for i := range snap.Lanes {
		if lane := &snap.Lanes[i]; s.book.Take(&lane.LaneStats) {
			w.cfg.Metrics.restarts.WithLabelValues(lane.Lane.Region).Inc()
			w.cfg.Log.ErrorContext(ctx, "the ledger began anew: Redis has lost its data", "lane", lane.Lane.String())
		}
	}
	stalls, hours := s.progress.Stalls(), s.book.Hours()
	w.cfg.Metrics.observe(hours, s.progress.Ages(), stalls)
	if err := w.record(bounded, s, snap, troubles(snap.At, stalls, hours, s.off, w.cfg.LedgerPatience)); err != nil {
		return err
	}
	w.tellOutside(ctx, stalls)
	return nil
}

// tellOutside pings if it is time to, unless something stands still.
func (w *Watchdog) tellOutside(ctx context.Context, stalls []Stall) {
	now := time.Now()
	if w.ping == nil || !w.beats.due(now) {
		return
	}
	if len(stalls) > 0 {
		w.cfg.Metrics.pings.WithLabelValues("withheld").Inc()
		return // The next look may find that it moves again.
	}
	err := w.ping.Ping(ctx)
	w.beats.pinged(now, err)
	kind := "sent"
	if err != nil {
		kind = "failed"
		w.cfg.Log.WarnContext(ctx, "cannot ping the service outside", "err", err)
	}
	w.cfg.Metrics.pings.WithLabelValues(kind).Inc()
}
