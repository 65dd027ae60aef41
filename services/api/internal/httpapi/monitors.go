package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListWebsiteMonitors implements [api.StrictServerInterface].
func (s *Server) ListWebsiteMonitors(ctx context.Context, r api.ListWebsiteMonitorsRequestObject) (api.ListWebsiteMonitorsResponseObject, error) {
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	return api.ListWebsiteMonitors200JSONResponse{Items: s.websiteView(ctx, &w).Monitors, NextCursor: null[string]()}, nil
}

// GetMonitor implements [api.StrictServerInterface].
func (s *Server) GetMonitor(ctx context.Context, r api.GetMonitorRequestObject) (api.GetMonitorResponseObject, error) {
	m, err := s.Store.Monitor(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	versioned(ctx, m.Version())
	return api.GetMonitor200JSONResponse(s.monitorView(ctx, &m)), nil
}

// DeleteMonitor implements [api.StrictServerInterface].
func (s *Server) DeleteMonitor(ctx context.Context, r api.DeleteMonitorRequestObject) (api.DeleteMonitorResponseObject, error) {
	org := callerOf(ctx).Org
	website, err := s.Store.MonitorWebsites(ctx, org, []uptime.ID{r.ID})
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteMonitor(ctx, org, r.ID); err != nil {
		return nil, fromStore(err, "monitor")
	}
	s.forget(ctx, org, []uptime.ID{r.ID})
	s.tell(ctx, live.Deleted, live.ObjectMonitor, r.ID.String(), website[r.ID])
	return api.DeleteMonitor204Response{}, nil
}

// ListMonitorVotes implements [api.StrictServerInterface].
func (s *Server) ListMonitorVotes(ctx context.Context, r api.ListMonitorVotesRequestObject) (api.ListMonitorVotesResponseObject, error) {
	m, err := s.Store.Monitor(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	votes, err := s.Store.Votes(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	out := api.VoteList{Items: []api.Vote{}, Verdict: m.Verdict, Advisory: null[api.Advisory]()}
	if len(m.Advisory) > 0 {
		out.Advisory = value(api.Advisory{Regions: m.Advisory, Since: nullTime(m.AdvisorySince)})
	}
	oldest := uptime.InstantOf(s.Now()).Add(-m.Freshness())
	for i := range votes {
		if v := &votes[i]; v.Revision >= m.TargetRevision { // else of another target
			fresh := v.Due >= oldest
			if m.Kind == uptime.KindHeartbeat {
				fresh = v.Counted // what a job said holds for as long as it is judged by it
			}
			out.Items = append(out.Items, voteView(v, &m, fresh))
		}
	}
	return api.ListMonitorVotes200JSONResponse(out), nil
}

func voteView(v *postgres.Vote, m *postgres.Monitor, fresh bool) api.Vote {
	advisory := false
	for _, region := range m.Advisory {
		advisory = advisory || region == v.Region
	}
	return api.Vote{
		Region: v.Region, Vote: v.Outcome, Reason: v.Reason, Detail: v.Detail, Since: v.Since.Time(), Due: v.Due.Time(),
		LatencyMs: millis(v.Latency), StatusCode: unlessZero(v.Code), ResolvedIP: unlessZero(v.IP), Site: v.Site,
		Fresh: fresh, Counted: fresh && v.Counted, Advisory: advisory,
	}
}
