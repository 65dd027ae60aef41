package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/wire"
)

const (
	// forgetAfter is how long a silent worker is still shown.
	forgetAfter = 24 * time.Hour
	// deleteAfter is how long a dead consumer without pending entries stays in its group.
	deleteAfter = time.Hour
	// slowGrace is how long beyond its timeout a check may stay with a consumer that
	// lives before another takes it.
	slowGrace = 30 * time.Second
)

// Worker is a worker as its region's keys tell of it.
type Worker struct {
	WorkerInfo
	Lane     Lane
	Alive    bool
	LastSeen time.Time // Redis' time
}

func encodeInfo(w WorkerInfo) string {
	b, err := json.Marshal(w)
	if err != nil {
		return "{}" // Only a time beyond the year 9999 cannot be written.
	}
	return string(b)
}

// Beat says that the worker lives; do so every second or so. Silent for
// Config.LivenessTTL, others take its checks over.
func (k *Consumer) Beat(ctx context.Context) error {
	err := k.c.beat(ctx, k.lane, beatName(GroupWorkers, k.info.ID), k.json)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err != nil:
		k.aliveSince = time.Time{}
	case k.aliveSince.IsZero():
		k.aliveSince = time.Now()
	}
	return err
}

func (c *Client) beat(ctx context.Context, l Lane, name, info string) error {
	_, err := c.run(ctx, scriptBeat, []string{l.alive(), l.workers()}, name, info, forgetAfter.Milliseconds())
	if err != nil {
		return fmt.Errorf("beat in %v: %w", l, err)
	}
	return nil
}

// Leave says goodbye after the last commit: what is still pending may be taken by
// others at once. It returns how many entries that is.
func (k *Consumer) Leave(ctx context.Context) (left int, err error) {
	return k.c.leave(ctx, k.lane, GroupWorkers, k.info.ID, k.lane.checks(), k.lane.urgent())
}

func (c *Client) leave(ctx context.Context, l Lane, g Group, consumer string, streams ...string) (int, error) {
	keys := append([]string{l.alive(), l.workers()}, streams...)
	out, err := c.run(ctx, scriptLeave, keys, string(g), consumer, beatName(g, consumer))
	if err != nil {
		return 0, fmt.Errorf("leave %v: %w", l, err)
	}
	r := &reply{rest: out}
	n := int(r.int())
	return n, r.err
}

// Reclaim takes over, up to max, what other workers will not finish: all that the dead
// hold, and what a living one has held 30 s beyond its timeout. What has been
// delivered three times is given up instead. It takes nothing until this worker itself
// has been alive for as long as it takes to find others dead: after an outage of
// Redis everybody has been silent.
func (k *Consumer) Reclaim(ctx context.Context, most int) ([]Entry, error) {
	k.mu.Lock()
	since := k.aliveSince
	k.mu.Unlock()
	if most <= 0 || since.IsZero() || time.Since(since) < k.c.cfg.LivenessTTL {
		return nil, nil
	}
	var entries []Entry
	for _, urgent := range []bool{true, false} {
		taken, err := k.c.rescue(ctx, k.lane, k.lane.stream(urgent), GroupWorkers, k.info.ID, most-len(entries), false)
		if err != nil {
			return nil, k.lostAnswer(err)
		}
		for _, t := range taken {
			entries = append(entries, k.entry(urgent, t.message, t.deliveries))
		}
		slow, err := k.reclaimSlow(ctx, urgent, most-len(entries))
		if err != nil {
			return nil, k.lostAnswer(err)
		}
		entries = append(entries, slow...)
	}
	return k.refuse(ctx, k.take(entries))
}

// lostAnswer sees to it that the next read looks at the own pending list: what an
// unfinished Reclaim took over is there.
func (k *Consumer) lostAnswer(err error) error {
	k.mu.Lock()
	k.resume = true
	k.mu.Unlock()
	return err
}

type rescued struct {
	message    redis.XMessage
	deliveries int64
}

