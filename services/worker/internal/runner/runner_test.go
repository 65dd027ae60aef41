package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// fakeLane is a queue in memory that can be made to fail.
type fakeLane struct {
	mu        sync.Mutex
	waiting   []queue.Entry
	dead      []queue.Entry // what another worker left
	committed [][]queue.Finished
	asked     [][2]int
	readErr   error
	commitErr error
	beats     int
	left      bool
}

func (l *fakeLane) Read(ctx context.Context, checks, urgent int) ([]queue.Entry, error) {
	l.mu.Lock()
	l.asked = append(l.asked, [2]int{checks, urgent})
	if l.readErr != nil {
		defer l.mu.Unlock()
		return nil, l.readErr
	}
	var out, rest []queue.Entry
	for _, e := range l.waiting {
		room := &checks
		if e.Urgent {
			room = &urgent
		}
		if *room > 0 {
			*room--
			out = append(out, e)
		} else {
			rest = append(rest, e)
		}
	}
	l.waiting = rest
	l.mu.Unlock()
	if len(out) == 0 {
		sleep(ctx, 20*time.Millisecond)
	}
	return out, nil
}

func (l *fakeLane) Reclaim(_ context.Context, most int) ([]queue.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.dead[:min(most, len(l.dead))]
	l.dead = l.dead[len(out):]
	return out, nil
}

func (l *fakeLane) Commit(_ context.Context, items []queue.Finished) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.commitErr != nil {
		return 0, l.commitErr
	}
	l.committed = append(l.committed, items)
	return len(items), nil
}

func (l *fakeLane) Beat(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beats++
	return nil
}

func (l *fakeLane) Leave(context.Context) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = true
	return len(l.waiting), nil
}

func (l *fakeLane) push(entries ...queue.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, entries...)
}

// results returns all committed results by the target of their check.
func (l *fakeLane) results() map[string]uptime.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]uptime.Result{}
	for _, batch := range l.committed {
		for _, f := range batch {
			out[f.Entry.Check.Target] = f.Result
		}
	}
	return out
}

func (l *fakeLane) fail(read, commit error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readErr, l.commitErr = read, commit
}

// fakeProber takes a time and finds something, by target.
type fakeProber struct {
	mu     sync.Mutex
	takes  map[string]time.Duration
	finds  map[string]probe.Finding
	calls  map[string]int
	tries  map[string]int // by target, 1 where nothing is said
	atOnce int
	most   int
}

func (p *fakeProber) Run(ctx context.Context, c *uptime.Check) probe.Finding {
	p.mu.Lock()
	if p.calls == nil {
		p.calls = map[string]int{}
	}
	p.calls[c.Target]++
	p.atOnce++
	p.most = max(p.most, p.atOnce)
	d, ok := p.takes[c.Target]
	p.mu.Unlock()
	if !ok {
		d = 10 * time.Millisecond
	}
	sleep(ctx, d)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.atOnce--
	f := p.finds[c.Target]
	f.Attempts = max(p.tries[c.Target], 1)
	return f
}

func (p *fakeProber) Supports(kind uptime.Kind) bool { return kind == uptime.KindHTTP }

func (p *fakeProber) called(target string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[target]
}

// now is fleet time in the tests: the bubble's clock.
func now() uptime.Instant { return uptime.InstantOf(time.Now()) }

func entry(target string, change ...func(*queue.Entry)) queue.Entry {
	e := queue.Entry{ID: target, Deliveries: 1, Check: uptime.Check{
		Monitor: uptime.ID{1}, Revision: 7, Region: "eu", Kind: uptime.KindHTTP, Target: target,
		Due: now(), NotAfter: now().Add(time.Minute), Timeout: 10 * time.Second,
	}}
	for _, f := range change {
		f(&e)
	}
	return e
}

// running starts a runner and returns how to stop it.
func running(t *testing.T, l *fakeLane, p *fakeProber, cfg Config) (stop func()) {
	t.Helper()
	return runningAll(t, []Lane{l}, p, cfg)
}

