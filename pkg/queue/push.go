package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// Push is one slot of a lane.
type Push struct {
	Epoch  int64          // of the pusher's lease
	Prev   uptime.Instant // the cursor that the pusher goes on from; 0 if there was none
	Slot   uptime.Instant // becomes the cursor
	Checks [][]byte       // wire messages
	Missed int            // slots of monitors between Prev and Slot that are not pushed
}

// Pushed is the answer to a [Push].
type Pushed struct {
	// Accepted: the slot went out now. If it did not, go on from Cursor: the slot was
	// there already (a lost reply), Redis was emptied or rolled back by a failover, or
	// another pusher is at work.
	Accepted   bool
	StaleEpoch bool // a newer pusher is at work: stop
	Epoch      int64
	Cursor     uptime.Instant
}

// PushSlot puts a slot on its lane, exactly once: it is refused unless it goes on from
// the stored cursor at an epoch that is not stale, so it may be repeated after any
// error. An empty slot moves the cursor and counts what was missed.
func (c *Client) PushSlot(ctx context.Context, l Lane, p Push) (Pushed, error) {
	args := make([]any, 0, len(p.Checks)+5)
	args = append(args, p.Epoch, int64(p.Prev), int64(p.Slot), p.Missed, fieldBody)
	for _, b := range p.Checks {
		args = append(args, b)
	}
	out, err := c.run(ctx, scriptPush, []string{l.cursor(), l.checks(), l.ledger()}, args...)
	if err != nil {
		return Pushed{}, fmt.Errorf("push slot to %v: %w", l, err)
	}
	r := &reply{rest: out}
	status := r.int()
	done := Pushed{Accepted: status == 1, StaleEpoch: status == -1, Epoch: r.int(), Cursor: uptime.Instant(r.int())}
	return done, r.err
}

// Cursor returns the last slot that was pushed to the lane and the epoch of its
// pusher; both are zero for a lane that never had one.
func (c *Client) Cursor(ctx context.Context, l Lane) (epoch int64, cursor uptime.Instant, err error) {
	vals, err := c.cmd.HMGet(ctx, l.cursor(), "epoch", "slot").Result()
	if err != nil {
		return 0, 0, fmt.Errorf("cursor of %v: %w", l, err)
	}
	e, _ := vals[0].(string)
	s, _ := vals[1].(string)
	return parseInt(e), uptime.Instant(parseInt(s)), nil
}

// ResetCursor puts the cursor somewhere else; it reports false, and changes nothing,
// if a newer epoch is at work. It is for a cursor that cannot be true: one in the future.
func (c *Client) ResetCursor(ctx context.Context, l Lane, epoch int64, to uptime.Instant) (bool, error) {
	out, err := c.run(ctx, scriptReset, []string{l.cursor()}, epoch, int64(to))
	if err != nil {
		return false, fmt.Errorf("reset cursor of %v: %w", l, err)
	}
	r := &reply{rest: out}
	done := r.int() == 1
	return done, r.err
}

// PushUrgent puts checks out of turn on the lane. It is not idempotent: after an error
// they may or may not have gone out, and repeating it may check twice.
func (c *Client) PushUrgent(ctx context.Context, l Lane, checks ...uptime.Check) error {
	if len(checks) == 0 {
		return nil
	}
	args := make([]any, 0, len(checks)+1)
	args = append(args, fieldBody)
	for i := range checks {
		args = append(args, wire.EncodeCheck(nil, &checks[i]))
	}
	if _, err := c.run(ctx, scriptUrgent, []string{l.urgent(), l.ledger()}, args...); err != nil {
		return fmt.Errorf("push urgent checks to %v: %w", l, err)
	}
	return nil
}

// ended tells whether ctx is over. Its deadline is the connection's, too, and the
// connection may notice it first: then this waits for the context to follow.
func ended(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= 0 {
		<-ctx.Done()
	}
	return ctx.Err() != nil
}

// AwaitReply waits for the result of an urgent check that carries the key (see
// [ReplyKey]) until ctx ends, whose error it then returns, at most a second late.
func (c *Client) AwaitReply(ctx context.Context, l Lane, key string) (uptime.Result, error) {
	for {
		out, err := c.wait.BLPop(ctx, replyBlock, key).Result()
		switch {
		case err != nil && ended(ctx):
			return uptime.Result{}, context.Cause(ctx)
		case errors.Is(err, redis.Nil):
			continue
		case err != nil:
			return uptime.Result{}, fmt.Errorf("await reply: %w", err)
		case len(out) != 2:
			return uptime.Result{}, fmt.Errorf("await reply: %d values", len(out))
		}
		var result uptime.Result
		if err := wire.DecodeResults([]byte(out[1]), l.Region, func(r *uptime.Result) { result = *r }); err != nil {
			return uptime.Result{}, fmt.Errorf("await reply: %w", err)
		}
		return result, nil
	}
}
