package tsdb

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// SeriesQuery asks for the latency of one monitor over any span.
type SeriesQuery struct {
	Monitor  uptime.ID
	From, To time.Time
	Region   string // empty: all
	// Resolution is the wanted width of a bucket. Zero chooses: no finer than Interval,
	// no more than [MaxBuckets].
	Resolution time.Duration
	Interval   time.Duration // of the monitor's checks, so that a bucket has one; 1 minute
}

// Point is one bucket of a series. A bucket without ticks is not there at all; one
// with ticks but none that passed has counts and no latency. Latencies are those of
// the checks that passed.
type Point struct {
	Time                     time.Time // its start
	Count, OK                int
	Min, Max, Mean, P50, P95 time.Duration
	Phases                   uptime.Phases // means
}

// RegionSeries is what one region saw, in order of time.
type RegionSeries struct {
	Region string
	Points []Point
}

// Series is an answer to a [SeriesQuery].
type Series struct {
	Level      Level // that was read; the newest stretch comes from finer ones
	Resolution time.Duration
	From, To   time.Time      // whole buckets
	Regions    []RegionSeries // in order of name
}

// Latency returns the latency of a monitor in buckets: from raw ticks up to 26 hours,
// from 5 minute windows up to 10 days, from hours beyond. Windows that are not rolled
// up yet are filled in from the finer level.
func (c *Client) Latency(ctx context.Context, q SeriesQuery) (Series, error) {
	p, err := planSeries(c.cfg.Now(), q, c.cfg.Retention)
	if err != nil {
		return Series{}, err
	}
	buckets := map[string]map[int64]*accum{}
	bucket := func(region string, at int64) *accum {
		perRegion := buckets[region]
		if perRegion == nil {
			perRegion = map[int64]*accum{}
			buckets[region] = perRegion
		}
		start := floor(time.UnixMicro(at), p.resolution).UnixMicro()
		a := perRegion[start]
		if a == nil {
			a = &accum{}
			perRegion[start] = a
		}
		return a
	}
	from := p.from
	for level := p.level; from.Before(p.to); level-- {
		to := p.to
		if level < p.level { // the roll-up may be far behind: rather a gap than minutes of reading
			from = later(from, earlier(p.to, c.cfg.Now()).Add(-longestSpan[level]))
		}
		if level > LevelRaw {
			rolled, err := c.Progress(ctx, level)
			if err != nil {
				return Series{}, err
			}
			to = earlier(to, rolled)
		}
		if from.Before(to) {
			if err := c.readLevel(ctx, level, q, from, to, bucket); err != nil {
				return Series{}, err
			}
			from = to
		}
		if level == LevelRaw {
			break
		}
	}
	return seriesOf(p, buckets), nil
}

// readLevel reads a stretch of one level into the buckets.
func (c *Client) readLevel(
	ctx context.Context, l Level, q SeriesQuery, from, to time.Time, bucket func(string, int64) *accum,
) error {
	g := gridOf(l)
	fq := levelQuery(c.bucket(l), l, from, to)
	fq.monitor, fq.region = q.Monitor.String(), q.Region
	if err := c.read(ctx, fq, g); err != nil {
		return err
	}
	g.each(func(id seriesKey, p *point) {
		if a := bucket(id.region, p.at); l == LevelRaw {
			a.addTick(p.cells)
		} else {
			a.addWindow(p)
		}
	})
	return nil
}

// latencyFields are the fields of a tick from which a series is made.
var latencyFields = tickFields[:fOK+1]

// gridOf returns an empty grid for what [levelQuery] returns.
func gridOf(l Level) *grid {
	if l == LevelRaw {
		return &grid{fields: latencyFields, parse: tickCell}
	}
	return &grid{fields: rollFields, parse: rollCell, text: sketchField}
}

// levelQuery asks for what a series needs of a level.
func levelQuery(bucket string, l Level, from, to time.Time) fluxQuery {
	if l == LevelRaw {
		return fluxQuery{bucket: bucket, from: from, to: to, measurement: tickMeasurement, fields: latencyFields}
	}
	return fluxQuery{bucket: bucket, from: from, to: to, measurement: rollMeasurement}
}

func seriesOf(p plan, buckets map[string]map[int64]*accum) Series {
	out := Series{Level: p.level, Resolution: p.resolution, From: p.from, To: p.to}
	for _, region := range slices.Sorted(maps.Keys(buckets)) {
		perRegion := buckets[region]
		series := RegionSeries{Region: region, Points: make([]Point, 0, len(perRegion))}
		for _, start := range slices.Sorted(maps.Keys(perRegion)) {
			series.Points = append(series.Points, perRegion[start].point(time.UnixMicro(start).UTC()))
		}
		out.Regions = append(out.Regions, series)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
