//go:build integration

package queue_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// A predecessor's deletion of one website wiped the whole queue.
func TestDroppingOneMonitorLeavesTheOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	r.push(t, 1, 600) // more than a page
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	first, err := w.Read(ctx, 2, 2) // a worker has the first two in hand
	if err != nil || len(first) != 2 {
		t.Fatal(len(first), err)
	}
	slot := r.push(t, 1, 2) // and they are due again
	if err := r.PushUrgent(ctx, lane, check(1, slot+1), check(2, slot+1)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.DropMonitor(ctx, lane, monitor(1)); err != nil || n != 3 {
		t.Errorf("dropped %d, %v, want 3", n, err)
	}
	commit(t, w, finish(first, uptime.OutcomePass), 1) // only the other's counts
	s := r.stats(t)
	if s.Ledger.Dropped != 2 || s.Urgent.Dropped != 1 || s.Ledger.Done != 1 {
		t.Errorf("dropped %d and %d, done %d, want 2, 1 and 1", s.Ledger.Dropped, s.Urgent.Dropped, s.Ledger.Done)
	}
	if slots, missed := s.Ledger.Slots(); slots != 602 || missed != 2 {
		t.Errorf("%d slots, %d missed, want 602 and 2", slots, missed)
	}
	for _, e := range read(t, w, 600) {
		if e.Check.Monitor == monitor(1) {
			t.Error("a check of the dropped monitor is still queued")
		}
	}
	for _, res := range r.allResults(t) {
		if res.Monitor == monitor(1) {
			t.Error("a result of the dropped monitor counted")
		}
	}
	if n, err := r.DropMonitors(ctx, lane); err != nil || n != 0 {
		t.Errorf("dropping nobody: %d, %v", n, err)
	}
}

func TestQueuedMonitorsAreFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slot := r.push(t, 1, 1100)
	if err := r.PushUrgent(t.Context(), lane, check(5000, slot+1)); err != nil {
		t.Fatal(err)
	}
	ids, err := r.FindMonitors(t.Context(), lane, func(id uptime.ID) bool { return id[15]%2 == 1 || id == monitor(5000) })
	if err != nil || len(ids) != 551 {
		t.Errorf("found %d, %v, want 551", len(ids), err)
	}
	if n, err := r.DropMonitors(t.Context(), lane, ids...); err != nil || n != 551 {
		t.Errorf("dropped %d, %v, want 551", n, err)
	}
	if s := r.stats(t); s.Checks.Length != 550 || s.UrgentQ.Length != 0 {
		t.Errorf("%d and %d are left, want 550 and 0", s.Checks.Length, s.UrgentQ.Length)
	}
}

