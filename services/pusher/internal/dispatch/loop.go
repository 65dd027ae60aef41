package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// maxAhead is how far a cursor may be ahead of fleet time: that much two clocks may
	// differ while one of them is slewed.
	maxAhead = 2 * time.Second
	// worthless is the age at which no slot is worth a check any more (see uptime.NotAfter).
	worthless = time.Minute
	// emptyEvery is how often the cursor moves when nothing is due, so that a successor
	// does not take a quiet time for a stall.
	emptyEvery = time.Second
	// catchUp is how many times the nominal rate slots go out at after a stall, and
	// catchUpMin the rate per second below which nobody minds.
	catchUp    = 2
	catchUpMin = 100

	backoffMin = 50 * time.Millisecond
	backoffMax = 2 * time.Second
)

// errMoved ends a run of slots because the cursor is not where it was left.
var errMoved = errors.New("the cursor moved")

// loop sends the slots of one lane.
type loop struct {
	d     *Dispatcher
	lane  queue.Lane
	epoch int64
	shard Schedule
	width time.Duration

	busy sync.Mutex     // held from taking a slot to its being in Redis
	at   uptime.Instant // slot that was taken last; 0 before the first
	prev uptime.Instant // the cursor as it is stored
	done uptime.Instant // all slots until then are accounted for, or were before Redis was emptied

	// Slots of monitors that are missed and not yet told to the ledger.
	superseded, shed int64

	buf  []byte // messages of the slot, one after the other
	ends []int
}

func newLoop(d *Dispatcher, lane queue.Lane, epoch int64, shard Schedule) *loop {
	return &loop{d: d, lane: lane, epoch: epoch, shard: shard, width: d.cfg.Width}
}

// run goes on from the cursor, again after every error, until ctx is cancelled (nil)
// or a newer epoch is at work ([StaleError]).
func (l *loop) run(ctx context.Context) error {
	backoff := backoffMin
	for {
		before := l.prev
		err := l.goOn(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil, isStale(err): // the region went, or the lease
			return err
		case errors.Is(err, errMoved):
			l.d.metrics.refused.WithLabelValues(l.lane.Region, "moved").Inc()
		default:
			l.d.metrics.refused.WithLabelValues(l.lane.Region, "error").Inc()
		}
		if l.prev != before { // something went out
			backoff = backoffMin
		}
		l.d.log.WarnContext(ctx, "will go on from the cursor", "region", l.lane.Region, "shard", l.lane.Shard, "err", err)
		if !sleep(ctx, backoff) {
			return nil
		}
		backoff = min(2*backoff, backoffMax)
	}
}

// goOn reads the cursor and sends slot after slot from there.
func (l *loop) goOn(ctx context.Context) error {
	if err := l.d.queue.EnsureLane(ctx, l.lane); err != nil {
		return err
	}
	epoch, cursor, err := l.d.queue.Cursor(ctx, l.lane)
	if err != nil {
		return err
	}
	if epoch > l.epoch {
		return &StaleError{Epoch: epoch, Mine: l.epoch}
	}
	now := l.d.clock.Now()
	if cursor > now.Add(maxAhead) {
		if cursor, err = l.reset(ctx, cursor, now); err != nil {
			return err
		}
	}
	switch {
	case cursor != 0:
		l.done = cursor
	case l.done == 0: // a lane that never had a slot begins now
		l.done = schedule.SlotOf(now, l.width)
	default: // Redis was emptied: go on from what this process knows
	}
	// What was taken after that and did not arrive is taken again.
	l.at, l.prev, l.superseded, l.shed = l.done, cursor, 0, 0
	l.shard.Seek(l.lane.Region, l.at)
	return l.slots(ctx)
}

