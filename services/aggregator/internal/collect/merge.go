package collect

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// catchUpStep is how much time passes at once in a backlog: less than the rounds and
// deadlines that judging deals in.
const catchUpStep = 500 * time.Millisecond

// fold takes one chunk in.
func (f *Fold) fold(c chunk) {
	l := c.lane
	if f.lanes[l.Region] != l {
		return // The lane was given up meanwhile.
	}
	if c.failed {
		f.horizon.failed(l.Region)
		return
	}
	for i, b := range c.batches {
		at := uptime.InstantOf(queue.IDTime(b.ID))
		l.waiting = append(l.waiting, waiting{Batch: b, at: at, last: i == len(c.batches)-1})
		l.readTo = max(l.readTo, at)
	}
	l.readTo = max(l.readTo, c.upTo)
	f.horizon.folded(l.Region, l.foldedTo())
}

// foldedTo returns up to when everything the lane's results say is folded.
func (l *lane) foldedTo() uptime.Instant {
	if len(l.waiting) > 0 {
		return l.waiting[0].at - 1
	}
	return l.readTo
}

// merge folds what has been read, oldest first over all lanes, so that a backlog is
// judged as it would have been at its time. It stops where an older result of another
// lane may still be unread.
func (f *Fold) merge(ctx context.Context) error {
	for {
		var l *lane
		for _, other := range f.lanes {
			if len(other.waiting) > 0 && (l == nil || other.waiting[0].at < l.waiting[0].at) {
				l = other
			}
		}
		if l == nil || f.horizon.before(l.waiting[0].at) {
			f.cfg.Metrics.backlog.Set(f.horizon.backlog().Seconds())
			return nil
		}
		w := l.waiting[0]
		l.waiting = l.waiting[1:]
		f.batch(ctx, l, &w)
		if w.last {
			<-l.room
		}
		f.horizon.folded(l.Region, l.foldedTo())
		if now, catchUp := f.horizon.now(); catchUp && now.Sub(f.advanced) >= catchUpStep {
			f.advanced = now
			if err := f.judge.Advance(ctx, now, true); err != nil {
				return err
			}
		}
	}
}

// batch folds one batch as of when it is to be judged.
func (f *Fold) batch(ctx context.Context, l *lane, b *waiting) {
	f.lane = l
	f.now, _ = f.horizon.now()
	if b.Heard != 0 && l.Region == uptime.RegionHeartbeat {
		f.judge.Listened(b.Heard, f.now)
	} else if err := wire.DecodeResults(b.Payload, l.Region, f.each); err != nil {
		f.bury(ctx, l, &b.Batch, err)
	}
	if l.lastID == "" || queue.CompareIDs(b.ID, l.lastID) > 0 {
		l.lastID = b.ID
	}
	l.ids = append(l.ids, b.ID)
}

// result is what happens to each result: it allocates nothing.
func (f *Fold) result(r *uptime.Result) {
	l := f.lane
	l.folded++
	l.lateness.results++
	switch r.Outcome {
	case uptime.OutcomeFail:
		l.lateness.failed++
		l.lateness.add(r.Late)
	case uptime.OutcomePass, uptime.OutcomeDegraded:
		l.lateness.add(r.Late)
	default: // Not run at all: neither late nor failed.
	}
	f.judge.Result(r, f.now)
}

// bury keeps a batch that cannot be decoded where people can look at it. Results
// before the damage have been folded.
func (f *Fold) bury(ctx context.Context, l *lane, b *queue.Batch, why error) {
	f.cfg.Metrics.damaged.Inc()
	f.cfg.Log.ErrorContext(ctx, "a batch of results cannot be decoded", "err", why, "lane", l.String(), "id", b.ID)
	if err := f.queue.DeadLetter(ctx, l.Lane, "results", b.Payload, why.Error()); err != nil {
		f.cfg.Log.WarnContext(ctx, "cannot keep a dead letter", "err", err, "lane", l.String())
	}
}
