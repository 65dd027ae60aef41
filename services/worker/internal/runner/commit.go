package runner

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
)

// Finished checks are committed together: the first of a batch waits this long for
// others, unless there are so many that waiting gains nothing. Measured, a message
// alone costs Redis and its client twenty times what it costs in a batch.
const (
	commitWait = 10 * time.Millisecond
	commitSize = 128
)

// Pauses between tries while Redis is away.
const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
)

// Finisher commits finished checks. It may be called again with the same ones.
type Finisher interface {
	Commit(ctx context.Context, items []queue.Finished) (int, error)
}

// committer gathers the finished checks of one lane.
type committer struct {
	to  Finisher
	m   *metrics
	log *slog.Logger

	mu    sync.Mutex
	items []queue.Finished
	began chan struct{} // the first of a batch is there, capacity 1
	full  chan struct{} // the batch need not wait, capacity 1
}

func newCommitter(to Finisher, m *metrics, log *slog.Logger) *committer {
	return &committer{to: to, m: m, log: log, began: make(chan struct{}, 1), full: make(chan struct{}, 1)}
}

func (c *committer) add(f queue.Finished) {
	c.mu.Lock()
	c.items = append(c.items, f)
	n := len(c.items)
	c.mu.Unlock()
	switch n {
	case 1:
		tell(c.began)
	case commitSize:
		tell(c.full)
	}
}

// backlog returns how many finished checks are not committed.
func (c *committer) backlog() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.items)
}

func (c *committer) take() []queue.Finished {
	c.mu.Lock()
	defer c.mu.Unlock()
	items := c.items
	c.items = nil
	return items
}

// run commits until stop is closed and everything is committed, or ctx ends. While
// Redis is away it tries again and again; the checks stay pending in Redis, so that
// others take them over if this worker never manages.
func (c *committer) run(ctx context.Context, stop <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		stopping := false
		select {
		case <-ctx.Done():
			return
		case <-stop:
			stopping = true
		case <-c.began:
			timer.Reset(commitWait)
			select {
			case <-timer.C:
			case <-c.full:
			case <-stop:
			case <-ctx.Done():
				return
			}
		}
		if items := c.take(); len(items) > 0 {
			c.commit(ctx, items)
		} else if stopping {
			return
		}
	}
}

func (c *committer) commit(ctx context.Context, items []queue.Finished) {
	pause := retryFirst
	for try := 1; ; try++ {
		start := time.Now()
		counted, err := c.to.Commit(ctx, items)
		if err == nil {
			c.m.commits.Observe(float64(len(items)))
			c.m.commitTime.Observe(time.Since(start).Seconds())
			if lost := len(items) - counted; lost > 0 && try == 1 {
				c.m.superseded.Add(float64(lost))
			}
			if try > 1 {
				c.log.InfoContext(ctx, "results are committed again", "tries", try, "checks", len(items))
			}
			return
		}
		if ctx.Err() != nil {
			return
		}
		c.m.commitErrors.Inc()
		if try == 1 {
			c.log.WarnContext(ctx, "cannot commit results, trying again", "checks", len(items), "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, retryMost)
	}
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
