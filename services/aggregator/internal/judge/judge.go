package judge

import (
	"context"
	"log/slog"
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

const (
	// unitsAtOnce bounds what one call to Record is given, and so the memory of a
	// snapshot and how long one transaction lasts.
	unitsAtOnce = 500
	// snapshotsAtOnce is the same for checkpoints, whose units are nearly always one
	// row: fewer, larger transactions.
	snapshotsAtOnce = 2000
	// goneFor is how long the fold remembers that a monitor does not exist, so that what
	// is still in the queue of it does not ask the database each time.
	goneFor = time.Minute
	// leastPause keeps a monitor that asks to be judged at once again and again from
	// keeping the fold from everything else.
	leastPause = 10 * time.Millisecond
)

// Config of a [Judge]. Recorder, Asker and Loader are required.
type Config struct {
	Recorder Recorder
	Asker    Asker
	Loader   Loader
	// Fleet says that this shard judges the health of the regions for all shards.
	Fleet   bool
	Metrics *Metrics     // nil: unregistered ones
	Log     *slog.Logger // nil: slog.Default()
}

// Judge is the fold of one shard. It is not safe for concurrent use.
type Judge struct {
	cfg     Config
	slots   map[uptime.ID]int32
	table   []*monitor // nil where a monitor was removed
	free    []int32
	timers  timers
	regions regions
	fleet   consensus.Fleet
	out     consensus.Actions
	hot     []int32
	warned  []int32 // of an end: to be told
	dirty   []int32
	stirred bool // a vote has changed since the last checkpoint
	units   []unit.Unit
	asks    []unit.Ask
	stash   []uptime.Result // of monitors, or revisions, that are not known yet
	gone    map[uptime.ID]uptime.Instant
	health  health
	beats   beats
	held    int // bytes of failures that are not written yet
}

// New returns a judge without monitors.
func New(cfg Config) *Judge {
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Judge{
		cfg: cfg, slots: map[uptime.ID]int32{}, gone: map[uptime.ID]uptime.Instant{},
		regions: regions{sets: map[string]*regionSet{}},
		fleet:   consensus.Fleet{Regions: map[string]consensus.Region{}, Budget: &consensus.Budget{}},
		health:  newHealth(), beats: newBeats(),
	}
}

// Len returns how many monitors there are.
func (j *Judge) Len() int { return len(j.slots) }

// Result folds one result into its region's vote; r is not kept. Advance judges.
func (j *Judge) Result(r *uptime.Result, now uptime.Instant) {
	slot, ok := j.slots[r.Monitor]
	if !ok {
		if _, gone := j.gone[r.Monitor]; !gone {
			j.stash = append(j.stash, *r)
		}
		return
	}
	m := j.table[slot]
	if r.Revision > m.cfg.Revision {
		j.stash = append(j.stash, *r)
		return
	}
	j.fold(m, r, now)
}

func (j *Judge) fold(m *monitor, r *uptime.Result, now uptime.Instant) {
	if r.Outcome != uptime.OutcomePass || m.cfg.Heartbeat != nil {
		r.Detail, r.Site = postgres.PlainText(r.Detail), postgres.PlainText(r.Site)
		j.testify(m, r, now)
	}
	if m.cfg.Heartbeat != nil {
		m.state.Configure(&m.cfg, &j.fleet, now, &j.out) // silence that came before the call
		j.take(m, now)
	}
	m.state.Result(&m.cfg, r, now, &j.out)
	m.touch(r.Region)
	if r.CertificateEnds|r.RegistrationEnds != 0 {
		j.see(m, r)
	}
	j.soil(m)
	if !j.out.Empty() {
		j.take(m, now)
	}
	j.schedule(m, now)
}

// soil notes that a monitor is to be written with the next checkpoint.
func (j *Judge) soil(m *monitor) {
	if !m.dirty {
		m.dirty = true
		j.dirty = append(j.dirty, m.slot)
	}
}

// schedule makes sure that a monitor is looked at when it wants to be.
func (j *Judge) schedule(m *monitor, now uptime.Instant) {
	next := m.state.Next()
	switch {
	case next == 0:
	case next <= now:
		if !m.hot {
			m.hot = true
			j.hot = append(j.hot, m.slot)
		}
	case m.armed == 0 || next < m.armed:
		m.armed = next
		j.timers.push(next, m.slot)
	}
}

// Next returns when Advance wants to be called next, zero for with the next result.
func (j *Judge) Next() uptime.Instant {
	if len(j.hot)+len(j.warned) > 0 || len(j.stash) > 0 || len(j.units) > 0 {
		return 1
	}
	return j.timers.next()
}

// Advance judges what the results since the last call and the time that has passed
// ask for, sends confirmations out, and records transitions before it returns. While
// catching up, now is the instant of the backlog and nothing is asked. An error means
// that the fold is over.
func (j *Judge) Advance(ctx context.Context, now uptime.Instant, catchUp bool) error {
	j.fleet.CatchUp = catchUp
	if len(j.stash) > 0 {
		if err := j.unstash(ctx, now); err != nil {
			return err
		}
	}
	hot := j.hot
	j.hot = nil // judging may make others hot, which then wait for the next call
	for _, slot := range hot {
		if m := j.table[slot]; m != nil && m.hot {
			m.hot = false
			j.judge(m, now)
		}
		if err := j.flushIf(ctx, now, unitsAtOnce); err != nil {
			return err
		}
	}
	if j.hot == nil {
		j.hot = hot[:0]
	}
	for {
		t, ok := j.timers.pop(now)
		if !ok {
			break
		}
		m := j.table[t.slot]
		if m == nil || m.armed != t.at {
			continue
		}
		m.armed = 0
		j.ring(m, now)
		if err := j.flushIf(ctx, now, unitsAtOnce); err != nil {
			return err
		}
	}
	j.announce(now)
	return j.flushIf(ctx, now, 1)
}

// ring is what a monitor's timer does.
func (j *Judge) ring(m *monitor, now uptime.Instant) {
	if _, since := m.state.Verdict(); since == 0 && m.cfg.Heartbeat == nil && now >= m.added.Add(m.cfg.Freshness()) {
		m.judged = true // Nobody has looked at it for long enough to say that it is unknown.
		j.soil(m)
	}
	if next := m.state.Next(); next != 0 && next <= now {
		j.judge(m, now)
		return
	}
	j.schedule(m, now)
}

func (j *Judge) judge(m *monitor, now uptime.Instant) {
	m.state.Tick(&m.cfg, &j.fleet, now, &j.out)
	m.judged = true
	j.soil(m)
	j.take(m, now)
	j.rearm(m, now)
	j.await(m)
}

// rearm is schedule for a monitor that was judged just now.
func (j *Judge) rearm(m *monitor, now uptime.Instant) {
	if next := m.state.Next(); next != 0 && next <= now {
		next = now.Add(leastPause)
		if m.armed == 0 || next < m.armed {
			m.armed = next
			j.timers.push(next, m.slot)
		}
		return
	}
	j.schedule(m, now)
}

// flushIf records what has gathered if it is at least so much.
func (j *Judge) flushIf(ctx context.Context, now uptime.Instant, least int) error {
	if len(j.asks) > 0 {
		j.cfg.Asker.Ask(j.asks)
		j.asks = nil // they are the asker's now
	}
	if len(j.units) < least {
		return nil
	}
	units := j.units
	j.units = nil
	for len(units) > 0 {
		some := units[:min(len(units), unitsAtOnce)]
		units = units[len(some):]
		refused, err := j.cfg.Recorder.Record(ctx, some, nil)
		if err != nil {
			return err
		}
		if err := j.reload(ctx, refused, now); err != nil {
			return err
		}
	}
	return nil
}

// Stirred tells whether a vote has changed since the last checkpoint.
func (j *Judge) Stirred() bool { return j.stirred }

// Checkpoint makes durable all that changed since the last one, and with the last of
// it the positions. When it returns nil, every result that was folded may be
// acknowledged.
func (j *Judge) Checkpoint(ctx context.Context, now uptime.Instant, positions []postgres.Position) error {
	j.announce(now)
	if err := j.flushIf(ctx, now, 1); err != nil {
		return err
	}
	dirty := j.dirty
	j.dirty, j.stirred = nil, false
	for len(dirty) > 0 || positions != nil {
		some := dirty[:min(len(dirty), snapshotsAtOnce)]
		dirty = dirty[len(some):]
		units := make([]unit.Unit, 0, len(some))
		for _, slot := range some {
			if m := j.table[slot]; m != nil && m.dirty {
				units = append(units, j.snapshot(m, now))
			}
		}
		var at []postgres.Position
		if len(dirty) == 0 {
			at, positions = positions, nil
		}
		if len(units) == 0 && len(at) == 0 {
			continue
		}
		if _, err := j.cfg.Recorder.Record(ctx, units, at); err != nil {
			return err
		}
	}
	return nil
}
