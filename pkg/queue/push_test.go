//go:build integration

package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestPushIsRefusedUnlessItGoesOn(t *testing.T) {
	t.Parallel()
	const w = 250_000 // µs
	tests := []struct {
		name   string
		push   queue.Push
		want   queue.Pushed
		length int64 // of the stream, then
	}{
		{
			"goes on", queue.Push{Epoch: 5, Prev: base, Slot: base + w, Checks: [][]byte{encode(2, base+w)}, Missed: 3},
			queue.Pushed{Accepted: true, Epoch: 5, Cursor: base + w}, 2,
		},
		{
			"the same again", queue.Push{Epoch: 5, Prev: 0, Slot: base, Checks: [][]byte{encode(1, base)}},
			queue.Pushed{Epoch: 5, Cursor: base}, 1,
		},
		{"before the cursor", queue.Push{Epoch: 5, Prev: base - 2*w, Slot: base - w}, queue.Pushed{Epoch: 5, Cursor: base}, 1},
		{
			"a gap that the pusher does not know of", queue.Push{Epoch: 5, Prev: base + w, Slot: base + 2*w, Checks: [][]byte{encode(2, base+2*w)}},
			queue.Pushed{Epoch: 5, Cursor: base}, 1,
		},
		{"backwards from the cursor", queue.Push{Epoch: 5, Prev: base, Slot: base - w}, queue.Pushed{Epoch: 5, Cursor: base}, 1},
		{
			"stale epoch", queue.Push{Epoch: 4, Prev: base, Slot: base + w, Checks: [][]byte{encode(2, base+w)}},
			queue.Pushed{StaleEpoch: true, Epoch: 5, Cursor: base}, 1,
		},
		{
			"takeover", queue.Push{Epoch: 6, Prev: base, Slot: base + w, Checks: [][]byte{encode(2, base+w)}},
			queue.Pushed{Accepted: true, Epoch: 6, Cursor: base + w}, 2,
		},
		{"empty slot", queue.Push{Epoch: 5, Prev: base, Slot: base + w}, queue.Pushed{Accepted: true, Epoch: 5, Cursor: base + w}, 1},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first, err := r.PushSlot(t.Context(), lane, queue.Push{Epoch: 5, Slot: base, Checks: [][]byte{encode(1, base)}})
			if err != nil || !first.Accepted {
				t.Fatalf("first push: %+v, %v", first, err)
			}
			got, err := r.PushSlot(t.Context(), lane, tc.push)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			s := r.stats(t)
			if s.Checks.Length != tc.length {
				t.Errorf("%d entries in the stream, want %d", s.Checks.Length, tc.length)
			}
			if got.Accepted && s.Ledger.Missed != int64(tc.push.Missed) {
				t.Errorf("missed %d, want %d", s.Ledger.Missed, tc.push.Missed)
			}
			if s.Epoch != got.Epoch || s.Cursor != got.Cursor {
				t.Errorf("stored epoch %d and cursor %d, told %d and %d", s.Epoch, s.Cursor, got.Epoch, got.Cursor)
			}
		})
	}
}

func TestLostAnswerOfAPushChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := queue.Push{Epoch: 1, Slot: base, Checks: [][]byte{encode(1, base), encode(2, base)}}
	r.trip.loseNext("eval", 1)
	if _, err := r.PushSlot(t.Context(), lane, p); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want the lost connection", err)
	}
	again, err := r.PushSlot(t.Context(), lane, p)
	if err != nil || again.Accepted || again.Cursor != base {
		t.Errorf("the same slot again: %+v, %v, want refused with the cursor on it", again, err)
	}
	if s := r.stats(t); s.Ledger.Scheduled != 2 || s.Checks.Length != 2 {
		t.Errorf("scheduled %d, in the stream %d, want 2 and 2", s.Ledger.Scheduled, s.Checks.Length)
	}
}

// A failover to a replica that is behind takes the newest slots and the cursor away
// together; going on from it repairs exactly what was lost.
func TestRolledBackCursorIsNoticedAndRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	one := r.push(t, 1, 2)
	before, err := r.raw.Dump(ctx, "pf:{eu-west.0}:checks").Result()
	if err != nil {
		t.Fatal(err)
	}
	two := r.push(t, 3, 2)
	// The replica knew the stream, the ledger and the cursor of the first slot.
	if err := r.raw.RestoreReplace(ctx, "pf:{eu-west.0}:checks", 0, before).Err(); err != nil {
		t.Fatal(err)
	}
	r.raw.HSet(ctx, "pf:{eu-west.0}:cursor", "slot", int64(one))
	r.raw.HSet(ctx, "pf:{eu-west.0}:ledger", "scheduled", 2)

	three := two.Add(250 * time.Millisecond)
	told, err := r.PushSlot(ctx, lane, queue.Push{Epoch: 1, Prev: two, Slot: three, Checks: [][]byte{encode(5, three)}})
	if err != nil || told.Accepted || told.Cursor != one {
		t.Fatalf("next slot: %+v, %v, want refused with the cursor at the first", told, err)
	}
	for _, p := range []queue.Push{
		{Epoch: 1, Prev: one, Slot: two, Checks: [][]byte{encode(3, two), encode(4, two)}},
		{Epoch: 1, Prev: two, Slot: three, Checks: [][]byte{encode(5, three)}},
	} {
		if told, err := r.PushSlot(ctx, lane, p); err != nil || !told.Accepted {
			t.Errorf("going on from the cursor: %+v, %v", told, err)
		}
	}
	seen := map[uptime.ID]int{}
	for _, e := range read(t, r.Consumer(lane, queue.WorkerInfo{ID: "w"}), 5) {
		seen[e.Check.Monitor]++
	}
	for n := 1; n <= 5; n++ {
		if seen[monitor(n)] != 1 {
			t.Errorf("monitor %d is queued %d times, want once", n, seen[monitor(n)])
		}
	}
	r.stats(t)
}

func TestFlushedRedisIsMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	results := r.Results(lane, queue.GroupAggregator, "a")
	slot := r.push(t, 1, 2)
	held := read(t, w, 2)
	if err := r.raw.FlushDB(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	commit(t, w, finish(held, uptime.OutcomePass), 0)
	next := slot.Add(250 * time.Millisecond)
	told, err := r.PushSlot(ctx, lane, queue.Push{Epoch: 1, Prev: slot, Slot: next, Checks: [][]byte{encode(3, next)}})
	if err != nil || told.Accepted || told.Cursor != 0 {
		t.Fatalf("push after the flush: %+v, %v, want refused with no cursor", told, err)
	}
	if told, err = r.PushSlot(ctx, lane, queue.Push{Epoch: 1, Slot: next, Checks: [][]byte{encode(3, next)}}); err != nil || !told.Accepted {
		t.Fatalf("going on without a cursor: %+v, %v", told, err)
	}
	// The group is made again at the stream's beginning: what was pushed before is read.
	fresh := read(t, w, 1)
	if fresh[0].Check.Monitor != monitor(3) {
		t.Errorf("read monitor %v, want the third", fresh[0].Check.Monitor)
	}
	commit(t, w, finish(fresh, uptime.OutcomePass), 1)
	waitFor(t, "the result", func() bool {
		batches, err := results.Read(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(batches) == 1
	})
	r.stats(t)
}

func TestResetCursorObeysTheEpoch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	far := base.Add(time.Hour)
	if _, err := r.PushSlot(ctx, lane, queue.Push{Epoch: 3, Slot: far}); err != nil {
		t.Fatal(err)
	}
	if done, err := r.ResetCursor(ctx, lane, 2, base); err != nil || done {
		t.Errorf("stale epoch: %v, %v, want refused", done, err)
	}
	if done, err := r.ResetCursor(ctx, lane, 3, base); err != nil || !done {
		t.Errorf("own epoch: %v, %v, want done", done, err)
	}
	if epoch, cursor, err := r.Cursor(ctx, lane); err != nil || epoch != 3 || cursor != base {
		t.Errorf("epoch %d, cursor %d, %v", epoch, cursor, err)
	}
}

func TestCursorOfANewLaneIsZero(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	epoch, cursor, err := r.Cursor(t.Context(), queue.Lane{Region: "never"})
	if err != nil || epoch != 0 || cursor != 0 {
		t.Errorf("got %d, %d, %v", epoch, cursor, err)
	}
	s, err := r.LaneStats(t.Context(), queue.Lane{Region: "never"})
	if err != nil || s.Ledger != (queue.Ledger{}) {
		t.Errorf("stats of a lane that is not there: %+v, %v", s, err)
	}
}

// A region that is enabled late has streams of its own, so it finds nothing of what
// others were sent before.
func TestNewRegionDoesNotReplayABacklog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.push(t, 1, 50)
	late := queue.Lane{Region: "ap-south"}
	if err := r.EnsureLane(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	readNothing(t, r.Consumer(late, queue.WorkerInfo{ID: "w"}))
	if err := r.EnsureLane(t.Context(), lane); err != nil {
		t.Errorf("a lane that is there: %v", err)
	}
	if s := r.stats(t); s.Checks.Length != 50 || s.Checks.Pending != 0 {
		t.Errorf("the first region has %d entries, %d taken, want 50 and 0", s.Checks.Length, s.Checks.Pending)
	}
}

func TestUrgentCheckAndItsReply(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	request := uptime.NewID(time.Now())
	m := uptime.Monitor{ID: monitor(1), Revision: 2, Kind: uptime.KindHTTP, Target: "http://x.test/", Interval: time.Minute, Timeout: time.Second}
	c := m.UrgentCheck(lane.Region, base, request)
	c.ReplyTo = queue.ReplyKey(lane, request)
	if err := r.PushUrgent(ctx, lane, c); err != nil {
		t.Fatal(err)
	}
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	got := read(t, w, 1)
	if diff := cmp.Diff(c, got[0].Check); diff != "" || !got[0].Urgent {
		t.Errorf("urgent %v, check (-want +got):\n%s", got[0].Urgent, diff)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := r.AwaitReply(short, lane, c.ReplyTo); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before the commit: %v, want the end of the wait", err)
	}
	commit(t, w, finish(got, uptime.OutcomeFail), 1)
	reply, err := r.AwaitReply(ctx, lane, c.ReplyTo)
	if err != nil || reply.Request != request || reply.Outcome != uptime.OutcomeFail || reply.Region != lane.Region {
		t.Errorf("reply %+v, %v", reply, err)
	}
	s := r.stats(t)
	if s.Urgent.Scheduled != 1 || s.Urgent.Done != 1 || s.Ledger.Scheduled != 0 {
		t.Errorf("urgent ledger %+v beside %+v", s.Urgent, s.Ledger)
	}
}

func TestReplyKeyOfAnotherLaneIsMalformed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := check(1, base)
	c.ReplyTo = "pf:{ap-south.0}:reply:x"
	if err := r.PushUrgent(t.Context(), lane, c); err != nil {
		t.Fatal(err)
	}
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	got := read(t, w, 1)
	if got[0].Err == nil {
		t.Error("a worker may be made to write to another region's keys")
	}
	commit(t, w, finish(got, uptime.OutcomePass), 1)
	if n := r.raw.Exists(t.Context(), c.ReplyTo).Val(); n != 0 {
		t.Error("the key was written")
	}
}
