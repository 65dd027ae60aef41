package tsdb

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/store"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// accuracy is the relative error of the percentiles that roll-ups give.
const accuracy = 0.01

// The phases of a probe in the order in which an accumulator sums them.
const (
	pDNS = iota
	pConnect
	pTLS
	pTTFB
	pTransfer
	pCount
)

// The fields of a rolled up window. Latencies are in milliseconds and those of the
// checks that passed: how fast a target refuses is not how fast it answers. The
// percentiles come from a mergeable sketch (DDSketch, Masson et al., VLDB 2019).
const (
	rCount = iota
	rOK
	rMin
	rMax
	rSum
	rPhases
)

const sketchField = "sketch"

var rollFields = []string{
	rCount: "count", rOK: "ok", rMin: "min_ms", rMax: "max_ms", rSum: "sum_ms",
	rPhases + pDNS: "dns_sum_ms", rPhases + pConnect: "connect_sum_ms", rPhases + pTLS: "tls_sum_ms",
	rPhases + pTTFB: "ttfb_sum_ms", rPhases + pTransfer: "transfer_sum_ms",
}

// accum gathers ticks, rolled up windows or both into one bucket.
type accum struct {
	count, ok     int
	min, max, sum float64
	phases        [pCount]float64
	values        []float64 // latencies of ticks
	sketches      []string  // of windows, as stored
}

// addTick takes a raw tick.
func (a *accum) addTick(v []float64) {
	a.count++
	if v[fOK] != 1 {
		return
	}
	total := zeroNaN(v[fTotal])
	a.pass(1, total, total, total)
	a.values = append(a.values, total)
	for i, f := range [pCount]int{fDNS, fConnect, fTLS, fTTFB, fTransfer} {
		a.phases[i] += zeroNaN(v[f])
	}
}

// addWindow takes a rolled up window.
func (a *accum) addWindow(p *point) {
	v := p.cells
	a.count += int(zeroNaN(v[rCount]))
	n := int(zeroNaN(v[rOK]))
	if n == 0 {
		return
	}
	a.pass(n, zeroNaN(v[rMin]), zeroNaN(v[rMax]), zeroNaN(v[rSum]))
	a.sketches = append(a.sketches, p.text)
	for i := range a.phases {
		a.phases[i] += zeroNaN(v[rPhases+i])
	}
}

func (a *accum) pass(n int, low, high, sum float64) {
	if a.ok == 0 {
		a.min, a.max = low, high
	}
	a.min, a.max = min(a.min, low), max(a.max, high)
	a.ok += n
	a.sum += sum
}

// sketch merges all that is known of the distribution. What cannot be decoded is left
// out: the percentiles of a window are not worth losing its other numbers.
func (a *accum) sketch() *ddsketch.DDSketch {
	s, err := ddsketch.NewDefaultDDSketch(accuracy)
	if err != nil {
		panic(err) // only if the constant were not between 0 and 1
	}
	for _, v := range a.values {
		_ = s.Add(max(v, 0)) // the only error is that a value is beyond 1e300
	}
	for _, text := range a.sketches {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		if one, err := ddsketch.DecodeDDSketch(b, store.DefaultProvider, nil); err == nil {
			_ = s.MergeWith(one)
		}
	}
	return s
}

// quantiles returns the values at p50 and p95: exactly for ticks alone, within the
// accuracy of the sketch as soon as a rolled up window is in it.
func (a *accum) quantiles() (p50, p95 float64) {
	v := a.at(0.50, 0.95)
	return v[0], v[1]
}

// at returns the values at quantiles, which are above 0 and at most 1.
func (a *accum) at(quantiles ...float64) []float64 {
	out := make([]float64, len(quantiles))
	if a.ok == 0 {
		return out
	}
	if len(a.sketches) == 0 {
		slices.Sort(a.values)
		for i, q := range quantiles {
			out[i] = a.values[int(math.Ceil(q*float64(len(a.values))))-1]
		}
		return out
	}
	v, err := a.sketch().GetValuesAtQuantiles(quantiles)
	for i, q := range quantiles {
		switch {
		case err == nil:
			out[i] = min(max(v[i], a.min), a.max)
		case q <= 0.5: // no sketch could be read
			out[i] = a.sum / float64(a.ok)
		default:
			out[i] = a.max
		}
	}
	return out
}

// merge takes what another one has gathered.
func (a *accum) merge(b *accum) {
	a.count += b.count
	if b.ok == 0 {
		return
	}
	a.pass(b.ok, b.min, b.max, b.sum)
	a.values = append(a.values, b.values...)
	a.sketches = append(a.sketches, b.sketches...)
	for i := range a.phases {
		a.phases[i] += b.phases[i]
	}
}

// compact makes one sketch of all that is known of the distribution.
func (a *accum) compact() {
	if a.ok == 0 {
		return
	}
	var encoded []byte
	a.sketch().Encode(&encoded, false)
	a.values, a.sketches = nil, []string{base64.StdEncoding.EncodeToString(encoded)}
}

// point returns what a chart shows of the bucket that starts at start.
func (a *accum) point(start time.Time) Point {
	p := Point{Time: start, Count: a.count, OK: a.ok}
	if a.ok == 0 {
		return p
	}
	n := float64(a.ok)
	p50, p95 := a.quantiles()
	p.Min, p.Max, p.Mean = millis(a.min), millis(a.max), millis(a.sum/n)
	p.P50, p.P95 = millis(p50), millis(p95)
	p.Phases = uptime.Phases{
		DNS: millis(a.phases[pDNS] / n), Connect: millis(a.phases[pConnect] / n), TLS: millis(a.phases[pTLS] / n),
		TTFB: millis(a.phases[pTTFB] / n), Transfer: millis(a.phases[pTransfer] / n), Total: p.Mean,
	}
	return p
}

// appendWindow writes the bucket in line protocol, always with all fields.
func (a *accum) appendWindow(b []byte, id seriesKey, start int64) []byte {
	b = append(b, rollMeasurement+",monitor_id="...)
	b = append(b, id.monitor...)
	b = append(b, ",region="...)
	b = append(b, id.region...)
	b = append(b, " count="...)
	b = strconv.AppendInt(b, int64(a.count), 10)
	b = append(b, "i,ok="...)
	b = strconv.AppendInt(b, int64(a.ok), 10)
	b = append(b, 'i')
	for i, v := range [...]float64{a.min, a.max, a.sum, a.phases[0], a.phases[1], a.phases[2], a.phases[3], a.phases[4]} {
		b = append(b, ',')
		b = append(b, rollFields[rMin+i]...)
		b = append(b, '=')
		b = appendFloat(b, math.Round(v*1000)/1000)
	}
	b = append(b, ","+sketchField+`="`...)
	if a.ok > 0 {
		var encoded []byte
		a.sketch().Encode(&encoded, false)
		b = base64.StdEncoding.AppendEncode(b, encoded)
	}
	b = append(b, `" `...)
	return strconv.AppendInt(b, start, 10)
}

func rollCell(_ int, value []byte) float64 { return number(value) }

func zeroNaN(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}
