//go:build integration

package dispatch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// begin sets the cursor of the lane, as a former pusher left it.
func (r *rig) begin(l queue.Lane, at uptime.Instant) uptime.Instant {
	r.t.Helper()
	at = schedule.SlotOf(at, testWidth)
	if done, err := r.sure.PushSlot(r.t.Context(), l, queue.Push{Epoch: 1, Slot: at}); err != nil || !done.Accepted {
		r.t.Fatal(done, err)
	}
	return at
}

func TestEverySlotGoesOutOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(600, 20*time.Second, "eu", "us") // no stall of the machine makes a slot worthless
	us := queue.Lane{Region: "us"}
	from := r.begin(lane, r.clock.Now())
	fromUS := r.begin(us, r.clock.Now())
	d := r.dispatcher(p)
	for range 2 { // the second time after a restart
		stop := r.start(d, p, 1)
		r.cursorBeyond(us, r.cursorBeyond(lane, r.clock.Now().Add(700*time.Millisecond)))
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	for l, from := range map[queue.Lane]uptime.Instant{lane: from, us: fromUS} {
		_, to, err := r.sure.Cursor(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if sent, missed := r.complete(p, l, from, to); sent < 20 || missed != 0 {
			t.Errorf("%v: sent %d, missed %d", l, sent, missed)
		}
	}
}

func TestLostAnswersLoseNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(50, time.Second, "eu")
	from := r.begin(lane, r.clock.Now())
	r.trip.loseEvery("eval", 3)
	stop := r.start(r.dispatcher(p), p, 1)
	waitFor(t, "some losses", func() bool { return r.trip.losses() >= 5 })
	r.trip.loseEvery("", 0)
	r.cursorBeyond(lane, r.clock.Now())
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, to, _ := r.sure.Cursor(t.Context(), lane)
	r.complete(p, lane, from, to)
}

func TestStallIsCaughtUpWithTheNewestSlots(t *testing.T) {
	t.Parallel()
	for i, stall := range []time.Duration{4 * time.Second, 30 * time.Second, 2 * time.Hour, 2 * time.Hour} {
		r := newRig(t)
		lossy := i == 3
		p := newPlan(60, 2*time.Second, "eu")
		p.monitors[0].Interval = 24 * time.Hour
		from := r.begin(lane, r.clock.Now().Add(-stall))
		began := r.clock.Now()
		d := r.dispatcher(p)
		if lossy {
			r.trip.loseEvery("eval", 2)
		}
		stop := r.start(d, p, 1)
		r.cursorBeyond(lane, began)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		_, to, _ := r.sure.Cursor(t.Context(), lane)
		_, missed := r.complete(p, lane, from, to)
		if want := p.count("eu", from, began.Add(-2*time.Second)); missed < want-int64(len(p.monitors)) || missed == 0 {
			t.Errorf("stall of %v: %d missed, want about %d", stall, missed, want)
		}
		// Slots that are worth nothing any more are skipped, not taken one by one.
		if skipped := p.skips > 0; skipped != (stall > worthless) {
			t.Errorf("stall of %v: skipped slots: %v", stall, skipped)
		}
		if n := testutil.ToFloat64(d.metrics.missed.WithLabelValues("eu", missedSuperseded)); n != float64(missed) && !lossy {
			t.Errorf("the metric says %v missed, the ledger %d", n, missed)
		}
	}
}

func TestRolledBackStreamIsRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	p := newPlan(50, time.Second, "eu")
	from := r.begin(lane, r.clock.Now())
	stop := r.start(r.dispatcher(p), p, 1)
	r.cursorBeyond(lane, r.clock.Now().Add(300*time.Millisecond))
	// A failover to a replica that is behind: all keys as they were, together.
	script := "local out = {} for i, k in ipairs(KEYS) do out[i] = redis.call('DUMP', k) end return out"
	keys := []string{"pf:{eu.0}:cursor", "pf:{eu.0}:checks", "pf:{eu.0}:ledger"}
	old, err := r.raw.Eval(ctx, script, keys).StringSlice()
	if err != nil {
		t.Fatal(err)
	}
	r.cursorBeyond(lane, r.clock.Now().Add(300*time.Millisecond))
	script = "for i, k in ipairs(KEYS) do redis.call('RESTORE', k, 0, ARGV[i], 'REPLACE') end return 1"
	if err := r.raw.Eval(ctx, script, keys, old[0], old[1], old[2]).Err(); err != nil {
		t.Fatal(err)
	}
	r.cursorBeyond(lane, r.clock.Now().Add(200*time.Millisecond))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, to, _ := r.sure.Cursor(ctx, lane)
	r.complete(p, lane, from, to)
}

func TestEmptiedRedisIsFilledAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(50, time.Second, "eu")
	stop := r.start(r.dispatcher(p), p, 1)
	r.cursorBeyond(lane, r.clock.Now())
	var flushed uptime.Instant
	r.trip.outage(t, 4, func() { flushed = r.empty(lane) })
	r.cursorBeyond(lane, r.clock.Now().Add(time.Second))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	// It goes on from what the process knows: nothing of the outage is left out, not even
	// the slot that it was sending.
	_, to, err := r.sure.Cursor(t.Context(), lane)
	if err != nil {
		t.Fatal(err)
	}
	if sent, _ := r.complete(p, lane, flushed, to); sent == 0 {
		t.Error("nothing was sent after the flush")
	}
	w := r.sure.Consumer(lane, queue.WorkerInfo{ID: "w"})
	if entries, err := w.Read(t.Context(), 10, 10); err != nil || len(entries) == 0 {
		t.Errorf("workers read %d entries, %v: the groups were not made again", len(entries), err)
	}
}

func TestCursorInTheFutureIsResetAndAlarmed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(20, time.Second, "eu")
	r.begin(lane, r.clock.Now().Add(time.Hour))
	d := r.dispatcher(p)
	began := r.clock.Now()
	r.start(d, p, 1)
	waitFor(t, "the cursor to come back", func() bool {
		_, cursor, err := r.sure.Cursor(t.Context(), lane)
		return err == nil && cursor < began.Add(time.Minute)
	})
	r.cursorBeyond(lane, began.Add(500*time.Millisecond))
	if n := testutil.ToFloat64(d.metrics.resets.WithLabelValues("eu")); n != 1 {
		t.Errorf("alarmed %v times, want once", n)
	}
	for _, c := range r.queued("pf:{eu.0}:checks") {
		if c.Due < began.Add(-time.Second) || c.Due > r.clock.Now() {
			t.Errorf("a check is due at %v", c.Due.Time())
		}
	}
}

func TestCursorALittleAheadIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(20, time.Second, "eu")
	ahead := r.begin(lane, r.clock.Now().Add(time.Second))
	d := r.dispatcher(p)
	stop := r.start(d, p, 1)
	to := r.cursorBeyond(lane, ahead.Add(300*time.Millisecond))
	if r.clock.Now() < to {
		t.Errorf("a slot was sent %v before its time", to.Sub(r.clock.Now()))
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, to, _ = r.sure.Cursor(t.Context(), lane)
	r.complete(p, lane, ahead, to)
	if n := testutil.ToFloat64(d.metrics.resets.WithLabelValues("eu")); n != 0 {
		t.Errorf("alarmed %v times, want never", n)
	}
}

func TestStalePusherStopsAndTheNewOneLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, p2 := newPlan(50, time.Second, "eu"), newPlan(50, time.Second, "eu")
	from := r.begin(lane, r.clock.Now())
	old := make(chan error, 1)
	go func() { old <- r.dispatcher(p).RunShard(t.Context(), 0, 1, p) }()
	r.cursorBeyond(lane, r.clock.Now().Add(200*time.Millisecond))
	stop := r.start(r.dispatcher(p2), p2, 2) // while the old one is still at it
	var stale *StaleError
	if err := <-old; !errors.As(err, &stale) || stale.Epoch != 2 || stale.Mine != 1 {
		t.Errorf("the old pusher ended with %v, want StaleError of epoch 2", err)
	}
	r.cursorBeyond(lane, r.clock.Now().Add(300*time.Millisecond))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, to, _ := r.sure.Cursor(t.Context(), lane)
	r.complete(p, lane, from, to)
	again := r.dispatcher(p)
	if err := again.RunShard(t.Context(), 0, 1, p); !errors.As(err, &stale) {
		t.Errorf("an old epoch at the start ended with %v", err)
	}
}

