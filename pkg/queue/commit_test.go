//go:build integration

package queue_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestOutcomesGoToTheirPlacesInTheLedger(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	r.push(t, 1, 6)
	entries := read(t, w, 6)
	items := finish(entries, uptime.OutcomePass)
	for i, o := range []uptime.Outcome{
		uptime.OutcomePass, uptime.OutcomeDegraded, uptime.OutcomeFail, uptime.OutcomeExpired, uptime.OutcomeInvalid,
	} {
		items[i].Result.Outcome = o
	}
	commit(t, w, items[:5], 5)
	want := queue.Ledger{Scheduled: 6, Done: 3, Expired: 1, Invalid: 1, Waiting: 1}
	if diff := cmp.Diff(want, r.stats(t).Ledger); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
	if n := w.InHand(); n != 1 {
		t.Errorf("%d in hand, want 1", n)
	}
	if n := r.raw.XLen(t.Context(), "pf:{eu-west.0}:results").Val(); n != 1 {
		t.Errorf("one commit made %d results entries, want 1", n)
	}
	if got := len(r.allResults(t)); got != 5 {
		t.Errorf("%d results, want 5", got)
	}
}

// A test's result is for whoever asked, and for nobody else; what is committed with it
// is not touched.
func TestResultOfATestGoesToItsRequesterOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	check := func(test bool, reply string) uptime.Check {
		request := uptime.NewID(time.Now())
		return uptime.Check{
			Monitor: uptime.NewID(time.Now()), Revision: 1, Kind: uptime.KindHTTP, Target: "http://a.test/", Timeout: time.Second,
			Interval: time.Minute, Due: uptime.UrgentDue(base, request), Request: request, ReplyTo: reply, Test: test,
		}
	}
	tested, asked, mute := queue.ReplyKey(lane, uptime.NewID(time.Now())), queue.ReplyKey(lane, uptime.NewID(time.Now())), ""
	checks := []uptime.Check{check(true, tested), check(false, asked), check(true, mute)}
	if err := r.PushUrgent(t.Context(), lane, checks...); err != nil {
		t.Fatal(err)
	}
	entries, err := w.Read(t.Context(), 0, 10)
	if err != nil || len(entries) != 3 {
		t.Fatalf("read %d, %v", len(entries), err)
	}
	commit(t, w, finish(entries, uptime.OutcomePass), 3)
	for i, key := range []string{tested, asked} {
		got, err := r.AwaitReply(t.Context(), lane, key)
		if err != nil || got.Monitor != checks[i].Monitor {
			t.Errorf("reply %d: %+v, %v", i, got, err)
		}
	}
	results := r.allResults(t)
	if len(results) != 1 || results[0].Monitor != checks[1].Monitor {
		t.Errorf("the results have %+v, want those of the monitor that there is", results)
	}
	if s := r.stats(t); s.Urgent.Done != 3 {
		t.Errorf("the ledger has %+v, want three done", s.Urgent)
	}
}

func TestLostAnswerOfACommitCountsOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	r.push(t, 1, 3)
	items := finish(read(t, w, 3), uptime.OutcomePass)
	r.trip.loseNext("eval", 1)
	if _, err := w.Commit(t.Context(), items); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want the lost connection", err)
	}
	commit(t, w, items, 0)
	if got := len(r.allResults(t)); got != 3 {
		t.Errorf("%d results, want 3", got)
	}
	if s := r.stats(t); s.Ledger.Done != 3 {
		t.Errorf("done %d, want 3", s.Ledger.Done)
	}
}

func TestLargeCommitIsSplit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	r.push(t, 1, 700)
	entries, err := w.Read(t.Context(), 1000, 10)
	if err != nil || len(entries) != 700 {
		t.Fatalf("read %d, %v, want all 700 in one call", len(entries), err)
	}
	commit(t, w, finish(entries, uptime.OutcomePass), 700)
	if got := len(r.allResults(t)); got != 700 {
		t.Errorf("%d results, want 700", got)
	}
	r.stats(t)
}

