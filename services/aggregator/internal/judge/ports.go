package judge

import (
	"context"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// Recorder makes units durable.
type Recorder interface {
	// Record writes units and, if there are any, the positions up to which the results
	// are folded. It returns the monitors whose transitions it refused, because they
	// were changed, paused or deleted meanwhile. It tries again for as long as the
	// database cannot be reached; an error means that the fold is over.
	Record(ctx context.Context, units []unit.Unit, positions []postgres.Position) (refused []uptime.ID, err error)
	// RecordTrouble makes durable what troubles the fleet, and tells of it.
	RecordTrouble(ctx context.Context, troubles []unit.Trouble) error
}

// Asker sends confirmations out. It does not block: what it cannot take is left out,
// since scheduled votes decide where no confirmation comes.
type Asker interface{ Ask(asks []unit.Ask) }

// Loader reads monitors with all that is known of them; those that do not exist are
// left out.
type Loader interface {
	Load(ctx context.Context, ids []uptime.ID) ([]postgres.JudgedMonitor, error)
}

// minRecheck is how long a kind's target is left alone after any check before an
// urgent one: registries answer a domain query once a day and lock out who asks more.
func minRecheck(kind uptime.Kind) time.Duration {
	if kind == uptime.KindDomain {
		return 24 * time.Hour
	}
	return 0
}
