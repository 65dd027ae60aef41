package dispatch

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// askBatch monitors are looked at per askPause: an import of thousands must not come
	// over the workers, and the targets, at once.
	askBatch = 250
	askPause = 250 * time.Millisecond
	// askPatience is how long a first check is tried for; by then a scheduled one came.
	askPatience = time.Minute
	// touchedMost and touchedLong bound for how many monitors, and how far back, first
	// checks are made up for after a time without a pusher.
	touchedMost = 5000
	touchedLong = time.Hour
	// touchedSlack is by how much the database's clock may differ from fleet time.
	touchedSlack = 5 * time.Second
)

// serve does what the mailbox asks for until ctx is cancelled.
func (d *Dispatcher) serve(ctx context.Context, box *mailbox, lanes *laneSet) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-box.wake:
		}
		for {
			asks, drops, more := box.take(askBatch)
			failed := d.dropAll(ctx, box, lanes, drops)
			again := d.checkAll(ctx, lanes, asks)
			box.askAgain(again)
			if !more && !failed && len(again) == 0 {
				break
			}
			if !sleep(ctx, askPause) {
				return
			}
		}
	}
}

// dropAll empties the queues of monitors that went and reports whether some failed and
// were put back.
func (d *Dispatcher) dropAll(ctx context.Context, box *mailbox, lanes *laneSet, drops map[string]map[uptime.ID]struct{}) (failed bool) {
	for region, set := range drops {
		lanes.settle(region)
		ids := slices.Collect(maps.Keys(set))
		n, err := d.queue.DropMonitors(ctx, lanes.lane(region), ids...)
		d.metrics.dropped.WithLabelValues(region).Add(float64(n))
		if err == nil {
			continue
		}
		failed = true
		if ctx.Err() == nil {
			d.log.WarnContext(ctx, "cannot drop queued checks, will try again", "region", region, "err", err)
		}
		for _, id := range ids {
			box.drop(id, []string{region})
		}
	}
	return failed
}

// checkAll sends urgent checks and returns what is to be tried again. After an error a
// check may be sent twice, which is harmless: its ticks are two and its vote is one.
func (d *Dispatcher) checkAll(ctx context.Context, lanes *laneSet, asks []ask) (again []ask) {
	byRegion := map[string][]uptime.Check{}
	of := map[string][]ask{}
	now := d.clock.Now()
	for _, a := range asks {
		m, regions, ok := lanes.shard.Urgent(a.id)
		if !ok || time.Since(a.since) > askPatience {
			continue
		}
		for _, region := range regions {
			if a.region != "" && a.region != region {
				continue
			}
			c := m.UrgentCheck(region, now, uptime.NewID(now.Time()))
			c.Canary = true
			byRegion[region] = append(byRegion[region], c)
			of[region] = append(of[region], ask{id: a.id, region: region, since: a.since})
		}
	}
	for region, checks := range byRegion {
		if err := d.queue.PushUrgent(ctx, lanes.lane(region), checks...); err != nil {
			if ctx.Err() == nil {
				d.log.WarnContext(ctx, "cannot send first checks, will try again", "region", region, "count", len(checks), "err", err)
			}
			again = append(again, of[region]...)
			continue
		}
		d.metrics.pushed.WithLabelValues(region, "urgent").Add(float64(len(checks)))
	}
	return again
}

// quietSince returns since when nobody pushed to some lane, by fleet time. It waits
// until Redis tells; ok is false if ctx ended before.
func (d *Dispatcher) quietSince(ctx context.Context, lanes *laneSet) (since uptime.Instant, ok bool) {
	for {
		regions, _ := d.cfg.Regions()
		since, err := d.clock.Now(), error(nil)
		for _, region := range regions {
			var cursor uptime.Instant
			if _, cursor, err = d.queue.Cursor(ctx, lanes.lane(region)); err != nil {
				break
			}
			since = min(since, cursor)
		}
		if err == nil {
			return since, true
		}
		if ctx.Err() == nil {
			d.log.WarnContext(ctx, "cannot read the cursors", "shard", lanes.number, "err", err)
		}
		if !sleep(ctx, time.Second) {
			return 0, false
		}
	}
}

// makeUp asks for the first checks of monitors that were made or changed while nobody
// pushed.
func (d *Dispatcher) makeUp(ctx context.Context, box *mailbox, since uptime.Instant) {
	now := d.clock.Now()
	if d.cfg.Touched == nil || now.Sub(since) < touchedSlack {
		return
	}
	since = max(since, now.Add(-touchedLong))
	ids, err := d.cfg.Touched(ctx, since.Add(-touchedSlack).Time())
	if err != nil {
		d.log.WarnContext(ctx, "cannot find out what changed while nobody pushed", "err", err)
		return
	}
	box.ask(ids[max(len(ids)-touchedMost, 0):])
}
