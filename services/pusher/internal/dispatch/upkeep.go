package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// sweepEvery is how often lanes are looked through for checks that nobody took.
	sweepEvery = 10 * time.Second
	// Checks are removed well after the instant until which a worker may start them, so
	// that a worker that lives reports them itself: a minute, and for urgent ones the
	// longest timeout.
	sweepScheduled = 2 * time.Minute
	sweepUrgent    = 15 * time.Minute

	memoryEvery = time.Second
	// Above shedAbove of its memory Redis gets no more checks, until it is below shedBelow.
	shedAbove = 0.70
	shedBelow = 0.65
)

// sweep expires what no worker took, so that a region without workers does not fill Redis.
func (d *Dispatcher) sweep(ctx context.Context, lanes *laneSet) {
	for sleep(ctx, sweepEvery) {
		for _, region := range lanes.regions() {
			n, err := d.queue.ExpireChecks(ctx, lanes.lane(region), sweepScheduled, sweepUrgent)
			if err != nil && ctx.Err() == nil {
				d.log.WarnContext(ctx, "cannot expire checks", "region", region, "err", err)
			}
			if n > 0 {
				d.metrics.expired.WithLabelValues(region).Add(float64(n))
				d.log.WarnContext(ctx, "checks expired that no worker took", "region", region, "count", n)
			}
		}
	}
}

// WatchMemory sheds checks while Redis is short of memory, until ctx is cancelled,
// which it answers with nil. Results and what is queued need the rest.
func (d *Dispatcher) WatchMemory(ctx context.Context) error {
	for {
		used, limit, err := d.queue.MemoryUse(ctx)
		if err == nil {
			d.judgeMemory(ctx, used, limit)
		}
		if !sleep(ctx, memoryEvery) {
			return nil
		}
	}
}

func (d *Dispatcher) judgeMemory(ctx context.Context, used, limit int64) {
	share := 0.0
	if limit > 0 {
		share = float64(used) / float64(limit)
	}
	d.metrics.memory.Set(share)
	switch shedding := d.shedding.Load(); {
	case !shedding && share > shedAbove:
		d.shedding.Store(true)
		d.log.ErrorContext(ctx, "redis is short of memory, checks are shed", "used", used, "maxmemory", limit)
	case shedding && share < shedBelow:
		d.shedding.Store(false)
		d.log.InfoContext(ctx, "redis has memory again, checks are sent", "used", used, "maxmemory", limit)
	}
}

// Known tells which monitors exist: familiar at once, exist by asking whoever knows best.
type Known struct {
	Familiar func(uptime.ID) bool
	Exist    func(context.Context, []uptime.ID) (map[uptime.ID]bool, error)
}

// DropUnknown removes what is queued, in the lanes of all given regions of the shards
// that are held, for monitors that exist nowhere, and expires what is old, which nobody
// else does in regions that are not enabled.
func (d *Dispatcher) DropUnknown(ctx context.Context, regions []string, known Known) (dropped int, err error) {
	for _, shard := range d.Held() {
		for _, region := range regions {
			lane := queue.Lane{Region: region, Shard: shard}
			if _, err := d.queue.ExpireChecks(ctx, lane, sweepScheduled, sweepUrgent); err != nil {
				return dropped, err
			}
			n, err := d.dropUnknown(ctx, lane, known)
			dropped += n
			if err != nil {
				return dropped, err
			}
		}
	}
	return dropped, nil
}

func (d *Dispatcher) dropUnknown(ctx context.Context, lane queue.Lane, known Known) (int, error) {
	strange, err := d.queue.FindMonitors(ctx, lane, func(id uptime.ID) bool { return !known.Familiar(id) })
	if err != nil || len(strange) == 0 {
		return 0, err
	}
	exist, err := known.Exist(ctx, strange)
	if err != nil {
		return 0, fmt.Errorf("ask for unknown monitors: %w", err)
	}
	unknown := strange[:0]
	for _, id := range strange {
		if !exist[id] {
			unknown = append(unknown, id)
		}
	}
	n, err := d.queue.DropMonitors(ctx, lane, unknown...)
	d.metrics.dropped.WithLabelValues(lane.Region).Add(float64(n))
	return n, err
}
