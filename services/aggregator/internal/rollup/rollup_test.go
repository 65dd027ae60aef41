package rollup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/tsdb"
)

type fakeStore struct {
	progress map[tsdb.Level]time.Time
	done     []string
	fail     error
	after    int // how many roll-ups succeed before it fails
}

const stamp = "02 15:04"

func (s *fakeStore) RollUp(_ context.Context, l tsdb.Level, from, to time.Time) (tsdb.Rolled, error) {
	if s.fail != nil {
		if s.after == 0 {
			return tsdb.Rolled{}, s.fail
		}
		s.after--
	}
	s.done = append(s.done, fmt.Sprintf("%s %s – %s", l, from.UTC().Format(stamp), to.UTC().Format(stamp)))
	return tsdb.Rolled{Windows: 1}, nil
}

func (s *fakeStore) Progress(_ context.Context, l tsdb.Level) (time.Time, error) {
	return s.progress[l], nil
}

func (s *fakeStore) SetProgress(_ context.Context, l tsdb.Level, until time.Time) error {
	s.progress[l] = until
	return nil
}

type fakeDirty struct{ windows map[queue.Lane][]queue.Window }

func (d *fakeDirty) TakeDirty(_ context.Context, l queue.Lane, most int) ([]queue.Window, error) {
	return d.windows[l][:min(most, len(d.windows[l]))], nil
}

func (d *fakeDirty) ClearDirty(_ context.Context, l queue.Lane, windows ...queue.Window) error {
	if d.windows != nil {
		d.windows[l] = d.windows[l][len(windows):]
	}
	return nil
}

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 3, day, hour, minute, 0, 0, time.UTC)
}

func newJob(t *testing.T, s *fakeStore, d *fakeDirty, now *time.Time) *Job {
	t.Helper()
	j, err := New(s, d, Config{
		Lanes: func(context.Context) ([]queue.Lane, error) {
			return []queue.Lane{{Region: "eu"}, {Region: "us"}}, nil
		},
		Now: func() time.Time { return *now }, Log: slog.New(slog.DiscardHandler),
		Retention: tsdb.Retention{Raw: 3 * 24 * time.Hour, FiveMinutes: 5 * 24 * time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	now := at(10, 12, 6)
	s, d := &fakeStore{progress: map[tsdb.Level]time.Time{tsdb.Level5m: at(10, 11, 50), tsdb.Level1h: at(10, 11, 0)}}, &fakeDirty{}
	j := newJob(t, s, d, &now)
	run := func(want ...string) {
		t.Helper()
		s.done = nil
		if err := j.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.done); diff != "" {
			t.Error(diff)
		}
	}
	run("5m 10 11:50 – 10 12:05", "1h 10 11:00 – 10 12:00")
	run() // nothing new
	now = at(10, 12, 10).Add(44 * time.Second)
	run() // the window has ended, but its last ticks may be on their way
	now = at(10, 12, 10).Add(45 * time.Second)
	run("5m 10 12:05 – 10 12:10")
	now = at(12, 3, 1) // away for a day and a half
	run("5m 10 12:10 – 11 12:10", "5m 11 12:10 – 12 03:00", "1h 10 12:00 – 11 12:00", "1h 11 12:00 – 12 03:00")
}

// A fresh job takes all ticks that there are, no more.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	now := at(10, 12, 6)
	s := &fakeStore{progress: map[tsdb.Level]time.Time{}}
	if err := newJob(t, s, &fakeDirty{}, &now).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.done[0] != "5m 07 12:05 – 08 12:05" || !s.progress[tsdb.Level5m].Equal(at(10, 12, 5)) || !s.progress[tsdb.Level1h].Equal(at(10, 12, 0)) {
		t.Errorf("did %v, progress %v", s.done, s.progress)
	}
}

// What was done before a failure is not done again, and nothing is skipped.
func TestFailure(t *testing.T) {
	t.Parallel()
	now := at(10, 12, 6)
	s := &fakeStore{progress: map[tsdb.Level]time.Time{tsdb.Level5m: at(8, 0, 0), tsdb.Level1h: at(10, 12, 0)}, fail: errors.New("away"), after: 1}
	j := newJob(t, s, &fakeDirty{}, &now)
	if err := j.Once(t.Context()); err == nil {
		t.Error("no error")
	}
	s.fail = nil
	if err := j.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"5m 08 00:00 – 09 00:00", "5m 09 00:00 – 10 00:00", "5m 10 00:00 – 10 12:05"}
	if diff := cmp.Diff(want, s.done); diff != "" {
		t.Error(diff)
	}
}

func TestDirtyWindowsAreDoneAgain(t *testing.T) {
	t.Parallel()
	now := at(10, 12, 6)
	s := &fakeStore{progress: map[tsdb.Level]time.Time{tsdb.Level5m: at(10, 12, 5), tsdb.Level1h: at(10, 12, 0)}}
	w := func(t time.Time) queue.Window { return queue.Window{Start: t, Width: 5 * time.Minute} }
	d := &fakeDirty{windows: map[queue.Lane][]queue.Window{
		{Region: "eu"}: {w(at(10, 10, 5)), w(at(10, 9, 55)), w(at(10, 12, 5)), w(at(10, 12, 0))},
		{Region: "us"}: {w(at(10, 10, 0)), w(at(10, 7, 0)), w(at(7, 13, 0))},
	}}
	if err := newJob(t, s, d, &now).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"5m 10 07:00 – 10 07:05", "5m 10 09:55 – 10 10:10", "5m 10 12:00 – 10 12:05",
		"1h 10 07:00 – 10 08:00", "1h 10 09:00 – 10 11:00",
	}
	if diff := cmp.Diff(want, s.done); diff != "" {
		t.Error(diff)
	}
	for lane, left := range d.windows {
		if len(left) != 0 {
			t.Errorf("%s: left %v", lane, left)
		}
	}

	d.windows[queue.Lane{Region: "eu"}] = []queue.Window{w(at(10, 10, 5))}
	s.fail = errors.New("away")
	if err := newJob(t, s, d, &now).Once(t.Context()); err == nil || len(d.windows[queue.Lane{Region: "eu"}]) != 1 {
		t.Errorf("after a failure: %v, %v: the window must stay dirty", err, d.windows)
	}
}

func TestRunsByCron(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{progress: map[tsdb.Level]time.Time{}}
		j, err := New(s, &fakeDirty{}, Config{Log: slog.New(slog.DiscardHandler), Retention: tsdb.Retention{Raw: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- j.Run(ctx) }()
		time.Sleep(time.Hour)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if lag := time.Since(s.progress[tsdb.Level5m]); lag > 7*time.Minute {
			t.Errorf("%s behind after an hour", lag)
		}
	})
}

func TestScheduleIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := New(nil, nil, Config{Schedule: "whenever"}); err == nil {
		t.Error("no error")
	}
}
