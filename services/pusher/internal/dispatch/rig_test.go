//go:build integration

package dispatch

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// testWidth makes tests quick; nothing depends on it.
const testWidth = 20 * time.Millisecond

var lane = queue.Lane{Region: "eu"}

// plan is a schedule of a few monitors, as the roster is one of many.
type plan struct {
	mu       sync.Mutex
	monitors []uptime.Monitor
	regions  []string
	at       map[string]uptime.Instant
	skips    int
	changed  chan struct{}
}

func newPlan(n int, interval time.Duration, regions ...string) *plan {
	p := &plan{regions: regions, at: map[string]uptime.Instant{}, changed: make(chan struct{})}
	for i := range n {
		p.monitors = append(p.monitors, uptime.Monitor{
			ID: uptime.ID{0: 1, 14: byte(i >> 8), 15: byte(i)}, Revision: 1, Kind: uptime.KindHTTP, Target: "http://x.test/",
			Interval: interval, Timeout: time.Second,
		})
	}
	return p
}

func (p *plan) timing(m *uptime.Monitor, region string) schedule.Timing {
	return schedule.TimingOf(m.ID, m.Interval, testWidth, slices.Index(p.regions, region), len(p.regions))
}

func (p *plan) Take(region string, now uptime.Instant, each func([]byte)) (uptime.Instant, int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.regions, region) {
		return 0, 0, false
	}
	p.at[region] = p.at[region].Add(testWidth)
	slot, missed := p.at[region], int64(0)
	for i := range p.monitors {
		m := &p.monitors[i]
		timing := p.timing(m, region)
		if timing.Last(slot) != slot {
			continue
		}
		if timing.Next(slot) <= now || uptime.NotAfter(slot, m.Interval) <= now {
			missed++
			continue
		}
		c := m.Check(region, slot)
		each(wire.EncodeCheck(nil, &c))
	}
	return slot, missed, true
}

func (p *plan) Skip(region string, to uptime.Instant) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.count(region, p.at[region], to)
	p.at[region] = to
	p.skips++
	return n
}

func (p *plan) count(region string, from, to uptime.Instant) (n int64) {
	for i := range p.monitors {
		n += p.timing(&p.monitors[i], region).Count(from, to)
	}
	return n
}

func (p *plan) Seek(region string, at uptime.Instant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[region] = schedule.SlotOf(at, testWidth)
}

func (p *plan) Rate(string) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := 0.0
	for i := range p.monitors {
		sum += 1 / p.monitors[i].Interval.Seconds()
	}
	return sum
}

func (p *plan) Urgent(id uptime.ID) (uptime.Monitor, []string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.monitors {
		if m.ID == id {
			return m, slices.Clone(p.regions), true
		}
	}
	return uptime.Monitor{}, nil, false
}

func (p *plan) Regions() ([]string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.regions), p.changed
}

func (p *plan) setRegions(regions ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.regions = regions
	close(p.changed)
	p.changed = make(chan struct{})
}

// rig is a Redis with a dispatcher, whose answers a test may lose.
type rig struct {
	t     *testing.T
	url   string
	raw   *redis.Client
	sure  *queue.Client // whose answers are never lost
	trip  *tripwire
	clock *fleettime.Clock
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, url: redistest.URL(t), trip: &tripwire{}}
	opt, err := redis.ParseURL(r.url)
	if err != nil {
		t.Fatal(err)
	}
	r.raw = redis.NewClient(opt)
	t.Cleanup(func() { _ = r.raw.Close() })
	r.sure = r.client()
	r.clock = fleettime.New(r.sure.Time, fleettime.Config{})
	if err := r.clock.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.sure.EnsureLane(t.Context(), lane); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) client(hooks ...redis.Hook) *queue.Client {
	r.t.Helper()
	c, err := queue.Open(r.t.Context(), queue.Config{URL: r.url, Block: 20 * time.Millisecond, Log: quiet, Hooks: hooks})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func (r *rig) dispatcher(p *plan) *Dispatcher {
	return New(r.client(r.trip), r.clock, Config{Regions: p.Regions, Width: testWidth, Log: quiet})
}

// start runs a shard; the returned function ends it and returns its error.
func (r *rig) start(d *Dispatcher, p *plan, epoch int64) (stop func() error) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.RunShard(ctx, lane.Shard, epoch, p) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	r.t.Cleanup(func() { _ = stop() })
	return stop
}

