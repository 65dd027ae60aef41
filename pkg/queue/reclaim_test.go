//go:build integration

package queue_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// reclaim beats and reclaims until a worker has taken want entries over.
func reclaim(t testing.TB, k *queue.Consumer, want int) []queue.Entry {
	t.Helper()
	var got []queue.Entry
	waitFor(t, "dead workers' checks", func() bool {
		beat(t, k)
		entries, err := k.Reclaim(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entries...)
		return len(got) >= want
	})
	if len(got) != want {
		t.Fatalf("took %d entries over, want %d", len(got), want)
	}
	return got
}

func TestRestartedWorkerFirstGetsItsOwnPending(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slot := r.push(t, 1, 3)
	if err := r.PushUrgent(t.Context(), lane, check(9, slot+1)); err != nil {
		t.Fatal(err)
	}
	read(t, r.Consumer(lane, queue.WorkerInfo{ID: "w"}), 4) // killed before the commit
	r.push(t, 4, 2)

	again := r.open(t).Consumer(lane, queue.WorkerInfo{ID: "w"})
	first, err := again.Read(t.Context(), 100, 100)
	if err != nil || len(first) != 4 {
		t.Fatalf("first read: %d entries, %v, want the 4 of before", len(first), err)
	}
	for _, e := range first {
		if e.Deliveries != 2 {
			t.Errorf("%v was delivered %d times, want 2", e.Check.Monitor, e.Deliveries)
		}
	}
	second := read(t, again, 2)
	commit(t, again, finish(append(first, second...), uptime.OutcomePass), 6)
	if s := r.stats(t); s.Ledger.Done != 5 || s.Urgent.Done != 1 {
		t.Errorf("done %d and %d, want 5 and 1", s.Ledger.Done, s.Urgent.Done)
	}
}

func TestPendingIsTakenInPortionsThatFit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.push(t, 1, 10)
	read(t, r.Consumer(lane, queue.WorkerInfo{ID: "w"}), 10)
	again := r.open(t).Consumer(lane, queue.WorkerInfo{ID: "w"})
	seen := map[string]bool{}
	for len(seen) < 10 {
		entries, err := again.Read(t.Context(), 4, 4)
		if err != nil || len(entries) == 0 || len(entries) > 4 {
			t.Fatalf("read %d entries, %v, want 1 to 4", len(entries), err)
		}
		for _, e := range entries {
			if seen[e.ID] || e.Deliveries != 2 {
				t.Errorf("entry %s again, or delivered %d times", e.ID, e.Deliveries)
			}
			seen[e.ID] = true
		}
	}
	readNothing(t, again)
}

// The answer of a read is lost: Redis believes that the worker has the checks.
func TestLostAnswerOfAReadIsFoundOnThePendingList(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	r.push(t, 1, 2)
	inHand := read(t, w, 2)
	r.push(t, 3, 2)
	r.trip.loseNext("xreadgroup", 1)
	if _, err := w.Read(t.Context(), 10, 10); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want the lost connection", err)
	}
	for range 3 { // more often than a check may be delivered
		r.trip.loseNext("xpending", 1)
		if _, err := w.Read(t.Context(), 10, 10); !errors.Is(err, errLost) {
			t.Fatalf("got %v, want the lost connection", err)
		}
	}
	r.push(t, 5, 3)
	found := read(t, w, 5)
	for _, e := range found {
		for _, h := range inHand {
			if e.ID == h.ID {
				t.Errorf("entry %s is in hand and was handed out again", e.ID)
			}
		}
		if e.Deliveries != 1 {
			t.Errorf("a check that never arrived was delivered %d times, want 1", e.Deliveries)
		}
	}
	commit(t, w, finish(append(inHand, found...), uptime.OutcomePass), 7)
	r.stats(t)
}

