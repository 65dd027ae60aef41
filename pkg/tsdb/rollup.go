package tsdb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

const (
	// rollMeasurement is the measurement of rolled up windows.
	rollMeasurement = "rollup"
	// progressMeasurement keeps how far a level is rolled up, beside its windows, so
	// that both are lost together or not at all. One point a day is overwritten.
	progressMeasurement = "rollup_progress"
)

// rollBatch is how many bytes of windows are written at once.
const rollBatch = 1 << 20

// ErrUnaligned is returned for a roll-up of something other than whole windows.
var ErrUnaligned = errors.New("not whole windows")

// Rolled says what a roll-up did.
type Rolled struct {
	Windows int // points written: series × windows with ticks
	Ticks   int // points read
}

// RollUp computes the windows of a level between two instants from the next finer one
// and writes them. Done again it writes the same points again, so it is the cure for
// late ticks, too. The error is a *[WriteError] where writing failed.
func (c *Client) RollUp(ctx context.Context, l Level, from, to time.Time) (Rolled, error) {
	var done Rolled
	if l == LevelRaw || l >= levelCount || !floor(from, l.Width()).Equal(from) || !floor(to, l.Width()).Equal(to) {
		return done, fmt.Errorf("roll-up of %s from %s to %s: %w", l, instant(from), instant(to), ErrUnaligned)
	}
	step := l.Width()
	for from.Before(to) {
		end := earlier(from.Add(step), to)
		read, written, err := c.rollStretch(ctx, l, from, end)
		done.Windows += written
		done.Ticks += read
		if err != nil {
			return done, fmt.Errorf("roll-up of %s from %s: %w", l, instant(from), err)
		}
		from, step = end, nextStep(l, step, read)
	}
	return done, nil
}

// nextStep makes the stretches longer while there is little in them (a fresh fleet
// that looks back a month, a small one that was away for a day) and shorter when
// there is much, since a stretch is held in memory.
func nextStep(l Level, step time.Duration, read int) time.Duration {
	const few, many = 50_000, 400_000
	switch {
	case read < few:
		return min(step*2, 48*time.Hour)
	case read > many:
		return max((step / 2).Truncate(l.Width()), l.Width())
	}
	return step
}

// rollStretch rolls up a few windows, a share of the monitors at a time.
func (c *Client) rollStretch(ctx context.Context, l Level, from, to time.Time) (read, written int, err error) {
	series := 0
	suffixes := c.rolls.suffixes()
	for _, suffix := range suffixes {
		g := gridOf(l - 1)
		q := levelQuery(c.bucket(l-1), l-1, from, to)
		q.suffix = suffix
		if err := c.query(ctx, q, g.add); err != nil {
			return read, written, err
		}
		series += len(g.series)
		var lines []byte
		for id, s := range g.series {
			read += len(s.points)
			var n int
			lines, n = s.windows(lines, id, l)
			written += n
			if len(lines) > rollBatch {
				if err := c.writeLines(ctx, l, lines); err != nil {
					return read, written, err
				}
				lines = lines[:0]
			}
		}
		if err := c.writeLines(ctx, l, lines); err != nil {
			return read, written, err
		}
	}
	c.rolls.saw(series)
	return read, written, nil
}

// windows writes the windows of a series in line protocol and counts them.
func (s *seriesGrid) windows(lines []byte, id seriesKey, l Level) ([]byte, int) {
	windows := map[int64]*accum{}
	for i := range s.points {
		p := &s.points[i]
		start := floor(time.UnixMicro(p.at), l.Width()).UnixMicro()
		a := windows[start]
		if a == nil {
			a = &accum{}
			windows[start] = a
		}
		if l-1 == LevelRaw {
			a.addTick(p.cells)
		} else {
			a.addWindow(p)
		}
	}
	for start, a := range windows {
		lines = append(a.appendWindow(lines, id, start), '\n')
	}
	return lines, len(windows)
}

// rollState chooses into how many shares of monitors a roll-up is cut, by the number
// of series that the last one saw, so that what is held at once stays bounded; and
// remembers for a moment how far the levels are.
type rollState struct {
	mu     sync.Mutex
	digits int // of the id that pick a share: 16^digits shares
	seen   bool
	cached [levelCount]progress
}

func (s *rollState) suffixes() []string {
	s.mu.Lock()
	digits := s.digits
	if !s.seen {
		digits = 1
	}
	s.mu.Unlock()
	out := []string{""}
	for range digits {
		var longer []string
		for _, suffix := range out {
			for d := range 16 {
				longer = append(longer, strconv.FormatInt(int64(d), 16)+suffix)
			}
		}
		out = longer
	}
	return out
}

func (s *rollState) saw(series int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = true
	switch {
	case series < 5_000:
		s.digits = 0
	case series < 200_000:
		s.digits = 1
	default:
		s.digits = 2
	}
}

type progress struct {
	until, read time.Time
}

// progressAge is for how long a level's progress is believed: an old one only means
// that a little more is read from the finer level.
const progressAge = 20 * time.Second

// Progress returns up to which instant a level is rolled up; the zero time if it
// never was.
func (c *Client) Progress(ctx context.Context, l Level) (time.Time, error) {
	now := c.cfg.Now()
	c.rolls.mu.Lock()
	have := c.rolls.cached[l]
	c.rolls.mu.Unlock()
	if !have.read.IsZero() && now.Sub(have.read) < progressAge && !now.Before(have.read) {
		return have.until, nil
	}
	until, err := c.readProgress(ctx, l, now.Add(-48*time.Hour), now)
	if err == nil && until.IsZero() {
		until, err = c.readProgress(ctx, l, now.Add(-c.Retention(l)), now)
	}
	if err != nil {
		return time.Time{}, err
	}
	c.rolls.remember(l, until, now)
	return until, nil
}

func (c *Client) readProgress(ctx context.Context, l Level, from, now time.Time) (time.Time, error) {
	var until int64
	err := c.query(ctx, fluxQuery{
		bucket: c.bucket(l), from: from, to: now.Add(24 * time.Hour), measurement: progressMeasurement,
	}, func(r *row) error {
		until = max(until, int64(zeroNaN(number(r.value))))
		return nil
	})
	if err != nil || until == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(until).UTC(), nil
}

// SetProgress records up to which instant a level is rolled up.
func (c *Client) SetProgress(ctx context.Context, l Level, until time.Time) error {
	now := c.cfg.Now()
	line := progressMeasurement + " until=" + strconv.FormatInt(until.UnixMicro(), 10) + "i " +
		strconv.FormatInt(floor(now, 24*time.Hour).UnixMicro(), 10)
	if err := c.writeLines(ctx, l, []byte(line)); err != nil {
		return err
	}
	c.rolls.remember(l, until, now)
	return nil
}

func (s *rollState) remember(l Level, until, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cached[l] = progress{until: until, read: now}
}
