package collect

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// Defaults of [Config] and the fold's rhythm.
const (
	DefaultCheckpoint = 2 * time.Second
	// sweepParts is over how many seconds every monitor is looked at for what only time
	// changes, and over which a region's health is judged.
	sweepParts = 60
	statWindow = 10 * time.Second
	// newsPace is how long a changed vote may wait for others before it is saved.
	newsPace = 200 * time.Millisecond
	// drainTime bounds the last checkpoint after the stop was asked for.
	drainTime = 10 * time.Second
	// idleWait bounds how long the fold sleeps: instants pass even where nothing is due.
	idleWait = 500 * time.Millisecond
	chunks   = 8 // chunks waiting, all lanes together
)

// StepCheckpoint is the step at which a test may end the fold.
const StepCheckpoint = "checkpoint"

// Config of a [Fold].
type Config struct {
	Shard, Shards int
	Instance      string                // the stable name of the results' consumer
	Now           func() uptime.Instant // fleet time
	Checkpoint    time.Duration         // 0: DefaultCheckpoint
	Metrics       *Metrics              // nil: unregistered ones
	Log           *slog.Logger          // nil: slog.Default()
	// Failpoint, for tests, is called with [StepCheckpoint] before each checkpoint; its
	// error ends the fold.
	Failpoint func(step string) error
}

// Fold is the fold of one shard for as long as its lease is held.
type Fold struct {
	store    Store
	queue    Queue
	judge    Judge
	troubled Troubled
	cfg      Config

	in      chan chunk
	calls   chan func(ctx context.Context) error
	horizon *horizon
	start   func(*lane)
	lanes   map[string]*lane
	reading sync.WaitGroup
	stats   chan []postgres.RegionStat
	open    atomic.Pointer[[]queue.Lane]

	now      uptime.Instant // as of which the current batch is folded
	advanced uptime.Instant // as of which the judge was last called in a backlog
	lane     *lane          // whose batch is folded
	each     func(*uptime.Result)
	alive    atomic.Int64 // wall clock of the last turn, for readiness
	loaded   atomic.Bool
}

// Deps is what a [Fold] works with.
type Deps struct {
	Store    Store
	Queue    Queue
	Judge    Judge
	Troubled Troubled
}