func TestDeadWorkersChecksAreTakenOverAndTheLivingOnesAreNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slot := r.push(t, 1, 2)
	if err := r.PushUrgent(t.Context(), lane, check(9, slot+1)); err != nil {
		t.Fatal(err)
	}
	dead := r.Consumer(lane, queue.WorkerInfo{ID: "dead"})
	beat(t, dead)
	read(t, dead, 3)
	r.push(t, 3, 1)
	living := r.Consumer(lane, queue.WorkerInfo{ID: "living"})
	read(t, living, 1)

	rescuers := []*queue.Consumer{
		r.open(t).Consumer(lane, queue.WorkerInfo{ID: "r1"}), r.open(t).Consumer(lane, queue.WorkerInfo{ID: "r2"}),
	}
	taken := map[uptime.ID]int{}
	r.lives(t, "living")
	waitFor(t, "the dead worker's checks", func() bool {
		for _, k := range rescuers {
			beat(t, k)
		}
		for _, k := range rescuers {
			entries, err := k.Reclaim(t.Context(), 1) // both get some
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				taken[e.Check.Monitor]++
			}
		}
		return len(taken) >= 3
	})
	want := map[uptime.ID]int{monitor(1): 1, monitor(2): 1, monitor(9): 1}
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("taken over (-want +got):\n%s", diff)
	}
}

// After an outage of Redis everybody has been silent: nobody may take anything over
// before all have had the time to say that they live.
func TestNobodyIsRescuedBeforeTheRescuerHasBeenAliveItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.push(t, 1, 1)
	read(t, r.Consumer(lane, queue.WorkerInfo{ID: "other"}), 1)
	k := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	if entries, err := k.Reclaim(t.Context(), 10); err != nil || len(entries) > 0 {
		t.Errorf("never beaten: took %d entries over, %v", len(entries), err)
	}
	if taken := r.justBeaten(t, k); taken == 0 {
		reclaim(t, k, 1)
	}
	r.trip.loseNext("eval", 1)
	if err := k.Beat(t.Context()); err == nil {
		t.Fatal("the beat's answer was not lost")
	}
	r.push(t, 2, 1)
	read(t, r.Consumer(lane, queue.WorkerInfo{ID: "another"}), 1)
	r.justBeaten(t, k)
}

// justBeaten makes sure that a worker's first beat lets it take nothing over at once, and
// returns what it took later than that, if the machine stood still.
func (r *rig) justBeaten(t testing.TB, k *queue.Consumer) int {
	t.Helper()
	began := time.Now()
	beat(t, k)
	entries, err := k.Reclaim(t.Context(), 10)
	if after := time.Since(began); err != nil || len(entries) > 0 && after < r.ttl {
		t.Errorf("%v after the first beat: took %d entries over, %v", after, len(entries), err)
	}
	return len(entries)
}

func TestThirdDeliveryIsGivenUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	request := uptime.NewID(time.Now())
	c := check(7, base+1)
	c.Request, c.ReplyTo = request, queue.ReplyKey(lane, request)
	if err := r.PushUrgent(t.Context(), lane, c); err != nil {
		t.Fatal(err)
	}
	r.push(t, 1, 1)
	read(t, r.Consumer(lane, queue.WorkerInfo{ID: "first"}), 2)     // dies of it
	reclaim(t, r.Consumer(lane, queue.WorkerInfo{ID: "second"}), 2) // dies of it, too
	third := r.Consumer(lane, queue.WorkerInfo{ID: "third"})
	waitFor(t, "the poison to be given up", func() bool {
		beat(t, third)
		entries, err := third.Reclaim(t.Context(), 10)
		if err != nil || len(entries) > 0 {
			t.Fatalf("a third delivery handed out %d entries, %v", len(entries), err)
		}
		s, err := r.LaneStats(t.Context(), lane)
		return err == nil && s.DeadLetter == 2
	})
	s := r.stats(t)
	if s.Ledger.Invalid != 1 || s.Urgent.Invalid != 1 || s.Checks.Length+s.UrgentQ.Length != 0 {
		t.Errorf("invalid %d and %d, in the streams %d and %d", s.Ledger.Invalid, s.Urgent.Invalid, s.Checks.Length, s.UrgentQ.Length)
	}
	results := r.allResults(t)
	want := []uptime.Result{
		{Monitor: monitor(7), Request: request, Outcome: uptime.OutcomeInvalid, Reason: uptime.ReasonInvalid, Worker: "third"},
		{Monitor: monitor(1), Outcome: uptime.OutcomeInvalid, Reason: uptime.ReasonInvalid, Worker: "third"},
	}
	opt := cmpopts.IgnoreFields(uptime.Result{}, "Due", "Started", "Revision", "Region", "Detail")
	if diff := cmp.Diff(want, results, opt); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if reply, err := r.AwaitReply(t.Context(), lane, c.ReplyTo); err != nil || reply.Outcome != uptime.OutcomeInvalid {
		t.Errorf("the requester is told %v, %v", reply.Outcome, err)
	}
	letters, err := r.DeadLetters(t.Context(), lane, 10)
	if err != nil || len(letters) != 2 || len(letters[0].Payload) == 0 {
		t.Errorf("dead letters %+v, %v", letters, err)
	}
}

