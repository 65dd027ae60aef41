package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// LiveKept is how many live events Redis keeps at least, for whoever comes back: some
// megabytes, and hours of a fleet that is well.
const LiveKept = 10_000

// LiveEvent is something that has just happened, told to whoever looks on. The stream
// of them is a convenience, not a ledger: it is capped, and no alert hangs on it.
type LiveEvent struct {
	ID      string    // given by Redis, grows from event to event: see [CompareIDs]
	Org     uptime.ID // zero: everybody's
	Website uptime.ID // zero: about none
	Type    string    // empty: of an entry that cannot be read
	Data    []byte    // JSON
}

// LiveStart is the position before the first event there ever was.
const LiveStart = "0-0"

// AddLive appends events in their order. After an error some of them may be there.
func (c *Client) AddLive(ctx context.Context, events []LiveEvent) error {
	if len(events) == 0 {
		return nil
	}
	_, err := c.cmd.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range events {
			e := &events[i]
			values := []any{fieldType, e.Type, fieldData, e.Data}
			if !e.Org.IsZero() {
				values = append(values, fieldOrg, e.Org.String())
			}
			if !e.Website.IsZero() {
				values = append(values, fieldWebsite, e.Website.String())
			}
			p.XAdd(ctx, &redis.XAddArgs{Stream: keyLive, MaxLen: LiveKept, Approx: true, Values: values})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("add %d live events: %w", len(events), err)
	}
	return nil
}

// ReadLive returns up to count events after a position, oldest first, waiting some time
// for the first of them.
func (c *Client) ReadLive(ctx context.Context, after string, count int) ([]LiveEvent, error) {
	read, err := c.wait.XRead(ctx, &redis.XReadArgs{Streams: []string{keyLive, after}, Count: int64(count), Block: c.cfg.Block}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(read) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read live events: %w", err)
	}
	return liveOf(read[0].Messages), nil
}

// LiveRange returns up to count events after a position and up to another, oldest first.
func (c *Client) LiveRange(ctx context.Context, after, upTo string, count int) ([]LiveEvent, error) {
	messages, err := c.cmd.XRangeN(ctx, keyLive, "("+after, upTo, int64(count)).Result()
	if err != nil {
		return nil, fmt.Errorf("read past live events: %w", err)
	}
	return liveOf(messages), nil
}

func liveOf(messages []redis.XMessage) []LiveEvent {
	events := make([]LiveEvent, 0, len(messages))
	for _, m := range messages {
		e := LiveEvent{ID: m.ID}
		e.Type, _ = m.Values[fieldType].(string)
		data, _ := m.Values[fieldData].(string)
		e.Data = []byte(data)
		// An owner that cannot be read must not make an event everybody's.
		if !idIn(m.Values[fieldOrg], &e.Org) || !idIn(m.Values[fieldWebsite], &e.Website) {
			e = LiveEvent{ID: m.ID}
		}
		events = append(events, e)
	}
	return events
}

// idIn reads an id that may be absent and tells whether it is absent or one.
func idIn(v any, id *uptime.ID) bool {
	if v == nil {
		return true
	}
	text, _ := v.(string)
	return id.UnmarshalText([]byte(text)) == nil
}

// LiveState says which events are still there.
type LiveState struct {
	First string // the oldest event; empty: there is none
	Last  string // the newest event that there ever was
	Whole bool   // none has been dropped yet
}

// LiveState returns which events are still there.
func (c *Client) LiveState(ctx context.Context) (LiveState, error) {
	info, err := c.cmd.XInfoStream(ctx, keyLive).Result()
	if isNoKey(err) {
		return LiveState{Last: LiveStart, Whole: true}, nil
	}
	if err != nil {
		return LiveState{}, fmt.Errorf("state of live events: %w", err)
	}
	return LiveState{First: info.FirstEntry.ID, Last: info.LastGeneratedID, Whole: info.EntriesAdded == info.Length}, nil
}

// Lost tells whether there may have been events after a position that are not there any
// more: they were too many meanwhile, or Redis has lost its data.
func (s LiveState) Lost(after string) bool {
	switch {
	case CompareIDs(after, s.Last) > 0:
		return true // from before a loss of data
	case s.First == "":
		return after != s.Last
	case CompareIDs(after, s.First) >= 0:
		return false
	}
	return after != LiveStart || !s.Whole
}

func isNoKey(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "ERR no such key") }

// ResultsEnd returns the position after which results of the lane are new.
func (c *Client) ResultsEnd(ctx context.Context, l Lane) (string, error) {
	info, err := c.cmd.XInfoStream(ctx, l.results()).Result()
	if isNoKey(err) {
		return LiveStart, nil
	}
	if err != nil {
		return "", fmt.Errorf("end of results of %v: %w", l, err)
	}
	return info.LastGeneratedID, nil
}

// PeekResults returns up to count batches of each lane after its position, without
// waiting and without a place in a group: what both groups were done with may be missing.
func (c *Client) PeekResults(ctx context.Context, after map[Lane]string, count int) (map[Lane][]Batch, error) {
	found := make(map[Lane][]Batch, len(after))
	reads := make(map[Lane]*redis.XMessageSliceCmd, len(after))
	_, err := c.cmd.Pipelined(ctx, func(p redis.Pipeliner) error {
		for l, id := range after {
			reads[l] = p.XRangeN(ctx, l.results(), "("+id, "+", int64(count))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("peek at results of %d lanes: %w", len(after), err)
	}
	for l, read := range reads {
		if messages := read.Val(); len(messages) > 0 {
			found[l] = batchesOf(messages)
		}
	}
	return found, nil
}
