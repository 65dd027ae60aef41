package world

import (
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/chance"
)

// View is one shard's look at the world. The instants that it is asked about go back
// by at most [Lookback]. It is not safe for concurrent use.
type View struct {
	*World
	sick, site []Track // by region
	canary     []canary
}

// View returns a look at the world from its beginning.
func (w *World) View() *View {
	v := &View{World: w, canary: make([]canary, len(w.Regions))}
	for r := range w.Regions {
		v.sick = append(v.sick, Track{All: w.sick[r]})
		v.site = append(v.site, Track{All: w.site[r]})
	}
	return v
}

// Target is what happens to one monitor.
type Target struct {
	Outages []Episode
	Paths   []Path // by rank among the regions of the monitor
	key     chance.Key
	track   Track
	uplink  renewal
}

// Path is what happens between one region and one target.
type Path struct {
	Region int
	// Lost is the next slot whose check is lost by independent loss.
	Lost     uptime.Instant
	interval time.Duration
	share    float64 // of checks that independent loss loses
	key      chance.Key
	gaps     chance.Stream
	burst    renewal
	cut      renewal
}

// Target draws what happens to a monitor. first are its first slots after the
// beginning, by rank.
func (v *View) Target(monitor int, first []uptime.Instant) Target {
	key := v.Key.With(partTarget).With(uint64(monitor))
	t := Target{key: key, Outages: v.outages(key), Paths: make([]Path, len(first))}
	t.track.All = t.Outages
	if v.Uplink.Every > 0 {
		t.uplink.begin(key.With(partUplink), v.Uplink.draw)
	}
	for rank := range t.Paths {
		p := &t.Paths[rank]
		p.key = key.With(partPath + 100*uint64(rank+1))
		p.Region, p.interval, p.share = v.Sets[v.Set(monitor)][rank], v.Interval(monitor), v.Loss.check()
		p.gaps = p.key.With(partGaps).Stream()
		p.Lost = first[rank].Add(-p.interval)
		p.Skip()
		if v.Paths.Every > 0 {
			p.burst.begin(p.key.With(partPath), v.Paths.draw)
		}
		if v.Cuts.Every > 0 {
			p.cut.begin(p.key.With(partCut), v.Cuts.draw)
		}
	}
	return t
}

// check is the share of checks that are lost, after the worker's one retry.
func (l Loss) check() float64 {
	return l.Attempt*l.Silent + l.Attempt*(1-l.Silent)*l.Attempt
}

// Skip moves Lost on to the next slot that is lost: the gap between two is geometric.
func (p *Path) Skip() {
	if p.share <= 0 {
		p.Lost = far
		return
	}
	p.Lost = p.Lost.Add(time.Duration(1+p.gaps.Geometric(p.share)) * p.interval)
}

// Start is when a worker starts the check of a slot: a few milliseconds late.
func (p *Path) Start(due uptime.Instant) uptime.Instant {
	return due.Add(2*time.Millisecond + time.Duration(p.key.With(partLate).With(uint64(due)).Below(18_000))*time.Microsecond)
}

// RTT is how long a check takes that passes at once.
func (p *Path) RTT() time.Duration {
	return time.Duration(15_000+p.key.Below(280_000)) * time.Microsecond
}

// Calm returns when something of the target, its paths or their regions begins to be
// broken that is not independent loss: at or before t if it is broken at t. It may be
// early.
func (v *View) Calm(t *Target, at uptime.Instant) uptime.Instant {
	next := min(t.track.next(at), t.uplink.next(at))
	for i := range t.Paths {
		p := &t.Paths[i]
		next = min(next, p.burst.next(at), p.cut.next(at), v.site[p.Region].next(at))
		if next <= at {
			return next
		}
		next = min(next, v.nextSick(t, p.Region, at))
	}
	return next
}

// nextSick is when the region is sick next in a way that concerns the target.
func (v *View) nextSick(t *Target, region int, at uptime.Instant) uptime.Instant {
	track := &v.sick[region]
	for j := track.i; j < len(track.All); j++ {
		if e := &track.All[j]; at < e.End && (!e.Fixed || e.key.With(uint64(t.key)).Uniform() < e.Loss) {
			return e.Start
		}
	}
	return far
}

// Cut tells whether a region's site has trouble with its network at an instant, or
// had a moment ago.
func (v *View) Cut(region int, at uptime.Instant) bool {
	return v.site[region].within(at.Add(-settled), at)
}

// Ailing tells whether a region was sick, or its site in trouble, between two instants.
func (v *View) Ailing(region int, from, to uptime.Instant) bool {
	return v.site[region].within(from, to) || v.sick[region].within(from, to)
}

// settled is how long after a trouble of its network a region's checks may still fail.
const settled = 12 * time.Second

// Reaches tells whether nothing but outages keeps a region from a target between two
// instants.
func (v *View) Reaches(t *Target, rank int, from, to uptime.Instant) bool {
	p := &t.Paths[rank]
	return !v.Ailing(p.Region, from, to) && !p.burst.within(from, to) && !p.cut.within(from, to) && !t.uplink.within(from, to)
}
