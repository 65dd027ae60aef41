package collect

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// Judge is what collects lead to. It is called from one goroutine only; an error means
// that the fold is over.
type Judge interface {
	Folder
	Keeper
	Informed
	Attentive
}

// Folder takes results and judges.
type Folder interface {
	Result(r *uptime.Result, now uptime.Instant)
	Advance(ctx context.Context, now uptime.Instant, catchUp bool) error
	Next() uptime.Instant
}

// Keeper makes durable, and looks at what only time changes.
type Keeper interface {
	Stirred() bool // something that people watch for has changed since the last checkpoint
	Checkpoint(ctx context.Context, now uptime.Instant, positions []postgres.Position) error
	Sweep(ctx context.Context, now uptime.Instant, parts int) error
	Tell(ctx context.Context, monitors []uptime.ID, now uptime.Instant) error
	Warn(ctx context.Context, monitors []uptime.ID, now uptime.Instant) error
}

// Attentive hears when the calls of heartbeats could be taken, and remembers it.
type Attentive interface {
	Listened(at, now uptime.Instant)
	Listening() postgres.Listening
	RestoreListening(l postgres.Listening)
}

// Informed is told of monitors and regions.
type Informed interface {
	Put(m *postgres.JudgedMonitor, now uptime.Instant)
	Remove(id uptime.ID, now uptime.Instant)
	SetRegions(ctx context.Context, all []unit.Region, now uptime.Instant) error
	Health() map[string]consensus.SickDetector
	RestoreHealth(detectors map[string]consensus.SickDetector, blind bool)
}

// Store is the database as the fold sees it; [postgres.Store] is one.
type Store interface {
	Monitors
	Regions
	Positions(ctx context.Context, shard int) ([]postgres.Position, error)
	Listening(ctx context.Context, shard int) (postgres.Listening, error)
	SaveRegionStats(ctx context.Context, shard int, window time.Duration, stats []postgres.RegionStat) error
	UntoldIncidents(ctx context.Context, most int) ([]uptime.ID, error)
	UntoldExpiries(ctx context.Context, most int) ([]uptime.ID, error)
}

// Monitors reads monitors and tells of their changes.
type Monitors interface {
	JudgedMonitors(ctx context.Context, keep func(uptime.ID) bool, each func(*postgres.JudgedMonitor) error) (time.Time, error)
	JudgedByID(ctx context.Context, ids []uptime.ID) ([]postgres.JudgedMonitor, error)
	RosterTouched(ctx context.Context, since time.Time, each func([]uptime.ID) error) (deleted []uptime.ID, err error)
	Now(ctx context.Context) (time.Time, error)
	Listen(ctx context.Context, channels []string, handle func(channel, payload string)) error
}

// Regions reads and notes what is known of regions.
type Regions interface {
	JudgedRegions(ctx context.Context) ([]postgres.JudgedRegion, error)
	SeeRegions(ctx context.Context, names []string) error
	SaveRegionHealth(ctx context.Context, health map[string][]byte) error
	OpenFleetEvents(ctx context.Context) ([]postgres.FleetEvent, error)
}

// Troubled records what troubles the fleet.
type Troubled interface {
	RecordTrouble(ctx context.Context, troubles []unit.Trouble) error
}

// Queue is the fleet's queues as the fold sees them; [queue.Client] is one.
type Queue interface {
	EnsureLane(ctx context.Context, l queue.Lane) error
	Results(l queue.Lane, g queue.Group, consumer string) *queue.ResultReader
	Workers(ctx context.Context, l queue.Lane) ([]queue.Worker, error)
	DeadLetter(ctx context.Context, l queue.Lane, kind string, payload []byte, why string) error
}
