package httpapi

import (
	"context"
	"time"
	_ "time/tzdata" // the zones of users, on machines that know none

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

const defaultDays = 90

// ListWebsiteUptimeDaily implements [api.StrictServerInterface].
func (s *Server) ListWebsiteUptimeDaily(ctx context.Context, r api.ListWebsiteUptimeDailyRequestObject) (api.ListWebsiteUptimeDailyResponseObject, error) {
	n, zone := defaultDays, time.UTC
	if r.Params.Days != nil {
		n = *r.Params.Days
	}
	if name := deref(r.Params.Zone); name != "" {
		var err error
		if zone, err = time.LoadLocation(name); err != nil || name == "Local" {
			return nil, invalidParam("zone", "is not a time zone such as Europe/Berlin")
		}
	}
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	now := s.Now()
	days := tally.Days(now, zone, n)
	from := days[0].From
	spans, err := s.Store.SpansOf(ctx, monitorIDs(&w), from, now)
	if err != nil {
		return nil, err
	}
	incidents, err := s.Store.IncidentTimes(ctx, []uptime.ID{w.ID}, from, now)
	if err != nil {
		return nil, err
	}
	line := tally.Merge(tallied(spans), from, now)
	out := api.UptimeDays{WebsiteID: w.ID, Zone: zone.String(), Items: make([]api.UptimeDay, len(days))}
	for i, d := range days {
		out.Items[i] = dayView(line, d, now, incidents)
	}
	return api.ListWebsiteUptimeDaily200JSONResponse(out), nil
}

func monitorIDs(w *postgres.Website) []uptime.ID {
	ids := make([]uptime.ID, len(w.Monitors))
	for i := range w.Monitors {
		ids[i] = w.Monitors[i].ID
	}
	return ids
}

// dayView adds up a day; of the present one what has been of it.
func dayView(line []tally.Stretch, d tally.Day, now time.Time, incidents []postgres.Incident) api.UptimeDay {
	end := d.To
	if end.After(now) {
		end = now
	}
	sum := tally.Add(tally.Within(line, d.From, end), d.From, end)
	out := api.UptimeDay{
		Day: openapi_types.Date{Time: d.From}, UpSeconds: seconds(sum.Up), DegradedSeconds: seconds(sum.Degraded),
		DownSeconds: seconds(sum.Down), UnknownSeconds: seconds(sum.Unknown), UnmonitoredSeconds: seconds(sum.Unmonitored),
		UptimePercent: uptimePercent(sum), CoveragePercent: percent(sum.Coverage()),
	}
	for i := range incidents {
		if in := &incidents[i]; in.OpenedAt.Before(end) && (in.ResolvedAt.IsZero() || in.ResolvedAt.After(d.From)) {
			out.Incidents++
		}
	}
	return out
}
