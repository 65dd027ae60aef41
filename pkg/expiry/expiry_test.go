package expiry_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const day = 24 * time.Hour

var start = uptime.InstantOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))

func after(days float64) uptime.Instant { return start.Add(time.Duration(days * float64(day))) }

func TestThreshold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		left time.Duration
		want int
	}{
		{-time.Second, 0}, {0, 0}, {1, 1}, {day, 1}, {day + 1, 7}, {7 * day, 7}, {7*day + 1, 14}, {14 * day, 14},
		{14*day + 1, 30}, {30 * day, 30}, {30*day + 1, 0}, {math.MaxInt64, 0},
	} {
		if got := expiry.Threshold(c.left); got != c.want {
			t.Errorf("Threshold(%v) = %d, want %d", c.left, got, c.want)
		}
	}
}

// seen is a check: when it was, and the end that it saw, in days after the start.
type seen struct{ now, end float64 }

// every makes one check a step from one day to another.
func every(step, from, to, end float64) []seen {
	var all []seen
	for now := from; now < to; now += step {
		all = append(all, seen{now, end})
	}
	return all
}

// turns has checks see one end and another by turns.
func turns(step, from, to float64, ends ...float64) []seen {
	all := every(step, from, to, 0)
	for i := range all {
		all[i].end = ends[i%len(ends)]
	}
	return all
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	const hour = 1. / 24
	for _, c := range []struct {
		name   string
		checks []seen
		warn   []int
		ends   float64 // remembered in the end
		warned int
	}{
		{"four of one end", every(hour, 0, 40, 39), []int{30, 14, 7, 1}, 39, 1},
		{"first seen with five days left", every(hour, 0, 2, 5), []int{7}, 5, 7},
		{"first seen on the last day", every(hour, 0, .5, .6), []int{1}, .6, 1},
		{"far away", every(hour, 0, 10, 90), nil, 90, 0},
		{"over already", every(hour, 0, 3, -1), nil, -1, 0},
		{"over since", every(hour, 0, 10, 5), []int{7, 1}, 5, 1},
		{"a check a week", every(7, 0, 60, 61), []int{30, 14, 7}, 61, 7},
		{"thresholds that nobody looked at", []seen{{0, 40}, {38, 40}}, []int{7}, 40, 7},
		{"renewed early", slices.Concat(every(hour, 0, 10, 30), every(hour, 10, 71, 100)), []int{30, 30}, 100, 30},
		{"renewed late", slices.Concat(every(hour, 0, 29, 30), every(hour, 29, 30, 120)), []int{30, 14, 7}, 120, 0},
		{"renewed to less than a threshold", slices.Concat(every(hour, 0, 5, 6), every(hour, 5, 20, 25)), []int{7, 14, 7}, 25, 7},
		{"renewed within a threshold", slices.Concat(every(hour, 0, 3, 5), every(hour, 3, 6, 9)), []int{7}, 9, 7},
		{"renewed after it was over", slices.Concat(every(hour, 0, 3, 2), every(hour, 3, 4, 90)), []int{7, 1}, 90, 0},
		{"renewed to what is over, too", slices.Concat(every(hour, 0, 3, 2), []seen{{10, 5}, {11, 15}}), []int{7, 1}, 15, 7},
		{"an earlier one in a check from long before", []seen{{10, 60}, {1, 20}, {1, 20}}, nil, 60, 0},
		{"renewed just before a threshold", slices.Concat(every(hour, 0, 2.95, 10), every(hour, 2.95, 4, 90)), []int{14}, 90, 0},
		{"renewed every half day", slices.Concat(
			every(hour, 0, .5, 1), every(hour, .5, 1, 1.5), every(hour, 1, 1.5, 2), every(hour, 1.5, 2, 2.5)), []int{1}, 2.5, 1},
		{"moved little by little", []seen{{0, 7}, {1, 7.9}, {2, 8.8}, {2.1, 9.7}, {2.2, 10.6}, {2.4, 11.5}, {4.6, 11.5}}, []int{7, 7}, 11.5, 7},
		{"renewed for two days", []seen{{0, .9}, {.5, .9}, {.6, 2.5}, {1.6, 2.5}}, []int{1, 1}, 2.5, 1},
		{"moved by minutes at a threshold", slices.Concat(every(hour, 0, 3.1, 10), every(hour, 3.1, 3.5, 10.2)), []int{14, 7}, 10.2, 7},
		{"an earlier in another region", turns(hour/2, 0, 3, 60, 20, 60), []int{30}, 20, 30},
		{"an earlier, later on", slices.Concat(every(hour, 0, 1, 60), turns(hour/2, 1, 3, 60, 10)), []int{14}, 10, 14},
		{"an earlier within the same threshold", slices.Concat(every(hour, 0, 1, 29), turns(hour/2, 1, 3, 29, 20)), []int{30}, 20, 30},
		{"two by turns until one is over", turns(hour/2, 0, 20, 10, 60), []int{14, 7, 1}, 10, 1},
		{"the earlier is gone", slices.Concat(turns(hour/2, 0, 1, 60, 10), every(hour, 1, 2, 60)), []int{14}, 60, 0},
		{"the later is within another threshold", slices.Concat(turns(hour/2, 0, 1, 20, 10), every(hour, 1, 2, 20)), []int{30, 14}, 20, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var e expiry.End
			var warn []int
			for _, s := range c.checks {
				var days int
				if e, days = e.See(after(s.end), after(s.now), expiry.Recent); days != 0 {
					warn = append(warn, days)
				}
			}
			if diff := cmp.Diff(c.warn, warn); diff != "" {
				t.Errorf("warned (-want +got):\n%s", diff)
			}
			if e.At != after(c.ends) || e.Warned != c.warned {
				t.Errorf("remembered an end after %v days, warned of %d, want %v and %d", e.At.Sub(start).Hours()/24, e.Warned, c.ends, c.warned)
			}
		})
	}
}

