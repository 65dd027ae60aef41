package roster

import (
	"slices"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/schedule"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// Shard is the monitors of one shard and their schedules. It is safe for use by many
// goroutines; slots of one region must be taken by one of them.
type Shard struct {
	width time.Duration

	mu      sync.Mutex
	table   table
	regions []uptime.Region
	lanes   map[string]*lane // of the enabled regions
	buf     []byte           // of the message that is being told
	seen    []uint64         // by number, while the roster is read
}

func newShard(width time.Duration) *Shard {
	return &Shard{width: width, table: newTable(), lanes: map[string]*lane{}}
}

// Take moves a region's schedule on by one slot and tells the messages of the monitors
// that are due and worth a check at now; a message is valid during the call only. Not
// worth it, and counted missed, are a slot after which the monitor is due again already,
// and one that would be expired on arrival. ok is false if the region is not enabled.
func (s *Shard) Take(region string, now uptime.Instant, each func(message []byte)) (slot uptime.Instant, missed int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[region]
	if l == nil {
		return 0, 0, false
	}
	slot = l.wheel.Take(func(key uint32, due uptime.Instant) {
		r := &s.table.records[key]
		notAfter := uptime.NotAfter(due, r.every())
		late := now.Sub(due)
		if notAfter <= now || late > r.every()-s.width && s.timing(l, key).Next(due) <= now {
			missed++
			return
		}
		s.buf = append(s.buf[:0], r.template...)
		s.buf = wire.AppendSlot(s.buf, due, notAfter)
		each(s.buf)
	})
	return slot, missed, true
}

// Skip moves a region's schedule forward to a slot without taking anything and returns
// how many slots of monitors are skipped. It costs what the region holds.
func (s *Shard) Skip(region string, to uptime.Instant) (missed int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[region]
	if l == nil {
		return 0
	}
	from := l.wheel.At()
	l.wheel.Each(func(key uint32) { missed += s.timing(l, key).Count(from, to) })
	l.wheel.Seek(to)
	return missed
}

// Seek makes the next slot that is taken of a region the one after at.
func (s *Shard) Seek(region string, at uptime.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lanes[region]; l != nil {
		l.wheel.Seek(at)
	}
}

// Rate returns how many checks are due in a region per second.
func (s *Shard) Rate(region string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lanes[region]; l != nil {
		return l.rate
	}
	return 0
}

// Urgent returns a monitor, as far as its checks need it, and the regions that look at
// it; ok is false if it is not there or is paused.
func (s *Shard) Urgent(id uptime.ID) (m uptime.Monitor, regions []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, r := s.table.get(id)
	if r == nil || r.paused {
		return m, nil, false
	}
	m, err := decode(r.template)
	return m, s.table.sets[r.set].assigned, err == nil
}

// Len returns how many monitors there are.
func (s *Shard) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.table.index)
}

// has tells whether a monitor is there.
func (s *Shard) has(id uptime.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, r := s.table.get(id)
	return r != nil
}

// timing is when a monitor is due in a lane. The lock is held.
func (s *Shard) timing(l *lane, key uint32) schedule.Timing {
	r := &s.table.records[key]
	return schedule.TimingOf(r.id(), r.every(), s.width, int(l.rank[r.set]), len(s.table.sets[r.set].assigned))
}

// change is what a monitor's new state asks of whoever pushes.
type change struct {
	differs bool
	added   bool
	check   bool     // new, or of a new revision: look at once
	drop    []string // regions in which nothing of it may stay queued
}

// set takes a monitor as it is now. A revision older than the known one is ignored:
// it was read before the one that is known.
func (s *Shard) set(m *uptime.Monitor, template string) change {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := record{
		template: template, revision: m.Revision, interval: uint32(m.Interval.Milliseconds()),
		set: s.setOf(m.Regions), paused: m.Paused,
	}
	key, old := s.table.get(m.ID)
	if old != nil {
		s.note(key)
		if old.revision > next.revision || *old == next {
			return change{}
		}
	}
	c := change{differs: true, added: old == nil, check: !m.Paused && (old == nil || old.revision != m.Revision)}
	if old != nil {
		was, is := s.looking(old), s.looking(&next)
		c.drop = slices.DeleteFunc(slices.Clone(was), func(region string) bool { return slices.Contains(is, region) })
		s.unschedule(key)
	}
	key = s.table.put(m.ID, next)
	s.note(key)
	s.schedule(key)
	return c
}

// remove forgets a monitor.
func (s *Shard) remove(id uptime.ID) change {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, old := s.table.get(id)
	if old == nil {
		return change{}
	}
	c := change{differs: true, drop: slices.Clone(s.looking(old))}
	s.unschedule(key)
	s.table.remove(id, key)
	return c
}

// looking returns the regions that check a monitor: none while it is paused.
func (s *Shard) looking(r *record) []string {
	if r.paused {
		return nil
	}
	return s.table.sets[r.set].assigned
}

// setOf returns the index of a set of regions and makes the lanes know a new one.
func (s *Shard) setOf(names []string) uint16 {
	known := len(s.table.sets)
	set := s.table.setOf(names, s.regions)
	if len(s.table.sets) > known {
		for region, l := range s.lanes {
			l.rank = rankIn(s.table.sets, region)
		}
	}
	return set
}

func (s *Shard) schedule(key uint32) {
	r := &s.table.records[key]
	for _, region := range s.looking(r) {
		s.lanes[region].wheel.Add(key)
		s.lanes[region].rate += 1 / r.every().Seconds()
	}
}

func (s *Shard) unschedule(key uint32) {
	r := &s.table.records[key]
	for _, region := range s.looking(r) {
		s.lanes[region].wheel.Remove(key)
		s.lanes[region].rate -= 1 / r.every().Seconds()
	}
}

// setRegions takes the fleet's regions as they are now. Ranks, and with them phases,
// change for every monitor that a region comes to or goes from; lanes that stay keep
// the slot at which they are.
func (s *Shard) setRegions(regions []uptime.Region) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions = slices.Clone(regions)
	for i := range s.table.sets {
		s.table.sets[i].assigned = assigned(s.table.sets[i].names, regions)
	}
	old := s.lanes
	s.lanes = map[string]*lane{}
	for _, r := range regions {
		if !r.Enabled {
			continue
		}
		l := &lane{rank: rankIn(s.table.sets, r.Name)}
		at := uptime.Instant(0)
		if before := old[r.Name]; before != nil {
			at = before.wheel.At()
		}
		l.wheel = schedule.NewWheel(s.width, at, func(key uint32) schedule.Timing { return s.timing(l, key) })
		s.lanes[r.Name] = l
	}
	for key := range s.table.records {
		if s.table.records[key].template != "" {
			s.schedule(uint32(key))
		}
	}
}

// beginRead starts to note which monitors are set; endRead returns those that were not.
func (s *Shard) beginRead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = make([]uint64, len(s.table.records)/64+1)
}

func (s *Shard) endRead() []uptime.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var unseen []uptime.ID
	for id, key := range s.table.index {
		if int(key/64) >= len(s.seen) || s.seen[key/64]&(1<<(key%64)) == 0 {
			unseen = append(unseen, id)
		}
	}
	s.seen = nil
	return unseen
}

func (s *Shard) note(key uint32) {
	if s.seen == nil {
		return
	}
	for int(key/64) >= len(s.seen) {
		s.seen = append(s.seen, 0)
	}
	s.seen[key/64] |= 1 << (key % 64)
}
