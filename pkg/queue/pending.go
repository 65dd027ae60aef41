package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// pendingPage is how many of its pending entries a consumer looks at in one call.
const pendingPage = 512

// Pending takes what is on the worker's own pending list and not in hand: after a
// start, what a former process left; after an error, what Redis handed out in an
// answer that was lost. [Consumer.Read] does this by itself when needed.
func (k *Consumer) Pending(ctx context.Context) ([]Entry, error) {
	return k.takePending(ctx, pendingPage, pendingPage)
}

// takePending ends the resuming when it finds nothing more to take.
func (k *Consumer) takePending(ctx context.Context, checks, urgent int) ([]Entry, error) {
	var entries []Entry
	complete := true
	for _, q := range []struct {
		urgent bool
		room   int
	}{{true, urgent}, {false, checks}} {
		some, whole, err := k.pendingOf(ctx, q.urgent, q.room)
		if err != nil {
			if isNoGroup(err) {
				return nil, k.c.restore(ctx, k.lane, err)
			}
			return nil, fmt.Errorf("pending checks of %v: %w", k.lane, err)
		}
		entries = append(entries, some...)
		complete = complete && whole
	}
	if complete {
		k.mu.Lock()
		k.resume, k.restarted = false, false
		k.mu.Unlock()
	}
	entries, err := k.refuse(ctx, k.take(entries))
	return entries, err
}

// pendingOf returns up to room entries of one stream that are pending and not in hand,
// and whether those were all.
func (k *Consumer) pendingOf(ctx context.Context, urgent bool, room int) ([]Entry, bool, error) {
	stream := k.lane.stream(urgent)
	var ids []string
	deliveries := map[string]int64{}
	for from := "-"; ; {
		page, err := k.c.cmd.XPendingExt(ctx, &redis.XPendingExtArgs{
			Stream: stream, Group: string(GroupWorkers), Start: from, End: "+", Count: pendingPage, Consumer: k.info.ID,
		}).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, false, err
		}
		for _, p := range page {
			if k.holds(urgent, p.ID) {
				continue
			}
			if len(ids) == room {
				entries, err := k.fetch(ctx, urgent, ids, deliveries)
				return entries, false, err
			}
			ids = append(ids, p.ID)
			deliveries[p.ID] = p.RetryCount
		}
		if len(page) < pendingPage {
			break
		}
		from = "(" + page[len(page)-1].ID
	}
	entries, err := k.fetch(ctx, urgent, ids, deliveries)
	return entries, true, err
}

// fetch reads the messages of own pending entries. What a former process was given
// counts as delivered once more; what only an answer lost does not.
func (k *Consumer) fetch(ctx context.Context, urgent bool, ids []string, deliveries map[string]int64) ([]Entry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	k.mu.Lock()
	again := k.restarted
	k.mu.Unlock()
	stream := k.lane.stream(urgent)
	var messages []redis.XMessage
	if again {
		var err error
		messages, err = k.c.cmd.XClaim(ctx, &redis.XClaimArgs{
			Stream: stream, Group: string(GroupWorkers), Consumer: k.info.ID, Messages: ids,
		}).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
	} else {
		cmds, err := k.c.cmd.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, id := range ids {
				p.XRange(ctx, stream, id, id)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, cmd := range cmds {
			messages = append(messages, cmd.(*redis.XMessageSliceCmd).Val()...)
		}
	}
	entries := make([]Entry, 0, len(messages))
	for _, m := range messages {
		n := deliveries[m.ID]
		if again {
			n++
		}
		entries = append(entries, k.entry(urgent, m, n))
	}
	return entries, k.c.forgetVanished(ctx, k.lane, stream, GroupWorkers, ids, messages)
}

// forgetVanished acknowledges pending entries that are no longer in their stream; a
// script of ours never leaves such, so they are counted.
func (c *Client) forgetVanished(ctx context.Context, l Lane, stream string, g Group, ids []string, found []redis.XMessage) error {
	if len(found) == len(ids) {
		return nil
	}
	there := make(map[string]bool, len(found))
	for _, m := range found {
		there[m.ID] = true
	}
	var gone []string
	for _, id := range ids {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	if _, err := c.cmd.XAck(ctx, stream, string(g), gone...).Result(); err != nil {
		return fmt.Errorf("acknowledge vanished entries: %w", err)
	}
	c.log.WarnContext(ctx, "pending entries were gone", "lane", l.String(), "count", len(gone))
	return c.cmd.HIncrBy(ctx, l.ledger(), ledgerVanished, int64(len(gone))).Err()
}
