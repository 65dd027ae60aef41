package kinds_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

func TestEveryKindHasItsProber(t *testing.T) {
	t.Parallel()
	all := kinds.All()
	for _, kind := range monitorspec.Kinds() {
		if kind != uptime.KindHeartbeat && all[kind] == nil { // that one calls in by itself
			t.Errorf("%s has no prober", kind)
		}
	}
}

// How much a soak does, and may cost. The chart gives a worker 512 MiB; servers and
// clients share the process here.
const (
	soakChecks  = 10_000
	soakAtOnce  = 256 // as CONCURRENCY
	soakTimeout = 250 * time.Millisecond
	soakTime    = 20 * time.Second // after which no more begin, if nobody asked for a number
	soakLeast   = 1000             // checks, however slow the machine
	soakGrace   = 30 * time.Second // in which a check ends after its timeout, however slow the machine; a bad one ends never
	soakMemory  = 384 << 20        // bytes of heap and stacks
)

// hostileTargets returns all of them and what runs checks of them.
func hostileTargets(t *testing.T) ([]hostile, *probe.Runner) {
	t.Helper()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	var domains map[string][]uptime.Reason
	env.RDAPBootstrap, domains = registries(t)
	all := slices.Concat(hostileWeb(t), hostileFrames(t), hostileTLS(t, ca), hostileSockets(t), hostileLines(t), hostilePackets(t))
	for tld, want := range domains {
		all = append(all, hostile{"domain, " + tld, "n%d." + tld, ``, uptime.KindDomain, want})
	}
	all = append(all, hostile{"a prober that panics", "x", ``, "panics", []uptime.Reason{uptime.ReasonPanic}})
	set := kinds.All()
	set["panics"] = func(probe.Env) probe.Prober { return panics{} }
	return all, probe.NewRunner(set, env)
}

type panics struct{}

func (panics) Probe(context.Context, *uptime.Check) probe.Finding { panic("at the disco") }

// check is the i-th of a target.
func (h *hostile) check(i int, timeout time.Duration) *uptime.Check {
	target := h.target
	if h.kind == uptime.KindDomain { // each is asked for only once
		target = fmt.Sprintf(target, i)
	}
	return &uptime.Check{Kind: h.kind, Target: target, Settings: []byte(h.settings), Timeout: timeout}
}

// expects tells whether a reason names what the target did.
func (h *hostile) expects(r uptime.Reason) bool {
	if h.want != nil {
		return slices.Contains(h.want, r)
	}
	switch r {
	case uptime.ReasonNone, uptime.ReasonPanic, uptime.ReasonInvalid, uptime.ReasonUnsupported, uptime.ReasonBlockedTarget, uptime.ReasonNXDomain, uptime.ReasonServFail:
		return false
	default:
		return true
	}
}

// What a hostile target does has its name. A machine that is busy may be late at first.
func TestHostileTargetsHaveReasons(t *testing.T) {
	all, runner := hostileTargets(t)
	var round sync.WaitGroup
	room := make(chan struct{}, 8)
	for i := range all {
		h := &all[i]
		room <- struct{}{}
		round.Go(func() {
			defer func() { <-room }()
			var f probe.Finding
			for attempt, timeout := range []time.Duration{500 * time.Millisecond, 3 * time.Second, 15 * time.Second} {
				if f = runner.Run(t.Context(), h.check(attempt, timeout)); h.expects(f.Reason) {
					if f.Detail == "" {
						t.Errorf("%s: %s without a detail", h.name, f.Reason)
					}
					return
				}
				t.Logf("%s: %s within %s: %s", h.name, name(f.Reason), timeout, f.Detail)
			}
			t.Errorf("%s: %s, want one of %s: %s", h.name, name(f.Reason), names(h.want), f.Detail)
		})
	}
	round.Wait()
}

func name(r uptime.Reason) string { return fmt.Sprintf("%q", r.String()) }

func names(all []uptime.Reason) []string {
	var out []string
	for _, r := range all {
		out = append(out, r.String())
	}
	return out
}