func TestShortOfMemoryChecksAreShed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	p := newPlan(50, time.Second, "eu")
	d := r.dispatcher(p)
	from := r.begin(lane, r.clock.Now())
	d.judgeMemory(ctx, 70, 100)
	if d.shedding.Load() {
		t.Error("sheds at 70 %")
	}
	d.judgeMemory(ctx, 71, 100)
	stop := r.start(d, p, 1)
	r.cursorBeyond(lane, r.clock.Now().Add(1100*time.Millisecond))
	if s, err := r.sure.LaneStats(ctx, lane); err != nil || s.Ledger.Scheduled != 0 || s.Ledger.Missed == 0 {
		t.Errorf("while memory is short: %+v, %v", s.Ledger, err)
	}
	d.judgeMemory(ctx, 66, 100)
	if !d.shedding.Load() {
		t.Error("does not shed any more at 66 %")
	}
	d.judgeMemory(ctx, 64, 100)
	waitFor(t, "checks when memory is there again", func() bool { return len(r.queued("pf:{eu.0}:checks")) > 0 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	_, to, _ := r.sure.Cursor(ctx, lane)
	r.complete(p, lane, from, to)
	d.judgeMemory(ctx, 1<<40, 0) // no limit
	if d.shedding.Load() {
		t.Error("sheds without a limit")
	}
}

func TestRegionsComeAndGo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	us := queue.Lane{Region: "us"}
	p := newPlan(30, time.Second, "eu")
	d := r.dispatcher(p)
	r.start(d, p, 1)
	r.cursorBeyond(lane, r.clock.Now())
	enabled := r.clock.Now()
	p.setRegions("eu", "us")
	r.cursorBeyond(us, enabled)
	for _, c := range r.queued("pf:{us.0}:checks") {
		if c.Due < enabled.Add(-time.Second) {
			t.Errorf("a new region was sent a check due %v before it was enabled", enabled.Sub(c.Due))
		}
	}
	p.setRegions("us")
	waitFor(t, "the region's loop to end", func() bool { return testutil.CollectAndCount(d.metrics.lag) == 1 })
	_, stopped, _ := r.sure.Cursor(t.Context(), lane)
	r.cursorBeyond(us, r.clock.Now().Add(1500*time.Millisecond))
	if _, cursor, _ := r.sure.Cursor(t.Context(), lane); cursor != stopped {
		t.Error("a region that is not enabled any more is still sent slots")
	}
}

func TestFirstChecksGoOutInEveryRegion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	p := newPlan(600, time.Hour, "eu", "us")
	d := r.dispatcher(p)
	d.CheckNow(0, []uptime.ID{p.monitors[0].ID}) // not held: ignored
	r.start(d, p, 1)
	r.cursorBeyond(lane, 0)
	var ids []uptime.ID
	for _, m := range p.monitors {
		ids = append(ids, m.ID)
	}
	r.trip.loseEvery("eval", 50)
	r.trip.outage(t, 6, func() { d.CheckNow(0, append(ids, uptime.ID{9})) }) // the last does not exist
	for _, region := range []string{"eu", "us"} {
		seen := map[uptime.ID]bool{}
		waitFor(t, "the first checks", func() bool {
			for _, c := range r.queued("pf:{" + region + ".0}:urgent") {
				seen[c.Monitor] = true
				if !c.Due.IsUrgent() || c.Request.IsZero() || !c.Canary || c.NotAfter.Sub(c.Due) < 9*time.Second {
					t.Fatalf("urgent check %+v", c)
				}
			}
			return len(seen) >= len(ids)
		})
		if len(seen) != len(ids) {
			t.Errorf("%s: %d monitors were looked at, want %d", region, len(seen), len(ids))
		}
	}
	d.CheckNow(1, ids) // another shard
	if held := d.Held(); !cmp.Equal(held, []int{0}) {
		t.Errorf("held %v", held)
	}
	_ = ctx
}

