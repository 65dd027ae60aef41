package score

import (
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

const (
	// grace is what a round waits beyond the timeout, and travel what the bound
	// allows for queues, workers and the fold.
	grace  = 2 * time.Second
	travel = 3 * time.Second
	// secondRound and onlyRegion are the pauses before the round that must agree.
	secondRound = time.Second
	onlyRegion  = 5 * time.Second
	// unanimous is how many regions need no second round.
	unanimous = 3
	// settle is how long after a trouble of its own the fleet may take to ask again.
	settle = 30 * time.Second
)

// Bound is D_max, the longest that an outage may take to be found: the largest gap
// between the slots of the regions that had seen the target up, the timeout of the
// check that fails first, the rounds, and what travelling takes. voters are the
// regions whose failures count, of so many assigned.
func Bound(gap, timeout time.Duration, voters, assigned int) time.Duration {
	round := timeout + grace
	rounds := round
	switch {
	case assigned == 1:
		rounds += onlyRegion + round
	case voters < unanimous:
		rounds += secondRound + round
	}
	return gap + timeout + rounds + travel
}

// Gap returns the largest time between two consecutive slots of one cycle, given one
// slot of each region.
func Gap(slots []uptime.Instant, interval time.Duration) time.Duration {
	phases := make([]time.Duration, len(slots))
	for i, at := range slots {
		phases[i] = at.Sub(world.Epoch) % interval
	}
	slices.Sort(phases)
	gap := interval - phases[len(phases)-1] + phases[0]
	for i := 1; i < len(phases); i++ {
		gap = max(gap, phases[i]-phases[i-1])
	}
	return gap + schedule.DefaultWidth
}

// Demand says that an outage has to be found within Bound of From. Without a bound
// nothing is demanded: it is too short, or (hidden) the fleet does not see it for long
// enough.
type Demand struct {
	From   uptime.Instant
	Bound  time.Duration
	Hidden bool
}

// Met tells whether an outage that was found at an instant was found in time.
func (d Demand) Met(at uptime.Instant) bool { return at <= d.From.Add(d.Bound) }

// Change is a region becoming sick or well in the eyes of the fleet.
type Change struct {
	At      uptime.Instant
	Region  int
	Healthy bool
}

// Judge says what is to be demanded of whoever watches one monitor.
type Judge struct {
	View    *world.View
	Target  *world.Target
	Slots   []uptime.Instant // one of each region, by rank
	Changes []Change         // of the fleet's regions, in order

	Interval, Timeout time.Duration
}

// Demands returns one demand for each outage. An outage that begins before the fleet
// has seen the end of the one before is the same to it: nothing is demanded.
func (j *Judge) Demands() []Demand {
	all := make([]Demand, len(j.Target.Outages))
	quiet := j.Interval + j.Timeout + settle
	for i := range all {
		o := &j.Target.Outages[i]
		if i > 0 && o.Start < j.Target.Outages[i-1].End.Add(quiet) || o.End > j.View.End() {
			continue
		}
		all[i] = j.demand(o, quiet)
	}
	return all
}

// Best is D_max while all regions are well.
func (j *Judge) Best() time.Duration {
	return Bound(Gap(j.Slots, j.Interval), j.Timeout, len(j.Slots), len(j.Slots))
}

// demand looks for the first stretch of an outage that is long enough to find it in.
func (j *Judge) demand(o *world.Episode, quiet time.Duration) Demand {
	points := j.turns(o.Start.Add(-quiet), o.End)
	late := len(points) > 0 && points[0] <= o.Start
	for len(points) > 0 && points[0] <= o.Start {
		points = points[1:]
	}
	points = append(points, o.End)
	for from := o.Start; ; from, points, late = points[0], points[1:], true {
		if from >= o.End {
			return Demand{Hidden: o.Start.Add(j.Best()) < o.End}
		}
		d := Demand{From: from}
		if late {
			d.From = from.Add(settle)
		}
		d.Bound = j.bound(from, quiet)
		if d.Bound > 0 && d.From.Add(d.Bound) < points[0] {
			return d
		}
	}
}

// turns are the instants between two at which the eyes of the fleet change.
func (j *Judge) turns(from, to uptime.Instant) []uptime.Instant {
	var all []uptime.Instant
	add := func(at uptime.Instant) {
		if from < at && at < to {
			all = append(all, at)
		}
	}
	for rank := range j.Target.Paths {
		region := j.Target.Paths[rank].Region
		for _, c := range j.Changes {
			if c.Region == region {
				add(c.At)
			}
		}
		for _, troubles := range [...][]world.Episode{j.View.SiteTroubles(region), j.View.Sicknesses(region)} {
			for i := range troubles {
				add(troubles[i].Start)
				add(troubles[i].End)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// bound is D_max at an instant, zero where too few regions see anything. before is
// for how long a region must have been well to have seen the target up.
func (j *Judge) bound(at uptime.Instant, before time.Duration) time.Duration {
	voters, witnesses := 0, make([]uptime.Instant, 0, len(j.Slots))
	assigned := len(j.Slots)
	for rank := range j.Slots {
		region := j.Target.Paths[rank].Region
		if !j.healthy(region, at) || j.View.Cut(region, at) {
			continue
		}
		voters++
		if j.View.Reaches(j.Target, rank, at.Add(-before), at.Add(j.Interval)) {
			witnesses = append(witnesses, j.Slots[rank])
		}
	}
	if voters < consensus.Least(assigned) || len(witnesses) == 0 {
		return 0
	}
	return Bound(Gap(witnesses, j.Interval), j.Timeout, voters, assigned)
}

// healthy tells whether the fleet holds a region to be well.
func (j *Judge) healthy(region int, at uptime.Instant) bool {
	healthy := true
	for _, c := range j.Changes {
		if c.At > at {
			break
		}
		if c.Region == region {
			healthy = c.Healthy
		}
	}
	return healthy
}
