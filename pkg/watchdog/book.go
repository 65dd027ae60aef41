package watchdog

import (
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
)

// KeepMinutes is for how many minutes the ledger is kept.
const KeepMinutes = 60

// Book is the ledger of all lanes by the minute. In Redis the identity
//
//	scheduled = done + expired + invalid + dropped + waiting
//
// holds at every moment, so it holds for the difference of two readings, too. What it
// is off by is the balance of the minute: a defect, or entries that somebody removed.
// A ledger that began anew is Redis without its data: what waited then is lost, and
// counts as off. One that Redis took back to an older state (a failover) has lost
// nothing, since the pusher goes on from the cursor that came back with it.
type Book struct {
	last    map[postgres.LedgerKey]postgres.LedgerReading
	minutes map[postgres.LedgerKey][]postgres.LedgerMinute // oldest first
}

// NewBook goes on from what was kept.
func NewBook(readings []postgres.LedgerReading, minutes []postgres.LedgerMinute) *Book {
	b := &Book{last: map[postgres.LedgerKey]postgres.LedgerReading{}, minutes: map[postgres.LedgerKey][]postgres.LedgerMinute{}}
	for _, r := range readings {
		b.last[r.LedgerKey] = r
	}
	for i := range minutes {
		k := minutes[i].LedgerKey
		b.minutes[k] = append(b.minutes[k], minutes[i])
	}
	return b
}

// Take enters a reading of a lane and tells whether its ledger had begun anew.
func (b *Book) Take(s *queue.LaneStats) (anew bool) {
	key := postgres.LedgerKey{Region: s.Lane.Region, Shard: s.Lane.Shard}
	anew = b.enter(key, s.Begun, counts(s.Ledger), s.At)
	key.Urgent = true
	b.enter(key, s.Begun, counts(s.Urgent), s.At)
	return anew
}

func counts(l queue.Ledger) postgres.LedgerCounts {
	return postgres.LedgerCounts{
		Scheduled: l.Scheduled, Done: l.Done, Expired: l.Expired, Invalid: l.Invalid, Dropped: l.Dropped,
		Missed: l.Missed, Waiting: l.Waiting,
	}
}

func (b *Book) enter(key postgres.LedgerKey, begun int64, now postgres.LedgerCounts, at time.Time) (anew bool) {
	before, known := b.last[key]
	b.last[key] = postgres.LedgerReading{LedgerKey: key, Begun: begun, LedgerCounts: now}
	m := b.minute(key, at)
	m.Waiting = now.Waiting
	switch {
	case !known: // What was before is not ours to tell, but it must balance.
		m.Balance += off(now)
		return false
	case isAnew(before, begun, now):
		add(&m.LedgerCounts, now, postgres.LedgerCounts{})
		m.Balance += off(now) + before.Waiting
		if !key.Urgent { // Both ledgers of a lane are one hash.
			m.Restarts++
		}
		return true
	}
	add(&m.LedgerCounts, now, before.LedgerCounts)
	m.Balance += off(now) - off(before.LedgerCounts)
	return false
}

// isAnew tells whether a ledger is not the one that was read before. One that began
// before this was written down began anew if a count is lower.
func isAnew(before postgres.LedgerReading, begun int64, now postgres.LedgerCounts) bool {
	if before.Begun != 0 {
		return begun != before.Begun
	}
	return now.Scheduled < before.Scheduled || now.Done < before.Done || now.Expired < before.Expired ||
		now.Invalid < before.Invalid || now.Dropped < before.Dropped || now.Missed < before.Missed
}

func off(c postgres.LedgerCounts) int64 {
	return c.Scheduled - c.Done - c.Expired - c.Invalid - c.Dropped - c.Waiting
}

// add adds what happened between two readings.
func add(sum *postgres.LedgerCounts, now, before postgres.LedgerCounts) {
	sum.Scheduled += now.Scheduled - before.Scheduled
	sum.Done += now.Done - before.Done
	sum.Expired += now.Expired - before.Expired
	sum.Invalid += now.Invalid - before.Invalid
	sum.Dropped += now.Dropped - before.Dropped
	sum.Missed += now.Missed - before.Missed
}

// minute returns the minute of an instant, the last one if Redis' clock went back.
// Minutes that are over since long are dropped.
func (b *Book) minute(key postgres.LedgerKey, at time.Time) *postgres.LedgerMinute {
	at = at.UTC().Truncate(time.Minute)
	all := b.minutes[key]
	if len(all) == 0 || all[len(all)-1].Minute.Before(at) {
		all = append(all, postgres.LedgerMinute{LedgerKey: key, Minute: at})
	}
	keep := all[len(all)-1].Minute.Add(-KeepMinutes * time.Minute)
	all = slices.DeleteFunc(all, func(m postgres.LedgerMinute) bool { return !m.Minute.After(keep) })
	b.minutes[key] = all
	return &all[len(all)-1]
}

// Retain forgets the lanes that keep does not want.
func (b *Book) Retain(keep func(postgres.LedgerKey) bool) {
	for key := range b.last {
		if !keep(key) {
			delete(b.last, key)
		}
	}
	for key := range b.minutes {
		if !keep(key) {
			delete(b.minutes, key)
		}
	}
}

// Current returns the readings and, of each lane, the last two minutes: what is to be
// kept, even if that could not be done the last time.
func (b *Book) Current() ([]postgres.LedgerReading, []postgres.LedgerMinute) {
	readings := make([]postgres.LedgerReading, 0, len(b.last))
	minutes := make([]postgres.LedgerMinute, 0, 2*len(b.last))
	for key, r := range b.last {
		readings = append(readings, r)
		all := b.minutes[key]
		minutes = append(minutes, all[max(len(all)-2, 0):]...)
	}
	return readings, minutes
}

// Hour is what became of a region's checks within the minutes that are kept.
type Hour struct {
	postgres.LedgerCounts
	Balance  int64 // of both ledgers of all shards
	Restarts int
}

// Balanced tells whether everything is accounted for.
func (h Hour) Balanced() bool { return h.Balance == 0 && h.Restarts == 0 }

// Hours sums up each region.
func (b *Book) Hours() map[string]Hour {
	var all []postgres.LedgerMinute
	for _, minutes := range b.minutes {
		all = append(all, minutes...)
	}
	return Sum(all)
}

// Sum sums minutes up by region. The counts are those of the schedule; balance and
// restarts are those of the urgent checks, too.
func Sum(minutes []postgres.LedgerMinute) map[string]Hour {
	hours := map[string]Hour{}
	last := map[postgres.LedgerKey]*postgres.LedgerMinute{}
	for i := range minutes {
		m := &minutes[i]
		h := hours[m.Region]
		h.Balance += m.Balance
		h.Restarts += m.Restarts
		if !m.Urgent {
			add(&h.LedgerCounts, m.LedgerCounts, postgres.LedgerCounts{})
			if l := last[m.LedgerKey]; l == nil || l.Minute.Before(m.Minute) {
				last[m.LedgerKey] = m
			}
		}
		hours[m.Region] = h
	}
	for key, m := range last {
		h := hours[key.Region]
		h.Waiting += m.Waiting
		hours[key.Region] = h
	}
	return hours
}
