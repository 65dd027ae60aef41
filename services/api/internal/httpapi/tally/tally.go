// Package tally counts uptime: it merges the spans of all monitors of a website into
// one line of verdicts and adds up how long each was. It is pure.
package tally

import (
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Span is a stretch of time in which one monitor had a verdict. A zero To means that
// it still has it.
type Span struct {
	Monitor uptime.ID
	From    time.Time
	To      time.Time
	Verdict uptime.Verdict
	Reason  uptime.Reason
}

// Stretch is a stretch of a website's line of verdicts. Reason is that of a monitor
// which had the verdict when it began.
type Stretch struct {
	From, To time.Time
	Verdict  uptime.Verdict
	Reason   uptime.Reason
	Open     bool // it goes on beyond the end of the line
}

// Sum is how long each verdict was, of a period. Unmonitored is the rest: nobody
// looked, because it was paused or not there yet.
type Sum struct {
	Total, Up, Degraded, Down, Unknown, Unmonitored time.Duration
}

// Known returns for how long it is known whether it was up.
func (s Sum) Known() time.Duration { return s.Up + s.Degraded + s.Down }

// Uptime returns the share of the known time that it was up or degraded, in percent;
// false if nothing is known.
func (s Sum) Uptime() (float64, bool) {
	if s.Known() == 0 {
		return 0, false
	}
	return 100 * float64(s.Up+s.Degraded) / float64(s.Known()), true
}

// Coverage returns the share of the period that is known, in percent; 100 of nothing.
func (s Sum) Coverage() float64 {
	if s.Total == 0 {
		return 100
	}
	return 100 * float64(s.Known()) / float64(s.Total)
}

type edge struct {
	at    time.Time
	span  int
	begin bool
}

// Merge returns the line of verdicts of a website between two times from the spans of
// its monitors: at each moment the worst that any monitor had, those without one left
// out. Where none had any there is a gap. Neighbours differ in verdict or have a gap
// between them.
func Merge(spans []Span, from, to time.Time) []Stretch {
	if line, ok := follow(spans, from, to); ok {
		return line
	}
	edges := make([]edge, 0, 2*len(spans))
	for i, s := range spans {
		begin, end := s.From, s.To
		if begin.Before(from) {
			begin = from
		}
		if end.IsZero() || end.After(to) {
			end = to
		}
		if begin.Before(end) {
			edges = append(edges, edge{begin, i, true}, edge{end, i, false})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return a.span - b.span // so that the line does not depend on the sorting
	})
	var line []Stretch
	open := map[int]bool{}
	for i := 0; i < len(edges); {
		at := edges[i].at
		for ; i < len(edges) && edges[i].at.Equal(at); i++ {
			if edges[i].begin {
				open[edges[i].span] = true
			} else {
				delete(open, edges[i].span)
			}
		}
		if len(open) == 0 || i == len(edges) {
			continue
		}
		verdict, reason, ongoing := worst(spans, open)
		next := edges[i].at
		if n := len(line); n > 0 && line[n-1].To.Equal(at) && line[n-1].Verdict == verdict {
			line[n-1].To = next
			line[n-1].Open = ongoing && next.Equal(to)
			continue
		}
		line = append(line, Stretch{From: at, To: next, Verdict: verdict, Reason: reason, Open: ongoing && next.Equal(to)})
	}
	return line
}

// follow is Merge of spans that come one after the other, as those of a single monitor
// do; false if some overlap.
func follow(spans []Span, from, to time.Time) (line []Stretch, ok bool) {
	last := from
	for _, s := range spans {
		begin, end := s.From, s.To
		if begin.Before(from) {
			begin = from
		}
		if end.IsZero() || end.After(to) {
			end = to
		}
		if !begin.Before(end) {
			continue
		}
		if begin.Before(last) {
			return nil, false
		}
		last = end
		if n := len(line); n > 0 && line[n-1].To.Equal(begin) && line[n-1].Verdict == s.Verdict {
			line[n-1].To, line[n-1].Open = end, s.To.IsZero() && end.Equal(to)
			continue
		}
		line = append(line, Stretch{From: begin, To: end, Verdict: s.Verdict, Reason: s.Reason, Open: s.To.IsZero() && end.Equal(to)})
	}
	return line, true
}

// worst returns the worst verdict of the open spans, the reason of the first of those
// that have it, and whether one of them has not ended.
func worst(spans []Span, open map[int]bool) (uptime.Verdict, uptime.Reason, bool) {
	verdicts := make([]uptime.Verdict, 0, len(open))
	for i := range open {
		verdicts = append(verdicts, spans[i].Verdict)
	}
	verdict := uptime.Worst(verdicts...)
	first, ongoing := -1, false
	for i := range open {
		if spans[i].Verdict != verdict {
			continue
		}
		if first < 0 || i < first {
			first = i
		}
		ongoing = ongoing || spans[i].To.IsZero()
	}
	return verdict, spans[first].Reason, ongoing
}

// Add adds up a line of verdicts over its period.
func Add(line []Stretch, from, to time.Time) Sum {
	s := Sum{Total: max(0, to.Sub(from))}
	for _, one := range line {
		d := one.To.Sub(one.From)
		switch one.Verdict {
		case uptime.VerdictUp:
			s.Up += d
		case uptime.VerdictDegraded:
			s.Degraded += d
		case uptime.VerdictDown:
			s.Down += d
		case uptime.VerdictUnknown:
			s.Unknown += d
		}
	}
	s.Unmonitored = s.Total - s.Up - s.Degraded - s.Down - s.Unknown
	return s
}

// Plus returns both sums together.
func (s Sum) Plus(o Sum) Sum {
	return Sum{
		Total: s.Total + o.Total, Up: s.Up + o.Up, Degraded: s.Degraded + o.Degraded, Down: s.Down + o.Down,
		Unknown: s.Unknown + o.Unknown, Unmonitored: s.Unmonitored + o.Unmonitored,
	}
}
