package watchdog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
)

// Stage is a part of the fleet that can stand still.
type Stage string

// The stages. Redis is one, too: without it none of the others could be read.
const (
	StageRedis      Stage = "redis"
	StagePusher     Stage = "pusher"
	StageWorker     Stage = "worker"
	StageAggregator Stage = "aggregator"
	StageNotifier   Stage = postgres.StageNotifier
	StageAPI        Stage = postgres.StageAPI
)

const (
	// Patience is for how long a stage may stand still: longer than a takeover of its
	// lease (7 s), the load of a million monitors (20 s) or a restart, and as long as
	// from one ping to the next.
	Patience = time.Minute
	// takenMost is how old a check may be that a worker has taken: its timeout (a minute
	// at most), the half minute after which another takes it over, and its turn.
	takenMost = 3 * time.Minute
	// foldedMost is how old a result may be that is not a backlog: checkpoints are
	// 2 s apart.
	foldedMost = 10 * time.Second
)

// Part is a stage's share of the work that can stand still by itself.
type Part struct {
	Stage  Stage
	Region string // of a lane; empty: not of one
	Shard  int
}

// Lane is a lane of an enabled region.
type Lane struct {
	queue.LaneStats
	Live bool // it has a live worker
}

// Snapshot is what was read of the fleet at one time.
type Snapshot struct {
	At          time.Time // with the monotonic clock: only differences count
	Shards      int
	RedisAway   bool // then there are no lanes
	Lanes       []Lane
	Heartbeats  []queue.LaneStats        // the lanes of calls, which only the aggregator reads
	Held        map[string]map[int]bool  // by role: the shards whose lease somebody holds
	Checkpoints map[int]time.Time        // by shard
	Signs       map[string]time.Duration // by stage: since its last sign of life
	AlertAge    time.Duration            // for how long an alert has been ready that nobody took
	Probing     bool                     // there is something to check
}

// mark is what is remembered of a part.
type mark struct {
	moved      time.Time // when it was last seen to move
	stalled    bool
	why        string // it does not
	finished   int64  // checks, of a worker's lane
	checkpoint time.Time
	seen       bool // in the last snapshot
	known      bool // in one before: what it counts can be compared
}

// Progress remembers when each part last moved. It has no clock of its own.
type Progress struct {
	patience time.Duration
	parts    map[Part]*mark
	open     map[Trouble]time.Time // recorded as standing still, by whoever watched before
	at       time.Time             // of the last snapshot
	away     time.Time             // when Redis was last away
}

// Trouble is what a fleet event is about: there is one at a time of each.
type Trouble struct{ Kind, Region string }

// NewProgress begins with the troubles that are recorded: what they say stands still
// does until it is seen to move. Everything else has until it is out of patience.
func NewProgress(patience time.Duration, open map[Trouble]time.Time) *Progress {
	if patience <= 0 {
		patience = Patience
	}
	return &Progress{patience: patience, parts: map[Part]*mark{}, open: open}
}

// trouble names the fleet event of a part: workers fail by region, the others for all.
func (p Part) trouble() Trouble {
	t := Trouble{Kind: postgres.FleetStalled + string(p.Stage)}
	if p.Stage == StageWorker {
		t.Region = p.Region
	}
	return t
}

// Take enters what was read.
func (p *Progress) Take(s *Snapshot) {
	since := time.Duration(0)
	if !p.at.IsZero() {
		since = s.At.Sub(p.at)
	}
	p.at = s.At
	for _, m := range p.parts {
		m.seen, m.known = false, true
	}
	p.note(s, Part{Stage: StageRedis}, !s.RedisAway, "Redis does not answer")
	p.takeSigns(s)
	if s.RedisAway {
		p.away = s.At
		// Nothing is known of those that stand on it, so their time does not pass.
		for _, m := range p.parts {
			if !m.seen {
				m.seen, m.moved = true, m.moved.Add(since)
			}
		}
	} else {
		p.takeLanes(s)
		p.takeShards(s)
	}
	for part, m := range p.parts {
		if !m.seen {
			delete(p.parts, part)
			continue
		}
		switch still := s.At.Sub(m.moved); {
		case still > p.patience:
			m.stalled = true
		case still <= p.patience/2: // not at once, so that what crawls does not ring again and again
			m.stalled = false
		}
	}
}

// part returns what is remembered of a part, which may be nothing yet.
func (p *Progress) part(s *Snapshot, part Part) *mark {
	m := p.parts[part]
	if m == nil {
		m = &mark{moved: s.At}
		if since, ok := p.open[part.trouble()]; ok {
			m.moved, m.stalled = since, true
		}
		p.parts[part] = m
	}
	m.seen = true
	return m
}

// note says that a part moves, or why it does not.
func (p *Progress) note(s *Snapshot, part Part, moves bool, why string) {
	m := p.part(s, part)
	if moves {
		m.moved = s.At
	} else {
		m.why = why
	}
}

// noteAge says for how long a part has not moved, where its traces tell. A trace from
// before Redis was away tells nothing: then the time counts that had passed by then.
func (p *Progress) noteAge(s *Snapshot, part Part, age time.Duration, why string) {
	m := p.part(s, part)
	moved := s.At.Add(-max(age, 0))
	if moved.Before(p.away) && m.moved.After(moved) {
		moved = m.moved
	}
	m.moved, m.why = moved, why
}

