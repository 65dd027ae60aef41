package watchdog

import (
	"fmt"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// ledgerPatience is for how long a ledger may be off before people are told.
const ledgerPatience = time.Minute

// begun is a trouble that is to be on.
type begun struct {
	Trouble
	Since time.Time
	Why   string
}

// troubles returns what is to be on now: stages that stand still, and ledgers that
// have been off for longer than patience. off remembers since when each is.
func troubles(now time.Time, stalls []Stall, hours map[string]Hour, off map[string]time.Time, patience time.Duration) []begun {
	var out []begun
	for _, s := range stalls {
		out = append(out, begun(s))
	}
	for region := range off {
		if hours[region].Balanced() {
			delete(off, region)
		}
	}
	for region, h := range hours {
		if h.Balanced() {
			continue
		}
		since, known := off[region]
		if !known {
			since, off[region] = now, now
		}
		if now.Sub(since) > patience {
			out = append(out, begun{Trouble{Kind: postgres.FleetLedger, Region: region}, since, unbalanced(region, h)})
		}
	}
	return out
}

func unbalanced(region string, h Hour) string {
	text := "The ledger of region " + region + " does not balance: "
	switch {
	case h.Restarts > 0 && h.Balance == 0:
		return text + "Redis lost its data; no check is known to have waited then"
	case h.Restarts > 0:
		return text + fmt.Sprintf("Redis lost its data, and with it at least %d checks that waited", h.Balance)
	}
	return text + fmt.Sprintf("%d checks cannot be accounted for", h.Balance)
}

// over says that a trouble has ended.
func over(t Trouble) string {
	stage, stalled := strings.CutPrefix(t.Kind, postgres.FleetStalled)
	switch {
	case !stalled:
		return "The ledger of region " + t.Region + " has balanced for an hour"
	case Stage(stage) == StageWorker:
		return "Region " + t.Region + " finishes checks again"
	case Stage(stage) == StageRedis:
		return "Redis answers again"
	case Stage(stage) == StagePusher:
		return "The pusher sends slots again"
	case Stage(stage) == StageAPI:
		return "The api is at work again"
	}
	return "The " + stage + " is at work again"
}

// ours tells whether a fleet event is one that this package writes.
func ours(kind string) bool {
	return kind == postgres.FleetLedger || strings.HasPrefix(kind, postgres.FleetStalled)
}
