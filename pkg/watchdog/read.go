package watchdog

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// read reads the fleet. That Redis does not answer is part of what is read.
func (w *Watchdog) read(ctx context.Context, s *watch) (*Snapshot, error) {
	snap := &Snapshot{Shards: w.cfg.Shards, Held: map[string]map[int]bool{}}
	regions, err := w.store.JudgedRegions(ctx)
	if err != nil {
		return nil, err
	}
	leases, err := w.store.ShardLeases(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range leases {
		if snap.Held[l.Role] == nil {
			snap.Held[l.Role] = map[int]bool{}
		}
		snap.Held[l.Role][l.Shard] = l.Held
	}
	if snap.Signs, err = w.store.StageSigns(ctx); err != nil {
		return nil, err
	}
	if snap.Checkpoints, err = w.store.LastCheckpoints(ctx); err != nil {
		return nil, err
	}
	if snap.AlertAge, err = w.store.OldestAlertJob(ctx); err != nil {
		return nil, err
	}
	if snap.Probing, err = w.store.AnyProbedMonitor(ctx); err != nil {
		return nil, err
	}
	s.regions = s.regions[:0]
	for _, r := range regions {
		if r.Enabled {
			s.regions = append(s.regions, r.Name)
		}
	}
	if err := w.readLanes(ctx, snap, regions); err != nil {
		w.cfg.Log.DebugContext(ctx, "cannot read the lanes", "err", err)
		snap.RedisAway, snap.Lanes, snap.Heartbeats = true, nil, nil
	}
	snap.At = time.Now()
	return snap, nil
}

// redisTime bounds the reading of all lanes: Redis that is slower than that is away.
const redisTime = 5 * time.Second

func (w *Watchdog) readLanes(ctx context.Context, snap *Snapshot, regions []postgres.JudgedRegion) error {
	ctx, cancel := context.WithTimeout(ctx, redisTime)
	defer cancel()
	for shard := range w.cfg.Shards {
		for _, r := range regions {
			if !r.Enabled {
				continue
			}
			at := queue.Lane{Region: r.Name, Shard: shard}
			stats, err := w.queue.LaneStats(ctx, at)
			if err != nil {
				return err
			}
			workers, err := w.queue.Workers(ctx, at)
			if err != nil {
				return err
			}
			alive := slices.ContainsFunc(workers, func(w queue.Worker) bool { return w.Alive })
			snap.Lanes = append(snap.Lanes, Lane{LaneStats: stats, Live: alive})
		}
		stats, err := w.queue.LaneStats(ctx, queue.HeartbeatLane(shard))
		if err != nil {
			return err
		}
		snap.Heartbeats = append(snap.Heartbeats, stats)
	}
	return nil
}

// record writes the ledger and what has begun or ended, with its alerts: all of it or
// nothing, and nothing once somebody else watches.
func (w *Watchdog) record(ctx context.Context, s *watch, snap *Snapshot, on []begun) error {
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	s.book.Retain(func(k postgres.LedgerKey) bool { return slices.Contains(s.regions, k.Region) && k.Shard < w.cfg.Shards })
	told := make(map[Trouble]bool, len(on))
	var happened []live.Event
	err = w.store.Tx(ctx, func(tx pgx.Tx) error {
		if err := postgres.LockLease(ctx, tx, s.lease.Role, s.lease.Shard, s.lease.Epoch); err != nil {
			return err
		}
		if !snap.RedisAway {
			if err := w.keep(ctx, tx, s); err != nil {
				return err
			}
		}
		for _, b := range on {
			told[b.Trouble] = true
			if s.told[b.Trouble] {
				continue
			}
			since := uptime.InstantOf(now.Add(-snap.At.Sub(b.Since)))
			if err := w.begun(ctx, tx, b, since); err != nil {
				return err
			}
			happened = append(happened, fleetHappened(live.Opened, b.Trouble, since, b.Why))
		}
		for t := range s.told {
			if told[t] {
				continue
			}
			if snap.RedisAway && t.Kind == postgres.FleetLedger {
				told[t] = true // nobody knows
				continue
			}
			if err := w.ended(ctx, tx, t, uptime.InstantOf(now)); err != nil {
				return err
			}
			happened = append(happened, fleetHappened(live.Resolved, t, uptime.InstantOf(now), over(t)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.told = told
	if w.cfg.Live != nil {
		w.cfg.Live.Publish(happened...)
	}
	return nil
}

// fleetHappened says to every tenant that trouble has begun or ended.
func fleetHappened(c live.Change, t Trouble, at uptime.Instant, why string) live.Event {
	return live.Event{Body: live.Fleet{Change: c, Kind: t.Kind, Region: t.Region, At: at.Time(), Explanation: postgres.PlainText(why)}}
}

// keep writes the ledger's readings with the minutes that they fell into, and forgets
// what is too old.
func (w *Watchdog) keep(ctx context.Context, tx pgx.Tx, s *watch) error {
	readings, minutes := s.book.Current()
	if err := postgres.SaveLedger(ctx, tx, readings, minutes); err != nil {
		return err
	}
	newest := time.Time{}
	for i := range minutes {
		if minutes[i].Minute.After(newest) {
			newest = minutes[i].Minute
		}
	}
	return postgres.ForgetLedger(ctx, tx, newest.Add(-(KeepMinutes-1)*time.Minute), s.regions, w.cfg.Shards)
}

func (w *Watchdog) begun(ctx context.Context, tx pgx.Tx, b begun, since uptime.Instant) error {
	e := postgres.FleetEvent{
		ID: uptime.NewID(time.Now()), Kind: b.Kind, Region: b.Region, Opened: since, Explanation: postgres.PlainText(b.Why),
	}
	news, err := postgres.OpenFleetEvent(ctx, tx, e)
	if err != nil || !news {
		return err
	}
	w.cfg.Log.ErrorContext(ctx, "fleet", "kind", b.Kind, "region", b.Region, "why", b.Why)
	return w.store.TellFleet(ctx, tx, w.jobs, &e, 0, e.Explanation)
}

func (w *Watchdog) ended(ctx context.Context, tx pgx.Tx, t Trouble, at uptime.Instant) error {
	e, news, err := postgres.ResolveFleetEvent(ctx, tx, t.Kind, t.Region, at)
	if err != nil || !news {
		return err
	}
	w.cfg.Log.InfoContext(ctx, "fleet", "kind", t.Kind, "region", t.Region, "why", over(t))
	return w.store.TellFleet(ctx, tx, w.jobs, &e, at, over(t))
}