func (p *Progress) takeSigns(s *Snapshot) {
	for _, stage := range []Stage{StageNotifier, StageAPI} {
		why := fmt.Sprintf("The %s gives no sign of life", stage)
		if age, ok := s.Signs[string(stage)]; ok {
			p.noteAge(s, Part{Stage: stage}, age, why)
		} else {
			p.note(s, Part{Stage: stage}, false, why)
		}
	}
	if m := p.parts[Part{Stage: StageNotifier}]; s.AlertAge > s.At.Sub(m.moved) {
		p.noteAge(s, Part{Stage: StageNotifier}, s.AlertAge, "The notifier takes no alerts although some are ready")
	}
}

// takeLanes looks at the pusher's cursors and at what workers finish.
func (p *Progress) takeLanes(s *Snapshot) {
	for i := range s.Lanes {
		l := &s.Lanes[i]
		push := Part{Stage: StagePusher, Region: l.Lane.Region, Shard: l.Lane.Shard}
		// The cursor moves every second even where nothing is due.
		const silent = "The pusher sends no slots"
		if l.Cursor != 0 {
			p.noteAge(s, push, l.At.Sub(l.Cursor.Time()), silent)
		} else {
			p.note(s, push, false, silent)
		}
		work := Part{Stage: StageWorker, Region: l.Lane.Region, Shard: l.Lane.Shard}
		m := p.part(s, work)
		finished := l.Ledger.Done + l.Ledger.Invalid + l.Urgent.Done + l.Urgent.Invalid
		idle := l.Checks.OldestAge+l.UrgentQ.OldestAge == 0 && max(l.Checks.StuckAge, l.UrgentQ.StuckAge) < takenMost
		moves := m.known && finished != m.finished || idle
		m.finished = finished
		if !l.Live {
			p.note(s, work, !s.Probing, "Region "+l.Lane.Region+" has no live worker")
		} else {
			p.note(s, work, moves, "Region "+l.Lane.Region+" finishes no checks although some wait")
		}
	}
}

// takeShards looks at leases and at the fold's checkpoints.
func (p *Progress) takeShards(s *Snapshot) {
	backlog := map[int]time.Duration{}
	for i := range s.Lanes {
		addBacklog(backlog, &s.Lanes[i].LaneStats)
	}
	for i := range s.Heartbeats {
		addBacklog(backlog, &s.Heartbeats[i])
	}
	for shard := range s.Shards {
		unheld := func(stage Stage) string { return fmt.Sprintf("No %s is at work", stage) }
		p.note(s, Part{Stage: StagePusher, Shard: shard}, s.Held[postgres.RolePusher][shard], unheld(StagePusher))
		fold := Part{Stage: StageAggregator, Shard: shard}
		if !s.Held[postgres.RoleAggregator][shard] {
			p.note(s, fold, false, unheld(StageAggregator))
			continue
		}
		m := p.part(s, fold)
		moves := backlog[shard] < foldedMost || m.known && !s.Checkpoints[shard].Equal(m.checkpoint)
		m.checkpoint = s.Checkpoints[shard]
		p.note(s, fold, moves, "The aggregator makes no results durable although some wait")
	}
}

func addBacklog(backlog map[int]time.Duration, l *queue.LaneStats) {
	backlog[l.Lane.Shard] = max(backlog[l.Lane.Shard], l.Aggregator.OldestAge, l.Aggregator.StuckAge)
}

// Stall is a stage that stands still.
type Stall struct {
	Trouble
	Since time.Time // as [Snapshot.At] measures
	Why   string
}

// Stalls returns what stands still, by kind and region.
func (p *Progress) Stalls() []Stall {
	found := map[Trouble]*Stall{}
	where := map[Trouble][]string{}
	for part, m := range p.parts {
		if !m.stalled {
			continue
		}
		t := part.trouble()
		if at := found[t]; at == nil {
			found[t] = &Stall{Trouble: t, Since: m.moved, Why: m.why}
		} else if m.moved.Before(at.Since) || m.moved.Equal(at.Since) && m.why < at.Why {
			at.Since, at.Why = m.moved, m.why
		}
		if part.Region != "" && t.Region == "" {
			where[t] = append(where[t], part.Region)
		}
	}
	out := make([]Stall, 0, len(found))
	for t, s := range found {
		if regions := where[t]; len(regions) > 0 {
			slices.Sort(regions)
			s.Why += ", concerning " + strings.Join(slices.Compact(regions), ", ")
		}
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Stall) int {
		return strings.Compare(a.Kind+"\x00"+a.Region, b.Kind+"\x00"+b.Region)
	})
	return out
}

// Ages returns for how long each stage has stood still, the worst of its parts.
func (p *Progress) Ages() map[Trouble]time.Duration {
	ages := map[Trouble]time.Duration{}
	for part, m := range p.parts {
		t := part.trouble()
		ages[t] = max(ages[t], p.at.Sub(m.moved))
	}
	return ages
}
