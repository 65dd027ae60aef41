// Package runner is the worker's engine: it takes checks from the region's lanes as
// it has room for them, starts what it took together, commits what finished
// together, keeps the worker known to be alive, and takes over what dead workers left.
// When it is told to stop it takes nothing more, lets what runs come to its end, and
// leaves the rest to others.
package runner

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Taker hands out checks.
type Taker interface {
	Read(ctx context.Context, checks, urgent int) ([]queue.Entry, error)
	Reclaim(ctx context.Context, most int) ([]queue.Entry, error)
}

// Presence is how others know that the worker lives.
type Presence interface {
	Beat(ctx context.Context) error
	Leave(ctx context.Context) (left int, err error)
}

// Lane is one lane's queue as a worker uses it; a [queue.Consumer] is one.
type Lane interface {
	Taker
	Finisher
	Presence
}

// Config of a [Runner]. Zero values are the defaults named.
type Config struct {
	Region, Site, Worker string

	Concurrency       int           // scheduled checks at once; 256
	UrgentConcurrency int           // room kept for urgent ones; 32
	HostConcurrency   int           // checks of one host and port at once; 64
	CanaryTargets     []string      // URLs that tell whether the world is reached; none
	BeatEvery         time.Duration // 1.5 s, of the 5 s after which a worker counts as dead
	DrainTime         time.Duration // for what runs when told to stop; 15 s
	Log               *slog.Logger
	Metrics           prometheus.Registerer // a registry of its own
	Now               func() uptime.Instant // fleet time; the machine's
}

// maxBacklog is how many finished checks may wait for Redis before nothing more is read.
const maxBacklog = 4096

// maxAhead is the longest that a check is held until it is due; the pusher is at most
// two seconds early, and a due instant beyond this is a mistake.
const maxAhead = 3 * time.Second

// commitGrace is for the last commits, after the drain.
const commitGrace = 3 * time.Second

// Runner runs the checks of some lanes of one region.
type Runner struct {
	cfg    Config
	prober Prober
	lanes  []*lane
	gate   *gate
	canary *canary
	told   told
	m      *metrics
	log    *slog.Logger
}

type lane struct {
	Lane
	commits *committer
}

// New returns a runner of the lanes of one region.
func New(lanes []Lane, prober Prober, cfg Config) (*Runner, error) {
	cfg.Concurrency = orDefault(cfg.Concurrency, 256)
	cfg.UrgentConcurrency = orDefault(cfg.UrgentConcurrency, 32)
	cfg.HostConcurrency = orDefault(cfg.HostConcurrency, 64)
	cfg.BeatEvery = orDefault(cfg.BeatEvery, 1500*time.Millisecond)
	cfg.DrainTime = orDefault(cfg.DrainTime, 15*time.Second)
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	if cfg.Now == nil {
		cfg.Now = func() uptime.Instant { return uptime.InstantOf(time.Now()) }
	}
	r := &Runner{
		cfg: cfg, prober: prober, log: cfg.Log,
		gate:   newGate(cfg.Concurrency, cfg.UrgentConcurrency, cfg.HostConcurrency),
		canary: &canary{prober: prober, targets: cfg.CanaryTargets},
	}
	var err error
	if r.m, err = newMetrics(cfg.Metrics, cfg.Region, r.gate); err != nil {
		return nil, err
	}
	for _, l := range lanes {
		r.lanes = append(r.lanes, &lane{Lane: l, commits: newCommitter(l, r.m, cfg.Log)})
	}
	return r, nil
}

