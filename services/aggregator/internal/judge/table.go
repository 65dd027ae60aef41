package judge

import (
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// monitor is one row of the table. There may be a million, so what only few of them
// need is behind pointers and slices that are nearly always nil.
type monitor struct {
	cfg     consensus.Monitor
	state   consensus.State
	regions *regionSet
	armed   uptime.Instant // of its entry among the timers; zero: none that counts
	added   uptime.Instant // known since, for as long as it never had a verdict
	since   uptime.Instant // of the verdict, zero if it never had one
	slot    int32
	reason  uptime.Reason // of the verdict
	hot     bool          // waits to be judged
	dirty   bool          // changed since the last snapshot was written
	judged  bool          // not only by refreshed votes
	blind   bool          // its verdict is unknown because its regions are blind
	// changed has bit i set if the vote of the i-th region was refreshed; the last bit
	// stands for all regions from there on.
	changed uint64
	pending *pending // nil: nothing
	ends    *end     // nil: its checks have seen none
	witness *witness // nil: it has not failed for a while
}

// pending is what waits for the next snapshot, in order.
type pending struct {
	votes []consensus.VoteChange
	spans []postgres.SpanSwitch
	fails []postgres.Failure
}

func (m *monitor) later() *pending {
	if m.pending == nil {
		m.pending = &pending{}
	}
	return m.pending
}

// target returns the target revision that is judged.
func (m *monitor) target() int64 { return int64(m.cfg.Target) }

// touch notes that a region's vote was refreshed.
func (m *monitor) touch(region string) {
	for i, name := range m.cfg.Assigned {
		if name == region {
			m.changed |= 1 << min(i, 63)
			return
		}
	}
}

func (m *monitor) touched(i int) bool { return m.judged || m.changed&(1<<min(i, 63)) != 0 }

// regionSet is a choice of regions that many monitors share, with what it comes to
// in the fleet as it is: the slice is one for all of them.
type regionSet struct {
	all      bool
	named    []string
	assigned []string
	rate     float64 // checks a second of its monitors in each region
}

// regions is what the judge knows of the fleet's regions.
type regions struct {
	fleet []uptime.Region // by name
	sets  map[string]*regionSet
}

// set returns the set of a monitor's own choice.
func (r *regions) set(named []string) *regionSet {
	key := "*"
	if named != nil {
		key = strings.Join(named, ",")
	}
	set := r.sets[key]
	if set == nil {
		set = &regionSet{all: named == nil, named: named}
		set.assigned = set.assign(r.fleet)
		r.sets[key] = set
	}
	return set
}

func (s *regionSet) assign(fleet []uptime.Region) []string {
	m := uptime.Monitor{Regions: s.named}
	if s.all {
		m.Regions = nil
	} else if s.named == nil {
		m.Regions = []string{}
	}
	return m.Assigned(fleet)
}

// adopt takes over the fleet's regions and returns the sets that came out differently.
func (r *regions) adopt(fleet []uptime.Region) map[*regionSet]bool {
	r.fleet = fleet
	changed := map[*regionSet]bool{}
	for _, set := range r.sets {
		if assigned := set.assign(fleet); !slices.Equal(assigned, set.assigned) {
			set.assigned = assigned
			changed[set] = true
		}
	}
	return changed
}

// rates returns how many checks a second each region has scheduled.
func (r *regions) rates() map[string]float64 {
	rates := make(map[string]float64, len(r.fleet))
	for _, set := range r.sets {
		for _, name := range set.assigned {
			rates[name] += set.rate
		}
	}
	return rates
}
