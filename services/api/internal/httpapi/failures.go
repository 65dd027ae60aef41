package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListMonitorFailures implements [api.StrictServerInterface].
func (s *Server) ListMonitorFailures(ctx context.Context, r api.ListMonitorFailuresRequestObject) (api.ListMonitorFailuresResponseObject, error) {
	before, after, err := fromMomentCursor(cursorFailure, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	region, err := s.knownRegion(ctx, r.Params.Region)
	if err != nil {
		return nil, err
	}
	org := callerOf(ctx).Org
	m, err := s.Store.Monitor(ctx, org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	limit := limitOf(r.Params.Limit)
	failures, err := s.Store.Failures(ctx, org, m.ID, postgres.FailureFilter{
		Region: region, Incident: deref(r.Params.IncidentID), Before: before, After: after, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	failures, more := page(failures, limit)
	out := api.FailurePage{Items: make([]api.Failure, len(failures)), NextCursor: null[string]()}
	for i := range failures {
		out.Items[i] = failureView(&failures[i])
	}
	if more {
		last := &failures[limit-1]
		out.NextCursor = momentCursor(cursorFailure, last.Due, last.Region)
	}
	return api.ListMonitorFailures200JSONResponse(out), nil
}

func failureView(f *postgres.Failure) api.Failure {
	return api.Failure{
		Region: f.Region, Due: f.Due.Time(), Outcome: f.Outcome, Reason: f.Reason, Detail: f.Detail,
		StatusCode: unlessZero(f.Code), ResolvedIP: unlessZero(f.IP), Attempts: f.Attempts, Worker: f.Worker,
		LatencyMs: millis(f.Phases.Total), DNSMs: millis(f.Phases.DNS), ConnectMs: millis(f.Phases.Connect),
		TLSMs: millis(f.Phases.TLS), TtfbMs: millis(f.Phases.TTFB), TransferMs: millis(f.Phases.Transfer),
		IncidentID: unlessZero(f.Incident), Evidence: f.Evidence,
	}
}