// reset moves a cursor that cannot be true to now.
func (l *loop) reset(ctx context.Context, cursor, now uptime.Instant) (uptime.Instant, error) {
	to := schedule.SlotOf(now, l.width)
	l.d.metrics.resets.WithLabelValues(l.lane.Region).Inc()
	l.d.log.ErrorContext(ctx, "the cursor is ahead of fleet time and is reset",
		"region", l.lane.Region, "shard", l.lane.Shard, "ahead", cursor.Sub(now).String())
	done, err := l.d.queue.ResetCursor(ctx, l.lane, l.epoch, to)
	if err == nil && !done {
		err = &StaleError{Epoch: l.epoch + 1, Mine: l.epoch}
	}
	return to, err
}

// slots sends slot after slot.
func (l *loop) slots(ctx context.Context) error {
	for {
		now := l.d.clock.Now()
		l.d.metrics.lag.WithLabelValues(l.lane.Region).Set(now.Sub(l.at).Seconds())
		if oldest := schedule.SlotOf(now.Add(-worthless), l.width); l.at < oldest.Add(-emptyEvery) {
			l.superseded += l.shard.Skip(l.lane.Region, oldest)
			l.at = oldest
		}
		if wait := l.at.Add(l.width).Sub(now); wait > 0 {
			if !sleep(ctx, wait) {
				return nil
			}
			continue
		}
		sent, err := l.slot(ctx, now)
		if err != nil || sent < 0 {
			return err
		}
		// The last slot that has come is sent at once; those before it are a backlog.
		if l.at.Add(l.width) <= now && sent > 0 && !l.pace(ctx, sent) {
			return nil
		}
	}
}

// pace waits as long as so many checks take at the rate of catching up.
func (l *loop) pace(ctx context.Context, sent int) bool {
	rate := max(l.shard.Rate(l.lane.Region)*catchUp, catchUpMin)
	return sleep(ctx, time.Duration(float64(sent)/rate*float64(time.Second)))
}

// slot takes the next slot and sends it, unless it is empty and the cursor need not
// move yet. It returns how many checks it sent, less than 0 if the region is gone.
func (l *loop) slot(ctx context.Context, now uptime.Instant) (int, error) {
	l.busy.Lock()
	defer l.busy.Unlock()
	l.buf, l.ends = l.buf[:0], l.ends[:0]
	slot, lost, ok := l.shard.Take(l.lane.Region, now, func(message []byte) {
		l.buf = append(l.buf, message...)
		l.ends = append(l.ends, len(l.buf))
	})
	if !ok {
		return -1, nil
	}
	l.at = slot
	l.superseded += lost
	if l.d.shedding.Load() {
		l.shed += int64(len(l.ends))
		l.ends = l.ends[:0]
	}
	if len(l.ends) == 0 && slot.Sub(l.prev) < emptyEvery {
		return 0, nil
	}
	return len(l.ends), l.push(ctx, slot)
}

func (l *loop) push(ctx context.Context, slot uptime.Instant) error {
	push := queue.Push{
		Epoch: l.epoch, Prev: l.prev, Slot: slot, Checks: l.messages(), Missed: int(l.superseded + l.shed),
	}
	done, err := l.d.queue.PushSlot(ctx, l.lane, push)
	switch {
	case err != nil:
		return err
	case done.StaleEpoch:
		return &StaleError{Epoch: done.Epoch, Mine: l.epoch}
	case !done.Accepted:
		return fmt.Errorf("%w: from %d to %d", errMoved, l.prev, done.Cursor)
	}
	region, m := l.lane.Region, l.d.metrics
	m.pushed.WithLabelValues(region, "scheduled").Add(float64(len(push.Checks)))
	m.missed.WithLabelValues(region, missedSuperseded).Add(float64(l.superseded))
	m.missed.WithLabelValues(region, missedShed).Add(float64(l.shed))
	if len(push.Checks) > 0 {
		m.late.WithLabelValues(region).Observe(l.d.clock.Now().Sub(slot).Seconds())
	}
	l.prev, l.done, l.superseded, l.shed = slot, slot, 0, 0
	return nil
}

// messages cuts the buffer into the slot's messages.
func (l *loop) messages() [][]byte {
	messages, from := make([][]byte, len(l.ends)), 0
	for i, end := range l.ends {
		messages[i] = l.buf[from:end]
		from = end
	}
	return messages
}

// sleep waits; it reports false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
