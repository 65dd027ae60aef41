package tsdb

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Tick is a result as it is stored.
type Tick struct {
	Due    uptime.Instant
	Region string
	// OK is true of passed and degraded checks; a degraded one has a Reason, too.
	OK     bool
	Reason uptime.Reason
	Code   int // status code of the protocol, 0 if none
	Phases uptime.Phases
	Late   time.Duration
	Urgent bool // a confirmation or a check now, off the monitor's interval
}

// Outcome returns the vote that the tick was.
func (t *Tick) Outcome() uptime.Outcome {
	switch {
	case !t.OK:
		return uptime.OutcomeFail
	case t.Reason != uptime.ReasonNone:
		return uptime.OutcomeDegraded
	}
	return uptime.OutcomePass
}

// TickQuery asks for ticks of one monitor.
type TickQuery struct {
	Monitor  uptime.ID
	From, To time.Time // To is exclusive; no earlier than the retention of raw ticks
	Region   string    // empty: all
	OK       *bool     // nil: both
	Limit    int       // 100; at most 1000
	// Before and BeforeRegion are the last tick of the page before: what follows is
	// older, or as old and of a region later in the alphabet.
	Before       uptime.Instant
	BeforeRegion string
}

// The fields of a tick that become numbers in a [grid]; the order is that of cells.
const (
	fTotal = iota
	fDNS
	fConnect
	fTLS
	fTTFB
	fTransfer
	fOK
	fCode
	fLate
	fReason
	fUrgent
)

var tickFields = []string{
	fTotal: "total_ms", fDNS: "dns_ms", fConnect: "connect_ms", fTLS: "tls_ms", fTTFB: "ttfb_ms",
	fTransfer: "transfer_ms", fOK: "ok", fCode: "code", fLate: "late_ms", fReason: "reason", fUrgent: "urgent",
}

const (
	maxTicks    = 1000
	firstWindow = 30 * time.Minute // of the search backwards; doubled while it finds too few
	maxWindow   = 48 * time.Hour
	maxClusters = 16 // stretches of time into which a sparse page is cut
)

// Ticks returns ticks, the newest first, ties in order of region. It reads backwards
// in growing windows, so that a page of recent ticks costs the same whatever the span.
func (c *Client) Ticks(ctx context.Context, q TickQuery) ([]Tick, error) {
	limit := min(orDefault(q.Limit, 100), maxTicks)
	from, to := q.From, q.To
	if oldest := c.cfg.Now().Add(-c.Retention(LevelRaw)); from.Before(oldest) {
		from = oldest
	}
	if q.Before != 0 {
		if end := q.Before.Add(time.Microsecond).Time(); end.Before(to) {
			to = end
		}
	}
	var found []Tick
	for window := firstWindow; from.Before(to) && len(found) < limit; window = min(2*window, maxWindow) {
		start := to.Add(-window)
		if start.Before(from) {
			start = from
		}
		ticks, err := c.ticksBetween(ctx, q, start, to, limit-len(found))
		if err != nil {
			return nil, err
		}
		found, to = append(found, ticks...), start
	}
	return found, nil
}

// ticksBetween returns at most limit ticks of a window. With a wish for passed or
// failed ones it first finds out when those were, by the one field that tells.
func (c *Client) ticksBetween(ctx context.Context, q TickQuery, from, to time.Time, limit int) ([]Tick, error) {
	stretches := []stretch{{from, to}}
	if q.OK != nil {
		var at []int64
		fq := c.tickQuery(q.Monitor, q.Region, from, to, tickFields[fOK:fOK+1])
		fq.okValue = q.OK
		err := c.query(ctx, fq, func(r *row) error {
			if q.after(uptime.Instant(r.at), r.region) {
				at = append(at, r.at)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		stretches = clusters(at, limit)
	}
	var found []Tick
	for _, s := range stretches {
		g := grid{fields: tickFields, parse: tickCell}
		if err := c.query(ctx, c.tickQuery(q.Monitor, q.Region, s.from, s.to, tickFields), g.add); err != nil {
			return nil, err
		}
		g.each(func(id seriesKey, p *point) {
			t := tickOf(id.region, p)
			if q.after(t.Due, t.Region) && (q.OK == nil || t.OK == *q.OK) {
				found = append(found, t)
			}
		})
	}
	slices.SortFunc(found, func(a, b Tick) int {
		return cmp.Or(cmp.Compare(b.Due, a.Due), cmp.Compare(a.Region, b.Region))
	})
	return found[:min(len(found), limit)], nil
}

func (c *Client) tickQuery(monitor uptime.ID, region string, from, to time.Time, fields []string) fluxQuery {
	return fluxQuery{
		bucket: c.bucket(LevelRaw), from: from, to: to, measurement: tickMeasurement,
		monitor: monitor.String(), region: region, fields: fields,
	}
}

// after tells whether a tick comes after the cursor in the order of a page.
func (q *TickQuery) after(due uptime.Instant, region string) bool {
	return q.Before == 0 || due < q.Before || due == q.Before && q.BeforeRegion != "" && region > q.BeforeRegion
}

type stretch struct{ from, to time.Time }

// clusters covers the newest n instants with at most maxClusters stretches of time,
// cut where the gaps between them are widest.
func clusters(at []int64, n int) []stretch {
	if len(at) == 0 {
		return nil
	}
	slices.Sort(at)
	at = at[max(0, len(at)-n):]
	gaps := make([]int64, 0, len(at))
	for i := 1; i < len(at); i++ {
		gaps = append(gaps, at[i]-at[i-1])
	}
	slices.Sort(gaps)
	widest := int64(10 * time.Minute / time.Microsecond)
	if len(gaps) >= maxClusters {
		widest = max(widest, gaps[len(gaps)-maxClusters])
	}
	var out []stretch
	first := at[0]
	for i := range at {
		if i == len(at)-1 || at[i+1]-at[i] > widest {
			out = append(out, stretch{time.UnixMicro(first), time.UnixMicro(at[i] + 1)})
			if i < len(at)-1 {
				first = at[i+1]
			}
		}
	}
	return out
}

// tickOf makes a tick of a point of the grid.
func tickOf(region string, p *point) Tick {
	v := p.cells
	reason := uptime.ReasonNone
	if !math.IsNaN(v[fReason]) {
		reason = uptime.Reason(v[fReason])
	}
	code := 0
	if !math.IsNaN(v[fCode]) {
		code = int(v[fCode])
	}
	return Tick{
		Due: uptime.Instant(p.at), Region: region, OK: v[fOK] == 1, Reason: reason, Code: code,
		Phases: uptime.Phases{
			DNS: millis(v[fDNS]), Connect: millis(v[fConnect]), TLS: millis(v[fTLS]),
			TTFB: millis(v[fTTFB]), Transfer: millis(v[fTransfer]), Total: millis(v[fTotal]),
		},
		Late: millis(v[fLate]), Urgent: v[fUrgent] == 1,
	}
}

// tickCell reads a value of a field of a tick as a number.
func tickCell(field int, value []byte) float64 {
	switch field {
	case fOK, fUrgent:
		if string(value) == "true" {
			return 1
		}
		return 0
	case fReason:
		reason, err := uptime.ParseReason(string(value))
		if err != nil {
			return math.NaN() // of a newer version
		}
		return float64(reason)
	}
	return number(value)
}

// number reads a number, NaN if it is none.
func number(value []byte) float64 {
	v, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// millis turns milliseconds into a duration, to the microsecond.
func millis(v float64) time.Duration {
	if math.IsNaN(v) {
		return 0
	}
	return time.Duration(math.Round(v*1000)) * time.Microsecond
}
