package tally

import (
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Day is a day of a time zone, from its midnight to the next. With daylight saving time
// it has 23 or 25 hours.
type Day struct{ From, To time.Time }

// Days returns n days of a zone, oldest first, the last of which now is in.
func Days(now time.Time, zone *time.Location, n int) []Day {
	today := now.In(zone)
	days := make([]Day, 0, n)
	for i := n - 1; i >= 0; i-- {
		d := Day{
			From: midnight(today.Year(), today.Month(), today.Day()-i, zone),
			To:   midnight(today.Year(), today.Month(), today.Day()-i+1, zone),
		}
		if d.From.Before(d.To) { // a zone that crosses the date line has no such day
			days = append(days, d)
		}
	}
	return days
}

// midnight returns when a day of a zone begins: its first 00:00, or where clocks are put
// forward at midnight what comes instead.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	if t.Day() != noon.Day() { // 00:00 is left out, and t is an hour before it
		if _, end := t.ZoneBounds(); !end.IsZero() {
			return end
		}
	}
	begin, _ := t.ZoneBounds()
	if begin.IsZero() {
		return t
	}
	_, after := t.Zone()
	_, before := begin.Add(-time.Second).Zone()
	// Where clocks are put back to midnight it comes twice.
	if first := t.Add(-time.Duration(before-after) * time.Second); before > after && first.Before(begin) && first.Day() == t.Day() {
		return first
	}
	return t
}

// Outages returns when each monitor was down, by the beginning: its spans of being down,
// those that follow each other at once joined. The reason is that of the first.
func Outages(spans []Span) []Span {
	last := map[uptime.ID]int{} // of the monitor's, in out
	sorted := slices.Clone(spans)
	slices.SortStableFunc(sorted, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range sorted {
		if s.Verdict != uptime.VerdictDown {
			continue
		}
		if i, ok := last[s.Monitor]; ok && !out[i].To.IsZero() && !s.From.After(out[i].To) {
			out[i].To = s.To
			continue
		}
		last[s.Monitor] = len(out)
		out = append(out, s)
	}
	return out
}

// Longest returns the longest stretch of being down of a line; false if there is none.
func Longest(line []Stretch) (time.Duration, bool) {
	longest, found := time.Duration(0), false
	for _, s := range line {
		if s.Verdict == uptime.VerdictDown {
			longest, found = max(longest, s.To.Sub(s.From)), true
		}
	}
	return longest, found
}

// Budget returns how long something may be down in a period for which an uptime was
// promised, in percent, and how much of it is left; negative: more was down.
func Budget(total, down time.Duration, promised float64) (budget, left time.Duration) {
	budget = time.Duration(float64(total) * (100 - promised) / 100).Round(time.Millisecond)
	return budget, budget - down
}
