package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// The fields of the ledger; those of urgent checks have the prefix before them.
const (
	ledgerScheduled = "scheduled"
	ledgerDone      = "done"
	ledgerExpired   = "expired"
	ledgerInvalid   = "invalid"
	ledgerDropped   = "dropped"
	ledgerMissed    = "missed"
	ledgerTicksLost = "ticks_lost"
	ledgerVanished  = "vanished"
	ledgerBegun     = "begun" // ms of the first push: a ledger that began at another time is another one

	urgentPrefix = "urgent_"
)

// Ledger counts what became of a lane's checks since its streams began. In Redis,
// where scripts keep it,
//
//	Scheduled = Done + Expired + Invalid + Dropped + Waiting
//
// always holds. Seen from outside a slot that was pushed and then dropped (its
// monitor was removed) is missed like one that was never pushed; see [Ledger.Slots].
type Ledger struct {
	Scheduled int64 // pushed
	Done      int64 // probed: pass, degraded or fail
	Expired   int64 // too late to be probed
	Invalid   int64 // could not be probed
	Dropped   int64 // removed from the queue with their monitor
	Missed    int64 // due but never pushed
	Waiting   int64 // still in the stream, those that a worker has taken included
}

// Balance returns what the ledger cannot account for: zero, or something is wrong.
func (l Ledger) Balance() int64 {
	return l.Scheduled - l.Done - l.Expired - l.Invalid - l.Dropped - l.Waiting
}

// Slots returns how many slots came due, and how many of them nobody looked at:
// slots = done + expired + invalid + missed + waiting.
func (l Ledger) Slots() (slots, missed int64) { return l.Scheduled + l.Missed, l.Missed + l.Dropped }

// QueueStats is the state of a stream as one of its groups sees it.
type QueueStats struct {
	Length    int64         // entries in the stream
	Pending   int64         // taken and not yet acknowledged
	OldestAge time.Duration // since the oldest entry that nobody has taken was written; 0 if none
	StuckAge  time.Duration // since the oldest entry that is taken was written; 0 if none
}

// LaneStats is one lane at one moment.
type LaneStats struct {
	Lane       Lane
	At         time.Time // Redis' time
	Epoch      int64     // of the last push
	Cursor     uptime.Instant
	Ledger     Ledger
	Urgent     Ledger
	Begun      int64 // ms of Redis' clock at which both ledgers began; 0: before the first check
	TicksLost  int64 // results dropped before InfluxDB had them
	Vanished   int64 // entries that were gone when they were reclaimed
	DeadLetter int64 // entries in the dead-letter stream
	Checks     QueueStats
	UrgentQ    QueueStats
	Aggregator QueueStats // of the results
	Ticks      QueueStats // of the results
}

// LaneStats reads all counts of a lane at one moment; a lane that does not exist is
// all zero.
func (c *Client) LaneStats(ctx context.Context, l Lane) (LaneStats, error) {
	keys := []string{l.cursor(), l.ledger(), l.dlq(), l.checks(), l.urgent(), l.results()}
	out, err := c.run(ctx, scriptStats, keys, string(GroupWorkers), string(GroupAggregator), string(GroupTicks))
	if err != nil {
		return LaneStats{}, fmt.Errorf("lane stats: %w", err)
	}
	r := &reply{rest: out}
	now := r.int()
	s := LaneStats{Lane: l, At: time.UnixMilli(now).UTC(), Epoch: r.int(), Cursor: uptime.Instant(r.int())}
	fields := map[string]int64{}
	for f := r.list(); len(f.rest) > 0; {
		name := f.text()
		fields[name] = f.int()
	}
	s.DeadLetter = r.int()
	for _, q := range []*QueueStats{&s.Checks, &s.UrgentQ, &s.Aggregator, &s.Ticks} {
		q.read(r, now)
	}
	s.Ledger, s.Urgent = ledgerOf(fields, ""), ledgerOf(fields, urgentPrefix)
	s.Ledger.Waiting, s.Urgent.Waiting = s.Checks.Length, s.UrgentQ.Length
	s.TicksLost, s.Vanished, s.Begun = fields[ledgerTicksLost], fields[ledgerVanished], fields[ledgerBegun]
	return s, r.err
}

func ledgerOf(fields map[string]int64, prefix string) Ledger {
	return Ledger{
		Scheduled: fields[prefix+ledgerScheduled], Done: fields[prefix+ledgerDone],
		Expired: fields[prefix+ledgerExpired], Invalid: fields[prefix+ledgerInvalid],
		Dropped: fields[prefix+ledgerDropped], Missed: fields[prefix+ledgerMissed],
	}
}

func (q *QueueStats) read(r *reply, now int64) {
	q.Length, q.Pending = r.int(), r.int()
	q.OldestAge, q.StuckAge = ageOf(r.text(), now), ageOf(r.text(), now)
}

// ageOf returns how long before now (in ms) an entry was written; its id says when.
func ageOf(id string, now int64) time.Duration {
	if id == "" {
		return 0
	}
	return max(0, time.Duration(now-idMillis(id))*time.Millisecond)
}
