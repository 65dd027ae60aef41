//go:build integration

package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

var lane = queue.Lane{Region: "eu-west", Shard: 0}

// base is a fleet time on the slots' grid.
const base uptime.Instant = 1_800_000_000_000_000

// rig is a client on an empty Redis with a lane, a way to look behind it, and a way to
// break its connections.
type rig struct {
	*queue.Client
	sure    *queue.Client // whose answers are never lost
	clients [3]*queue.Client
	raw     *redis.Client
	url     string
	trip    *tripwire
	ttl     time.Duration
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return newRigTTL(t, 60*time.Millisecond)
}

// newRigTTL sets after how much silence a consumer is dead.
func newRigTTL(t testing.TB, ttl time.Duration) *rig {
	t.Helper()
	r := &rig{url: redistest.URL(t), trip: &tripwire{}, ttl: ttl}
	opt, err := redis.ParseURL(r.url)
	if err != nil {
		t.Fatal(err)
	}
	r.raw = redis.NewClient(opt)
	r.Client, r.sure = r.open(t, r.trip), r.open(t)
	for i := range r.clients {
		r.clients[i] = r.open(t, r.trip)
	}
	t.Cleanup(func() { _ = r.raw.Close() })
	if err := r.EnsureLane(t.Context(), lane); err != nil {
		t.Fatal(err)
	}
	return r
}

// open returns another client of the same Redis, as another process would have.
func (r *rig) open(t testing.TB, hooks ...redis.Hook) *queue.Client {
	t.Helper()
	c, err := queue.Open(t.Context(), queue.Config{
		URL: r.url, Block: r.ttl / 3, LivenessTTL: r.ttl,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Hooks: hooks,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// tripwire loses the answers of the next commands whose name or script it is told:
// they take effect, but the caller gets an error.
type tripwire struct {
	mu   sync.Mutex
	name string
	left int
	lost int
}

var errLost = errors.New("connection lost (by the test)")

func (w *tripwire) loseNext(name string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.name, w.left = name, n
}

func (w *tripwire) hit(cmd redis.Cmder) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 || !strings.HasPrefix(cmd.Name(), w.name) {
		return false
	}
	w.left--
	w.lost++
	return true
}

func (w *tripwire) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (w *tripwire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && w.hit(cmd) { // what was refused, as a script that is not loaded yet, had no effect
			cmd.SetErr(errLost)
			return errLost
		}
		return err
	}
}

func (w *tripwire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// monitor returns the id of the n-th monitor of a test.
func monitor(n int) uptime.ID {
	id := uptime.ID{15: byte(n), 14: byte(n >> 8)}
	id[0] = 1
	return id
}

func check(n int, due uptime.Instant) uptime.Check {
	return uptime.Check{
		Monitor: monitor(n), Revision: 1, Due: due, NotAfter: due.Add(time.Minute), Kind: uptime.KindHTTP,
		Target: fmt.Sprintf("http://target-%d.test/", n), Timeout: 10 * time.Second, Interval: time.Minute,
	}
}

func encode(n int, due uptime.Instant) []byte {
	c := check(n, due)
	return wire.EncodeCheck(nil, &c)
}

// push puts n checks, of monitors first to first+n-1, on the lane in one slot after the cursor.
func (r *rig) push(t testing.TB, first, n int) uptime.Instant {
	t.Helper()
	_, cursor, err := r.Cursor(t.Context(), lane)
	if err != nil {
		t.Fatal(err)
	}
	slot := max(cursor, base).Add(250 * time.Millisecond)
	p := queue.Push{Epoch: 1, Prev: cursor, Slot: slot}
	for i := range n {
		p.Checks = append(p.Checks, encode(first+i, slot))
	}
	done, err := r.PushSlot(t.Context(), lane, p)
	if err != nil || !done.Accepted {
		t.Fatalf("push: %+v, %v", done, err)
	}
	return slot
}

func finish(entries []queue.Entry, outcome uptime.Outcome) []queue.Finished {
	items := make([]queue.Finished, len(entries))
	for i, e := range entries {
		items[i] = queue.Finished{Entry: e, Result: uptime.Result{
			Monitor: e.Check.Monitor, Revision: e.Check.Revision, Due: e.Check.Due, Started: e.Check.Due.Add(time.Millisecond),
			Request: e.Check.Request, Outcome: outcome, Worker: "w", Attempts: 1,
		}}
	}
	return items
}

// read takes entries until there are want of them.
func read(t testing.TB, k *queue.Consumer, want int) []queue.Entry {
	t.Helper()
	var got []queue.Entry
	deadline := time.Now().Add(time.Minute)
	for len(got) < want {
		entries, err := k.Read(t.Context(), 100, 100)
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, entries...); time.Now().After(deadline) {
			t.Fatalf("read %d entries, want %d", len(got), want)
		}
	}
	if len(got) != want {
		t.Fatalf("read %d entries, want %d", len(got), want)
	}
	return got
}

// readNothing makes sure that nothing is waiting.
func readNothing(t testing.TB, k *queue.Consumer) {
	t.Helper()
	entries, err := k.Read(t.Context(), 100, 100)
	if err != nil || len(entries) > 0 {
		t.Errorf("read %d entries, %v, want none", len(entries), err)
	}
}

func commit(t testing.TB, k *queue.Consumer, items []queue.Finished, want int) {
	t.Helper()
	n, err := k.Commit(t.Context(), items)
	if err != nil || n != want {
		t.Errorf("commit counted %d, %v, want %d", n, err, want)
	}
}

// stats returns the lane's counts after looking whether both ledgers balance.
func (r *rig) stats(t testing.TB) queue.LaneStats {
	t.Helper()
	s, err := r.LaneStats(t.Context(), lane)
	if err != nil {
		t.Fatal(err)
	}
	if b, u := s.Ledger.Balance(), s.Urgent.Balance(); b != 0 || u != 0 {
		t.Errorf("the ledger is off by %d, the urgent one by %d: %+v", b, u, s)
	}
	return s
}

// allResults reads every result that is on the lane, whoever has it.
func (r *rig) allResults(t testing.TB) []uptime.Result {
	t.Helper()
	entries, err := r.raw.XRange(t.Context(), "pf:{eu-west.0}:results", "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	var all []uptime.Result
	for _, e := range entries {
		before := len(all)
		err := wire.DecodeResults([]byte(e.Values["r"].(string)), lane.Region, func(r *uptime.Result) { all = append(all, *r) })
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(len(all) - before); e.Values["n"] != want {
			t.Errorf("an entry says it holds %v results and holds %s", e.Values["n"], want)
		}
	}
	return all
}

func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// lives makes a worker's last beat one of the far future: whatever the machine does
// meanwhile, it does not count as dead.
func (r *rig) lives(t testing.TB, worker string) {
	t.Helper()
	err := r.raw.ZAdd(t.Context(), "pf:{eu-west.0}:alive", redis.Z{Score: 1e15, Member: worker}).Err()
	if err != nil {
		t.Fatal(err)
	}
}

func beat(t testing.TB, k *queue.Consumer) {
	t.Helper()
	if err := k.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
}
