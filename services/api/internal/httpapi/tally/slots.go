package tally

import (
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// The letters of slots, from the best to the worst.
const (
	SlotNotWatched = '-' // it was not there yet
	SlotPaused     = 'z'
	SlotUp         = 'u'
	SlotUnknown    = 'n'
	SlotPartly     = 'p' // some region saw it fail, and it was not down
	SlotDegraded   = 'd'
	SlotDown       = 'x'
)

const slotOrder = "-zunpdx"

var slotOf = map[uptime.Verdict]byte{
	uptime.VerdictUp: SlotUp, uptime.VerdictUnknown: SlotUnknown, uptime.VerdictDegraded: SlotDegraded, uptime.VerdictDown: SlotDown,
}

// Between is a stretch of time. A zero To means that it goes on.
type Between struct{ From, To time.Time }

// Slots returns a letter for each of n slots of one width, the last of which ends at
// end: the worst that a website's line of verdicts, and the stretches in which some
// region saw it fail, say of the slot. A slot without any verdict was paused if it ended
// after begun, when the website's first verdict was; zero: it has had none.
func Slots(line []Stretch, failing []Between, begun, end time.Time, width time.Duration, n int) string {
	start := end.Add(-time.Duration(n) * width)
	slots := make([]byte, n)
	for i := range slots {
		slots[i] = SlotPaused
		if begun.IsZero() || !begun.Before(start.Add(time.Duration(i+1)*width)) {
			slots[i] = SlotNotWatched
		}
	}
	paint := func(from, to time.Time, letter byte) {
		if from.Before(start) {
			from = start
		}
		for i := int(from.Sub(start) / width); i < n && start.Add(time.Duration(i)*width).Before(to); i++ {
			if strings.IndexByte(slotOrder, letter) > strings.IndexByte(slotOrder, slots[i]) {
				slots[i] = letter
			}
		}
	}
	for _, s := range line {
		to := s.To
		if s.Open { // it holds for what is left of the slot, too
			to = end
		}
		paint(s.From, to, slotOf[s.Verdict])
	}
	for _, f := range failing {
		to := f.To
		if to.IsZero() {
			to = end
		}
		paint(f.From, to, SlotPartly)
	}
	return string(slots)
}

// SlotsEnd returns the end of the slot that now is in. Slots begin at multiples of their
// width since the Unix epoch, so that days are those of UTC.
func SlotsEnd(now time.Time, width time.Duration) time.Time {
	seconds := int64(width / time.Second)
	return time.Unix((now.Unix()/seconds+1)*seconds, 0).UTC()
}

// Within cuts a line of verdicts to a part of its period.
func Within(line []Stretch, from, to time.Time) []Stretch {
	var out []Stretch
	for _, s := range line {
		if s.From.Before(from) {
			s.From = from
		}
		if s.To.After(to) {
			s.To, s.Open = to, false
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

// Begun returns when the first of the spans began; zero if there is none.
func Begun(spans []Span) time.Time {
	var first time.Time
	for _, s := range spans {
		if first.IsZero() || s.From.Before(first) {
			first = s.From
		}
	}
	return first
}
