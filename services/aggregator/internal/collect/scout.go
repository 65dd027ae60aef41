package collect

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

const (
	// scoutEvery is how often workers are looked for: their sign of life lasts 5 s.
	scoutEvery = 2 * time.Second
	// regionsEvery is how often regions are read without a change having been told.
	regionsEvery = 10 * time.Second
	// silentAfter is how long an enabled region has no live worker before it is called
	// silent; a worker that restarts is faster.
	silentAfter = 10 * time.Second
	healthEvery = time.Minute
)

// scout keeps the judge informed of the regions: which there are, and which live.
type scout struct {
	f       *Fold
	regions []unit.Region // as the judge was told last
	changed chan struct{}
	read    time.Time
	saved   time.Time
	noted   time.Time
	silent  map[string]uptime.Instant // enabled and without a live worker since
	told    map[string]bool           // of them, recorded as silent
}

func newScout(f *Fold) *scout {
	return &scout{f: f, changed: make(chan struct{}, 1), silent: map[string]uptime.Instant{}, told: map[string]bool{}}
}

// poke says that a region has changed.
func (s *scout) poke() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *scout) run(ctx context.Context) error {
	s.restore(ctx)
	tick := time.NewTicker(scoutEvery)
	defer tick.Stop()
	for {
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.f.cfg.Log.WarnContext(ctx, "cannot look after the regions, will try again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
			s.read = time.Time{}
		case <-tick.C:
		}
	}
}

// restore remembers which regions are recorded as silent.
func (s *scout) restore(ctx context.Context) {
	open, err := s.f.store.OpenFleetEvents(ctx)
	if err != nil {
		return // Recording it again changes nothing.
	}
	for _, e := range open {
		if e.Kind == postgres.FleetSilent {
			s.told[e.Region] = true
		}
	}
}

func (s *scout) look(ctx context.Context) error {
	regions := slices.Clone(s.regions)
	if time.Since(s.read) >= regionsEvery {
		rows, err := s.f.store.JudgedRegions(ctx)
		if err != nil {
			return err
		}
		s.read = time.Now()
		regions = regions[:0]
		for _, r := range rows {
			regions = append(regions, unit.Region{Name: r.Name, Enabled: r.Enabled, Private: r.Private, Sick: r.SickSince != 0, Live: s.live(r.Name)})
		}
	}
	s.findWorkers(ctx, regions)
	s.regions = regions
	s.f.do(ctx, func(ctx context.Context) error {
		s.f.setLanes(regions)
		return s.f.judge.SetRegions(ctx, slices.Clone(regions), s.f.asOf())
	})
	if s.f.cfg.Shard != 0 {
		return nil
	}
	return s.fleet(ctx, regions)
}

func (s *scout) live(region string) bool {
	for _, r := range s.regions {
		if r.Name == region {
			return r.Live
		}
	}
	return false
}

// findWorkers notes which regions live. Where Redis does not answer, what was known
// last stays.
func (s *scout) findWorkers(ctx context.Context, regions []unit.Region) {
	for i := range regions {
		r := &regions[i]
		workers, err := s.f.queue.Workers(ctx, queue.Lane{Region: r.Name, Shard: s.f.cfg.Shard})
		if err != nil {
			s.f.cfg.Log.DebugContext(ctx, "cannot look for workers", "err", err, "region", r.Name)
			continue
		}
		r.Live = slices.ContainsFunc(workers, func(w queue.Worker) bool { return w.Alive })
	}
}

// fleet is what one shard does for all: it notes silent regions and saves what was
// learned of the others.
func (s *scout) fleet(ctx context.Context, regions []unit.Region) error {
	if err := s.silence(ctx, regions); err != nil {
		return err
	}
	if time.Since(s.noted) >= regionsEvery {
		var live []string
		for _, r := range regions {
			if r.Live {
				live = append(live, r.Name)
			}
		}
		if err := s.f.store.SeeRegions(ctx, live); err != nil {
			return err
		}
		s.noted = time.Now()
	}
	if time.Since(s.saved) >= healthEvery {
		return s.saveHealth(ctx)
	}
	return nil
}

// silence records enabled regions without live workers, and their return.
func (s *scout) silence(ctx context.Context, regions []unit.Region) error {
	now := s.f.cfg.Now()
	silent := map[string]uptime.Instant{}
	var troubles []unit.Trouble
	for _, r := range regions {
		if !r.Enabled || r.Live {
			continue
		}
		silent[r.Name] = s.silent[r.Name]
		if silent[r.Name] == 0 {
			silent[r.Name] = now
		}
		if !s.told[r.Name] && now.Sub(silent[r.Name]) >= silentAfter {
			troubles = append(troubles, unit.Trouble{
				Kind: postgres.FleetSilent, Region: r.Name, At: silent[r.Name], Quiet: true,
				Explanation: "Region " + r.Name + " has no live worker: it has no vote once its last ones are stale",
			})
		}
	}
	for name := range s.told {
		if silent[name] == 0 {
			troubles = append(troubles, unit.Trouble{Kind: postgres.FleetSilent, Region: name, At: now, Ended: true, Quiet: true})
		}
	}
	s.silent = silent
	if len(troubles) == 0 {
		return nil
	}
	if err := s.f.troubled.RecordTrouble(ctx, troubles); err != nil {
		return err
	}
	for _, t := range troubles {
		if s.told[t.Region] = !t.Ended; t.Ended {
			delete(s.told, t.Region)
		}
	}
	return nil
}

func (s *scout) saveHealth(ctx context.Context) error {
	health := map[string][]byte{}
	done := make(chan struct{})
	ok := s.f.do(ctx, func(context.Context) error {
		defer close(done)
		for region, d := range s.f.judge.Health() {
			if text, err := json.Marshal(d); err == nil {
				health[region] = text
			}
		}
		return nil
	})
	if !ok {
		return nil
	}
	select {
	case <-done:
	case <-ctx.Done():
		return nil
	}
	if err := s.f.store.SaveRegionHealth(ctx, maps.Clone(health)); err != nil {
		return err
	}
	s.saved = time.Now()
	return nil
}