// In a region without workers the queue is bounded, and what comes too late is counted.
func TestChecksThatNobodyTookExpire(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	slot := r.push(t, 1, 3)
	inHand, err := w.Read(ctx, 1, 1)
	if err != nil || len(inHand) != 1 {
		t.Fatal(len(inHand), err)
	}
	if err := r.PushUrgent(ctx, lane, check(9, slot+1)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.ExpireChecks(ctx, lane, time.Hour, time.Hour); err != nil || n != 0 {
		t.Errorf("expired %d of the last hour, %v, want none", n, err)
	}
	var expired int
	waitFor(t, "the checks to be old enough", func() bool {
		n, err := r.ExpireChecks(ctx, lane, time.Millisecond, time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		expired += n
		return expired >= 3
	})
	commit(t, w, finish(inHand, uptime.OutcomePass), 1) // what a worker has is not touched
	s := r.stats(t)
	if s.Ledger.Expired != 2 || s.Urgent.Expired != 1 || s.Ledger.Done != 1 {
		t.Errorf("expired %d and %d, done %d, want 2, 1 and 1", s.Ledger.Expired, s.Urgent.Expired, s.Ledger.Done)
	}
	r.push(t, 4, 1)
	read(t, w, 1)
}

func TestRegionsAnnounceThemselvesUpToABound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	for _, name := range []string{"b", "a", "b"} {
		if err := r.Announce(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Announced(ctx)
	if err != nil || strings.Join(got, " ") != "a b" {
		t.Errorf("announced %v, %v", got, err)
	}
	if err := r.TakeNote(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	many := make([]any, queue.MaxAnnounced-1)
	for i := range many {
		many[i] = i
	}
	if err := r.raw.SAdd(ctx, "pf:regions", many...).Err(); err != nil {
		t.Fatal(err)
	}
	if err := r.Announce(ctx, "one-too-many"); err == nil {
		t.Error("the set of announced regions has no bound")
	}
	if err := r.Announce(ctx, "b"); err != nil {
		t.Errorf("one that is known already: %v", err)
	}
}

// A region's user can do all that a worker does, and nothing to another region.
func TestRegionsUserIsConfinedToItsRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	user := "t-" + uptime.NewID(time.Now()).String()
	if err := r.SetRegionUser(ctx, user, "secret", lane.Region); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.DropRegionUser(t.Context(), user) })
	c, err := queue.Open(ctx, queue.Config{
		URL: strings.Replace(r.url, "redis://", "redis://"+user+":secret@", 1), Block: 20 * time.Millisecond, LivenessTTL: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	work(t, r, c)

	other := queue.Lane{Region: "us-east"}
	for what, err := range map[string]error{
		"push":      c.PushUrgent(ctx, other, check(1, base+1)),
		"lane":      c.EnsureLane(ctx, other),
		"dead":      c.DeadLetter(ctx, other, "ticks", nil, "x"),
		"dirty":     c.MarkDirty(ctx, other, queue.Window{Start: time.Unix(0, 0)}),
		"beat":      c.Results(other, queue.GroupTicks, "w").Beat(ctx),
		"prefix":    c.EnsureLane(ctx, queue.Lane{Region: lane.Region + "-2"}),
		"announced": func() error { _, err := c.Announced(ctx); return err }(),
		"flush":     flush(t, r, user),
		"live":      c.AddLive(ctx, []queue.LiveEvent{{Type: "verdict", Data: []byte("{}")}}),
		"live seen": func() error { _, err := c.LiveRange(ctx, queue.LiveStart, "+", 1); return err }(),
	} {
		if err == nil {
			t.Errorf("%s: allowed", what)
		}
	}
}

// work does once all that a worker does.
func work(t *testing.T, r *rig, c *queue.Client) {
	t.Helper()
	ctx := t.Context()
	slot := r.push(t, 1, 3)
	if err := r.PushUrgent(ctx, lane, check(9, slot+1)); err != nil {
		t.Fatal(err)
	}
	read(t, r.Consumer(lane, queue.WorkerInfo{ID: "dead"}), 4)
	k := c.Consumer(lane, queue.WorkerInfo{ID: "w", Ticks: true})
	results := c.Results(lane, queue.GroupTicks, "w")
	_, timeErr := c.Time(ctx)
	if err := errors.Join(c.Ping(ctx), timeErr, c.EnsureLane(ctx, lane), c.Announce(ctx, lane.Region)); err != nil {
		t.Fatal(err)
	}
	entries := reclaim(t, k, 4)
	if _, err := k.Pending(ctx); err != nil {
		t.Error(err)
	}
	commit(t, k, finish(entries, uptime.OutcomePass), 4)
	ids := batches(t, results.Read, 10, 1)
	_, claimErr := results.ClaimDead(ctx, 10)
	_, statsErr := c.LaneStats(ctx, lane)
	_, leaveErr := k.Leave(ctx)
	err := errors.Join(
		results.Ack(ctx, ids...), claimErr, statsErr, leaveErr,
		c.DeadLetter(ctx, lane, "ticks", []byte("x"), "bad point"),
		c.MarkDirty(ctx, lane, queue.Window{Start: time.Unix(0, 0), Width: time.Hour}),
	)
	if err != nil {
		t.Error(err)
	}
	r.stats(t)
}

func flush(t *testing.T, r *rig, user string) error {
	t.Helper()
	opt, err := redis.ParseURL(r.url)
	if err != nil {
		t.Fatal(err)
	}
	opt.Username, opt.Password = user, "secret"
	own := redis.NewClient(opt)
	defer own.Close()
	return own.FlushDB(t.Context()).Err()
}
