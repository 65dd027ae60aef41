package fleettime_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// world is a machine's monotonic clock and a reference that a test moves by hand.
type world struct {
	mono      time.Duration
	reference time.Time
	trip      time.Duration
	err       error
}

func (w *world) pass(d time.Duration) {
	w.mono += d
	w.reference = w.reference.Add(d)
}

func (w *world) clock() *fleettime.Clock {
	source := func(context.Context) (time.Time, error) {
		w.pass(w.trip / 2)
		told := w.reference
		w.pass(w.trip - w.trip/2)
		return told, w.err
	}
	return fleettime.New(source, fleettime.Config{
		Mono: func() time.Duration { return w.mono },
		Wall: func() time.Time { return time.Unix(5, 0) },
	})
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestFirstAnswerSetsTheClock(t *testing.T) {
	t.Parallel()
	w := &world{reference: epoch, trip: 80 * time.Millisecond}
	c := w.clock()
	if c.Synced() {
		t.Error("synced before the first answer")
	}
	if got := c.Now().Time(); !got.Equal(time.Unix(5, 0)) {
		t.Errorf("before the first answer the clock says %v, want the machine's guess", got)
	}
	if err := c.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Now(), uptime.InstantOf(w.reference); got != want || !c.Synced() {
		t.Errorf("after it, %v (synced %v), want %v: half the trip is added", got, c.Synced(), want)
	}
	w.pass(time.Hour)
	if got, want := c.Now(), uptime.InstantOf(w.reference); got != want {
		t.Errorf("an hour later %v, want %v", got, want)
	}
}

func TestDifferenceIsSlewedNotStepped(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Second, -time.Second, 3 * time.Millisecond} {
		w := &world{reference: epoch}
		c := w.clock()
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.reference = w.reference.Add(step)
		before := c.Now()
		if err := c.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := c.Now(); got != before {
			t.Errorf("step %v: the clock jumped by %v", step, got.Sub(before))
		}
		w.pass(step.Abs() * 10)
		halfway := c.Now().Sub(uptime.InstantOf(w.reference))
		if want := -step / 2; (halfway - want).Abs() > time.Microsecond {
			t.Errorf("step %v: halfway it is off by %v, want %v", step, halfway, want)
		}
		w.pass(step.Abs()*10 + time.Hour)
		if off := c.Now().Sub(uptime.InstantOf(w.reference)); off.Abs() > time.Microsecond {
			t.Errorf("step %v: in the end it is off by %v", step, off)
		}
	}
}

func TestNeverRunsBackwardsNorMuchTooFast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{reference: epoch}
		c := w.clock()
		if err := c.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		last := c.Now()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "sync") {
				w.reference = w.reference.Add(time.Duration(rapid.Int64Range(-1e10, 1e10).Draw(t, "jump")))
				w.trip = time.Duration(rapid.Int64Range(0, 2e8).Draw(t, "trip"))
				mono := w.mono
				if err := c.Sync(context.Background()); err != nil {
					t.Fatal(err)
				}
				last = last.Add(time.Duration(float64(w.mono-mono) * 0.94))
			}
			passed := time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "passed"))
			w.pass(passed)
			now := c.Now()
			if ran := now.Sub(last); ran < time.Duration(0.94*float64(passed))-time.Microsecond {
				t.Fatalf("the clock ran %v in %v", ran, passed)
			}
			last = now
		}
	})
}

func TestSlowAnswerIsNotUsed(t *testing.T) {
	t.Parallel()
	w := &world{reference: epoch, trip: time.Second}
	c := w.clock()
	if err := c.Sync(t.Context()); err != nil {
		t.Fatalf("the first answer counts however slow: %v", err)
	}
	w.reference = w.reference.Add(time.Minute)
	if err := c.Sync(t.Context()); !errors.Is(err, fleettime.ErrSlowAnswer) {
		t.Errorf("got %v, want ErrSlowAnswer", err)
	}
	w.pass(time.Hour)
	if off := c.Now().Sub(uptime.InstantOf(w.reference)); off != -time.Minute {
		t.Errorf("off by %v, want the minute of the answer that was not used", off)
	}
}

func TestRunAsksUntilItHearsAndThenRegularly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		c := fleettime.New(func(context.Context) (time.Time, error) {
			if asked.Add(1) < 3 {
				return time.Time{}, errors.New("not yet")
			}
			return time.Now().Add(time.Hour), nil
		}, fleettime.Config{Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		time.Sleep(700 * time.Millisecond) // of the bubble: 200 ms and 400 ms of pauses
		synctest.Wait()
		if !c.Synced() || asked.Load() != 3 {
			t.Errorf("synced %v after %d questions, want true after 3", c.Synced(), asked.Load())
		}
		if got := time.Until(c.Now().Time()); got.Round(time.Millisecond) != time.Hour {
			t.Errorf("ahead of the machine by %v, want the reference's hour", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := asked.Load(); n != 5 {
			t.Errorf("asked %d times, want 5", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}
