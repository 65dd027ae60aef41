package world

import (
	"cmp"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/chance"
)

// World is what happens to the fleet itself, and from where what happens to single
// monitors is drawn. It is read only; each shard looks through a [View] of its own.
type World struct {
	Config
	Key  chance.Key
	sick [][]Episode // by region
	site [][]Episode // by region
}

// What a part of a key stands for.
const (
	partSick = iota + 1
	partSite
	partTarget
	partOutage
	partFlaps
	partGaps
	partPath
	partUplink
	partCut
	partLate
	partCanary
	partKind
	partID
	partLag
)

// New draws what happens to the fleet.
func New(c Config) (*World, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	w := &World{Config: c, Key: chance.Key(c.Seed).With(uint64(len(c.Name)))}
	for _, b := range []byte(c.Name) {
		w.Key = w.Key.With(uint64(b))
	}
	w.sick, w.site = make([][]Episode, len(c.Regions)), make([][]Episode, len(c.Regions))
	w.drawSick()
	w.drawSites()
	return w, nil
}

func (w *World) drawSick() {
	s, c := w.Key.With(partSick).Stream(), w.Sick
	if c.Every <= 0 {
		return
	}
	for at := Epoch.Add(s.Exponential(c.Every)); at < w.End(); at = at.Add(s.Exponential(c.Every)) {
		r := s.Below(len(w.Regions))
		e := Episode{
			Start: at, Kind: 1 + Kind(s.Below(int(kinds)-1)), Loss: c.Least + (1-c.Least)*s.Uniform(),
			Fixed: s.Below(2) == 0, key: chance.Key(s.Next()),
		}
		e.End = at.Add(s.Spread(c.Min, c.Max))
		if n := len(w.sick[r]); n == 0 || w.sick[r][n-1].End < e.Start {
			w.sick[r] = append(w.sick[r], e)
		}
	}
}

func (w *World) drawSites() {
	s, c := w.Key.With(partSite).Stream(), w.Sites
	if c.Every <= 0 {
		return
	}
	for at := Epoch.Add(s.Exponential(c.Every)); at < w.End(); {
		e := Episode{Start: at, Kind: Quick + Kind(s.Below(2)), Loss: c.Loss, key: chance.Key(s.Next())}
		e.End = at.Add(s.Spread(c.Min, c.Max))
		for r := range w.Regions {
			if w.Regions[r].Site == c.Site {
				w.site[r] = append(w.site[r], e)
			}
		}
		at = e.End.Add(Lookback + s.Exponential(c.Every))
	}
}

// SiteTroubles returns when a region's site has trouble with its network.
func (w *World) SiteTroubles(region int) []Episode { return w.site[region] }

// Sicknesses returns when a region is sick.
func (w *World) Sicknesses(region int) []Episode { return w.sick[region] }

// Interval returns how often a monitor is checked.
func (w *World) Interval(monitor int) time.Duration {
	return w.Intervals[monitor/len(w.Sets)%len(w.Intervals)]
}

// Set returns which of the sets of regions looks at a monitor.
func (w *World) Set(monitor int) int { return monitor % len(w.Sets) }

// ID returns a monitor's id.
func (w *World) ID(monitor int) uptime.ID {
	s := w.Key.With(partID).With(uint64(monitor)).Stream()
	var id uptime.ID
	for i := 0; i < len(id); i += 8 {
		for j, bits := 0, s.Next(); j < 8; j, bits = j+1, bits>>8 {
			id[i+j] = byte(bits)
		}
	}
	return id
}

// Lag is how long results and requests take between a region and the core.
func (w *World) Lag(region int) time.Duration {
	return time.Duration(2+w.Key.With(partLag).With(uint64(region)).Below(120)) * time.Millisecond
}

// outages draws what is really broken about one target.
func (w *World) outages(key chance.Key) []Episode {
	var all []Episode
	span := w.Span
	if c := w.Outage; c.PerYear > 0 {
		s := key.With(partOutage).Stream()
		every := perYear(c.PerYear)
		for at := s.Exponential(every); at < span; {
			length := s.Spread(c.Min, c.Max)
			all = append(all, outage(&s, at, length))
			at += length + 2*time.Minute + s.Exponential(every)
		}
	}
	if c := w.Flaps; c.PerYear > 0 {
		s := key.With(partFlaps).Stream()
		for at := s.Exponential(perYear(c.PerYear)); at < span; at += c.Session + s.Exponential(perYear(c.PerYear)) {
			for t := at; t < at+c.Session; {
				length := s.Spread(c.Min, c.Max)
				all = append(all, outage(&s, t, length))
				t += length + s.Spread(c.Min, c.Max)
			}
		}
	}
	return apart(all)
}

func outage(s *chance.Stream, at, length time.Duration) Episode {
	return Episode{Start: Epoch.Add(at), End: Epoch.Add(at + length), Kind: 1 + Kind(s.Below(int(kinds)-1)), Loss: 1}
}

// apart sorts outages and drops those that begin before the one before is over.
func apart(all []Episode) []Episode {
	slices.SortFunc(all, func(a, b Episode) int { return cmp.Compare(a.Start, b.Start) })
	var end uptime.Instant
	return slices.DeleteFunc(all, func(e Episode) bool {
		if e.Start <= end {
			return true
		}
		end = e.End
		return false
	})
}

// Year is what rates refer to.
const Year = 365 * 24 * time.Hour

func perYear(n float64) time.Duration { return time.Duration(float64(Year) / n) }
