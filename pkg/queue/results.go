package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Batch is one entry of a results stream: what one commit finished, for
// wire.DecodeResults. IDs grow with time; compare them by [CompareIDs].
type Batch struct {
	ID      string
	Payload []byte
	// Heard, in the lane of the heartbeats, is when the api was able to take calls; such
	// an entry has no payload. Zero: the entry is a batch.
	Heard uptime.Instant
}

// ResultReader reads a lane's results for one of the two groups under a stable name.
// Read and Pending must not be called at once; the others may be.
type ResultReader struct {
	c        *Client
	lane     Lane
	group    Group
	consumer string

	mu     sync.Mutex
	resume string // where in the own pending list to look before reading on; "" for nowhere
	old    bool   // the last Read answered from the own pending list
	beaten time.Time
}

// Results returns a consumer's place in a group on the lane's results.
func (c *Client) Results(l Lane, g Group, consumer string) *ResultReader {
	return &ResultReader{c: c, lane: l, group: g, consumer: consumer, resume: pendingStart}
}

const pendingStart = "0"

// Lane returns the lane whose results are read.
func (r *ResultReader) Lane() Lane { return r.lane }

// Read takes up to count batches, oldest first, waiting some time for the first of them. After a
// start and after an error it begins with what this consumer took before and has not
// acknowledged, so a batch may come twice. It beats, too (see [ResultReader.Beat]).
func (r *ResultReader) Read(ctx context.Context, count int) ([]Batch, error) {
	if err := r.beatSometimes(ctx); err != nil {
		return nil, err
	}
	for {
		r.mu.Lock()
		from := r.resume
		r.mu.Unlock()
		if from == "" {
			break
		}
		batches, err := r.pendingFrom(ctx, from, count)
		if err != nil || len(batches) > 0 {
			r.answered(true)
			return batches, err
		}
	}
	r.answered(false)
	messages, err := r.readGroup(ctx, ">", count, r.c.cfg.Block)
	if err != nil {
		return nil, r.failed(ctx, err)
	}
	return batchesOf(messages), nil
}

// Current tells whether the last Read was one of new batches: what it did not return had
// not been written when it was asked, unless it returned as many as it may.
func (r *ResultReader) Current() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.old
}

func (r *ResultReader) answered(old bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.old = old
}

// Pending takes up to count batches of this consumer's own pending list from its
// beginning: what it took and has not acknowledged.
func (r *ResultReader) Pending(ctx context.Context, count int) ([]Batch, error) {
	r.mu.Lock()
	r.resume = pendingStart
	r.mu.Unlock()
	return r.pendingFrom(ctx, pendingStart, count)
}

func (r *ResultReader) pendingFrom(ctx context.Context, from string, count int) ([]Batch, error) {
	messages, err := r.readGroup(ctx, from, count, -1)
	if err != nil {
		return nil, r.failed(ctx, err)
	}
	next := ""
	if len(messages) > 0 {
		next = messages[len(messages)-1].ID
	}
	ids := make([]string, len(messages))
	found := messages[:0]
	for i, m := range messages {
		ids[i] = m.ID
		if m.Values != nil { // otherwise it was dropped when memory was short
			found = append(found, m)
		}
	}
	if err := r.c.forgetVanished(ctx, r.lane, r.lane.results(), r.group, ids, found); err != nil {
		return nil, r.failed(ctx, err)
	}
	r.mu.Lock()
	r.resume = next
	r.mu.Unlock()
	return batchesOf(found), nil
}

func (r *ResultReader) readGroup(ctx context.Context, from string, count int, block time.Duration) ([]redis.XMessage, error) {
	read, err := r.c.wait.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: string(r.group), Consumer: r.consumer, Streams: []string{r.lane.results(), from},
		Count: int64(max(count, 1)), Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(read) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return read[0].Messages, nil
}

func (r *ResultReader) failed(ctx context.Context, err error) error {
	r.mu.Lock()
	r.resume = pendingStart
	r.mu.Unlock()
	if isNoGroup(err) {
		return r.c.restore(ctx, r.lane, err)
	}
	return fmt.Errorf("read results of %v: %w", r.lane, err)
}

// Ack says that the effect of batches is durable. It may be repeated.
func (r *ResultReader) Ack(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := r.c.cmd.XAck(ctx, r.lane.results(), string(r.group), ids...).Err(); err != nil {
		return fmt.Errorf("acknowledge results of %v: %w", r.lane, err)
	}
	return nil
}

// Beat says that the reader lives. Read does it, too; a reader that is busy otherwise
// for longer than Config.LivenessTTL must call it, or others take its batches over.
func (r *ResultReader) Beat(ctx context.Context) error {
	if err := r.c.beat(ctx, r.lane, beatName(r.group, r.consumer), ""); err != nil {
		return err
	}
	r.mu.Lock()
	r.beaten = time.Now()
	r.mu.Unlock()
	return nil
}

func (r *ResultReader) beatSometimes(ctx context.Context) error {
	r.mu.Lock()
	due := time.Since(r.beaten) > r.c.cfg.LivenessTTL/4
	r.mu.Unlock()
	if !due {
		return nil
	}
	return r.Beat(ctx)
}

// ClaimDead takes over up to count batches that dead readers of the group left, oldest first.
func (r *ResultReader) ClaimDead(ctx context.Context, count int) ([]Batch, error) {
	return r.claim(ctx, count, false)
}

// ClaimOthers takes over up to count batches from all other readers of the group,
// living ones included: for whoever just won the lane's lease.
func (r *ResultReader) ClaimOthers(ctx context.Context, count int) ([]Batch, error) {
	return r.claim(ctx, count, true)
}

func (r *ResultReader) claim(ctx context.Context, count int, everybody bool) ([]Batch, error) {
	taken, err := r.c.rescue(ctx, r.lane, r.lane.results(), r.group, r.consumer, count, everybody)
	if err != nil {
		// What the script took in spite of the error is on the own pending list now.
		return nil, r.failed(ctx, err)
	}
	messages := make([]redis.XMessage, len(taken))
	for i := range taken {
		messages[i] = taken[i].message
	}
	return batchesOf(messages), nil
}

// Leave says goodbye; what is not acknowledged may be taken by others at once.
func (r *ResultReader) Leave(ctx context.Context) (left int, err error) {
	return r.c.leave(ctx, r.lane, r.group, r.consumer, r.lane.results())
}

func batchesOf(messages []redis.XMessage) []Batch {
	batches := make([]Batch, 0, len(messages))
	for _, m := range messages {
		payload, _ := m.Values[fieldBatch].(string)
		batches = append(batches, Batch{ID: m.ID, Payload: []byte(payload), Heard: heardAt(m)})
	}
	return batches
}

// CompareIDs orders two ids of entries of the same stream by when they were written.
func CompareIDs(a, b string) int {
	aMS, aSeq := splitID(a)
	bMS, bSeq := splitID(b)
	switch {
	case aMS != bMS && aMS < bMS, aMS == bMS && aSeq < bSeq:
		return -1
	case aMS == bMS && aSeq == bSeq:
		return 0
	}
	return 1
}

func splitID(id string) (ms, seq uint64) {
	a, b, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseUint(a, 10, 64)
	seq, _ = strconv.ParseUint(b, 10, 64)
	return ms, seq
}

// idMillis returns when an entry was written, in ms of Redis' time.
func idMillis(id string) int64 {
	ms, _ := splitID(id)
	return int64(ms)
}

// IDTime returns when an entry was written, by Redis' clock.
func IDTime(id string) time.Time { return time.UnixMilli(idMillis(id)).UTC() }
