package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// theRegion is the one whose worker suffers; theOthers remain.
const theRegion = "eu-west"

// kill ends processes as a crash would; they are started again at once.
func kill(names ...string) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		var errs []error
		for _, name := range names {
			errs = append(errs, r.fleet.Kill(name))
		}
		return always, errors.Join(errs...)
	}
}

// freeze stops processes in their tracks, connections and all, until they are thawed.
func freeze(names ...string) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		pids := make([]int, len(names))
		for i, name := range names {
			if pids[i] = r.fleet.Pid(name); pids[i] == 0 {
				return nil, fmt.Errorf("%s does not run", name)
			}
		}
		send := func(s syscall.Signal) error {
			var errs []error
			for _, pid := range pids {
				errs = append(errs, syscall.Kill(pid, s))
			}
			return errors.Join(errs...)
		}
		return func(context.Context) error { return send(syscall.SIGCONT) }, send(syscall.SIGSTOP)
	}
}

// halt stops a process and leaves it stopped until healed.
func halt(name string) injection {
	return func(_ context.Context, r *Rig) (func(context.Context) error, error) {
		return func(context.Context) error { return r.fleet.Again(name) }, r.fleet.Halt(name)
	}
}

// killOften kills a process again and again for as long as the fault lasts, at moments
// that fall anywhere in its work: between what it wrote and what it acknowledged, too.
func killOften(name string) injection {
	return func(ctx context.Context, r *Rig) (func(context.Context) error, error) {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for pause := 700 * time.Millisecond; sleep(ctx, pause) == nil; pause += 130 * time.Millisecond {
				_ = r.fleet.Kill(name) // it may be dead still
			}
		}()
		return func(context.Context) error {
			cancel()
			<-done
			return nil
		}, nil
	}
}

// rolling stops and starts every process of the fleet, one after the other.
func rolling(ctx context.Context, r *Rig) (func(context.Context) error, error) {
	return func(ctx context.Context) error {
		names := []string{stack.API, stack.Pusher, stack.Aggregator, stack.Notifier}
		for _, region := range r.regions {
			names = append(names, stack.Worker(region))
		}
		for _, name := range names {
			if err := r.fleet.Halt(name); err != nil {
				return err
			}
			if name == stack.Worker(theRegion) { // its queue fills, and holds messages of a newer version
				if err := sleep(ctx, interval); err != nil {
					return err
				}
				if err := r.newerMessages(ctx); err != nil {
					return err
				}
			}
			if err := r.fleet.Again(name); err != nil {
				return err
			}
			if err := r.fleet.Ready(ctx, name); err != nil {
				return err
			}
		}
		return nil
	}, ctx.Err()
}

// processes are faults of single processes.
func processes() []Scenario {
	const always = "started again; nothing is lost, found twice or told twice"
	out := []Scenario{{
		Name: "kill -9 of all five services", Fault: "SIGKILL of API, pusher, aggregator, notifier and a worker at once",
		Promise: always, Long: 2 * time.Second,
		Inject: kill(stack.API, stack.Pusher, stack.Aggregator, stack.Notifier, stack.Worker(theRegion)),
	}}
	for _, p := range []struct{ name, title string }{
		{stack.Worker(theRegion), "a worker"}, {stack.Pusher, "the leading pusher"}, {stack.Aggregator, "the aggregator"},
		{stack.Notifier, "the notifier"}, {stack.API, "the API"},
	} {
		out = append(out, Scenario{
			Name: "kill -9 of " + p.title, Fault: "SIGKILL", Promise: always,
			Long: time.Second, Inject: kill(p.name),
		}, Scenario{
			Name: "SIGSTOP of " + p.title, Fault: "SIGSTOP, SIGCONT after %s",
			Promise: "what it should have done is done late or counted; its return changes nothing twice",
			Long:    10 * time.Second, Inject: freeze(p.name),
		})
	}
	return append(out, Scenario{
		Name: "aggregator between COMMIT and XACK", Fault: "SIGKILL again and again, at drifting moments, for %s",
		Promise: "what was written is not written twice, what was not is taken again",
		Long:    20 * time.Second, Inject: killOften(stack.Aggregator),
	}, Scenario{
		Name: "notifier after sending", Fault: "SIGKILL again and again, at drifting moments, for %s",
		Promise: "sent again at most, under the same key",
		Long:    20 * time.Second, Inject: killOften(stack.Notifier),
	}, Scenario{
		Name: "rolling upgrade", Fault: "every process stopped and started in turn; checks and results with unknown fields wait meanwhile",
		Promise: "queued work is done by who comes next, unknown fields are skipped", Long: time.Second, Inject: rolling,
	}, Scenario{
		Name: "PostgreSQL crash", Fault: "SIGKILL, recovery", Promise: "checks go on, are judged afterwards", Long: time.Second, Inject: kill(engines.Postgres),
	}, Scenario{
		Name: "PostgreSQL away", Fault: "stopped for %s", Promise: "checks go on, are judged and told afterwards",
		Short: 5 * time.Second, Long: 5 * time.Minute, Inject: halt(engines.Postgres),
	})
}
