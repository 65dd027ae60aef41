package tsdb

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
)

func rawCells(total float64, ok bool) []float64 {
	cells := make([]float64, len(latencyFields))
	cells[fTotal], cells[fTTFB] = total, total/2
	if ok {
		cells[fOK] = 1
	}
	return cells
}

func TestPointOfTicksIsExact(t *testing.T) {
	t.Parallel()
	var a accum
	for i := range 100 {
		a.addTick(rawCells(float64(100-i), true))
	}
	a.addTick(rawCells(10_000, false)) // a failure counts and has no say in latency
	got := a.point(testNow)
	want := Point{
		Time: testNow, Count: 101, OK: 100, Min: time.Millisecond, Max: 100 * time.Millisecond,
		Mean: 50500 * time.Microsecond, P50: 50 * time.Millisecond, P95: 95 * time.Millisecond,
		Phases: uptime.Phases{TTFB: 25250 * time.Microsecond, Total: 50500 * time.Microsecond},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPointWithoutPasses(t *testing.T) {
	t.Parallel()
	var a accum
	a.addTick(rawCells(3, false))
	if diff := cmp.Diff(Point{Time: testNow, Count: 1}, a.point(testNow)); diff != "" {
		t.Error(diff)
	}
}

// window encodes an accumulator as it is stored and reads it back.
func window(t interface{ Fatal(...any) }, a *accum) *point {
	line := string(a.appendWindow(nil, seriesKey{"m", "eu"}, 7))
	fields := strings.Split(strings.Fields(line)[1], ",")
	p := &point{at: 7, cells: make([]float64, len(rollFields))}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		if name == sketchField {
			p.text = strings.Trim(value, `"`)
			continue
		}
		i := slices.Index(rollFields, name)
		if i < 0 {
			t.Fatal("field " + name)
		}
		p.cells[i] = number([]byte(strings.TrimSuffix(value, "i")))
	}
	return p
}

// However ticks are spread over windows, merging these gives the counts, bounds and
// sums of the ticks, and percentiles within the sketch's accuracy.
func TestWindowsMergeToWhatTheTicksSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0.001, 60_000), 1, 200).Draw(t, "values")
		windows := rapid.IntRange(1, 12).Draw(t, "windows")
		raw, merged := &accum{}, &accum{}
		parts := make([]accum, windows)
		for i, v := range values {
			v = math.Round(v*1000) / 1000
			cells := rawCells(v, i%7 != 3)
			raw.addTick(cells)
			parts[i%windows].addTick(cells)
		}
		for i := range parts {
			merged.addWindow(window(t, &parts[i]))
		}
		want, got := raw.point(testNow), merged.point(testNow)
		if got.Count != want.Count || got.OK != want.OK || got.Min != want.Min || got.Max != want.Max {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		near := func(what string, got, want time.Duration, relative float64) {
			if diff := math.Abs(float64(got - want)); diff > relative*float64(want)+float64(2*time.Microsecond) {
				t.Fatalf("%s: got %s, want %s", what, got, want)
			}
		}
		near("mean", got.Mean, want.Mean, 1e-6)
		near("ttfb", got.Phases.TTFB, want.Phases.TTFB, 1e-3)
		if want.OK > 0 {
			// DDSketch counts ranks from 0 to n-1, the exact percentile is the nearest rank:
			// the sketch must lie within its accuracy of one of the two values round it.
			slices.Sort(raw.values)
			for _, q := range []struct {
				q   float64
				got time.Duration
			}{{0.5, got.P50}, {0.95, got.P95}} {
				rank := q.q * float64(len(raw.values)-1)
				low, high := raw.values[int(rank)]*(1-accuracy), raw.values[int(math.Ceil(rank))]*(1+accuracy)
				if ms := float64(q.got) / 1e6; ms < low-0.002 || ms > high+0.002 {
					t.Fatalf("p%g = %g ms, want between %g and %g", q.q*100, ms, low, high)
				}
			}
		}
	})
}

func TestBrokenSketchCostsOnlyPercentiles(t *testing.T) {
	t.Parallel()
	var part, a accum
	part.addTick(rawCells(20, true))
	p := window(t, &part)
	p.text = "%%%"
	a.addWindow(p)
	if got := a.point(testNow); got.Mean != 20*time.Millisecond || got.P95 != 20*time.Millisecond || got.Count != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestClusters(t *testing.T) {
	t.Parallel()
	minute := int64(time.Minute / time.Microsecond)
	if got := clusters(nil, 10); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	got := clusters([]int64{500 * minute, 1 * minute, 2 * minute, 501 * minute}, 10)
	want := []stretch{
		{time.UnixMicro(minute), time.UnixMicro(2*minute + 1)},
		{time.UnixMicro(500 * minute), time.UnixMicro(501*minute + 1)},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stretch{})); diff != "" {
		t.Error(diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SliceOfN(rapid.Int64Range(0, 40_000*minute), 1, 300).Draw(t, "at")
		n := rapid.IntRange(1, 100).Draw(t, "n")
		got := clusters(slices.Clone(at), n)
		if len(got) > maxClusters {
			t.Fatalf("%d clusters", len(got))
		}
		slices.Sort(at)
		for _, x := range at[max(0, len(at)-n):] {
			if !slices.ContainsFunc(got, func(s stretch) bool {
				return !s.from.After(time.UnixMicro(x)) && s.to.After(time.UnixMicro(x))
			}) {
				t.Fatalf("%d is in none of %v", x, got)
			}
		}
	})
}
