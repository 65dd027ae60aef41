package roster

import (
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// record is one monitor. Its template begins with its id (see [wire.MonitorOf]), which
// is therefore not kept twice. An empty template marks a free record.
type record struct {
	template string
	revision int64
	interval uint32 // ms
	set      uint16 // index of its regions
	paused   bool
}

func (r *record) id() uptime.ID {
	var id uptime.ID
	copy(id[:], r.template[2:18])
	return id
}

func (r *record) every() time.Duration { return time.Duration(r.interval) * time.Millisecond }

// table is the monitors of one shard by small numbers, which are given out again when
// a monitor goes, so that they stay dense.
type table struct {
	records []record
	index   map[uptime.ID]uint32
	free    []uint32
	sets    []regionSet
}

// regionSet is which regions monitors ask for, shared by all that ask for the same.
type regionSet struct {
	names    []string // sorted; nil: every enabled one
	assigned []string // those of them that are enabled, sorted
}

func newTable() table { return table{index: map[uptime.ID]uint32{}} }

func (t *table) get(id uptime.ID) (uint32, *record) {
	key, ok := t.index[id]
	if !ok {
		return 0, nil
	}
	return key, &t.records[key]
}

// put stores a record under the monitor's number, a new one if it has none.
func (t *table) put(id uptime.ID, r record) uint32 {
	key, ok := t.index[id]
	switch {
	case ok:
	case len(t.free) > 0:
		key = t.free[len(t.free)-1]
		t.free = t.free[:len(t.free)-1]
	default:
		key = uint32(len(t.records))
		t.records = append(t.records, record{})
	}
	t.index[id] = key
	t.records[key] = r
	return key
}

func (t *table) remove(id uptime.ID, key uint32) {
	delete(t.index, id)
	t.records[key] = record{}
	t.free = append(t.free, key)
}

// setOf returns the index of a set of regions, adding it if nobody has asked for it
// before. Sets are never removed: users share few.
func (t *table) setOf(names []string, enabled []uptime.Region) uint16 {
	if names != nil {
		names = slices.Clone(names)
		slices.Sort(names)
	}
	for i := range t.sets {
		if (t.sets[i].names == nil) == (names == nil) && slices.Equal(t.sets[i].names, names) {
			return uint16(i)
		}
	}
	t.sets = append(t.sets, regionSet{names: names, assigned: assigned(names, enabled)})
	return uint16(len(t.sets) - 1)
}

// assigned asks the domain, so that every service ranks regions alike.
func assigned(names []string, regions []uptime.Region) []string {
	m := uptime.Monitor{Regions: names}
	return m.Assigned(regions)
}

// lane is one region's schedule of the shard.
type lane struct {
	wheel *schedule.Wheel
	rank  []int16 // by set: the region's place among the set's, -1 if it is not there
	rate  float64 // checks due per second
}

func rankIn(sets []regionSet, region string) []int16 {
	ranks := make([]int16, len(sets))
	for i := range sets {
		at, ok := slices.BinarySearch(sets[i].assigned, region)
		if ranks[i] = int16(at); !ok {
			ranks[i] = -1
		}
	}
	return ranks
}

// encode returns a monitor's template.
func encode(m *uptime.Monitor) []byte {
	c := m.Check("", 0)
	return wire.AppendTemplate(nil, &c)
}

// decode returns the monitor of a template, as far as its checks need it.
func decode(template string) (uptime.Monitor, error) {
	c, err := wire.DecodeCheck(wire.AppendSlot([]byte(template), 1, 1), "")
	return uptime.Monitor{
		ID: c.Monitor, Revision: c.Revision, Kind: c.Kind, Target: c.Target, Settings: c.Settings,
		Interval: c.Interval, Timeout: c.Timeout,
	}, err
}

// pack encodes many monitors into one piece of memory: a million small ones would
// cost an eighth more, and the collector a look at each.
func pack(monitors []uptime.Monitor) []string {
	var buf []byte
	ends := make([]int, len(monitors))
	for i := range monitors {
		buf = append(buf, encode(&monitors[i])...)
		ends[i] = len(buf)
	}
	all := string(buf) // of exactly this size
	templates, from := make([]string, len(monitors)), 0
	for i, end := range ends {
		templates[i] = all[from:end]
		from = end
	}
	return templates
}
