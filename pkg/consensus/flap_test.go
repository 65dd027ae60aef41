package consensus

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestFlapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30*time.Second, "a", "b", "c")
	w.m.Policy.RecoveryRounds = 1
	begin, end := 10*time.Minute, 25*time.Minute
	w.see = func(_ string, due uptime.Instant) uptime.Result {
		if d := due.Sub(epoch); d >= begin && d < end && d/time.Minute%2 == 0 {
			return status(500)
		}
		return uptime.Result{}
	}
	w.run(end + time.Minute)
	if len(w.did.Opened) < 7 {
		t.Fatalf("%d incidents: flapping damps alerts, never state", len(w.did.Opened))
	}
	// 30 % of 20 changes: the third incident's end is the sixth.
	for i, o := range w.did.Opened {
		if want := i >= 3; o.Flapping != want {
			t.Errorf("incident %d flapping %v, want %v", i, o.Flapping, want)
		}
	}
	for i, r := range w.did.Resolved {
		if want := i >= 2; r.Flapping != want {
			t.Errorf("recovery %d flapping %v, want %v", i, r.Flapping, want)
		}
	}
	if !w.s.Flapping(w.m, w.now) {
		t.Error("not flapping right after")
	}
	w.run(end + 12*time.Minute)
	if w.s.Flapping(w.m, w.now) {
		t.Error("still flapping after 20 calm rounds")
	}
	w.see = during(end+15*time.Minute, forever, status(500))
	w.run(end + 17*time.Minute)
	if o := w.did.Opened[len(w.did.Opened)-1]; o.Flapping {
		t.Error("the first down after a calm is damped")
	}
}

func TestFlapsStartAndStop(t *testing.T) {
	t.Parallel()
	m := &Monitor{Interval: time.Minute}
	at := func(round int) uptime.Instant { return epoch.Add(time.Duration(round) * time.Minute) }
	var f flaps
	f.record(m, false, at(0))
	for i := range 5 {
		f.record(m, i%2 == 0, at(2*i+1))
	}
	if f.is(m, at(9)) {
		t.Error("25 % is flapping")
	}
	f.record(m, false, at(11)) // 6 of 20
	if !f.is(m, at(11)) {
		t.Error("30 % is not flapping")
	}
	// The changes of rounds 1 and 3 leave the window of 20 when round 23 comes; with
	// four left (20 %) it goes on, with three it stops.
	for round, want := range map[int]bool{20: true, 24: true, 26: false, 60: false, 1 << 40: false} {
		if got := f.is(m, at(round)); got != want {
			t.Errorf("round %d: flapping %v, want %v", round, got, want)
		}
	}
	f.record(m, false, at(12)) // no change
	if f.at != at(11) {
		t.Error("a verdict that stays is recorded as a change")
	}
	f.record(m, true, at(5)) // a clock that goes back
	if f.at != at(11) || !f.is(m, at(11)) {
		t.Errorf("%+v after a step back", f)
	}
}
