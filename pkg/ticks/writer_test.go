package ticks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

var testLane = queue.Lane{Region: "eu"}

// fakes is a lane and a server in memory.
type fakes struct {
	mu      sync.Mutex
	batches []queue.Batch
	dead    []queue.Batch // of another reader
	acked   []string
	buried  []string
	dirty   []queue.Window
	stored  []int // codes, by which the tests know their ticks
	writes  []int // sizes of the requests that were made
	refuse  func(ticks []uptime.Result) error
	beats   int
	ensured int
	left    bool
}

func (f *fakes) Read(ctx context.Context, count int) ([]queue.Batch, error) {
	f.mu.Lock()
	out := f.batches[:min(count, len(f.batches))]
	f.batches = f.batches[len(out):]
	f.mu.Unlock()
	if len(out) == 0 {
		sleep(ctx, 2*time.Second)
	}
	return out, nil
}

func (f *fakes) ClaimDead(_ context.Context, count int) ([]queue.Batch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.dead[:min(count, len(f.dead))]
	f.dead = f.dead[len(out):]
	return out, nil
}

func (f *fakes) Ack(_ context.Context, ids ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acked = append(f.acked, ids...)
	return nil
}

func (f *fakes) Beat(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.beats++
	return nil
}

func (f *fakes) Leave(context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = true
	return 0, nil
}

func (f *fakes) Write(_ context.Context, ticks []uptime.Result) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, len(ticks))
	if f.refuse != nil {
		if err := f.refuse(ticks); err != nil {
			return err
		}
	}
	for _, t := range ticks {
		f.stored = append(f.stored, t.Code)
	}
	return nil
}

func (f *fakes) EnsureBuckets(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ensured++
	return nil
}

func (f *fakes) DeadLetter(_ context.Context, _ queue.Lane, kind string, payload []byte, why string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	code := "?"
	_ = wire.DecodeResults(payload, "eu", func(r *uptime.Result) { code = fmt.Sprint(r.Code) })
	f.buried = append(f.buried, kind+" "+code+" "+why)
	return nil
}

func (f *fakes) MarkDirty(_ context.Context, _ queue.Lane, windows ...queue.Window) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dirty = append(f.dirty, windows...)
	return nil
}

func (f *fakes) refuseBy(refuse func(ticks []uptime.Result) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = refuse
}

// look reads while the writer runs.
func (f *fakes) look(at func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at()
}

// batch makes an entry of passed checks, told apart by their codes.
func batch(id string, due time.Time, codes ...int) queue.Batch {
	var payload []byte
	for _, code := range codes {
		payload = wire.EncodeResult(payload, &uptime.Result{
			Monitor: uptime.ID{1}, Due: uptime.InstantOf(due), Started: uptime.InstantOf(due), Outcome: uptime.OutcomePass, Code: code,
		})
	}
	return queue.Batch{ID: id, Payload: payload}
}

func started(t *testing.T, f *fakes) (stop func()) {
	t.Helper()
	w := NewWriter(f, f, f, Config{Lane: testLane, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if !f.left {
			t.Error("the reader did not say goodbye")
		}
	}
}

func away(kind tsdb.WriteKind, status int, after time.Duration) error {
	return &tsdb.WriteError{Kind: kind, Status: status, RetryAfter: after, Err: errors.New("told to fail")}
}

// One failed write killed the worker of a predecessor. Here no failure ends the writer
// or loses a tick, and nothing is acknowledged before it is stored.
func TestNoFailureOfTheServerLosesATick(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"overloaded":     away(tsdb.WriteRetry, 429, 0),
		"unavailable":    away(tsdb.WriteRetry, 503, 0),
		"wrong token":    away(tsdb.WriteRetry, 401, 0),
		"gone":           away(tsdb.WriteRetry, 0, 0),
		"no bucket":      away(tsdb.WriteRetry, 404, 0),
		"anything other": errors.New("surprise"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fakes{batches: []queue.Batch{batch("1-0", time.Now(), 1, 2), batch("2-0", time.Now(), 3)}}
				f.refuseBy(func([]uptime.Result) error { return failure })
				stop := started(t, f)
				time.Sleep(time.Hour)
				f.look(func() {
					if len(f.acked) != 0 || len(f.buried) != 0 || len(f.stored) != 0 {
						t.Errorf("after an hour: acknowledged %v, buried %v, stored %v", f.acked, f.buried, f.stored)
					}
					if n := len(f.writes); n < 100 || n > 400 {
						t.Errorf("%d tries in an hour", n)
					}
					if f.beats < 1000 {
						t.Errorf("%d beats in an hour: others would take its batches over", f.beats)
					}
					if (f.ensured > 0) != (name == "no bucket") {
						t.Errorf("buckets made %d times", f.ensured)
					}
				})
				f.refuseBy(nil)
				time.Sleep(time.Minute)
				stop()
				if diff := cmp.Diff([]int{1, 2, 3}, f.stored); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff([]string{"1-0", "2-0"}, f.acked); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{batches: []queue.Batch{batch("1-0", time.Now(), 1)}}
		f.refuseBy(func([]uptime.Result) error { return away(tsdb.WriteRetry, 429, 5*time.Minute) })
		stop := started(t, f)
		time.Sleep(4*time.Minute + 50*time.Second)
		f.look(func() {
			if len(f.writes) != 1 {
				t.Errorf("%d tries within the five minutes that were asked for", len(f.writes))
			}
		})
		time.Sleep(3 * time.Minute)
		stop()
		if len(f.writes) != 2 {
			t.Errorf("%d tries afterwards, want 2", len(f.writes))
		}
	})
}