func runningAll(t *testing.T, lanes []Lane, p *fakeProber, cfg Config) (stop func()) {
	t.Helper()
	cfg.Region, cfg.Worker, cfg.Site, cfg.Now = "eu", "w1", "rack 4", now
	cfg.Log, cfg.Metrics = slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	r, err := New(lanes, p, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func TestWhatBecomesOfAnEntry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		undecodable := errors.New("no check")
		start := now()
		l := &fakeLane{}
		p := &fakeProber{finds: map[string]probe.Finding{
			"down": {Reason: uptime.ReasonStatus, Code: 503, Detail: "503", IP: netip.MustParseAddr("192.0.2.7"), Exempt: true},
			"slow": {Reason: uptime.ReasonAssertion, Degraded: true},
		}}
		l.push(
			entry("up"), entry("down"), entry("slow"),
			entry("expired", func(e *queue.Entry) { e.Check.NotAfter = start - 1 }),
			entry("unknown", func(e *queue.Entry) { e.Check.Kind = "carrier-pigeon" }),
			entry("broken", func(e *queue.Entry) { e.Err = undecodable }),
			entry("late", func(e *queue.Entry) {
				e.Check.Due = start.Add(-1500 * time.Millisecond)
				e.Check.Request = uptime.ID{9}
			}),
			entry("early", func(e *queue.Entry) { e.Check.Due = start.Add(800 * time.Millisecond) }),
		)
		stop := running(t, l, p, Config{})
		time.Sleep(2 * time.Second)
		stop()
		got := l.results()
		base := uptime.Result{
			Monitor: uptime.ID{1}, Revision: 7, Region: "eu", Due: start, Started: start, Site: "rack 4", Worker: "w1",
		}
		want := map[string]uptime.Result{}
		for name, change := range map[string]func(*uptime.Result){
			"up": func(r *uptime.Result) { r.Outcome, r.Attempts = uptime.OutcomePass, 1 },
			"down": func(r *uptime.Result) {
				r.Outcome, r.Reason, r.Code, r.Detail = uptime.OutcomeFail, uptime.ReasonStatus, 503, "503"
				r.IP, r.Exempt, r.Attempts = "192.0.2.7", true, 1
			},
			"slow": func(r *uptime.Result) {
				r.Outcome, r.Reason, r.Attempts = uptime.OutcomeDegraded, uptime.ReasonAssertion, 1
			},
			"expired": func(r *uptime.Result) { r.Outcome, r.Reason = uptime.OutcomeExpired, uptime.ReasonExpired },
			"unknown": func(r *uptime.Result) {
				r.Outcome, r.Reason, r.Detail = uptime.OutcomeInvalid, uptime.ReasonUnsupported, "this worker has no probe of that kind"
			},
			"late": func(r *uptime.Result) {
				r.Outcome, r.Due, r.Late, r.Request, r.Attempts = uptime.OutcomePass, start.Add(-1500*time.Millisecond), 1500*time.Millisecond, uptime.ID{9}, 1
			},
			"early": func(r *uptime.Result) {
				r.Outcome, r.Attempts = uptime.OutcomePass, 1
				r.Due, r.Started = start.Add(800*time.Millisecond), start.Add(800*time.Millisecond)
			},
		} {
			r := base
			change(&r)
			want[name] = r
		}
		want["broken"] = uptime.Result{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if p.called("expired") != 0 || p.called("unknown") != 0 || !l.left {
			t.Errorf("probed the expired %d times, the unknown %d times, left: %v", p.called("expired"), p.called("unknown"), l.left)
		}
	})
}

// What was taken together starts together, what finished together is committed
// together, and never is more asked for than there is room.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &fakeLane{}, &fakeProber{}
		for i := range 100 {
			l.push(entry(fmt.Sprint(i)))
		}
		stop := running(t, l, p, Config{Concurrency: 40, UrgentConcurrency: 8})
		time.Sleep(time.Second)
		stop()
		if p.most != 40 || len(l.results()) != 100 {
			t.Errorf("%d ran at once, %d finished, want 40 and 100", p.most, len(l.results()))
		}
		if len(l.committed) > 4 {
			t.Errorf("%d commits for 100 checks in three waves", len(l.committed))
		}
		for _, a := range l.asked {
			if a[0] > 40 || a[1] > 28 {
				t.Errorf("asked for %v", a)
			}
		}
	})
}