// rescue runs the script that takes over what dead consumers of a stream hold; with
// everybody set, what all others hold.
func (c *Client) rescue(ctx context.Context, l Lane, stream string, g Group, me string, most int, everybody bool) ([]rescued, error) {
	if most <= 0 {
		return nil, nil
	}
	all := "0"
	if everybody {
		all = "1"
	}
	out, err := c.run(ctx, scriptRescue, []string{stream, l.alive(), l.ledger()}, string(g), me, beatName(g, ""),
		c.cfg.LivenessTTL.Milliseconds(), min(most, pendingPage), all, deleteAfter.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("take over entries of %v: %w", l, err)
	}
	taken := make([]rescued, 0, len(out))
	for r := (&reply{rest: out}); len(r.rest) > 0; {
		e := r.list()
		one := rescued{message: redis.XMessage{ID: e.text(), Values: map[string]any{}}}
		one.deliveries = e.int()
		for f := e.list(); len(f.rest) > 0; {
			name := f.text()
			one.message.Values[name] = f.text()
		}
		if err := errors.Join(r.err, e.err); err != nil {
			return nil, err
		}
		taken = append(taken, one)
	}
	return taken, nil
}

// reclaimSlow takes checks from workers that beat but do not finish. XCLAIM's minimum
// idle time makes sure that only one rescuer gets each.
func (k *Consumer) reclaimSlow(ctx context.Context, urgent bool, most int) ([]Entry, error) {
	if most <= 0 {
		return nil, nil
	}
	stream := k.lane.stream(urgent)
	idle, err := k.c.cmd.XPendingExt(ctx, &redis.XPendingExtArgs{
		Stream: stream, Group: string(GroupWorkers), Idle: slowGrace, Start: "-", End: "+", Count: int64(min(most, pendingPage)),
	}).Result()
	if err != nil && !errors.Is(err, redis.Nil) && !isNoGroup(err) {
		return nil, fmt.Errorf("slow checks of %v: %w", k.lane, err)
	}
	var entries []Entry
	for _, p := range idle {
		if p.Consumer == k.info.ID {
			continue
		}
		found, err := k.c.cmd.XRange(ctx, stream, p.ID, p.ID).Result()
		if err != nil {
			return nil, fmt.Errorf("slow check of %v: %w", k.lane, err)
		}
		patience := slowGrace
		if len(found) == 1 {
			if check, err := wire.DecodeCheck(bodyOf(found[0]), k.lane.Region); err == nil {
				patience += check.Timeout
			}
		}
		if p.Idle < patience {
			continue
		}
		claimed, err := k.c.cmd.XClaim(ctx, &redis.XClaimArgs{
			Stream: stream, Group: string(GroupWorkers), Consumer: k.info.ID, MinIdle: patience, Messages: []string{p.ID},
		}).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("take over slow check of %v: %w", k.lane, err)
		}
		for _, m := range claimed {
			entries = append(entries, k.entry(urgent, m, p.RetryCount+1))
		}
	}
	return entries, nil
}

// Workers returns the workers of a lane, sorted by id; those silent for a day are gone.
func (c *Client) Workers(ctx context.Context, l Lane) ([]Worker, error) {
	var infos *redis.MapStringStringCmd
	var beats *redis.ZSliceCmd
	var now *redis.TimeCmd
	_, err := c.cmd.Pipelined(ctx, func(p redis.Pipeliner) error {
		infos = p.HGetAll(ctx, l.workers())
		beats = p.ZRangeWithScores(ctx, l.alive(), 0, -1)
		now = p.Time(ctx)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("workers of %v: %w", l, err)
	}
	seen := map[string]time.Time{}
	for _, z := range beats.Val() {
		name, _ := z.Member.(string)
		seen[name] = time.UnixMilli(int64(z.Score)).UTC()
	}
	workers := make([]Worker, 0, len(infos.Val()))
	for id, text := range infos.Val() {
		w := Worker{Lane: l, LastSeen: seen[id]}
		if err := json.Unmarshal([]byte(text), &w.WorkerInfo); err != nil {
			continue // Written by somebody else's hand.
		}
		w.ID = id
		w.Alive = now.Val().Sub(w.LastSeen) <= c.cfg.LivenessTTL
		workers = append(workers, w)
	}
	slices.SortFunc(workers, func(a, b Worker) int { return strings.Compare(a.ID, b.ID) })
	return workers, nil
}