// The rescuer of a stalled worker and the worker itself both finish; one result counts.
func TestStalledWorkerAndItsRescuerYieldOneResult(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"stalled", "rescuer"} {
		t.Run(first+" first", func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.push(t, 1, 2)
			stalled := r.Consumer(lane, queue.WorkerInfo{ID: "stalled"})
			mine := read(t, stalled, 2)
			rescuer := r.open(t).Consumer(lane, queue.WorkerInfo{ID: "rescuer"})
			theirs := reclaim(t, rescuer, 2)
			pass, fail := finish(mine, uptime.OutcomePass), finish(theirs, uptime.OutcomeFail)
			if first == "stalled" {
				commit(t, stalled, pass, 2)
				commit(t, rescuer, fail, 0)
			} else {
				commit(t, rescuer, fail, 2)
				commit(t, stalled, pass, 0)
			}
			if got := len(r.allResults(t)); got != 2 {
				t.Errorf("%d results, want 2", got)
			}
			if s := r.stats(t); s.Ledger.Done != 2 {
				t.Errorf("done %d, want 2", s.Ledger.Done)
			}
		})
	}
}

func TestUnreadableEntryBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	junk := []byte("\x0a\x05junk!")
	done, err := r.PushSlot(ctx, lane, queue.Push{Epoch: 1, Slot: base, Checks: [][]byte{junk, encode(1, base)}})
	if err != nil || !done.Accepted {
		t.Fatal(done, err)
	}
	w := r.Consumer(lane, queue.WorkerInfo{ID: "w"})
	entries := read(t, w, 2)
	if entries[0].Err == nil || entries[1].Err != nil {
		t.Fatalf("errors %v and %v, want one for the first only", entries[0].Err, entries[1].Err)
	}
	commit(t, w, finish(entries, uptime.OutcomePass), 2)
	letters, err := r.DeadLetters(ctx, lane, 10)
	if err != nil || len(letters) != 1 {
		t.Fatalf("dead letters %v, %v, want one", letters, err)
	}
	got := letters[0]
	if got.Kind != "checks" || string(got.Payload) != string(junk) || got.Why == "" || time.Since(got.At) > time.Hour {
		t.Errorf("dead letter %+v", got)
	}
	s := r.stats(t)
	if s.Ledger.Invalid != 1 || s.Ledger.Done != 1 || s.DeadLetter != 1 {
		t.Errorf("invalid %d, done %d, dead letters %d, want 1 each", s.Ledger.Invalid, s.Ledger.Done, s.DeadLetter)
	}
	if got := len(r.allResults(t)); got != 1 {
		t.Errorf("%d results, want only that of the readable one", got)
	}
}

func TestReadTakesNoMoreThanThereIsRoomFor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ checks, urgent, wantChecks, wantUrgent int }{
		{5, 2, 5, 2}, {2, 5, 2, 5}, {3, 3, 3, 3}, {0, 4, 0, 4}, {4, 0, 4, 0}, {0, 0, 0, 0}, {100, 100, 20, 20}, {100, 2, 20, 2},
	} {
		r := newRig(t)
		slot := r.push(t, 1, 20)
		for n := range 20 {
			if err := r.PushUrgent(t.Context(), lane, check(100+n, slot+1)); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := r.Consumer(lane, queue.WorkerInfo{ID: "w"}).Read(t.Context(), tc.checks, tc.urgent)
		if err != nil {
			t.Fatal(err)
		}
		urgent := 0
		for _, e := range entries {
			if e.Urgent {
				urgent++
			}
		}
		if checks := len(entries) - urgent; checks != tc.wantChecks || urgent != tc.wantUrgent {
			t.Errorf("room for %d and %d: read %d and %d, want %d and %d", tc.checks, tc.urgent, checks, urgent, tc.wantChecks, tc.wantUrgent)
		}
	}
}
