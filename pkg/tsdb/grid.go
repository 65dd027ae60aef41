package tsdb

import (
	"math"
	"slices"
)

// grid turns the columns in which InfluxDB answers back into points: each field of a
// series is a table of its own, and all of them have the same instants.
type grid struct {
	fields []string                             // names, in the order of the cells
	parse  func(cell int, value []byte) float64 // of a value that becomes a number
	text   string                               // the one field that stays text; empty: none

	series map[seriesKey]*seriesGrid
	last   *seriesGrid
	lastID seriesKey
}

type seriesKey struct{ monitor, region string }

// point is one instant of a series. A field that it does not have is NaN.
type point struct {
	at    int64 // microseconds since the Unix epoch
	cells []float64
	text  string
}

type seriesGrid struct {
	points []point
	index  map[int64]int // of points, made when the instants of two fields differ
	field  string        // of the row before
	cell   int           // its place; -1: text or not wanted
	next   int           // where the field's next instant is expected
}

// add takes one value; it fits the callback of [Client.query].
func (g *grid) add(r *row) error {
	s := g.seriesOf(seriesKey{r.monitor, r.region})
	if s.field != r.field {
		s.field, s.cell, s.next = r.field, slices.Index(g.fields, r.field), 0
	}
	switch {
	case s.cell >= 0:
		p := s.place(r.at, len(g.fields))
		p.cells[s.cell] = g.parse(s.cell, r.value)
	case g.text != "" && r.field == g.text:
		s.place(r.at, len(g.fields)).text = string(r.value)
	}
	return nil
}

// seriesOf returns the series that a value belongs to, mostly that of the one before.
func (g *grid) seriesOf(id seriesKey) *seriesGrid {
	if g.last != nil && id == g.lastID {
		return g.last
	}
	if g.series == nil {
		g.series = map[seriesKey]*seriesGrid{}
	}
	s := g.series[id]
	if s == nil {
		s = &seriesGrid{}
		g.series[id] = s
	}
	g.last, g.lastID = s, id
	return s
}

// place returns the point of an instant, which is made if it is new.
func (s *seriesGrid) place(at int64, width int) *point {
	switch {
	case s.next < len(s.points) && s.points[s.next].at == at:
		s.next++
		return &s.points[s.next-1]
	case s.index == nil && s.next == len(s.points) && (s.next == 0 || at > s.points[s.next-1].at):
		s.next++
		return s.grow(at, width)
	}
	if s.index == nil {
		s.index = make(map[int64]int, len(s.points))
		for i := range s.points {
			s.index[s.points[i].at] = i
		}
	}
	i, ok := s.index[at]
	if !ok {
		i = len(s.points)
		s.grow(at, width)
	}
	s.next = i + 1
	return &s.points[i]
}

func (s *seriesGrid) grow(at int64, width int) *point {
	cells := make([]float64, width)
	for i := range cells {
		cells[i] = math.NaN()
	}
	s.points = append(s.points, point{at: at, cells: cells})
	if s.index != nil {
		s.index[at] = len(s.points) - 1
	}
	return &s.points[len(s.points)-1]
}

// each calls f for every point of every series.
func (g *grid) each(f func(id seriesKey, p *point)) {
	for id, s := range g.series {
		for i := range s.points {
			f(id, &s.points[i])
		}
	}
}