// Run works until ctx ends and the drain is over: no more reading, then at most
// DrainTime for what runs, then the last commits, then goodbye.
func (r *Runner) Run(ctx context.Context) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx)) // of probes
	defer stopWork()
	keep, stopKeep := context.WithCancel(context.WithoutCancel(ctx)) // of commits and beats
	defer stopKeep()
	flushed := make(chan struct{})
	// At once: a blocked read may last two seconds more, in which nothing new may begin.
	defer context.AfterFunc(ctx, r.gate.close)()

	var readers, canaries, committers, beats sync.WaitGroup
	if len(r.cfg.CanaryTargets) > 0 {
		canaries.Go(func() { r.canary.run(work) })
	}
	for _, l := range r.lanes {
		readers.Go(func() { r.read(ctx, work, l) })
		committers.Go(func() { l.commits.run(keep, flushed) })
		beats.Go(func() { r.beat(keep, ctx, work, l) })
	}
	readers.Wait() // ctx has ended
	r.gate.close() // if it was not yet
	r.drain(stopWork)
	stopWork()
	canaries.Wait()

	close(flushed)
	grace := time.AfterFunc(commitGrace, stopKeep)
	committers.Wait()
	grace.Stop()
	stopKeep()
	beats.Wait()
	r.leave(context.WithoutCancel(ctx))
	return nil
}

// drain lets what runs come to its end, and ends it when that takes too long.
func (r *Runner) drain(stopWork context.CancelFunc) {
	t := time.AfterFunc(r.cfg.DrainTime, stopWork)
	defer t.Stop()
	r.gate.wait()
}

func (r *Runner) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, commitGrace)
	defer cancel()
	for _, l := range r.lanes {
		if left, err := l.Leave(ctx); err != nil {
			r.log.WarnContext(ctx, "cannot say goodbye, the worker will be missed for some seconds", "err", err)
		} else if left > 0 {
			r.log.InfoContext(ctx, "checks are left to other workers", "checks", left)
		}
	}
}

// read takes checks while there is room for them.
func (r *Runner) read(ctx, work context.Context, l *lane) {
	var complaint rarely
	pause := retryFirst
	for ctx.Err() == nil {
		checks, urgent, ok := r.room(ctx, l)
		if !ok {
			continue
		}
		entries, err := l.Read(ctx, checks, urgent)
		if ctx.Err() != nil {
			return // What came with it stays pending, for others.
		}
		r.start(work, l, entries)
		if err == nil {
			pause = retryFirst
			continue
		}
		r.m.readErrors.Inc()
		if complaint.now() {
			r.log.WarnContext(ctx, "cannot read checks, trying again", "err", err)
		}
		sleep(ctx, pause)
		pause = min(2*pause, retryMost)
	}
}

// room waits until there is some. When little is free it waits a moment for more,
// since reading one check at a time costs Redis as much as reading many.
func (r *Runner) room(ctx context.Context, l *lane) (checks, urgent int, ok bool) {
	const moment = 5 * time.Millisecond
	if l.commits.backlog() > maxBacklog {
		sleep(ctx, 10*moment)
		return 0, 0, false
	}
	checks, urgent = r.gate.free()
	if checks < r.cfg.Concurrency/8 {
		sleep(ctx, moment)
		checks, urgent = r.gate.free()
	}
	if checks > 0 || urgent > 0 {
		// Lanes read side by side, and each may get all that it asks for.
		n := len(r.lanes)
		return (checks + n - 1) / n, (urgent + n - 1) / n, true
	}
	t := time.NewTimer(20 * moment) // another lane may have been told of the room that there is
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-r.gate.freed:
	case <-t.C:
	}
	return 0, 0, false
}

// beat says that the worker lives, and looks after what others left.
func (r *Runner) beat(keep, ctx, work context.Context, l *lane) {
	var complaint rarely
	tick := time.NewTicker(r.cfg.BeatEvery)
	defer tick.Stop()
	for {
		if err := l.Beat(keep); err != nil && keep.Err() == nil && complaint.now() {
			r.log.WarnContext(keep, "cannot say that the worker lives, trying again", "err", err)
		}
		if checks, _ := r.gate.free(); checks > 0 && ctx.Err() == nil {
			entries, err := l.Reclaim(keep, checks)
			if err != nil && keep.Err() == nil && complaint.now() {
				r.log.WarnContext(keep, "cannot take over checks, trying again", "err", err)
			}
			if len(entries) > 0 {
				r.m.reclaimed.Add(float64(len(entries)))
				r.log.InfoContext(keep, "took checks over from other workers", "checks", len(entries))
				r.start(work, l, entries)
			}
		}
		select {
		case <-keep.Done():
			return
		case <-tick.C:
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func orDefault[T int | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}
