//go:build integration

package runner_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/runner"
)

var quiet = slog.New(slog.DiscardHandler)

// cut is a cable to Redis that can be cut.
type cut struct{ off atomic.Bool }

var errCut = errors.New("cable cut")

func (c *cut) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if c.off.Load() {
			return nil, errCut
		}
		return next(ctx, network, addr)
	}
}

// ProcessHook loses answers as well as commands: what was sent before the cut has
// its effect, and the worker never learns of it.
func (c *cut) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if c.off.Load() {
			return errCut
		}
		err := next(ctx, cmd)
		if c.off.Load() {
			cmd.SetErr(errCut)
			return errCut
		}
		return err
	}
}

func (c *cut) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if c.off.Load() {
			return errCut
		}
		return next(ctx, cmds)
	}
}

type fleet struct {
	t    *testing.T
	url  string
	lane queue.Lane
	q    *queue.Client
	sent int
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, url: redistest.URL(t), lane: queue.Lane{Region: "eu"}}
	f.q = f.open(nil)
	if err := f.q.EnsureLane(t.Context(), f.lane); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fleet) open(hook *cut) *queue.Client {
	f.t.Helper()
	cfg := queue.Config{URL: f.url, Log: quiet, Block: 200 * time.Millisecond, LivenessTTL: time.Second}
	if hook != nil {
		cfg.Hooks = []redis.Hook{hook}
	}
	q, err := queue.Open(f.t.Context(), cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = q.Close() })
	return q
}

// worker starts one; stop ends it as a signal would.
func (f *fleet) worker(id string, hook *cut) (stop func()) {
	f.t.Helper()
	probes := probe.NewRunner(kinds.All(), probe.Env{
		Guard: egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), UserAgent: "probefleet/test (eu)", Log: quiet,
	})
	consumer := f.open(hook).Consumer(f.lane, queue.WorkerInfo{ID: id})
	r, err := runner.New([]runner.Lane{consumer}, probes, runner.Config{
		Region: "eu", Worker: id, BeatEvery: 200 * time.Millisecond, DrainTime: 10 * time.Second, Log: quiet,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				f.t.Errorf("worker %s: %v", id, err)
			}
		})
	}
	f.t.Cleanup(stop)
	return stop
}

// push sends a slot of n checks.
func (f *fleet) push(n int, target string) {
	f.t.Helper()
	now := uptime.InstantOf(time.Now())
	checks := make([][]byte, n)
	for i := range checks {
		checks[i] = wire.EncodeCheck(nil, &uptime.Check{
			Monitor: uptime.ID{1, byte(f.sent >> 8), byte(f.sent)}, Revision: 1, Kind: uptime.KindHTTP, Target: target,
			Due: now / 1000 * 1000, NotAfter: now.Add(time.Minute), Timeout: 30 * time.Second, Interval: time.Minute,
		})
		f.sent++
	}
	_, cursor, err := f.q.Cursor(f.t.Context(), f.lane)
	if err != nil {
		f.t.Fatal(err)
	}
	pushed, err := f.q.PushSlot(f.t.Context(), f.lane, queue.Push{Epoch: 1, Prev: cursor, Slot: max(cursor+1, now), Checks: checks})
	if err != nil || !pushed.Accepted {
		f.t.Fatalf("push: %+v, %v", pushed, err)
	}
}

func (f *fleet) stats() queue.LaneStats {
	f.t.Helper()
	s, err := f.q.LaneStats(f.t.Context(), f.lane)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fleet) eventually(what string, ok func(queue.LaneStats) bool) queue.LaneStats {
	f.t.Helper()
	var s queue.LaneStats
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		s = f.stats()
		if s.Ledger.Balance() != 0 || s.Urgent.Balance() != 0 { // at every moment
			f.t.Fatalf("%s: the ledgers do not balance: %+v, urgent %+v", what, s.Ledger, s.Urgent)
		}
		if ok(s) {
			return s
		}
	}
	f.t.Fatalf("not within a minute: %s; ledger %+v", what, s.Ledger)
	return s
}

// results counts what the results stream says of each check.
func (f *fleet) results() map[string]int {
	f.t.Helper()
	out := map[string]int{}
	r := f.q.Results(f.lane, queue.GroupAggregator, "test")
	for {
		batches, err := r.Read(f.t.Context(), 100)
		if err != nil {
			f.t.Fatal(err)
		}
		if len(batches) == 0 {
			return out
		}
		for _, b := range batches {
			if err := wire.DecodeResults(b.Payload, "eu", func(r *uptime.Result) {
				out[fmt.Sprintf("%s %d %s", r.Monitor, r.Due, r.Outcome)]++
			}); err != nil {
				f.t.Fatal(err)
			}
		}
	}
}