// New returns a fold that has read nothing yet.
func New(d Deps, cfg Config) *Fold {
	if cfg.Checkpoint <= 0 {
		cfg.Checkpoint = DefaultCheckpoint
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	f := &Fold{
		store: d.Store, queue: d.Queue, judge: d.Judge, troubled: d.Troubled, cfg: cfg, in: make(chan chunk, chunks),
		calls: make(chan func(context.Context) error), horizon: newHorizon(cfg.Now), lanes: map[string]*lane{},
		stats: make(chan []postgres.RegionStat, 1),
	}
	f.each = f.result
	return f
}

// Run folds until ctx is cancelled, which it answers with nil after a last checkpoint,
// or until the shard is lost.
func (f *Fold) Run(ctx context.Context) error {
	s := newScout(f)
	since, err := f.load(ctx, s)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	w := newWatch(f, s, since)
	return service.Group(ctx, f.loop, w.listen, w.run, s.run, f.saveStats)
}

// loop is the fold's goroutine.
func (f *Fold) loop(ctx context.Context) error {
	// Lanes read under a context of their own, so that they can still acknowledge what
	// the last checkpoint makes durable.
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	f.start = func(l *lane) {
		own, cancel := context.WithCancel(reading)
		l.cancel = cancel
		f.reading.Go(func() { l.run(own) })
	}
	clean, err := f.turn(ctx)
	if clean {
		// The caller's context is the reason for the end.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		err = f.drain(last)
		cancel()
	}
	stop()
	f.empty()
	return err
}

// turn goes round until ctx is cancelled. It was clean if no call to the judge was
// interrupted: one that was has lost what it was about to write, and only what is
// durable may be gone on from.
func (f *Fold) turn(ctx context.Context) (clean bool, err error) {
	checkpoint := time.NewTicker(f.cfg.Checkpoint)
	defer checkpoint.Stop()
	sweep := time.NewTicker(time.Second)
	defer sweep.Stop()
	stats := time.NewTicker(statWindow)
	defer stats.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	f.loaded.Store(true)
	soon := false // the next checkpoint has news
	for {
		var err error
		select {
		case <-ctx.Done():
			return true, nil
		case c := <-f.in:
			f.fold(c)
		case call := <-f.calls:
			err = call(ctx)
		case <-checkpoint.C:
			err = f.checkpoint(ctx)
		case <-sweep.C:
			err = f.judge.Sweep(ctx, f.asOf(), sweepParts)
		case <-stats.C:
			f.takeStats()
		case <-timer.C:
		}
		if err == nil {
			err = f.merge(ctx)
		}
		if err == nil {
			now, catchUp := f.horizon.now()
			err = f.judge.Advance(ctx, now, catchUp)
		}
		if err != nil {
			if ctx.Err() != nil {
				return false, nil
			}
			return false, err
		}
		if news := f.judge.Stirred(); news != soon {
			soon = news
			checkpoint.Reset(f.pace(news))
		}
		f.alive.Store(time.Now().UnixNano())
		timer.Reset(f.wait())
	}
}

// pace is the time from one checkpoint to the next: a vote that has changed is wanted
// by people who watch, one that was only renewed is not.
func (f *Fold) pace(news bool) time.Duration {
	if news {
		return min(newsPace, f.cfg.Checkpoint)
	}
	return f.cfg.Checkpoint
}

// wait returns how long nothing is due.
func (f *Fold) wait() time.Duration {
	next := f.judge.Next()
	if next == 0 {
		return idleWait
	}
	return min(max(next.Sub(f.cfg.Now()), time.Millisecond), idleWait)
}

func (f *Fold) asOf() uptime.Instant {
	now, _ := f.horizon.now()
	return now
}

// checkpoint makes durable what has changed and acknowledges what was folded.
func (f *Fold) checkpoint(ctx context.Context) error {
	if f.cfg.Failpoint != nil {
		if err := f.cfg.Failpoint(StepCheckpoint); err != nil {
			return err
		}
	}
	began := time.Now()
	var positions []postgres.Position
	for _, l := range f.lanes {
		if len(l.ids) > 0 {
			p := postgres.Position{Region: l.Region, LastID: l.lastID, Folded: l.folded}
			if l.Region == uptime.RegionHeartbeat {
				p.Heard = f.judge.Listening()
			}
			positions = append(positions, p)
		}
	}
	if err := f.judge.Checkpoint(ctx, f.asOf(), positions); err != nil {
		return err
	}
	for _, l := range f.lanes {
		if len(l.ids) == 0 {
			continue
		}
		f.cfg.Metrics.results.WithLabelValues(l.Region).Add(float64(l.folded))
		l.ack(l.ids)
		l.ids, l.folded = nil, 0
	}
	f.cfg.Metrics.checkpoint.Observe(time.Since(began).Seconds())
	return nil
}

// drain folds what is here already and makes it durable.
func (f *Fold) drain(ctx context.Context) error {
	for more := true; more; {
		select {
		case c := <-f.in:
			f.fold(c)
		default:
			more = false
		}
	}
	if err := f.merge(ctx); err != nil {
		return err
	}
	now, catchUp := f.horizon.now()
	if err := f.judge.Advance(ctx, now, catchUp); err != nil {
		return err
	}
	return f.checkpoint(ctx)
}

// empty waits for the lanes to end, which may be waiting to hand something over.
func (f *Fold) empty() {
	ended := make(chan struct{})
	go func() {
		f.reading.Wait()
		close(ended)
	}()
	for {
		select {
		case <-f.in:
		case <-ended:
			return
		}
	}
}

// do has a call made in the fold's goroutine; false if ctx ended first.
func (f *Fold) do(ctx context.Context, call func(ctx context.Context) error) bool {
	select {
	case f.calls <- call:
		return true
	case <-ctx.Done():
		return false
	}
}

// setLanes starts reading new lanes and gives up those of regions that are gone. That of
// the heartbeats is always there.
func (f *Fold) setLanes(regions []unit.Region) {
	regions = append(slices.Clip(regions), unit.Region{Name: uptime.RegionHeartbeat})
	known := make(map[string]bool, len(regions))
	for _, r := range regions {
		known[r.Name] = true
		if f.lanes[r.Name] != nil {
			continue
		}
		at := queue.Lane{Region: r.Name, Shard: f.cfg.Shard}
		l := &lane{
			Lane: at, q: f.queue, reader: f.queue.Results(at, queue.GroupAggregator, f.cfg.Instance), now: f.cfg.Now,
			in: f.in, log: f.cfg.Log, taken: map[string]bool{}, wake: make(chan struct{}, 1),
			room: make(chan struct{}, readAhead),
		}
		f.lanes[r.Name] = l
		f.horizon.add(r.Name, 0) // unless its position is known
		f.start(l)
	}
	for name, l := range f.lanes {
		if !known[name] {
			l.cancel()
			delete(f.lanes, name)
		}
	}
	f.horizon.keep(known)
	open := make([]queue.Lane, 0, len(f.lanes))
	for _, l := range f.lanes {
		open = append(open, l.Lane)
	}
	f.open.Store(&open)
}

// Lanes returns the lanes that are read. It is safe for concurrent use.
func (f *Fold) Lanes() []queue.Lane {
	if open := f.open.Load(); open != nil {
		return *open
	}
	return nil
}
