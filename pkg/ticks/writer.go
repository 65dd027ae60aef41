// Package ticks carries results from a lane's stream into InfluxDB. Nothing is lost on
// the way: a batch is acknowledged only after InfluxDB has its ticks, whatever is wrong
// with InfluxDB is waited for without end, and what it will never take goes to the
// dead letters, one tick at a time. Meanwhile the results wait in Redis, so memory
// here stays bounded. The same writer runs in workers that reach InfluxDB and in the
// core for regions whose workers do not (see [Core]).
package ticks

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// Reader reads a lane's results; a [queue.ResultReader] does.
type Reader interface {
	Read(ctx context.Context, count int) ([]queue.Batch, error)
	Ack(ctx context.Context, ids ...string) error
	Peers
}

// Peers is how readers of one lane look after each other.
type Peers interface {
	Beat(ctx context.Context) error
	ClaimDead(ctx context.Context, count int) ([]queue.Batch, error)
	Leave(ctx context.Context) (left int, err error)
}

// Sink stores ticks; a [tsdb.Client] does.
type Sink interface {
	Write(ctx context.Context, ticks []uptime.Result) error
	EnsureBuckets(ctx context.Context) error
}

// Notes is where a writer leaves word: of ticks that nobody takes, and of windows
// that must be rolled up again. A [queue.Client] is one.
type Notes interface {
	DeadLetter(ctx context.Context, l queue.Lane, kind string, payload []byte, why string) error
	MarkDirty(ctx context.Context, l queue.Lane, windows ...queue.Window) error
}

// Config of a [Writer]. Zero values are the defaults named.
type Config struct {
	Lane    queue.Lane
	Batches int              // read at once, each of at most 256 results; 64
	Linger  time.Duration    // between reads while there is little, so that writes are large; 1 s
	Retry   time.Duration    // the first pause after a failed write; 250 ms, growing to RetryMost
	Most    time.Duration    // the longest such pause; 30 s
	Now     func() time.Time // time.Now
	Log     *slog.Logger     // slog.Default()
	Metrics *Metrics         // not registered anywhere
}

const (
	// rollDelay is how long after its end a window of five minutes may have been rolled
	// up: a tick later than that makes it dirty. It is less than the roll-up waits, and
	// doing a window again costs little.
	rollDelay = 20 * time.Second
	// claimEvery is how often batches of dead readers are looked for.
	claimEvery = 5 * time.Second
	// beatEvery keeps the reader known to be alive while a write is repeated.
	beatEvery = 2 * time.Second
	// leaveTime bounds the goodbye.
	leaveTime = 2 * time.Second
	// writeTime bounds one write.
	writeTime = 20 * time.Second

	deadKind = "ticks"
)

// Writer carries the results of one lane.
type Writer struct {
	in    Reader
	sink  Sink
	notes Notes
	cfg   Config

	claimed time.Time
	lastLog time.Time
}

// NewWriter returns a writer from a reader of group [queue.GroupTicks] to a sink.
func NewWriter(in Reader, sink Sink, notes Notes, cfg Config) *Writer {
	cfg.Batches = orDefault(cfg.Batches, 64)
	cfg.Linger = orDefault(cfg.Linger, time.Second)
	cfg.Retry = orDefault(cfg.Retry, 250*time.Millisecond)
	cfg.Most = orDefault(cfg.Most, 30*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics()
	}
	return &Writer{in: in, sink: sink, notes: notes, cfg: cfg}
}

// Run carries results until ctx ends. No error of Redis or InfluxDB ends it: it
// returns nil, always.
func (w *Writer) Run(ctx context.Context) error {
	pause := w.cfg.Retry
	for ctx.Err() == nil {
		batches, err := w.next(ctx)
		if err != nil && ctx.Err() == nil {
			w.complain(ctx, "cannot read results, trying again", err)
			sleep(ctx, jitter(pause))
			pause = min(2*pause, w.cfg.Most)
			continue
		}
		pause = w.cfg.Retry
		if len(batches) > 0 {
			w.carry(ctx, batches)
		}
		if len(batches) < w.cfg.Batches {
			sleep(ctx, w.cfg.Linger)
		}
	}
	goodbye, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if _, err := w.in.Leave(goodbye); err != nil {
		w.cfg.Log.DebugContext(ctx, "cannot say goodbye", "lane", w.cfg.Lane.String(), "err", err)
	}
	return nil
}

// next returns batches of dead readers, now and then, and new ones.
func (w *Writer) next(ctx context.Context) ([]queue.Batch, error) {
	if time.Since(w.claimed) >= claimEvery {
		w.claimed = time.Now()
		batches, err := w.in.ClaimDead(ctx, w.cfg.Batches)
		if err != nil || len(batches) > 0 {
			return batches, err
		}
	}
	return w.in.Read(ctx, w.cfg.Batches)
}

