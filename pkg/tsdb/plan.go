package tsdb

import (
	"errors"
	"time"
)

// MaxBuckets is the most points that a series has per region.
const MaxBuckets = 500

// The longest spans that are read from a level. Measured: 26 hours of raw ticks of
// one monitor in three regions every 30 s take about 50 ms, 30 days take seconds.
const (
	maxRawSpan = 26 * time.Hour
	max5mSpan  = 10 * 24 * time.Hour
)

// longestSpan is the same by level; hours are read for as long as they are kept.
var longestSpan = [levelCount]time.Duration{LevelRaw: maxRawSpan, Level5m: max5mSpan, Level1h: 1<<63 - 1}

// ErrSpan is returned for a span that ends before it starts.
var ErrSpan = errors.New("the span ends before it starts")

// nice are the bucket widths that people can read, from which the service chooses.
var nice = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// plan is how a span is read.
type plan struct {
	level      Level
	resolution time.Duration
	from, to   time.Time // whole buckets
}

// planSeries chooses the level and the buckets of a span: any span works, and a wish
// for finer buckets than the level has, or for more than [MaxBuckets], gets the
// finest that there are. Where a level no longer reaches back that far, the next one
// is read.
func planSeries(now time.Time, q SeriesQuery, keep Retention) (plan, error) {
	from, to := q.From, q.To
	if to.After(now.Add(time.Hour)) {
		to = now.Add(time.Hour)
	}
	if !from.Before(to) {
		return plan{}, ErrSpan
	}
	p := plan{level: LevelRaw}
	switch span := to.Sub(from); {
	case span > max5mSpan:
		p.level = Level1h
	case span > maxRawSpan:
		p.level = Level5m
	}
	for p.level < Level1h && from.Before(now.Add(-keep.Of(p.level))) {
		p.level++
	}
	if oldest := now.Add(-keep.Of(Level1h)); from.Before(oldest) {
		from = oldest
		if !from.Before(to) {
			to = from.Add(time.Second) // all of it is gone: an empty answer, not an error
		}
	}
	finest := max(p.level.Width(), time.Second)
	want := q.Resolution
	if want <= 0 {
		want = max(orDefault(q.Interval, time.Minute), finest)
	}
	p.resolution = want.Truncate(finest) // whole windows of the level
	if p.resolution < want {
		p.resolution += finest
	}
	p.align(from, to)
	for i := 0; p.buckets() > MaxBuckets && i < len(nice); i++ {
		if nice[i] > p.resolution && nice[i]%finest == 0 {
			p.resolution = nice[i]
			p.align(from, to)
		}
	}
	return p, nil
}

func (p *plan) align(from, to time.Time) {
	p.from = floor(from, p.resolution)
	p.to = floor(to.Add(p.resolution-1), p.resolution)
}

func (p *plan) buckets() int { return int(p.to.Sub(p.from) / p.resolution) }

// floor cuts an instant down to a multiple of d since the Unix epoch ([time.Time.Truncate]
// counts from another one, which weeks would show).
func floor(t time.Time, d time.Duration) time.Time {
	ns := t.UnixNano()
	rest := ns % int64(d)
	if rest < 0 {
		rest += int64(d)
	}
	return time.Unix(0, ns-rest).UTC()
}