func TestWhatIsNoDateIsLeftAlone(t *testing.T) {
	t.Parallel()
	known := expiry.End{At: after(50), Seen: start}
	for _, at := range []uptime.Instant{0, -1, math.MinInt64, math.MaxInt64, uptime.InstantOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))} {
		if next, warn := known.See(at, after(5), expiry.Recent); next != known || warn != 0 {
			t.Errorf("an end at %d: %+v, warned of %d", at, next, warn)
		}
	}
	last := uptime.InstantOf(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)) // RFC 5280: never
	for _, e := range []expiry.End{{}, {At: after(1), Seen: after(-2), Warned: 1}} {
		if next, warn := e.See(last, start, expiry.Recent); next.At != last || next.Warned != 0 || warn != 0 {
			t.Errorf("an end that never comes is remembered as %+v after %+v, warned of %d", next, e, warn)
		}
	}
}

// look is a check within the time that counts as recent.
type look struct{ now, at uptime.Instant }

func looks(t *rapid.T) []look {
	ends := rapid.SliceOfN(rapid.IntRange(0, 45), 1, 4).Draw(t, "ends")
	all := make([]look, rapid.IntRange(1, 20).Draw(t, "looks"))
	for i := range all {
		all[i].now = start.Add(time.Duration(rapid.Int64Range(0, int64(expiry.Recent/time.Second)).Draw(t, "now")) * time.Second)
		all[i].at = after(float64(rapid.SampledFrom(ends).Draw(t, "end")) + .5) // no threshold is passed meanwhile
	}
	return all
}

func fold(e expiry.End, all []look) (expiry.End, []int) {
	var warn []int
	for _, l := range all {
		var days int
		if e, days = e.See(l.at, l.now, expiry.Recent); days != 0 {
			warn = append(warn, days)
		}
	}
	return e, warn
}

func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := looks(t)
		one, _ := fold(expiry.End{}, all)
		other := rapid.Permutation(append(slices.Clone(all), all[:rapid.IntRange(0, len(all)).Draw(t, "repeated")]...)).Draw(t, "order")
		two, warn := fold(expiry.End{}, other)
		if one != two {
			t.Fatalf("remembered %+v in one order, %+v in another", one, two)
		}
		last := 0
		if len(warn) > 0 {
			last = warn[len(warn)-1]
		}
		if last != two.Warned || !slices.IsSortedFunc(warn, func(a, b int) int { return b - a }) || len(slices.Compact(warn)) != len(warn) {
			t.Fatalf("warned of %v, remembered %d", warn, two.Warned)
		}
		if again, more := fold(two, all); again != two || len(more) > 0 {
			t.Fatalf("the same once more: %+v after %+v, warned of %v", again, two, more)
		}
	})
}

// TestNoThresholdIsWarnedOfTwice has any checks follow each other: a threshold is warned
// of again only when an end beyond it counted meanwhile.
func TestNoThresholdIsWarnedOfTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SliceOfN(rapid.Float64Range(-3, 90), 1, 3).Draw(t, "ends")
		var e expiry.End
		now, free := start, map[int]bool{1: true, 7: true, 14: true, 30: true}
		for range rapid.IntRange(1, 100).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 2*24*60).Draw(t, "minutes")) * time.Minute)
			at := after(rapid.SampledFrom(ends).Draw(t, "end"))
			var days int
			e, days = e.See(at, now, expiry.Recent)
			left := e.At.Sub(now)
			if days != 0 {
				if e.At != at || left <= 0 || left > time.Duration(days)*day {
					t.Fatalf("warned of %d days with %v left of %d, seen %d", days, left, e.At, at)
				}
				if !free[days] {
					t.Fatalf("warned of %d days again", days)
				}
			}
			for _, d := range expiry.Thresholds {
				if left > time.Duration(d)*day {
					free[d] = true
				} else if days != 0 {
					free[d] = false
				}
			}
		}
	})
}
