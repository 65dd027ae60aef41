package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// The channels of the database on which changes are told.
const (
	channelMonitor = "monitor_changed"
	channelRegion  = "region_changed"
)

const (
	// gather is how long changes are gathered before they are read: an import changes
	// thousands at once.
	gather = 20 * time.Millisecond
	// pollEvery is how often changes are looked for without having been told.
	pollEvery = 30 * time.Second
	// pollOverlap is how far polls overlap: a change carries the time at which its
	// transaction began.
	pollOverlap = time.Minute
	readAtOnce  = 1000
	untoldEvery = 5 * time.Second
	untoldMost  = 1000
)

// load reads all that the fold starts from: regions, positions, monitors.
func (f *Fold) load(ctx context.Context, s *scout) (since time.Time, err error) {
	began := time.Now()
	if s.regions, err = f.readRegions(ctx); err != nil {
		return since, err
	}
	s.findWorkers(ctx, s.regions)
	positions, err := f.store.Positions(ctx, f.cfg.Shard)
	if err != nil {
		return since, err
	}
	start := f.cfg.Now()
	listening, err := f.store.Listening(ctx, f.cfg.Shard)
	if err != nil {
		return since, err
	}
	f.judge.RestoreListening(listening)
	known := func(region string) bool {
		return region == uptime.RegionHeartbeat || slices.ContainsFunc(s.regions, func(r unit.Region) bool { return r.Name == region })
	}
	for _, p := range positions {
		if known(p.Region) {
			// From the first moment on nothing is judged later than what was folded.
			at := uptime.InstantOf(queue.IDTime(p.LastID))
			f.horizon.add(p.Region, at)
			start = min(start, at)
		}
	}
	if err := f.judge.SetRegions(ctx, slices.Clone(s.regions), start); err != nil {
		return since, err
	}
	keep := func(id uptime.ID) bool { return id.Shard(f.cfg.Shards) == f.cfg.Shard }
	n := 0
	since, err = f.store.JudgedMonitors(ctx, keep, func(m *postgres.JudgedMonitor) error {
		f.judge.Put(m, start)
		n++
		return ctx.Err()
	})
	if err != nil {
		return since, fmt.Errorf("load monitors: %w", err)
	}
	f.cfg.Log.InfoContext(ctx, "monitors loaded", "monitors", n, "took_ms", time.Since(began).Milliseconds())
	return since, nil
}

// readRegions reads the regions and, for the shard that judges them, what was learned
// of them.
func (f *Fold) readRegions(ctx context.Context) ([]unit.Region, error) {
	rows, err := f.store.JudgedRegions(ctx)
	if err != nil {
		return nil, err
	}
	regions := make([]unit.Region, len(rows))
	detectors := map[string]consensus.SickDetector{}
	for i, r := range rows {
		regions[i] = unit.Region{Name: r.Name, Enabled: r.Enabled, Private: r.Private, Sick: r.SickSince != 0}
		var d consensus.SickDetector
		if err := json.Unmarshal(r.Health, &d); err == nil {
			detectors[r.Name] = d
		}
	}
	open, err := f.store.OpenFleetEvents(ctx)
	if err != nil {
		return nil, err
	}
	blind := false
	for _, e := range open {
		blind = blind || e.Kind == postgres.FleetBlind
	}
	f.judge.RestoreHealth(detectors, blind)
	return regions, nil
}

// watch keeps the judge informed of monitors: told by the database, and by a poll
// behind it.
type watch struct {
	f     *Fold
	scout *scout
	since time.Time // of the last poll, by the database's clock

	mu   sync.Mutex
	ids  map[uptime.ID]bool // changed, to be read
	poll bool               // anything may have changed
	wake chan struct{}
}

func newWatch(f *Fold, s *scout, since time.Time) *watch {
	return &watch{f: f, scout: s, since: since, ids: map[uptime.ID]bool{}, wake: make(chan struct{}, 1)}
}

