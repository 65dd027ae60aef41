package consensus

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// After a stall the backlog is folded in event time: an hour in which nobody folded is
// no hour in which nobody looked.
func TestStallIsNotUnknown(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute} {
		w := newWorld(t, interval, "a", "b", "c")
		w.run(20 * time.Minute)
		w.stalled = true
		w.run(80 * time.Minute)
		w.catchUp()
		w.run(100 * time.Minute)
		w.wantVerdict(uptime.VerdictUp)
		if len(w.did.Verdicts) != 1 || len(w.did.Votes) != 3 {
			t.Errorf("interval %v: verdicts %+v, votes %+v", interval, w.did.Verdicts, w.did.Votes)
		}
	}
}

// An outage within the stall is found and ended in the past, by scheduled votes.
func TestOutageWithinAStall(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Minute} {
		w := newWorld(t, interval, "a", "b", "c")
		w.see = during(30*time.Minute, 45*time.Minute, status(500))
		w.run(20 * time.Minute)
		w.stalled = true
		w.run(60 * time.Minute)
		w.catchUp()
		w.wantIncidents(1, 1)
		w.wantVerdict(uptime.VerdictUp)
		if o := w.did.Opened[0].At; o < w.at(30*time.Minute) || o > w.at(32*time.Minute) {
			t.Errorf("opened at %v", o.Sub(epoch))
		}
		if r := w.did.Resolved[0].At; r < w.at(45*time.Minute) || r > w.at(50*time.Minute) {
			t.Errorf("resolved at %v", r.Sub(epoch))
		}
		for _, ask := range w.did.Rechecks {
			t.Errorf("the past was asked: %+v", ask)
		}
	}
}

// The aggregator dies at any moment of an outage, restores its last checkpoint, and
// folds everything since again: still one incident.
func TestKilledAmidAnOutage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		interval := rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute}).Draw(rt, "interval")
		w := newWorld(t, interval, "a", "b", "c")
		w.see = during(5*time.Minute, 20*time.Minute, status(500))
		ms := func(name string, from, to int) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(rt, name)) * time.Millisecond
		}
		saved := ms("saved", 290_000, 310_000)
		w.run(saved)
		s, seen := reborn(t, w.s), len(w.seen)
		w.run(saved + ms("lost", 0, 2_000))
		// What was folded since the checkpoint is delivered again; the transaction of a
		// transition was committed, and tells of the incident.
		opened := w.s.Incident()
		again := w.seen[seen:]
		w.s = s
		w.s.Reconcile(opened)
		w.stalled = true
		w.run(w.now.Sub(epoch) + ms("dead", 0, 120_000))
		for i := range again {
			w.pile = append([]arrival{{w.at(saved), again[len(again)-1-i]}}, w.pile...)
		}
		w.catchUp()
		w.run(19 * time.Minute)
		w.wantIncidents(1, 0)
		w.wantVerdict(uptime.VerdictDown)
		w.run(25 * time.Minute)
		w.wantIncidents(1, 1)
		w.wantVerdict(uptime.VerdictUp)
	})
}

// A clock that goes back (event time after a restart, or one never set) lets no vote of
// before answer a round of after.
func TestClockThatGoesBack(t *testing.T) {
	t.Parallel()
	for _, back := range []uptime.Instant{-1, 0, 1, dawn - 1, epoch.Add(4 * time.Minute), epoch.Add(5*time.Minute - 1)} {
		w := newWorld(t, 10*time.Second, "a", "b", "c")
		w.run(5 * time.Minute)
		w.s.Reconcile(w.at(5*time.Minute - time.Second))
		now := w.now
		for range 3 {
			w.now = back
			w.tick()
		}
		w.wantIncidents(0, 0) // clean votes of before are no clean rounds
		w.now = now
		w.run(6 * time.Minute)
		w.wantIncidents(0, 1)
	}
}

// A clock that once ran far ahead leaves nothing behind.
func TestClockFromTheFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second, "a", "b", "c")
	w.run(time.Minute)
	var out Actions
	w.s.Tick(w.m, w.f, w.at(1000*time.Hour), &out)
	w.s.next = atOnce
	w.run(3 * time.Minute)
	w.wantVerdict(uptime.VerdictUp)
	var s State
	if s.Tick(w.m, w.f, far, &out); s.regions != nil {
		t.Error("judged at an instant after all time")
	}
}
