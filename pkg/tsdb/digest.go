package tsdb

import (
	"context"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// digestBatch is how many monitors one query is about, so that what is held of its
// answer stays bounded.
const digestBatch = 250

// The longest stretches that are read for many monitors from a finer level than asked
// for, because the roll-up has not come so far: rather a gap than minutes of reading.
var longestTail = [levelCount]time.Duration{LevelRaw: 30 * time.Minute, Level5m: maxRawSpan}

// DigestQuery asks for the checks of many monitors at once.
type DigestQuery struct {
	Monitors []uptime.ID
	From, To time.Time
	Region   string // empty: all
	// Coarsest is the level that is read; what is not rolled up to it yet comes from finer
	// ones. Windows count if they begin in the period.
	Coarsest Level
}

// Hour is what passed in an hour.
type Hour struct {
	OK  int
	Sum float64 // of the latencies, in milliseconds
}

// Digest is what is known of the checks of a stretch of time. Latencies are those of
// the checks that passed.
type Digest struct {
	Hours map[int64]Hour // by the hour's beginning, in seconds since the Unix epoch
	a     accum
}

// Count returns how many checks there were.
func (d *Digest) Count() int { return d.a.count }

// OK returns how many of them passed.
func (d *Digest) OK() int { return d.a.ok }

// Mean returns the mean latency, Max the longest; zero if none passed.
func (d *Digest) Mean() time.Duration {
	if d.a.ok == 0 {
		return 0
	}
	return millis(d.a.sum / float64(d.a.ok))
}

// Max returns the longest latency; zero if none passed.
func (d *Digest) Max() time.Duration { return millis(d.a.max) }

// Quantiles returns the latencies at quantiles, each above 0 and at most 1: exactly for
// ticks alone, within 1 % as soon as a rolled up window is in it. Zero if none passed.
func (d *Digest) Quantiles(quantiles ...float64) []time.Duration {
	out := make([]time.Duration, len(quantiles))
	for i, v := range d.a.at(quantiles...) {
		out[i] = millis(v)
	}
	return out
}

// Compact makes what is kept of the distribution small.
func (d *Digest) Compact() { d.a.compact() }

// Join returns what digests of different stretches, regions or monitors know together.
// Those that are nil know nothing.
func Join(digests ...*Digest) *Digest {
	out := &Digest{Hours: map[int64]Hour{}}
	for _, d := range digests {
		if d == nil {
			continue
		}
		out.a.merge(&d.a)
		for at, h := range d.Hours {
			have := out.Hours[at]
			out.Hours[at] = Hour{OK: have.OK + h.OK, Sum: have.Sum + h.Sum}
		}
	}
	return out
}

// add counts a point of a level.
func (d *Digest) add(l Level, p *point) {
	ok, sum := d.a.ok, d.a.sum
	if l == LevelRaw {
		d.a.addTick(p.cells)
	} else {
		d.a.addWindow(p)
	}
	hour := floor(time.UnixMicro(p.at), time.Hour).Unix()
	have := d.Hours[hour]
	d.Hours[hour] = Hour{OK: have.OK + d.a.ok - ok, Sum: have.Sum + d.a.sum - sum}
}

// Digests returns what is known of monitors' checks, by monitor and region; those
// without any are not there.
func (c *Client) Digests(ctx context.Context, q DigestQuery) (map[uptime.ID]map[string]*Digest, error) {
	out := make(map[uptime.ID]map[string]*Digest, len(q.Monitors))
	for batch := range slices.Chunk(q.Monitors, digestBatch) {
		if err := c.digest(ctx, q, batch, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Client) digest(ctx context.Context, q DigestQuery, monitors []uptime.ID, out map[uptime.ID]map[string]*Digest) error {
	from, to := later(q.From, c.cfg.Now().Add(-c.Retention(q.Coarsest))), q.To
	for level := q.Coarsest; from.Before(to); level-- {
		end := to
		if level < q.Coarsest {
			from = later(from, earlier(to, c.cfg.Now()).Add(-longestTail[level]))
		}
		if level > LevelRaw {
			rolled, err := c.Progress(ctx, level)
			if err != nil {
				return err
			}
			end = earlier(to, rolled)
		}
		if from.Before(end) {
			if err := c.digestLevel(ctx, level, q.Region, monitors, from, end, out); err != nil {
				return err
			}
			from = end
		}
		if level == LevelRaw {
			break
		}
	}
	return nil
}

// What a digest needs of a level: fewer fields than a series, which has phases.
var (
	digestTick = []string{tickFields[fTotal], tickFields[fOK]}
	digestRoll = []string{rollFields[rCount], rollFields[rOK], rollFields[rMin], rollFields[rMax], rollFields[rSum], sketchField}
)

func (c *Client) digestLevel(
	ctx context.Context, l Level, region string, monitors []uptime.ID, from, to time.Time, out map[uptime.ID]map[string]*Digest,
) error {
	g, fq := gridOf(l), levelQuery(c.bucket(l), l, from, to)
	fq.monitors, fq.region, fq.fields = monitors, region, digestRoll
	if l == LevelRaw {
		fq.fields = digestTick
	}
	if err := c.read(ctx, fq, g); err != nil {
		return err
	}
	g.each(func(key seriesKey, p *point) {
		id, err := uptime.ParseID(key.monitor)
		if err != nil {
			return // Not of ours: nothing else was asked for.
		}
		regions := out[id]
		if regions == nil {
			regions = map[string]*Digest{}
			out[id] = regions
		}
		d := regions[key.region]
		if d == nil {
			d = &Digest{Hours: map[int64]Hour{}}
			regions[key.region] = d
		}
		d.add(l, p)
	})
	return nil
}

// LevelOf returns the level that a period is read from that begins at from and is so
// long: raw ticks up to 26 hours, 5 minute windows up to 10 days, hours beyond, and where
// one no longer reaches back that far the next.
func (c *Client) LevelOf(from time.Time, length time.Duration) Level {
	level := LevelRaw
	switch {
	case length > max5mSpan:
		level = Level1h
	case length > maxRawSpan:
		level = Level5m
	}
	for level < Level1h && from.Before(c.cfg.Now().Add(-c.Retention(level))) {
		level++
	}
	return level
}
