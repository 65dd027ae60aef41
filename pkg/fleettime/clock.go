// Package fleettime is the one clock of the fleet: the time that Redis tells,
// carried forward on the machine's monotonic clock between the questions. After its
// first answer it never jumps and never runs backwards: a difference is slewed, so
// that due instants, deadlines and lateness of different machines are comparable
// whatever their own clocks say.
package fleettime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Defaults of [Config].
const (
	DefaultEvery   = 5 * time.Second        // quartz drifts some 50 ppm: 0.25 ms in this time
	DefaultRetry   = 200 * time.Millisecond // between failed questions
	DefaultMaxSlew = 0.05                   // a second of difference is gone in 20 s
	DefaultMaxTrip = 250 * time.Millisecond // the answer may be wrong by half of it
)

// Source asks for the reference time; [queue.Client.Time] is one.
type Source func(ctx context.Context) (time.Time, error)

// Config of a [Clock]; its zero value is good.
type Config struct {
	Every   time.Duration        // between questions
	Retry   time.Duration        // after a failed or slow one
	MaxSlew float64              // how much faster or slower than time itself the clock may run
	MaxTrip time.Duration        // answers that took longer are not used, except as the first
	Mono    func() time.Duration // the monotonic clock, for tests; nil: the machine's
	Wall    func() time.Time     // the guess before the first answer, for tests; nil: the machine's
	Log     *slog.Logger         // nil: slog.Default()
}

// Clock tells fleet time. It is safe for use by many goroutines.
type Clock struct {
	source Source
	cfg    Config
	state  atomic.Pointer[state]
}

// state is a straight line with a kink: from (mono, base) on, time runs at 1+slew
// until slewing is over, and at 1 after that. All in nanoseconds.
type state struct {
	mono   time.Duration
	base   int64
	slew   float64
	until  time.Duration // monotonic
	synced bool
	asked  time.Duration // monotonic; of the last good answer
}

func (s *state) at(mono time.Duration) int64 {
	passed := mono - s.mono
	slewed := min(passed, s.until-s.mono)
	return s.base + int64(passed) + int64(s.slew*float64(max(slewed, 0)))
}

// New returns a clock that asks source. Until its first answer (see [Clock.Run] and
// [Clock.Sync]) it tells the machine's own time.
func New(source Source, cfg Config) *Clock {
	if cfg.Every <= 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Retry <= 0 {
		cfg.Retry = DefaultRetry
	}
	if cfg.MaxSlew <= 0 {
		cfg.MaxSlew = DefaultMaxSlew
	}
	if cfg.MaxTrip <= 0 {
		cfg.MaxTrip = DefaultMaxTrip
	}
	if cfg.Mono == nil {
		start := time.Now()
		cfg.Mono = func() time.Duration { return time.Since(start) }
	}
	if cfg.Wall == nil {
		cfg.Wall = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	c := &Clock{source: source, cfg: cfg}
	c.state.Store(&state{mono: cfg.Mono(), base: cfg.Wall().UnixNano()})
	return c
}

// Now returns fleet time. Successive calls never go backwards once the clock is synced.
func (c *Clock) Now() uptime.Instant {
	return uptime.Instant(c.state.Load().at(c.cfg.Mono()) / 1000)
}

// Synced tells whether the reference has been heard at least once.
func (c *Clock) Synced() bool { return c.state.Load().synced }

// Age returns how long ago the reference was last heard; it is meaningless before
// the first time.
func (c *Clock) Age() time.Duration { return c.cfg.Mono() - c.state.Load().asked }

// ErrSlowAnswer is returned by [Clock.Sync] for an answer that was under way too
// long to be of use.
var ErrSlowAnswer = errors.New("the answer took too long")

// Sync asks the reference once and sets (the first time) or slews the clock. It must
// not be called by several goroutines at once.
func (c *Clock) Sync(ctx context.Context) error {
	before := c.cfg.Mono()
	told, err := c.source(ctx)
	after := c.cfg.Mono()
	if err != nil {
		return fmt.Errorf("ask for fleet time: %w", err)
	}
	old := c.state.Load()
	trip := after - before
	if old.synced && trip > c.cfg.MaxTrip {
		return fmt.Errorf("%w: %v", ErrSlowAnswer, trip)
	}
	// The reference was read somewhere within the round trip: assume its middle.
	reference := told.UnixNano() + int64(trip/2)
	if !old.synced {
		c.state.Store(&state{mono: after, base: reference, until: after, synced: true, asked: after})
		return nil
	}
	now := old.at(after)
	next := &state{mono: after, base: now, until: after, synced: true, asked: after}
	if diff := reference - now; diff != 0 {
		next.slew = c.cfg.MaxSlew
		if diff < 0 {
			next.slew = -next.slew
		}
		next.until = after + time.Duration(float64(diff)/next.slew)
	}
	c.state.Store(next)
	return nil
}

// Run asks the reference regularly until ctx is cancelled, which it answers with
// nil. While the reference is silent the clock goes on by itself.
func (c *Clock) Run(ctx context.Context) error {
	failures := 0
	for {
		pause := c.cfg.Every
		switch err := c.Sync(ctx); {
		case err == nil:
			if failures > 0 {
				c.cfg.Log.InfoContext(ctx, "fleet time is heard again", "failures", failures)
			}
			failures = 0
		case ctx.Err() != nil:
			return nil
		default:
			if failures == 0 {
				c.cfg.Log.WarnContext(ctx, "fleet time is not heard, the clock goes on by itself", "err", err)
			}
			failures++
			pause = min(c.cfg.Retry*time.Duration(min(failures, 16)), c.cfg.Every)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