// TestHostileTargets gives a worker as many checks as PROBEFLEET_SOAK says, without it
// 10,000 or what a busy machine gets through in its time, of targets that mean harm, as
// many at once as a worker runs. Each ends in time; memory stays within its limit, and neither goroutine nor descriptor is left behind.
func TestHostileTargets(t *testing.T) {
	checks, end := soakChecks, time.Now().Add(soakTime)
	if n, err := strconv.Atoi(os.Getenv("PROBEFLEET_SOAK")); err == nil {
		checks, end = n, time.Now().Add(24*time.Hour)
	}
	all, runner := hostileTargets(t)
	runtime.GC()
	before, files := runtime.NumGoroutine(), descriptors(t)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(soakMemory))
	watch := startWatch()
	tally := &tally{took: map[string]time.Duration{}}
	var round sync.WaitGroup
	next := make(chan int)
	for range soakAtOnce {
		round.Go(func() {
			for i := range next {
				tally.run(t, runner, &all[i%len(all)], i)
			}
		})
	}
	start := time.Now()
	given := 0
	for ; given < checks && (given < soakLeast || time.Now().Before(end)); given++ {
		next <- given
	}
	close(next)
	round.Wait()
	took := time.Since(start)
	lag, memory := watch.stop()
	slowest, name := tally.slowest()
	t.Logf("%d checks, %d kinds of harm, in %s: at most %s each (%s), %s late to be scheduled, %d MiB",
		given, len(all), took.Round(time.Millisecond), slowest.Round(time.Millisecond), name, lag.Round(time.Millisecond), memory>>20)
	if slowest > soakTimeout+soakGrace {
		t.Errorf("%s took %s with a timeout of %s, on a machine that was %s late at most", name, slowest, soakTimeout, lag)
	}
	if memory > soakMemory {
		t.Errorf("%d MiB of heap and stacks, want at most %d", memory>>20, soakMemory>>20)
	}
	settled(t, before, files)
}

// tally keeps how long checks took.
type tally struct {
	mu   sync.Mutex
	took map[string]time.Duration
}

func (y *tally) run(t *testing.T, runner *probe.Runner, h *hostile, i int) {
	c := h.check(i+3, soakTimeout)
	start := time.Now()
	f := runner.Run(t.Context(), c)
	took := time.Since(start)
	if f.Reason == uptime.ReasonNone || f.Reason == uptime.ReasonInvalid || f.Reason == uptime.ReasonPanic && h.kind != "panics" {
		t.Errorf("%s: %q %s", h.name, f.Reason, f.Detail)
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.took[h.name] = max(y.took[h.name], took)
}

func (y *tally) slowest() (d time.Duration, name string) {
	for n, took := range y.took {
		if took > d {
			d, name = took, n
		}
	}
	return d, name
}

// watch looks at what the process takes, and at how late the machine is to run what is
// ready: what it has no time for is no fault of a prober.
type watch struct {
	end    chan struct{}
	ended  chan struct{}
	lag    time.Duration
	memory uint64
}

func startWatch() *watch {
	w := &watch{end: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		const every = 10 * time.Millisecond
		samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
		for {
			asleep := time.Now()
			select {
			case <-w.end:
				return
			case <-time.After(every):
			}
			w.lag = max(w.lag, time.Since(asleep)-every)
			metrics.Read(samples)
			sum := uint64(0)
			for _, s := range samples {
				sum += s.Value.Uint64()
			}
			w.memory = max(w.memory, sum)
		}
	}()
	return w
}

func (w *watch) stop() (lag time.Duration, memory uint64) {
	close(w.end)
	<-w.ended
	return w.lag, w.memory
}

// settled waits until what checks used is given back. What a server of the tests holds
// ends when it notices; the probes' own is gone then.
func settled(t *testing.T, before, files int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		goroutines, open := runtime.NumGoroutine(), descriptors(t)
		if goroutines <= before+10 && open <= files+10 {
			return
		}
		if time.Now().After(deadline) {
			var stacks strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Fatalf("%d goroutines and %d descriptors, %d and %d before\n%s", goroutines, open, before, files, stacks.String())
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux
	}
	return len(entries)
}
