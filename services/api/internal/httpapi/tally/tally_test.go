package tally_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(minute int) time.Time {
	if minute < 0 {
		return time.Time{}
	}
	return zero.Add(time.Duration(minute) * time.Minute)
}

func span(monitor byte, from, to int, v uptime.Verdict) tally.Span {
	return tally.Span{Monitor: uptime.ID{monitor}, From: at(from), To: at(to), Verdict: v}
}

const (
	unknown  = uptime.VerdictUnknown
	up       = uptime.VerdictUp
	degraded = uptime.VerdictDegraded
	down     = uptime.VerdictDown
)

func TestMerge(t *testing.T) {
	t.Parallel()
	stretch := func(from, to int, v uptime.Verdict) tally.Stretch {
		return tally.Stretch{From: at(from), To: at(to), Verdict: v}
	}
	open := func(s tally.Stretch) tally.Stretch { s.Open = true; return s }
	tests := []struct {
		name     string
		spans    []tally.Span
		from, to int
		want     []tally.Stretch
	}{
		{"nothing", nil, 0, 10, nil},
		{"one, cut at both ends", []tally.Span{span(1, 0, 100, up)}, 10, 20, []tally.Stretch{stretch(10, 20, up)}},
		{"one that goes on", []tally.Span{span(1, 5, -1, down)}, 0, 20, []tally.Stretch{open(stretch(5, 20, down))}},
		{"outside", []tally.Span{span(1, 0, 5, up), span(1, 20, 30, up)}, 5, 20, nil},
		{"a pause is a gap", []tally.Span{span(1, 0, 5, up), span(1, 8, 12, up)}, 0, 12, []tally.Stretch{stretch(0, 5, up), stretch(8, 12, up)}},
		{"neighbours of one verdict are one", []tally.Span{span(1, 0, 5, up), span(1, 5, 12, up)}, 0, 12, []tally.Stretch{stretch(0, 12, up)}},
		{"down if any is", []tally.Span{span(1, 0, 20, up), span(2, 5, 10, down)}, 0, 20, []tally.Stretch{stretch(0, 5, up), stretch(5, 10, down), stretch(10, 20, up)}},
		{"down wins over degraded and unknown", []tally.Span{span(1, 0, 9, degraded), span(2, 0, 9, unknown), span(3, 3, 6, down)}, 0, 9,
			[]tally.Stretch{stretch(0, 3, degraded), stretch(3, 6, down), stretch(6, 9, degraded)}},
		{"unknown wins over up", []tally.Span{span(1, 0, 9, up), span(2, 3, 6, unknown)}, 0, 9, []tally.Stretch{stretch(0, 3, up), stretch(3, 6, unknown), stretch(6, 9, up)}},
		{"a paused monitor is left out", []tally.Span{span(1, 0, 9, up), span(2, 0, 3, down)}, 0, 9, []tally.Stretch{stretch(0, 3, down), stretch(3, 9, up)}},
		{"down goes on from one to the other", []tally.Span{span(1, 0, 5, down), span(2, 3, -1, down)}, 0, 9, []tally.Stretch{open(stretch(0, 9, down))}},
		{"an empty span", []tally.Span{span(1, 3, 3, down), span(1, 3, 9, up)}, 0, 9, []tally.Stretch{stretch(3, 9, up)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tally.Merge(tt.spans, at(tt.from), at(tt.to))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSumOfNothing(t *testing.T) {
	t.Parallel()
	s := tally.Add(nil, at(0), at(10))
	if _, known := s.Uptime(); known || s.Coverage() != 0 || s.Unmonitored != 10*time.Minute {
		t.Errorf("of ten minutes without a span: %+v", s)
	}
	if s := tally.Add(nil, at(5), at(5)); s.Coverage() != 100 || s.Total != 0 {
		t.Errorf("of no time: %+v", s)
	}
}

// spansOf draws spans that do not overlap, for some monitors, in no order.
func spansOf(t *rapid.T, monitors int) []tally.Span {
	var spans []tally.Span
	for m := range monitors {
		minute := rapid.IntRange(0, 20).Draw(t, "start")
		for range rapid.IntRange(0, 6).Draw(t, "spans") {
			end := minute + rapid.IntRange(0, 15).Draw(t, "length")
			spans = append(spans, span(byte(m+1), minute, end, rapid.SampledFrom([]uptime.Verdict{unknown, up, degraded, down}).Draw(t, "verdict")))
			minute = end + rapid.IntRange(0, 5).Draw(t, "pause")
		}
	}
	return rapid.Permutation(spans).Draw(t, "order")
}

// at each minute the line says what the worst of the spans there says.
func TestMergeIsTheWorstAtEachMoment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := spansOf(t, rapid.IntRange(0, 4).Draw(t, "monitors"))
		from := rapid.IntRange(0, 60).Draw(t, "from")
		to := from + rapid.IntRange(0, 60).Draw(t, "length")
		line := tally.Merge(spans, at(from), at(to))
		for minute := from; minute < to; minute++ {
			moment := at(minute).Add(30 * time.Second)
			var there []uptime.Verdict
			for _, s := range spans {
				if !moment.Before(s.From) && moment.Before(s.To) {
					there = append(there, s.Verdict)
				}
			}
			var said []uptime.Verdict
			for _, s := range line {
				if !moment.Before(s.From) && moment.Before(s.To) {
					said = append(said, s.Verdict)
				}
			}
			switch {
			case len(there) == 0 && len(said) == 0:
			case len(said) != 1 || len(there) == 0 || said[0] != uptime.Worst(there...):
				t.Fatalf("minute %d: the line says %v, the monitors %v", minute, said, there)
			}
		}
		for i, s := range line {
			if !s.From.Before(s.To) || s.From.Before(at(from)) || s.To.After(at(to)) ||
				i > 0 && (s.From.Before(line[i-1].To) || s.From.Equal(line[i-1].To) && s.Verdict == line[i-1].Verdict) {
				t.Fatalf("stretch %d of %+v", i, line)
			}
		}
		// The parts are the whole, and cutting the period in two changes nothing.
		sum := tally.Add(line, at(from), at(to))
		if sum.Up+sum.Degraded+sum.Down+sum.Unknown+sum.Unmonitored != sum.Total || sum.Unmonitored < 0 {
			t.Fatalf("sum %+v", sum)
		}
		cut := rapid.IntRange(from, to).Draw(t, "cut")
		a, b := tally.Add(tally.Merge(spans, at(from), at(cut)), at(from), at(cut)), tally.Add(tally.Merge(spans, at(cut), at(to)), at(cut), at(to))
		if a.Down+b.Down != sum.Down || a.Up+b.Up != sum.Up || a.Unknown+b.Unknown != sum.Unknown || a.Degraded+b.Degraded != sum.Degraded {
			t.Fatalf("cut at %d: %+v and %+v are not %+v", cut, a, b, sum)
		}
		if p, known := sum.Uptime(); known && (p < 0 || p > 100) || math.IsNaN(sum.Coverage()) || sum.Coverage() > 100 {
			t.Fatalf("percent of %+v", sum)
		}
	})
}

// TestMergeOfOneMonitor compares spans one after the other with the same in disorder.
func TestMergeOfOneMonitor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var spans []tally.Span
		for now, n := 0, rapid.IntRange(2, 8).Draw(t, "spans"); n > 0; n-- {
			from := now + rapid.SampledFrom([]int{0, 0, 1, 5}).Draw(t, "gap")
			now = from + rapid.IntRange(1, 9).Draw(t, "length")
			spans = append(spans, span(1, from, now, uptime.Verdict(rapid.IntRange(0, 3).Draw(t, "verdict"))))
		}
		if rapid.Bool().Draw(t, "goes on") {
			spans[len(spans)-1].To = time.Time{}
		}
		from := rapid.IntRange(0, 30).Draw(t, "from")
		to := from + rapid.IntRange(1, 40).Draw(t, "to")
		got := tally.Merge(spans, at(from), at(to))
		slices.Reverse(spans)
		if diff := cmp.Diff(tally.Merge(spans, at(from), at(to)), got); diff != "" {
			t.Fatalf("(-in disorder +in order)\n%s", diff)
		}
	})
}
