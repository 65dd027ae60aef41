package httpapi

import (
	"testing"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// What is off now is off, before anybody has read it into a minute.
func TestALedgerThatIsOffNowIsOff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stats    queue.LaneStats
		balanced bool
	}{
		{queue.LaneStats{Ledger: queue.Ledger{Scheduled: 2, Done: 1, Waiting: 1}, Urgent: queue.Ledger{Scheduled: 1, Expired: 1}}, true},
		{queue.LaneStats{Ledger: queue.Ledger{Scheduled: 2, Done: 1}}, false},
		{queue.LaneStats{Urgent: queue.Ledger{Scheduled: 1, Done: 2}}, false},
	} {
		out := api.FleetRegion{Region: "eu-west"}
		addMinutes(&out, &regionNow{stats: []queue.LaneStats{{}, tt.stats}}, nil)
		if out.Balanced != tt.balanced {
			t.Errorf("%+v: balanced %v, want %v", tt.stats, out.Balanced, tt.balanced)
		}
	}
}