func TestTooLargeIsHalved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{batches: []queue.Batch{batch("1-0", time.Now(), 1, 2, 3, 4, 5), batch("2-0", time.Now(), 6, 7)}}
		f.refuseBy(func(ticks []uptime.Result) error {
			if len(ticks) > 2 {
				return away(tsdb.WriteTooLarge, 413, 0)
			}
			return nil
		})
		stop := started(t, f)
		time.Sleep(time.Minute)
		stop()
		if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7}, f.stored); diff != "" || len(f.buried) != 0 {
			t.Errorf("%s buried %v", diff, f.buried)
		}
		if diff := cmp.Diff([]int{7, 3, 1, 2, 4, 2, 2}, f.writes); diff != "" {
			t.Error(diff)
		}
	})
}

// Only the bad ticks go to the dead letters, though the server is away in between.
func TestBadTicksAreFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var codes, good []int
		for i := range 100 {
			codes = append(codes, i)
			if i != 17 && i != 63 {
				good = append(good, i)
			}
		}
		f := &fakes{batches: []queue.Batch{batch("1-0", time.Now(), codes...)}}
		calls := 0
		f.refuseBy(func(ticks []uptime.Result) error {
			if calls++; calls%3 == 0 {
				return away(tsdb.WriteRetry, 503, 0)
			}
			if slices.ContainsFunc(ticks, func(r uptime.Result) bool { return r.Code == 17 || r.Code == 63 }) {
				return away(tsdb.WriteBadPoints, 400, 0)
			}
			return nil
		})
		stop := started(t, f)
		time.Sleep(time.Hour)
		stop()
		if diff := cmp.Diff(good, f.stored); diff != "" {
			t.Error(diff)
		}
		if len(f.buried) != 2 || !strings.HasPrefix(f.buried[0], "ticks 17 ") || !strings.HasPrefix(f.buried[1], "ticks 63 ") {
			t.Errorf("buried %v", f.buried)
		}
		if diff := cmp.Diff([]string{"1-0"}, f.acked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatIsNoTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		expired := wire.EncodeResult(nil, &uptime.Result{
			Monitor: uptime.ID{1}, Due: uptime.InstantOf(time.Now()), Outcome: uptime.OutcomeExpired, Reason: uptime.ReasonExpired,
		})
		f := &fakes{batches: []queue.Batch{
			{ID: "1-0", Payload: expired}, {ID: "2-0", Payload: []byte("\xff nonsense")}, batch("3-0", time.Now(), 3),
		}}
		stop := started(t, f)
		time.Sleep(time.Minute)
		stop()
		if diff := cmp.Diff([]int{3}, f.stored); diff != "" {
			t.Error(diff)
		}
		if len(f.buried) != 1 || len(f.acked) != 3 {
			t.Errorf("buried %v, acknowledged %v", f.buried, f.acked)
		}
	})
}

// Ticks of windows that may have been rolled up mark these, once each; fresh ones do not.
func TestLateTicksMarkTheirWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Truncate(5 * time.Minute).Add(4 * time.Minute)
		time.Sleep(time.Until(now))
		hour := now.Add(-time.Hour).Truncate(5 * time.Minute)
		f := &fakes{batches: []queue.Batch{
			batch("1-0", now, 1), batch("2-0", hour.Add(time.Minute), 2, 3), batch("3-0", hour.Add(6*time.Minute), 4),
			batch("4-0", now.Add(-4*time.Minute-time.Second), 5), // of the window before
		}}
		stop := started(t, f)
		time.Sleep(time.Minute)
		stop()
		var got []time.Time
		for _, w := range f.dirty {
			got = append(got, w.Start)
			if w.Width != 5*time.Minute || !w.Monitor.IsZero() {
				t.Errorf("window %+v", w)
			}
		}
		want := []time.Time{hour.UTC(), hour.Add(5 * time.Minute).UTC(), now.Add(-9 * time.Minute).UTC()}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestBatchesOfDeadReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{dead: []queue.Batch{batch("1-0", time.Now(), 7)}}
		stop := started(t, f)
		time.Sleep(10 * time.Second)
		stop()
		if diff := cmp.Diff([]int{7}, f.stored); diff != "" {
			t.Error(diff)
		}
	})
}

// While there is little to write it is written a second's worth at a time.
func TestLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{}
		stop := started(t, f)
		for i := range 200 {
			time.Sleep(50 * time.Millisecond)
			f.mu.Lock()
			f.batches = append(f.batches, batch(fmt.Sprintf("%d-0", i+1), time.Now(), i))
			f.mu.Unlock()
		}
		time.Sleep(5 * time.Second)
		stop()
		if len(f.stored) != 200 || len(f.writes) > 13 {
			t.Errorf("%d ticks in %d writes over 10 s", len(f.stored), len(f.writes))
		}
	})
}
