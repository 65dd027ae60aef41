package roster

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// The channels on which the database tells of changes.
const (
	monitorChannel = "monitor_changed"
	regionChannel  = "region_changed"
)

const (
	// pollEvery is how long a change can stay unknown when its notification is lost.
	pollEvery = 10 * time.Second
	// pollOverlap is how long a transaction may take whose rows carry the time at which
	// it began; longer ones are left to their notification and to the reconcile.
	pollOverlap = time.Minute
	// fetchMost bounds one question for monitors by their ids.
	fetchMost = 2000
	// retryPause is the pause after the database refused a question.
	retryPause = time.Second
)

// Reactor is told what must happen at once because of a change.
type Reactor interface {
	// CheckNow asks for a look at the monitors in every region that they have.
	CheckNow(shard int, ids []uptime.ID)
	// Drop asks that nothing stays queued for a monitor in some regions.
	Drop(shard int, id uptime.ID, regions []string)
}

// Syncer keeps a roster current.
type Syncer struct {
	roster *Roster
	store  *postgres.Store
	react  Reactor
	log    *slog.Logger

	mu      sync.Mutex
	pending map[uptime.ID]struct{}
	poll    bool // everything may have changed
	regions bool // the regions may have
	wake    chan struct{}
	polled  time.Time // by the database's clock

	changes *prometheus.CounterVec
}

// NewSyncer returns what keeps roster as the database is and tells react of changes.
func NewSyncer(roster *Roster, store *postgres.Store, react Reactor, log *slog.Logger) *Syncer {
	return &Syncer{
		roster: roster, store: store, react: react, log: log,
		pending: map[uptime.ID]struct{}{}, wake: make(chan struct{}, 1),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "probefleet_pusher_roster_changes_total", Help: "Changes of the roster, by how they were found.",
		}, []string{"kind"}),
	}
}

// Collect registers the roster's metrics with reg.
func (s *Syncer) Collect(reg prometheus.Registerer) error {
	size := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "probefleet_pusher_roster_monitors", Help: "Monitors in memory, paused ones included.",
	}, func() float64 { return float64(s.roster.Len()) })
	if err := reg.Register(size); err != nil {
		return err
	}
	return reg.Register(s.changes)
}

// Run loads the roster and keeps it current until ctx is cancelled, which it answers
// with nil. Listening begins before loading, so that no change falls between.
func (s *Syncer) Run(ctx context.Context) error {
	listening := make(chan error, 1)
	go func() {
		listening <- s.store.Listen(ctx, []string{monitorChannel, regionChannel}, s.heard)
	}()
	s.keepCurrent(ctx)
	return <-listening
}

func (s *Syncer) heard(channel, payload string) {
	s.mu.Lock()
	switch {
	case channel == regionChannel:
		s.regions = true
	case payload == "":
		s.poll = true
	default:
		if id, err := uptime.ParseID(payload); err == nil {
			s.pending[id] = struct{}{}
		}
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Syncer) keepCurrent(ctx context.Context) {
	if !s.load(ctx) {
		return
	}
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.mu.Lock()
			s.poll = true
			s.mu.Unlock()
		case <-s.wake:
		}
		if err := s.apply(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the roster cannot be kept current", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(retryPause):
			}
		}
	}
}

// load reads the roster for the first time, trying until it succeeds; it reports false
// if ctx ended before.
func (s *Syncer) load(ctx context.Context) bool {
	for {
		began := time.Now()
		_, err := s.read(ctx, true)
		if err == nil {
			s.roster.loaded.Store(true)
			s.log.InfoContext(ctx, "roster loaded", "monitors", s.roster.Len(), "duration_ms", time.Since(began).Milliseconds())
			return true
		}
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "the roster cannot be loaded", "err", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryPause):
		}
	}
}

// apply does what was heard since the last time.
func (s *Syncer) apply(ctx context.Context) error {
	s.mu.Lock()
	pending, poll, regions := s.pending, s.poll, s.regions
	s.pending, s.poll, s.regions = map[uptime.ID]struct{}{}, false, false
	s.mu.Unlock()
	ids := make([]uptime.ID, 0, len(pending))
	for id := range pending {
		ids = append(ids, id)
	}
	err := func() error {
		if regions || poll {
			if err := s.readRegions(ctx); err != nil {
				return err
			}
		}
		if err := s.fetch(ctx, ids, "notified"); err != nil {
			return err
		}
		if poll {
			return s.pollChanges(ctx)
		}
		return nil
	}()
	if err != nil { // nothing heard is forgotten
		s.mu.Lock()
		for id := range pending {
			s.pending[id] = struct{}{}
		}
		s.poll, s.regions = s.poll || poll, s.regions || regions
		s.mu.Unlock()
	}
	return err
}

func (s *Syncer) readRegions(ctx context.Context) error {
	regions, err := s.store.RosterRegions(ctx)
	if err != nil {
		return err
	}
	if s.roster.setRegions(regions) {
		enabled, _ := s.roster.Regions()
		s.log.InfoContext(ctx, "regions changed", "enabled", enabled)
	}
	return nil
}

// fetch reads monitors by their ids; those that are not found are gone.
func (s *Syncer) fetch(ctx context.Context, ids []uptime.ID, kind string) error {
	for len(ids) > 0 {
		some := ids[:min(len(ids), fetchMost)]
		ids = ids[len(some):]
		monitors, err := s.store.RosterByIDs(ctx, some)
		if err != nil {
			return err
		}
		found := make(map[uptime.ID]bool, len(monitors))
		changes := newChanges(s)
		for i := range monitors {
			m := &monitors[i].Monitor
			found[m.ID] = true
			changes.set(m, string(encode(m)))
		}
		for _, id := range some {
			if !found[id] {
				changes.remove(id)
			}
		}
		changes.tell(kind)
	}
	return nil
}

// pollChanges finds what no notification told.
func (s *Syncer) pollChanges(ctx context.Context) error {
	now, err := s.store.Now(ctx)
	if err != nil {
		return fmt.Errorf("read time: %w", err)
	}
	gone, err := s.store.RosterTouched(ctx, s.polled.Add(-pollOverlap), func(ids []uptime.ID) error {
		return s.fetch(ctx, ids, "polled")
	})
	if err != nil {
		return err
	}
	changes := newChanges(s)
	for _, id := range gone {
		changes.remove(id)
	}
	changes.tell("polled")
	s.polled = now
	return nil
}
