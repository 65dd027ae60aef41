package roster

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Roster is every monitor of the fleet, by shard.
type Roster struct {
	shards []*Shard
	loaded atomic.Bool

	mu      sync.Mutex
	regions []uptime.Region
	changed chan struct{} // closed when the regions change
}

// New returns an empty roster of so many shards; width is that of a slot, 0 for the default.
func New(shards int, width time.Duration) *Roster {
	if width <= 0 {
		width = schedule.DefaultWidth
	}
	r := &Roster{changed: make(chan struct{})}
	for range max(shards, 1) {
		r.shards = append(r.shards, newShard(width))
	}
	return r
}

// Shard returns one of the shards.
func (r *Roster) Shard(n int) *Shard { return r.shards[n] }

// Loaded tells whether the roster has been read whole.
func (r *Roster) Loaded() bool { return r.loaded.Load() }

// Len returns how many monitors there are.
func (r *Roster) Len() int {
	n := 0
	for _, s := range r.shards {
		n += s.Len()
	}
	return n
}

// Has tells whether a monitor is there.
func (r *Roster) Has(id uptime.ID) bool { return r.shards[id.Shard(len(r.shards))].has(id) }

// Regions returns the enabled regions, sorted, and a channel that is closed when the
// regions change.
func (r *Roster) Regions() ([]string, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return assigned(nil, r.regions), r.changed
}

// setRegions reports whether anything is different.
func (r *Roster) setRegions(regions []uptime.Region) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(r.regions, regions) {
		return false
	}
	r.regions = slices.Clone(regions)
	for _, s := range r.shards {
		s.setRegions(regions)
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return true
}

func (r *Roster) set(m *uptime.Monitor, template string) (shard int, c change) {
	shard = m.ID.Shard(len(r.shards))
	return shard, r.shards[shard].set(m, template)
}

func (r *Roster) remove(id uptime.ID) (shard int, c change) {
	shard = id.Shard(len(r.shards))
	return shard, r.shards[shard].remove(id)
}