// Lanes share the room, and none waits for ever for what another was told of.
func TestLanesShareTheRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := &fakeLane{}, &fakeLane{}
		p := &fakeProber{takes: map[string]time.Duration{"a": 5 * time.Second, "ua": 5 * time.Second, "b": 5 * time.Second, "ub": 5 * time.Second}}
		urgent := func(e *queue.Entry) { e.Urgent = true }
		a.push(entry("a"), entry("ua", urgent))
		b.push(entry("b"), entry("ub", urgent))
		stop := runningAll(t, []Lane{a, b}, p, Config{Concurrency: 1, UrgentConcurrency: 1})
		time.Sleep(15 * time.Second)
		a.push(entry("a2"))
		b.push(entry("b2"))
		time.Sleep(3 * time.Second)
		stop()
		if len(a.results()) != 3 || len(b.results()) != 3 {
			t.Errorf("finished %d and %d, want 3 each", len(a.results()), len(b.results()))
		}
	})
}

func TestUrgentChecksHaveRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &fakeLane{}, &fakeProber{takes: map[string]time.Duration{}}
		for i := range 20 {
			name := fmt.Sprint("hang", i)
			p.takes[name] = 9 * time.Second
			l.push(entry(name))
		}
		stop := running(t, l, p, Config{Concurrency: 10, UrgentConcurrency: 2})
		time.Sleep(time.Second)
		l.push(entry("urgent", func(e *queue.Entry) { e.Urgent = true }))
		time.Sleep(time.Second)
		if r, ok := l.results()["urgent"]; !ok || r.Outcome != uptime.OutcomePass {
			t.Errorf("while all scheduled ones hang: %v %+v", ok, r)
		}
		stop()
	})
}

// A failed commit is repeated until it succeeds, and nothing is lost meanwhile.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &fakeLane{}, &fakeProber{}
		stop := running(t, l, p, Config{})
		l.push(entry("a"))
		time.Sleep(5 * time.Millisecond)
		l.fail(nil, errors.New("connection refused"))
		time.Sleep(time.Second)
		l.push(entry("b"))
		l.fail(errors.New("connection refused"), errors.New("connection refused"))
		time.Sleep(10 * time.Second)
		if len(l.results()) != 0 {
			t.Fatalf("committed %v while Redis was away", l.results())
		}
		l.fail(nil, nil)
		time.Sleep(5 * time.Second)
		if got := l.results(); len(got) != 2 {
			t.Errorf("committed %v afterwards", got)
		}
		if l.beats < 9 {
			t.Errorf("%d beats in 16 s", l.beats)
		}
		stop()
	})
}

// Told to stop, a worker reads no more, lets what runs end, commits it, and leaves.
func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLane{}
		p := &fakeProber{takes: map[string]time.Duration{"slow": 3 * time.Second, "endless": time.Hour}}
		l.push(entry("slow"), entry("endless"))
		stop := running(t, l, p, Config{DrainTime: 5 * time.Second})
		time.Sleep(time.Second)
		start := time.Now()
		stop()
		if took := time.Since(start); took < 4*time.Second || took > 6*time.Second {
			t.Errorf("drained in %s, want the 5 s of the one that does not end", took)
		}
		got := l.results()
		if _, ok := got["endless"]; ok || got["slow"].Outcome != uptime.OutcomePass || !l.left {
			t.Errorf("committed %v, left: %v, want only the slow one", got, l.left)
		}
	})
}

func TestDrainWithRedisAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &fakeLane{}, &fakeProber{}
		l.push(entry("a"))
		stop := running(t, l, p, Config{})
		time.Sleep(5 * time.Millisecond)
		l.fail(nil, errors.New("connection refused"))
		start := time.Now()
		stop()
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestReclaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &fakeLane{dead: []queue.Entry{entry("orphan")}}, &fakeProber{}
		stop := running(t, l, p, Config{})
		time.Sleep(time.Second)
		stop()
		if l.results()["orphan"].Outcome != uptime.OutcomePass {
			t.Errorf("got %v", l.results())
		}
	})
}
