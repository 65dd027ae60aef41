package httpapi

import (
	"slices"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/watchdog"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// addMinutes adds a region's share of the ledger by the minute. It balances if the
// minutes do and the ledgers as they are now.
func addMinutes(out *api.FleetRegion, now *regionNow, all []postgres.LedgerMinute) {
	var own, scheduled, urgent []postgres.LedgerMinute
	for i := range all {
		m := &all[i]
		switch {
		case m.Region != out.Region:
			continue
		case !m.Urgent:
			scheduled = append(scheduled, *m)
		case m.LedgerCounts != postgres.LedgerCounts{} || m.Balance != 0:
			urgent = append(urgent, *m)
		}
		own = append(own, *m)
	}
	out.LedgerMinutes, out.UrgentLedgerMinutes = byMinute(scheduled), byMinute(urgent)
	out.Balanced = watchdog.Sum(own)[out.Region].Balanced()
	for _, st := range now.stats {
		out.Balanced = out.Balanced && st.Ledger.Balance() == 0 && st.Urgent.Balance() == 0
	}
}

// byMinute adds the shards up. Like [addLedger] it tells of what was dropped with its
// monitor as missed.
func byMinute(minutes []postgres.LedgerMinute) []api.LedgerMinute {
	slices.SortStableFunc(minutes, func(a, b postgres.LedgerMinute) int { return a.Minute.Compare(b.Minute) })
	out := []api.LedgerMinute{}
	for i := range minutes {
		m := &minutes[i]
		if len(out) == 0 || !out[len(out)-1].Minute.Equal(m.Minute) {
			out = append(out, api.LedgerMinute{Minute: m.Minute})
		}
		sum := &out[len(out)-1]
		sum.Scheduled += m.Scheduled - m.Dropped
		sum.Done += m.Done
		sum.Expired += m.Expired
		sum.Invalid += m.Invalid
		sum.Missed += m.Missed + m.Dropped
		sum.Waiting += m.Waiting
		sum.Balance += m.Balance
		sum.Restarts += m.Restarts
	}
	return out
}