// carry writes the ticks of some batches and acknowledges these. If ctx ends before, they
// stay pending and are carried again by whoever reads next; a tick written twice is
// one tick.
func (w *Writer) carry(ctx context.Context, batches []queue.Batch) {
	var ticks []uptime.Result
	ids := make([]string, len(batches))
	for i, b := range batches {
		ids[i] = b.ID
		err := wire.DecodeResults(b.Payload, w.cfg.Lane.Region, func(r *uptime.Result) {
			if r.Outcome.Vote() {
				r.Evidence = nil // a tick has none, and thousands of them wait here
				ticks = append(ticks, *r)
			}
		})
		if err != nil && !w.bury(ctx, b.Payload, err.Error()) {
			return
		}
	}
	oldest := w.cfg.Now().Sub(queue.IDTime(batches[0].ID))
	w.cfg.Metrics.lag.WithLabelValues(w.cfg.Lane.Region).Set(max(oldest, 0).Seconds())
	if !w.write(ctx, ticks) {
		return
	}
	dirty := w.rolledUp(ticks)
	done := w.insist(ctx, "cannot mark windows to be rolled up again", func(ctx context.Context) error {
		return w.notes.MarkDirty(ctx, w.cfg.Lane, dirty...)
	})
	if done {
		w.insist(ctx, "cannot acknowledge results", func(ctx context.Context) error { return w.in.Ack(ctx, ids...) })
	}
}

// write stores ticks and returns true when each of them is in InfluxDB or among the
// dead letters, false if ctx ended before.
func (w *Writer) write(ctx context.Context, ticks []uptime.Result) bool {
	pause := w.cfg.Retry
	for failures := 0; len(ticks) > 0; failures++ {
		err := w.try(ctx, ticks)
		if err == nil {
			w.cfg.Metrics.written.WithLabelValues(w.cfg.Lane.Region).Add(float64(len(ticks)))
			if failures > 0 {
				w.cfg.Log.InfoContext(ctx, "ticks are written again", "lane", w.cfg.Lane.String(), "failures", failures)
			}
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		var we *tsdb.WriteError
		if errors.As(err, &we) && we.Kind != tsdb.WriteRetry {
			return w.divide(ctx, ticks, we)
		}
		w.cfg.Metrics.retries.WithLabelValues(w.cfg.Lane.Region).Inc()
		w.complain(ctx, "cannot write ticks, trying again", err)
		wait := jitter(pause)
		if we != nil && we.RetryAfter > 0 {
			wait = jitter(we.RetryAfter) + we.RetryAfter/2
		}
		if we != nil && we.Status == http.StatusNotFound { // somebody emptied the server, or it is new
			if err := w.sink.EnsureBuckets(ctx); err != nil {
				w.complain(ctx, "cannot make the buckets", err)
			}
		}
		if w.rest(ctx, wait); ctx.Err() != nil {
			return false
		}
		pause = min(2*pause, w.cfg.Most)
	}
	return true
}

func (w *Writer) try(ctx context.Context, ticks []uptime.Result) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	return w.sink.Write(ctx, ticks)
}

// divide writes the halves of what was too large or had a bad tick in it. A single
// tick that is refused is a dead letter.
func (w *Writer) divide(ctx context.Context, ticks []uptime.Result, cause *tsdb.WriteError) bool {
	if len(ticks) == 1 {
		return w.bury(ctx, wire.EncodeResult(nil, &ticks[0]), cause.Error())
	}
	half := len(ticks) / 2
	return w.write(ctx, ticks[:half]) && w.write(ctx, ticks[half:])
}

// bury puts something among the dead letters; false if ctx ended before.
func (w *Writer) bury(ctx context.Context, payload []byte, why string) bool {
	w.cfg.Metrics.dead.WithLabelValues(w.cfg.Lane.Region).Inc()
	w.cfg.Log.WarnContext(ctx, "a tick goes to the dead letters", "lane", w.cfg.Lane.String(), "why", why)
	return w.insist(ctx, "cannot write a dead letter", func(ctx context.Context) error {
		return w.notes.DeadLetter(ctx, w.cfg.Lane, deadKind, payload, why)
	})
}

// rolledUp returns the windows that were probably rolled up without these ticks.
func (w *Writer) rolledUp(ticks []uptime.Result) []queue.Window {
	closed := w.cfg.Now().Add(-rollDelay)
	width := tsdb.Level5m.Width()
	seen := map[time.Time]bool{}
	var dirty []queue.Window
	for i := range ticks {
		start := ticks[i].Due.Time().Truncate(width)
		if !start.Add(width).After(closed) && !seen[start] {
			seen[start] = true
			dirty = append(dirty, queue.Window{Start: start, Width: width})
		}
	}
	return dirty
}

// insist repeats something until it succeeds; false if ctx ended before.
func (w *Writer) insist(ctx context.Context, complaint string, do func(ctx context.Context) error) bool {
	pause := w.cfg.Retry
	for {
		err := do(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		w.complain(ctx, complaint, err)
		if w.rest(ctx, jitter(pause)); ctx.Err() != nil {
			return false
		}
		pause = min(2*pause, w.cfg.Most)
	}
}

// rest waits without being taken for dead.
func (w *Writer) rest(ctx context.Context, d time.Duration) {
	for d > 0 && ctx.Err() == nil {
		step := min(d, beatEvery)
		sleep(ctx, step)
		d -= step
		if err := w.in.Beat(ctx); err != nil && ctx.Err() == nil {
			w.complain(ctx, "cannot say that the reader lives", err)
		}
	}
}

// complain logs, but not the same for ever.
func (w *Writer) complain(ctx context.Context, what string, err error) {
	if time.Since(w.lastLog) < 30*time.Second {
		return
	}
	w.lastLog = time.Now()
	w.cfg.Log.WarnContext(ctx, what, "lane", w.cfg.Lane.String(), "err", err)
}

// jitter returns between half and all of d, so that many writers do not return at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

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
