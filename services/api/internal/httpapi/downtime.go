package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

// ListWebsiteDowntime implements [api.StrictServerInterface].
func (s *Server) ListWebsiteDowntime(ctx context.Context, r api.ListWebsiteDowntimeRequestObject) (api.ListWebsiteDowntimeResponseObject, error) {
	from, to, err := s.period(r.Params.From, r.Params.To, defaultUptime)
	if err != nil {
		return nil, err
	}
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	monitors := monitorIDs(&w)
	spans, err := s.Store.SpansOf(ctx, monitors, from, to)
	if err != nil {
		return nil, err
	}
	touching := slices.DeleteFunc(tallied(spans), func(one tally.Span) bool { return !one.To.IsZero() && !one.To.After(from) })
	outages := tally.Outages(touching)
	slices.Reverse(outages)
	out := api.DowntimeList{
		WebsiteID: w.ID, From: from.UTC(), To: to.UTC(), Items: []api.Downtime{},
		TotalSeconds: seconds(tally.Add(tally.Merge(touching, from, to), from, to).Down),
	}
	outages = outages[:min(len(outages), limitOf(r.Params.Limit))]
	if len(outages) == 0 {
		return api.ListWebsiteDowntime200JSONResponse(out), nil
	}
	begin := outages[len(outages)-1].From
	failures, err := s.Store.FailuresOf(ctx, monitors, begin, s.Now())
	if err != nil {
		return nil, err
	}
	incidents, err := s.Store.IncidentTimes(ctx, []uptime.ID{w.ID}, begin, s.Now())
	if err != nil {
		return nil, err
	}
	for _, one := range outages {
		out.Items = append(out.Items, s.downtimeView(one, failures, incidents))
	}
	return api.ListWebsiteDowntime200JSONResponse(out), nil
}

func (s *Server) downtimeView(one tally.Span, failures []postgres.RegionFailure, incidents []postgres.Incident) api.Downtime {
	end := one.To
	if end.IsZero() {
		end = s.Now()
	}
	out := api.Downtime{
		MonitorID: one.Monitor, IncidentID: null[uptime.ID](), StartedAt: one.From.UTC(), EndedAt: nullTime(one.To),
		DurationSeconds: seconds(max(0, end.Sub(one.From))), Reason: one.Reason, Regions: []string{},
	}
	for i := range failures {
		if f := &failures[i]; f.Monitor == one.Monitor && f.From.Before(end) && (f.To.IsZero() || f.To.After(one.From)) {
			out.Regions = append(out.Regions, f.Region)
		}
	}
	slices.Sort(out.Regions)
	out.Regions = slices.Compact(out.Regions)
	out.IncidentID = incidentDuring(one.Monitor, one.From, end, incidents)
	return out
}

// incidentDuring finds the incident of a monitor that was open in a stretch of time; the
// first of several. They may touch: an incident opens with its span.
func incidentDuring(monitor uptime.ID, from, to time.Time, incidents []postgres.Incident) nullable.Nullable[uptime.ID] {
	found := null[uptime.ID]()
	for i := range incidents { // newest first
		in := &incidents[i]
		if in.MonitorID == monitor && in.OpenedAt.Before(to) && (in.ResolvedAt.IsZero() || in.ResolvedAt.After(from)) {
			found = value(in.ID)
		}
	}
	return found
}
