package runner

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

func TestCanary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		up, down := probe.Finding{Reason: uptime.ReasonStatus, Code: 403}, probe.Finding{Reason: uptime.ReasonDNS}
		l := &fakeLane{}
		p := &fakeProber{finds: map[string]probe.Finding{"c1": down, "c2": down}}
		set := func(f probe.Finding) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.finds["c2"] = f
		}
		round := func(n int) uptime.CanaryState {
			before := p.called("c1")
			for i := range 5 {
				l.push(entry(fmt.Sprint(n, i), func(e *queue.Entry) { e.Check.Canary = i > 0 }))
			}
			time.Sleep(3 * time.Second)
			if ran := p.called("c1") - before; ran > 1 {
				t.Errorf("round %d: %d canary runs", n, ran)
			}
			if got := l.results()[fmt.Sprint(n, 0)].Canary; got != uptime.CanaryNone {
				t.Errorf("round %d: canary %d beside a check that asked for none", n, got)
			}
			return l.results()[fmt.Sprint(n, 4)].Canary
		}
		stop := running(t, l, p, Config{CanaryTargets: []string{"c1", "c2"}})
		defer stop()
		time.Sleep(2 * time.Second)
		if got := round(1); got != uptime.CanaryIgnored {
			t.Errorf("never passed: %d, want ignored", got)
		}
		set(up)
		time.Sleep(canaryEvery) // passes in the background
		set(down)
		if got := round(2); got != uptime.CanaryFailed {
			t.Errorf("once passed: %d, want failed", got)
		}
		set(up)
		if got := round(3); got != uptime.CanaryPassed {
			t.Errorf("answered: %d, want passed", got)
		}
	})
}

// A canary that passed before a check failed does not vouch for the network, and one
// that needed a second attempt does not vouch at all.
func TestCanaryOfFailedChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		up, cut := probe.Finding{Code: 204}, probe.Finding{Reason: uptime.ReasonConnect}
		l := &fakeLane{}
		p := &fakeProber{finds: map[string]probe.Finding{"c": up}, tries: map[string]int{}}
		set := func(target string, f probe.Finding, tries int) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.finds[target], p.tries[target] = f, tries
		}
		check := func(target string) {
			l.push(entry(target, func(e *queue.Entry) { e.Check.Canary = true }))
		}
		want := func(target string, c uptime.CanaryState) {
			t.Helper()
			if got := l.results()[target].Canary; got != c {
				t.Errorf("%s: canary %d, want %d", target, got, c)
			}
		}
		stop := running(t, l, p, Config{CanaryTargets: []string{"c"}})
		defer stop()
		time.Sleep(5 * time.Second)

		check("passes")
		time.Sleep(200 * time.Millisecond)
		set("c", cut, 1)
		set("fails", cut, 2)
		set("answers", probe.Finding{Reason: uptime.ReasonStatus, Code: 500}, 1)
		check("fails")
		check("answers") // and shares what the canary said a moment ago
		time.Sleep(3 * time.Second)
		want("passes", uptime.CanaryPassed)
		want("fails", uptime.CanaryFailed)
		want("answers", uptime.CanaryPassed)

		set("c", up, 1)
		before := p.called("c")
		for i := range 50 { // all down at once: they share what they ask for
			set(fmt.Sprint("down", i), cut, 2)
			check(fmt.Sprint("down", i))
		}
		time.Sleep(3 * time.Second)
		for i := range 50 {
			want(fmt.Sprint("down", i), uptime.CanaryPassed)
		}
		if ran := p.called("c") - before; ran > 4 {
			t.Errorf("%d canary runs for 50 checks", ran)
		}

		set("c", up, 2)
		set("lossy", cut, 2)
		check("lossy")
		time.Sleep(3 * time.Second)
		want("lossy", uptime.CanaryFailed)
	})
}

func TestWithoutCanary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := &fakeLane{}, &fakeProber{}
		l.push(entry("a", func(e *queue.Entry) { e.Check.Canary = true }))
		stop := running(t, l, p, Config{})
		time.Sleep(time.Second)
		stop()
		if got := l.results()["a"].Canary; got != uptime.CanaryNone {
			t.Errorf("canary %d, want none", got)
		}
	})
}