func TestDroppedMonitorLeavesTheQueueAndStaysOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(20, time.Second, "eu")
	d := r.dispatcher(p)
	r.start(d, p, 1)
	gone := p.monitors[7].ID
	of := func(stream string) (n int) {
		for _, c := range r.queued(stream) {
			if c.Monitor == gone {
				n++
			}
		}
		return n
	}
	waitFor(t, "checks of the monitor", func() bool { return of("pf:{eu.0}:checks") > 1 })
	d.CheckNow(0, []uptime.ID{gone})
	waitFor(t, "its urgent check", func() bool { return of("pf:{eu.0}:urgent") == 1 })
	p.mu.Lock() // as the roster does: out of the schedule first, then out of the queue
	p.monitors[7].ID = uptime.ID{42}
	p.mu.Unlock()
	r.trip.outage(t, 6, func() { d.Drop(0, gone, []string{"eu"}) })
	r.trip.loseEvery("eval", 2)
	waitFor(t, "its checks to be dropped", func() bool { return of("pf:{eu.0}:checks")+of("pf:{eu.0}:urgent") == 0 })
	r.trip.loseEvery("", 0)
	r.cursorBeyond(lane, r.clock.Now().Add(time.Second))
	if n := of("pf:{eu.0}:checks"); n != 0 {
		t.Errorf("%d checks of a monitor that is gone", n)
	}
	if len(r.queued("pf:{eu.0}:checks")) < 19 {
		t.Error("the others' checks are gone, too")
	}
}

func TestChangesOfATimeWithoutPusherAreMadeUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := newPlan(3, time.Hour, "eu")
	left := r.begin(lane, r.clock.Now().Add(-10*time.Minute))
	asked := make(chan time.Time, 1)
	d := New(r.client(), r.clock, Config{
		Regions: p.Regions, Width: testWidth, Log: quiet,
		Touched: func(_ context.Context, since time.Time) ([]uptime.ID, error) {
			asked <- since
			return []uptime.ID{p.monitors[1].ID, {77}}, nil
		},
	})
	r.start(d, p, 1)
	if since := <-asked; left.Time().Sub(since) != touchedSlack {
		t.Errorf("asked for changes since %v, the cursor was left at %v", since, left.Time())
	}
	waitFor(t, "the first check", func() bool { return len(r.queued("pf:{eu.0}:urgent")) == 1 })
	if c := r.queued("pf:{eu.0}:urgent")[0]; c.Monitor != p.monitors[1].ID {
		t.Errorf("checked %v", c.Monitor)
	}
}

func TestUnknownMonitorsAreDroppedByTheReconcile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	p := newPlan(3, time.Hour, "eu")
	p.monitors[0].Interval = time.Second
	d := r.dispatcher(p)
	r.start(d, p, 1)
	var checks []uptime.Check
	for n := range 4 {
		m := uptime.Monitor{ID: uptime.ID{100 + byte(n)}, Kind: uptime.KindHTTP, Timeout: time.Second}
		checks = append(checks, m.UrgentCheck("eu", r.clock.Now(), uptime.NewID(time.Now())))
	}
	if err := r.sure.PushUrgent(ctx, lane, checks...); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a scheduled check", func() bool { return len(r.queued("pf:{eu.0}:checks")) > 0 })
	n, err := d.DropUnknown(ctx, []string{"eu", "disabled"}, Known{
		Familiar: func(id uptime.ID) bool { _, _, ok := p.Urgent(id); return ok },
		Exist: func(_ context.Context, ids []uptime.ID) (map[uptime.ID]bool, error) {
			if len(ids) != 4 {
				t.Errorf("asked for %d monitors, want the 4 that the roster does not know", len(ids))
			}
			return map[uptime.ID]bool{{101}: true}, nil // made this moment
		},
	})
	if err != nil || n != 3 {
		t.Errorf("dropped %d, %v, want 3", n, err)
	}
	left := r.queued("pf:{eu.0}:urgent")
	if len(left) != 1 || left[0].Monitor != (uptime.ID{101}) {
		t.Errorf("%d are left", len(left))
	}
}
