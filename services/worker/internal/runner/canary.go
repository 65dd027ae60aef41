package runner

import (
	"context"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

const (
	// canaryShare is for how long what a canary said is shared: the checks of a round
	// run within a second.
	canaryShare = time.Second
	// canaryTimeout is below the two seconds that a round waits beyond its checks' timeout.
	canaryTimeout = 1800 * time.Millisecond
	// canarySpacing is between the runs that failed checks ask for: in an outage of many
	// targets each of them wants one.
	canarySpacing = 100 * time.Millisecond
	// canaryEvery is between the runs by which it is known whether it ever passes.
	canaryEvery = time.Minute
)

// Prober runs checks; a [probe.Runner] does.
type Prober interface {
	Run(ctx context.Context, c *uptime.Check) probe.Finding
	Supports(kind uptime.Kind) bool
}

// canary asks targets that are known to be up whether this worker reaches the world.
type canary struct {
	prober  Prober
	targets []string

	mu     sync.Mutex
	latest *canaryRun
	passed bool // ever
	runs   sync.WaitGroup
}

// canaryRun is one look at the targets, shared by all checks that want to know.
type canaryRun struct {
	started time.Time
	done    chan struct{}
	state   uptime.CanaryState // once done is closed
}

// ask returns a run that says how things are now, and begins one if there is none. It
// returns nil without targets. The run ends by itself, at the latest with ctx.
func (c *canary) ask(ctx context.Context) *canaryRun {
	if len(c.targets) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.latest; r != nil && (time.Since(r.started) < canaryShare || !r.over()) {
		return r
	}
	return c.begin(ctx, time.Now())
}

// since returns a run that did not begin before an instant: what a canary said before
// a check failed says nothing of a network that went away in between. There has been
// a run before.
func (c *canary) since(ctx context.Context, at time.Time) *canaryRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.latest.started.Before(at) {
		return c.latest
	}
	if next := c.latest.started.Add(canarySpacing); at.Before(next) {
		at = next
	}
	return c.begin(ctx, at)
}

// begin is called with the lock held; the run looks when it is time to.
func (c *canary) begin(ctx context.Context, at time.Time) *canaryRun {
	r := &canaryRun{started: at, done: make(chan struct{})}
	c.latest = r
	c.runs.Go(func() {
		sleep(ctx, time.Until(at))
		ok := c.look(ctx)
		c.mu.Lock()
		c.passed = c.passed || ok
		switch {
		case ok:
			r.state = uptime.CanaryPassed
		case c.passed:
			r.state = uptime.CanaryFailed
		default:
			r.state = uptime.CanaryIgnored
		}
		c.mu.Unlock()
		close(r.done)
	})
	return r
}

func (r *canaryRun) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// wait returns what the run said. Without a run it is [uptime.CanaryNone].
func (r *canaryRun) wait() uptime.CanaryState {
	if r == nil {
		return uptime.CanaryNone
	}
	<-r.done
	return r.state
}

// look passes as soon as any target answers at the first attempt, whatever it says: a
// network that needs a second one may have lost both of a check's.
func (c *canary) look(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, canaryTimeout)
	defer cancel()
	answers := make(chan bool, len(c.targets))
	for _, target := range c.targets {
		go func() {
			f := c.prober.Run(ctx, &uptime.Check{Kind: uptime.KindHTTP, Target: target, Timeout: canaryTimeout})
			answers <- f.Attempts < 2 && (f.Reason == uptime.ReasonNone || f.Code != 0)
		}()
	}
	any := false
	for range c.targets {
		if <-answers {
			any = true
			cancel() // the others need not go on
		}
	}
	return any
}

// run looks once a minute.
func (c *canary) run(ctx context.Context) {
	defer c.runs.Wait()
	tick := time.NewTicker(canaryEvery)
	defer tick.Stop()
	for {
		c.ask(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
