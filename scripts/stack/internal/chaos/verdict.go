package chaos

import (
	"fmt"
	"time"
)

// Slots are what became of the checks of one region, or of all, within a scenario.
type Slots struct {
	Scheduled, Done, Expired, Invalid, Dropped, Missed, Waiting int64

	Balance   int64 // what the ledgers, of scheduled and of urgent checks, cannot account for
	TicksLost int64 // results that were dropped on purpose, because memory was short
}

// since returns what was added after base. A ledger that has less than it had was
// emptied in between: then everything in it is new.
func (s Slots) since(base Slots) Slots {
	if s.Scheduled < base.Scheduled {
		base = Slots{}
	}
	return Slots{
		Scheduled: s.Scheduled - base.Scheduled, Done: s.Done - base.Done, Expired: s.Expired - base.Expired,
		Invalid: s.Invalid - base.Invalid, Dropped: s.Dropped - base.Dropped, Missed: s.Missed - base.Missed,
		TicksLost: s.TicksLost - base.TicksLost, Waiting: s.Waiting, Balance: s.Balance,
	}
}

func (s Slots) plus(o Slots) Slots {
	return Slots{
		Scheduled: s.Scheduled + o.Scheduled, Done: s.Done + o.Done, Expired: s.Expired + o.Expired,
		Invalid: s.Invalid + o.Invalid, Dropped: s.Dropped + o.Dropped, Missed: s.Missed + o.Missed,
		TicksLost: s.TicksLost + o.TicksLost, Waiting: s.Waiting + o.Waiting, Balance: s.Balance + max(o.Balance, -o.Balance),
	}
}

// counted is how many slots the ledger says have no tick.
func (s Slots) counted() int64 { return s.Expired + s.Invalid + s.Dropped + s.Missed + s.TicksLost }

// Figures are what came out of a scenario.
type Figures struct {
	Slots
	Holes  int64 // slots without a tick
	Beyond int64 // of them, those that no ledger counts and no promise allows

	Outages    int // made
	Unseen     int // without an incident
	Duplicates int // incidents beyond the first of an outage
	False      int // incidents and alerts of websites that were well

	Alerts int // expected
	Lost   int // of them, those that did not arrive
	Twice  int // those that arrived under more than one key
	Again  int // arrivals after the first under the same key, which is allowed

	Recovered bool
	Recovery  time.Duration // from the end of the fault until everything moves again
	Held      time.Duration // how long the fault lasted
	Checks    []Check
}

// Broken lists the promises that were not kept.
func (f *Figures) Broken() []string {
	var out []string
	none := func(n int64, what string) {
		if n != 0 {
			out = append(out, fmt.Sprintf("%d %s", n, what))
		}
	}
	none(f.Balance, "unaccounted for by the ledger")
	none(f.Beyond, "ticks lost")
	none(int64(f.Unseen), "outages unseen")
	none(int64(f.Duplicates), "duplicate incidents")
	none(int64(f.False), "false incidents or alerts")
	none(int64(f.Lost), "alerts lost")
	none(int64(f.Twice), "alerts under two keys")
	if !f.Recovered {
		out = append(out, fmt.Sprintf("not recovered within %v", f.Recovery.Round(time.Second)))
	}
	for _, c := range f.Checks {
		if !c.OK {
			out = append(out, fmt.Sprintf("%s: %s", c.What, c.Got))
		}
	}
	return out
}

// holes counts, by region, the instants of each series' grid after from, up to to, that
// have no tick. The grid goes through any tick of the series; one without ticks has as
// many holes as fit.
func holes(series []seriesKey, ticks map[seriesKey][]int64, every time.Duration, from, to time.Time) map[string]int64 {
	step, begin, end := every.Milliseconds(), from.UnixMilli(), to.UnixMilli()
	out := map[string]int64{}
	for _, key := range series {
		have := ticks[key]
		if len(have) == 0 {
			out[key.region] += (end - begin) / step
			continue
		}
		seen := make(map[int64]bool, len(have))
		for _, at := range have {
			seen[at] = true
		}
		first := begin + 1 + mod(have[0]-begin-1, step)
		for at := first; at <= end; at += step {
			if !seen[at] {
				out[key.region]++
			}
		}
	}
	return out
}

// mod is the remainder that is never negative.
func mod(a, m int64) int64 { return (a%m + m) % m }

// alerts counts what arrived for the outages of websites, of which each is to be told
// twice: that it began and that it ended, or both at once.
func alerts(websites []string, got []told) (f Figures) {
	keys := map[string]map[string]int{} // website and event → key → arrivals
	combined := map[string]bool{}
	for _, t := range got {
		id := t.website + " " + t.event
		if keys[id] == nil {
			keys[id] = map[string]int{}
		}
		keys[id][t.key]++
		combined[t.website] = combined[t.website] || t.combined
	}
	for _, w := range websites {
		for _, event := range []string{"down", "recovered"} {
			f.Alerts++
			arrived := keys[w+" "+event]
			if len(arrived) == 0 && (event == "recovered" || !combined[w]) {
				f.Lost++
			}
			if len(arrived) > 1 {
				f.Twice++
			}
			for _, n := range arrived {
				f.Again += n - 1
			}
		}
	}
	return f
}