func (f *fleet) wantOnce(n int) {
	f.t.Helper()
	s := f.eventually("all checks are done", func(s queue.LaneStats) bool { return s.Ledger.Done == int64(n) })
	if s.Ledger.Balance() != 0 || s.Checks.Length != 0 || s.Ledger.Scheduled != int64(n) {
		f.t.Errorf("ledger %+v, balance %d", s.Ledger, s.Ledger.Balance())
	}
	results := f.results()
	if len(results) != n {
		f.t.Errorf("%d results, want %d", len(results), n)
	}
	for key, times := range results {
		if times != 1 {
			f.t.Errorf("%s: %d times", key, times)
		}
	}
}

func TestTwoWorkersShareALane(t *testing.T) {
	t.Parallel()
	f, web := newFleet(t), targets.New(t, nil)
	f.worker("a", nil)
	f.worker("b", nil)
	for range 3 {
		f.push(300, web.URL)
	}
	f.wantOnce(900)
	if got := web.Requests("/"); got < 900 {
		t.Errorf("%d requests", got)
	}
}

// behind answers when the gate is open.
func behind(gate <-chan struct{}) targets.Behaviour {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}
}

// A worker that is cut off in the middle of its checks counts as dead, another takes
// them over, and when the first is back it adds nothing.
func TestCutOffWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	f, gate, cable := newFleet(t), make(chan struct{}), &cut{}
	web := targets.New(t, behind(gate))
	f.worker("a", cable)
	f.eventually("the worker lives", func(queue.LaneStats) bool {
		w, err := f.q.Workers(t.Context(), f.lane)
		return err == nil && len(w) == 1 && w[0].Alive
	})
	f.push(50, web.URL)
	f.eventually("the worker has them", func(s queue.LaneStats) bool { return s.Checks.Pending == 50 })
	cable.off.Store(true)
	close(gate)
	f.worker("b", nil)
	f.eventually("the other has done them", func(s queue.LaneStats) bool { return s.Ledger.Done == 50 })
	cable.off.Store(false)
	f.push(20, web.URL)
	f.wantOnce(70)
}

// Redis is out of reach for a while and comes back: nothing is lost, nothing twice.
func TestRedisOutOfReach(t *testing.T) {
	t.Parallel()
	f, web, cable := newFleet(t), targets.New(t, targets.Delay(100*time.Millisecond, targets.Status(200))), &cut{}
	f.worker("a", cable)
	for slot := range 6 {
		seen := web.Requests("/")
		f.push(40, web.URL)
		if slot%2 == 0 { // cut in the middle of the slot's checks
			f.eventually("the slot's checks run", func(queue.LaneStats) bool { return web.Requests("/") >= seen+20 })
		}
		cable.off.Store(slot%2 == 0)
	}
	f.wantOnce(240)
}

// A worker that is stopped finishes what runs; what it has not begun is done by the next.
func TestStopHandsOver(t *testing.T) {
	t.Parallel()
	const ofOneHost = 64
	arrived, leave := make(chan struct{}, 100), make(chan struct{})
	f, web := newFleet(t), targets.New(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-leave:
		case <-r.Context().Done():
		}
	})
	stop := f.worker("a", nil)
	f.push(100, web.URL)
	for range ofOneHost {
		<-arrived
	}
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	// Those that take the places of the first in the moment before the worker hears of
	// its end find nobody who lets them go.
	for range ofOneHost {
		leave <- struct{}{}
	}
	<-stopped
	if s := f.stats(); s.Ledger.Done != ofOneHost {
		t.Errorf("%d done by the one that was stopped, want %d", s.Ledger.Done, ofOneHost)
	}
	close(leave)
	f.worker("b", nil)
	f.wantOnce(100)
}

// The same worker, restarted, begins with what it had.
func TestRestartGoesOn(t *testing.T) {
	t.Parallel()
	f, gate, cable := newFleet(t), make(chan struct{}), &cut{}
	web := targets.New(t, behind(gate))
	stop := f.worker("a", cable)
	f.push(30, web.URL)
	f.eventually("the worker has them", func(s queue.LaneStats) bool { return s.Checks.Pending == 30 })
	cable.off.Store(true) // dies without a word
	close(gate)
	stop()
	f.worker("a", nil)
	f.wantOnce(30)
}
