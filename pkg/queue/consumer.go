package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

const (
	// maxDeliveries is how often a check is handed out before it counts as the cause
	// of its workers' deaths.
	maxDeliveries = 3
	// fullBlock is how long a read waits when there is room for urgent checks only:
	// slots for scheduled ones may become free meanwhile.
	fullBlock = 50 * time.Millisecond
	// noGroupPause is the pause after Redis lost the groups, so that many readers do
	// not all hammer an engine that is being restored.
	noGroupPause = 250 * time.Millisecond
	replyBlock   = time.Second
)

// WorkerInfo is what a worker says of itself with every beat.
type WorkerInfo struct {
	ID          string    `json:"id"` // stable over restarts: its consumer's name
	Site        string    `json:"site,omitempty"`
	Version     string    `json:"version,omitempty"`
	Ticks       bool      `json:"ticks,omitempty"` // writes the region's ticks to InfluxDB
	Concurrency int       `json:"concurrency,omitempty"`
	Started     time.Time `json:"started,omitzero"`
	Host        string    `json:"host,omitempty"`
}

// Entry is one check taken from a lane.
type Entry struct {
	Urgent     bool
	ID         string
	Check      uptime.Check
	Err        error // the message cannot be read; commit it as it is
	Deliveries int64 // 1 at first
}

func (e *Entry) key() string {
	if e.Urgent {
		return "u" + e.ID
	}
	return "c" + e.ID
}

// Consumer takes checks from one lane under a stable name. Read and Pending must not
// be called at once; Commit, Beat and Reclaim may be called from other goroutines.
//
// It knows which entries are in hand (returned and not yet committed), so that one is
// never handed out twice by the same process.
type Consumer struct {
	c    *Client
	lane Lane
	info WorkerInfo
	json string

	mu         sync.Mutex
	inHand     map[string]struct{}
	resume     bool      // own pending entries may be waiting: look before reading on
	restarted  bool      // they may be those of a former process
	aliveSince time.Time // of an unbroken row of beats; zero after a failed one
}

// Consumer returns the worker's place in the lane's group.
func (c *Client) Consumer(l Lane, w WorkerInfo) *Consumer {
	return &Consumer{
		c: c, lane: l, info: w, json: encodeInfo(w),
		inHand: map[string]struct{}{}, resume: true, restarted: true,
	}
}

// InHand returns how many entries are taken and not yet committed.
func (k *Consumer) InHand() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.inHand)
}

// Read takes up to so many scheduled and so many urgent checks, waiting for the first
// of them some time (Config.Block; 50 ms if checks is 0 and urgent is not). It begins with what the
// worker took before it was restarted or before an error hid an answer from it. An
// empty answer without an error is normal. A cancelled ctx is noticed only when the wait is over.
func (k *Consumer) Read(ctx context.Context, checks, urgent int) ([]Entry, error) {
	if checks <= 0 && urgent <= 0 {
		return nil, nil
	}
	if k.mustResume() {
		entries, err := k.takePending(ctx, max(checks, 0), max(urgent, 0))
		if err != nil || len(entries) > 0 {
			return entries, err
		}
	}
	entries, err := k.readNew(ctx, checks, urgent)
	if err != nil {
		err = k.lostAnswer(err)
		if isNoGroup(err) {
			return nil, k.c.restore(ctx, k.lane, err)
		}
		return nil, fmt.Errorf("read checks of %v: %w", k.lane, err)
	}
	return k.take(entries), nil
}

// restore makes groups again that Redis lost, after a pause.
func (c *Client) restore(ctx context.Context, l Lane, cause error) error {
	c.log.WarnContext(ctx, "redis lost the lane, making it again", "lane", l.String(), "err", cause)
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(noGroupPause):
	}
	return c.EnsureLane(ctx, l)
}

func (k *Consumer) mustResume() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.resume
}

// readNew reads both streams in one call with the smaller count (COUNT is per stream)
// and, if a stream filled that, the rest of the larger one without waiting.
func (k *Consumer) readNew(ctx context.Context, checks, urgent int) ([]Entry, error) {
	if checks <= 0 {
		return k.readStream(ctx, true, urgent, min(fullBlock, k.c.cfg.Block))
	}
	if urgent <= 0 {
		return k.readStream(ctx, false, checks, k.c.cfg.Block)
	}
	count := min(checks, urgent)
	entries, err := k.readGroup(ctx, k.c.cfg.Block, count, k.lane.urgent(), k.lane.checks())
	if err != nil {
		return nil, err
	}
	got := 0
	larger := checks < urgent // whether the larger room is the urgent one
	for i := range entries {
		if entries[i].Urgent == larger {
			got++
		}
	}
	if rest := max(checks, urgent) - got; got == count && rest > 0 {
		more, err := k.readStream(ctx, larger, rest, -1)
		if err != nil {
			_ = k.lostAnswer(err) // What was read before it is not lost with it.
		}
		entries = append(entries, more...)
	}
	return entries, nil
}

func (k *Consumer) readStream(ctx context.Context, urgent bool, count int, block time.Duration) ([]Entry, error) {
	return k.readGroup(ctx, block, count, k.lane.stream(urgent))
}

// readGroup takes new entries; block < 0 does not wait.
func (k *Consumer) readGroup(ctx context.Context, block time.Duration, count int, streams ...string) ([]Entry, error) {
	args := &redis.XReadGroupArgs{Group: string(GroupWorkers), Consumer: k.info.ID, Count: int64(count), Block: block}
	args.Streams = append(args.Streams, streams...)
	for range streams {
		args.Streams = append(args.Streams, ">")
	}
	read, err := k.c.wait.XReadGroup(ctx, args).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, s := range read {
		urgent := strings.HasSuffix(s.Stream, ":urgent")
		for _, m := range s.Messages {
			entries = append(entries, k.entry(urgent, m, 1))
		}
	}
	return entries, nil
}

func (k *Consumer) entry(urgent bool, m redis.XMessage, deliveries int64) Entry {
	check, err := wire.DecodeCheck(bodyOf(m), k.lane.Region)
	if err == nil && check.ReplyTo != "" && !k.lane.ownsReply(check.ReplyTo) {
		err = fmt.Errorf("%w: reply key of another lane", wire.ErrMalformed)
	}
	return Entry{Urgent: urgent, ID: m.ID, Check: check, Err: err, Deliveries: deliveries}
}

// take notes that entries are in hand and leaves out those that already were.
func (k *Consumer) take(entries []Entry) []Entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := entries[:0]
	for _, e := range entries {
		if _, dup := k.inHand[e.key()]; !dup {
			k.inHand[e.key()] = struct{}{}
			fresh = append(fresh, e)
		}
	}
	return fresh
}

func (k *Consumer) holds(urgent bool, id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.inHand[(&Entry{Urgent: urgent, ID: id}).key()]
	return ok
}

func (k *Consumer) putDown(items []Finished) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range items {
		delete(k.inHand, items[i].Entry.key())
	}
}