// A worker that beats and yet does not finish: its checks are taken after their
// timeout and the grace, and not before.
func TestSlowWorkersChecksAreTakenAfterTheirTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	r.push(t, 1, 2)
	slow := r.Consumer(lane, queue.WorkerInfo{ID: "slow"})
	entries := read(t, slow, 2)
	// As if the first had been taken 41 s ago and the second 15 s: their timeout is 10 s.
	for i, idle := range []int{41_000, 15_000} {
		if err := r.raw.Do(ctx, "XCLAIM", "pf:{eu-west.0}:checks", "workers", "slow", 0, entries[i].ID, "IDLE", idle, "JUSTID").Err(); err != nil {
			t.Fatal(err)
		}
	}
	rescuer := r.Consumer(lane, queue.WorkerInfo{ID: "rescuer"})
	r.lives(t, "slow")
	var taken []queue.Entry
	waitFor(t, "the slow check", func() bool {
		beat(t, rescuer)
		got, err := rescuer.Reclaim(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, got...)
		return len(taken) > 0
	})
	if len(taken) != 1 || taken[0].ID != entries[0].ID {
		t.Errorf("took %+v over, want only the first", taken)
	}
}

func TestLeavingKeepsWhatIsPendingForOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	r.push(t, 1, 2)
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	beat(t, w)
	entries := read(t, w, 2)
	commit(t, w, finish(entries[:1], uptime.OutcomePass), 1)
	if left, err := w.Leave(ctx); err != nil || left != 1 {
		t.Errorf("left %d behind, %v, want 1", left, err)
	}
	workers, err := r.Workers(ctx, lane)
	if err != nil || len(workers) != 0 {
		t.Errorf("workers %+v, %v, want none", workers, err)
	}
	other := r.Consumer(lane, queue.WorkerInfo{ID: "other"})
	rescued := reclaim(t, other, 1)
	commit(t, other, finish(rescued, uptime.OutcomePass), 1)
	if left, err := other.Leave(ctx); err != nil || left != 0 {
		t.Errorf("left %d behind, %v, want 0", left, err)
	}
	consumers, err := r.raw.XInfoConsumers(ctx, "pf:{eu-west.0}:checks", "workers").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range consumers {
		if c.Name == "other" {
			t.Error("a consumer without pending entries is still in the group after it left")
		}
	}
	r.stats(t)
}

func TestWorkersAreShownAliveAndThenNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	info := queue.WorkerInfo{
		ID: "w", Site: "box", Version: "1.2", Ticks: true, Concurrency: 64, Host: "h",
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	k := r.Consumer(lane, info)
	beat(t, k)
	look := func() queue.Worker {
		workers, err := r.Workers(t.Context(), lane)
		if err != nil || len(workers) != 1 {
			t.Fatalf("workers %+v, %v, want one", workers, err)
		}
		return workers[0]
	}
	first := look()
	if diff := cmp.Diff(info, first.WorkerInfo); diff != "" || first.LastSeen.IsZero() {
		t.Errorf("last seen %v, info (-want +got):\n%s", first.LastSeen, diff)
	}
	waitFor(t, "the worker to be shown alive", func() bool { beat(t, k); return look().Alive })
	waitFor(t, "the silent worker to be shown dead", func() bool { return !look().Alive })
}