func (w *watch) listen(ctx context.Context) error {
	return w.f.store.Listen(ctx, []string{channelMonitor, channelRegion}, func(channel, payload string) {
		if channel == channelRegion {
			w.scout.poke()
			return
		}
		w.mu.Lock()
		if id, err := uptime.ParseID(payload); err == nil {
			w.ids[id] = true
		} else {
			w.poll = true
		}
		w.mu.Unlock()
		select {
		case w.wake <- struct{}{}:
		default:
		}
	})
}

func (w *watch) run(ctx context.Context) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	untold := time.NewTicker(untoldEvery)
	defer untold.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-w.wake:
			pause(ctx, gather)
			err = w.refresh(ctx)
		case <-poll.C:
			w.mu.Lock()
			w.poll = true
			w.mu.Unlock()
			err = w.refresh(ctx)
		case <-untold.C:
			err = w.tell(ctx)
		}
		if err != nil && ctx.Err() == nil {
			w.f.cfg.Log.WarnContext(ctx, "cannot read what changed, will try again", "err", err)
		}
	}
}

// refresh reads what changed; what it cannot read now it reads another time.
func (w *watch) refresh(ctx context.Context) error {
	w.mu.Lock()
	ids, poll := w.ids, w.poll
	w.ids, w.poll = map[uptime.ID]bool{}, false
	w.mu.Unlock()
	err := w.apply(ctx, ids, poll)
	if err != nil {
		w.mu.Lock()
		w.poll = w.poll || poll
		for id := range ids {
			w.ids[id] = true
		}
		w.mu.Unlock()
	}
	return err
}

func (w *watch) apply(ctx context.Context, ids map[uptime.ID]bool, poll bool) error {
	if poll {
		if err := w.polled(ctx, ids); err != nil {
			return err
		}
	}
	own := make([]uptime.ID, 0, len(ids))
	for id := range ids {
		if id.Shard(w.f.cfg.Shards) == w.f.cfg.Shard {
			own = append(own, id)
		}
	}
	for len(own) > 0 {
		some := own[:min(len(own), readAtOnce)]
		own = own[len(some):]
		found, err := w.f.store.JudgedByID(ctx, some)
		if err != nil {
			return err
		}
		known := make(map[uptime.ID]bool, len(found))
		for i := range found {
			known[found[i].Watched.ID] = true
		}
		w.f.do(ctx, func(context.Context) error {
			now := w.f.asOf()
			for i := range found {
				w.f.judge.Put(&found[i], now)
			}
			for _, id := range some {
				if !known[id] {
					w.f.judge.Remove(id, now)
				}
			}
			return nil
		})
	}
	return nil
}

// polled adds what changed since the last poll.
func (w *watch) polled(ctx context.Context, ids map[uptime.ID]bool) error {
	now, err := w.f.store.Now(ctx)
	if err != nil {
		return err
	}
	add := func(some []uptime.ID) error {
		for _, id := range some {
			ids[id] = true
		}
		return nil
	}
	deleted, err := w.f.store.RosterTouched(ctx, w.since.Add(-pollOverlap), add)
	if err != nil {
		return err
	}
	w.since = now
	return add(deleted)
}

// tell has incidents and warnings made known of which nobody was told.
func (w *watch) tell(ctx context.Context) error {
	for _, untold := range []struct {
		read func(context.Context, int) ([]uptime.ID, error)
		tell func(context.Context, []uptime.ID, uptime.Instant) error
	}{{w.f.store.UntoldIncidents, w.f.judge.Tell}, {w.f.store.UntoldExpiries, w.f.judge.Warn}} {
		monitors, err := untold.read(ctx, untoldMost)
		if err != nil {
			return err
		}
		if len(monitors) > 0 {
			w.f.do(ctx, func(ctx context.Context) error { return untold.tell(ctx, monitors, w.f.asOf()) })
		}
	}
	return nil
}