// cursorBeyond waits until the cursor of a lane has passed an instant and returns it.
func (r *rig) cursorBeyond(l queue.Lane, at uptime.Instant) uptime.Instant {
	r.t.Helper()
	var cursor uptime.Instant
	waitFor(r.t, "the cursor", func() bool {
		var err error
		if _, cursor, err = r.sure.Cursor(r.t.Context(), l); err != nil {
			r.t.Fatal(err)
		}
		return cursor > at
	})
	return cursor
}

// empty forgets everything, and returns the cursor of a lane as it was at that moment.
func (r *rig) empty(l queue.Lane) uptime.Instant {
	r.t.Helper()
	const script = "local slot = redis.call('HGET', KEYS[1], 'slot') redis.call('FLUSHDB') return tonumber(slot)"
	slot, err := r.raw.Eval(r.t.Context(), script, []string{"pf:{" + l.String() + "}:cursor"}).Int64()
	if err != nil {
		r.t.Fatal(err)
	}
	return uptime.Instant(slot)
}

// queued reads the checks of a stream that is told by its name.
func (r *rig) queued(stream string) []uptime.Check {
	r.t.Helper()
	entries, err := r.raw.XRange(r.t.Context(), stream, "-", "+").Result()
	if err != nil {
		r.t.Fatal(err)
	}
	checks := make([]uptime.Check, len(entries))
	for i, e := range entries {
		if checks[i], err = wire.DecodeCheck([]byte(e.Values["m"].(string)), lane.Region); err != nil {
			r.t.Fatal(err)
		}
	}
	return checks
}

// complete makes sure that of the slots after one instant and up to another each was
// sent exactly once, or counted missed, and nothing else was sent.
func (r *rig) complete(p *plan, l queue.Lane, from, to uptime.Instant) (sent, missed int64) {
	r.t.Helper()
	type slot struct {
		id  uptime.ID
		due uptime.Instant
	}
	seen := map[slot]int{}
	for _, c := range r.queued("pf:{" + l.String() + "}:checks") {
		seen[slot{c.Monitor, c.Due}]++
		if c.Due <= from || c.Due > to {
			r.t.Errorf("a check due %v after the last slot", c.Due.Sub(to))
		}
	}
	for s, n := range seen {
		if n != 1 {
			r.t.Errorf("slot %d of %v was sent %d times", s.due, s.id, n)
		}
	}
	s, err := r.sure.LaneStats(r.t.Context(), l)
	if err != nil {
		r.t.Fatal(err)
	}
	slots := p.count(l.Region, from, to)
	if int64(len(seen)) != s.Ledger.Scheduled || s.Ledger.Scheduled+s.Ledger.Missed != slots {
		r.t.Errorf("%d are queued, %d scheduled and %d missed, of %d slots", len(seen), s.Ledger.Scheduled, s.Ledger.Missed, slots)
	}
	return s.Ledger.Scheduled, s.Ledger.Missed
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// tripwire loses every n-th answer of commands whose name begins so: they take effect,
// but the caller gets an error.
type tripwire struct {
	mu    sync.Mutex
	name  string
	every int
	count int
	lost  int
	down  bool // nothing reaches Redis
	tried int  // while it was down
}

var errLost = errors.New("connection lost (by the test)")

func (w *tripwire) loseEvery(name string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.name, w.every, w.count = name, n, 0
}

// outage makes every command fail without effect until f returns and at least so many
// have failed.
func (w *tripwire) outage(t *testing.T, least int, f func()) {
	t.Helper()
	w.mu.Lock()
	w.down, w.tried = true, 0
	w.mu.Unlock()
	f()
	waitFor(t, "commands to fail", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.tried >= least
	})
	w.mu.Lock()
	w.down = false
	w.mu.Unlock()
}

func (w *tripwire) isDown() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		w.tried++
	}
	return w.down
}

func (w *tripwire) losses() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

func (w *tripwire) hit(cmd redis.Cmder) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.every == 0 || !strings.HasPrefix(cmd.Name(), w.name) {
		return false
	}
	if w.count++; w.count%w.every != 0 {
		return false
	}
	w.lost++
	return true
}

func (w *tripwire) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (w *tripwire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if w.isDown() {
			cmd.SetErr(errLost)
			return errLost
		}
		err := next(ctx, cmd)
		if err == nil && w.hit(cmd) {
			cmd.SetErr(errLost)
			return errLost
		}
		return err
	}
}

func (w *tripwire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
