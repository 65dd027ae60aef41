package collect

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	// readBatches is how many entries one read takes: up to 128 results each.
	readBatches = 128
	// claimEvery is how often a lane looks for what a reader that lost the shard took in
	// its last moments and can no longer acknowledge.
	claimEvery = 30 * time.Second
	// readAhead is how many reads may wait to be folded: in a backlog a lane waits for
	// others that are further behind.
	readAhead = 2
	// readMargin is how long before the answer an empty stream was surely empty.
	readMargin = 250 * time.Millisecond
	ackBatch   = 1000
	lanePause  = 500 * time.Millisecond // after a failed read or acknowledgement
	leaveTime  = time.Second
)

// chunk is what one read brought, or that it failed.
type chunk struct {
	lane    *lane
	batches []queue.Batch
	upTo    uptime.Instant // everything before has been read
	failed  bool
}

// waiting is a batch that was read and is not folded yet.
type waiting struct {
	queue.Batch
	at   uptime.Instant // when it was written
	last bool           // of its read
}

// lane reads the results of one region and acknowledges them.
type lane struct {
	queue.Lane
	q      Queue
	reader *queue.ResultReader
	now    func() uptime.Instant // fleet time
	in     chan<- chunk
	log    *slog.Logger
	cancel context.CancelFunc

	mu    sync.Mutex
	taken map[string]bool // handed over and not acknowledged yet
	done  []string        // durable, to be acknowledged
	wake  chan struct{}
	room  chan struct{} // has an element for each read that is not folded

	// The fold's goroutine owns the rest.
	waiting  []waiting      // read and not folded, oldest first
	readTo   uptime.Instant // everything before has been read
	lastID   string
	folded   int64    // results since the last checkpoint
	ids      []string // folded since the last checkpoint
	lateness lateness
}

// run reads until ctx is cancelled.
func (l *lane) run(ctx context.Context) {
	var acks sync.WaitGroup
	acks.Go(func() { l.acknowledge(ctx) })
	l.read(ctx)
	acks.Wait()
	// The caller's context is the reason for leaving.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if _, err := l.reader.Leave(last); err != nil {
		l.log.DebugContext(ctx, "cannot say goodbye to the queue", "err", err)
	}
}

func (l *lane) read(ctx context.Context) {
	for ctx.Err() == nil {
		err := l.q.EnsureLane(ctx, l.Lane)
		if err == nil {
			break
		}
		l.fail(ctx, err)
	}
	var claimed time.Time
	for ctx.Err() == nil {
		if time.Since(claimed) > claimEvery {
			if !l.claim(ctx) {
				continue
			}
			claimed = time.Now()
		}
		asked := l.now()
		batches, err := l.reader.Read(ctx, readBatches)
		if err != nil {
			l.fail(ctx, err)
			continue
		}
		upTo := asked
		switch {
		case len(batches) == 0:
			upTo = max(asked, l.now().Add(-readMargin))
		case len(batches) == readBatches || !l.reader.Current():
			upTo = 0 // There may be more: the last of them tells.
		}
		l.hand(ctx, batches, upTo)
	}
}

// claim takes over what others hold: whoever had the shard before, or still believes to.
func (l *lane) claim(ctx context.Context) bool {
	for ctx.Err() == nil {
		batches, err := l.reader.ClaimOthers(ctx, readBatches)
		if err != nil {
			l.fail(ctx, err)
			return false
		}
		if len(batches) == 0 {
			return true
		}
		l.hand(ctx, batches, 0)
	}
	return false
}

// hand gives batches to the fold, without those that it has already.
func (l *lane) hand(ctx context.Context, batches []queue.Batch, upTo uptime.Instant) {
	l.mu.Lock()
	fresh := batches[:0]
	for _, b := range batches {
		if !l.taken[b.ID] {
			l.taken[b.ID] = true
			fresh = append(fresh, b)
		}
	}
	l.mu.Unlock()
	if len(fresh) > 0 {
		select {
		case l.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
	select {
	case l.in <- chunk{lane: l, batches: fresh, upTo: upTo}:
	case <-ctx.Done():
	}
}

func (l *lane) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	l.log.WarnContext(ctx, "cannot read results", "err", err, "lane", l.String())
	select {
	case l.in <- chunk{lane: l, failed: true}:
	case <-ctx.Done():
	}
	pause(ctx, lanePause)
}

// ack says that batches are durable; they are acknowledged in the background.
func (l *lane) ack(ids []string) {
	l.mu.Lock()
	l.done = append(l.done, ids...)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) acknowledge(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			// What is durable is still acknowledged, so that the next reader need not fold it.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
			l.flushAcks(last)
			cancel()
			return
		case <-l.wake:
			for !l.flushAcks(ctx) && ctx.Err() == nil {
				pause(ctx, lanePause)
			}
		}
	}
}

// flushAcks acknowledges all that is durable and tells whether it could.
func (l *lane) flushAcks(ctx context.Context) bool {
	for {
		l.mu.Lock()
		ids := l.done[:min(len(l.done), ackBatch)]
		l.mu.Unlock()
		if len(ids) == 0 {
			return true
		}
		if err := l.reader.Ack(ctx, ids...); err != nil {
			l.log.WarnContext(ctx, "cannot acknowledge results", "err", err, "lane", l.String())
			return false
		}
		l.mu.Lock()
		for _, id := range ids {
			delete(l.taken, id)
		}
		l.done = l.done[len(ids):]
		l.mu.Unlock()
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
