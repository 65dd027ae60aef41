package httpapi

import (
	"context"
	"encoding/json"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListIncidents implements [api.StrictServerInterface].
func (s *Server) ListIncidents(ctx context.Context, r api.ListIncidentsRequestObject) (api.ListIncidentsResponseObject, error) {
	before, err := fromCursor(cursorIncident, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	p := r.Params
	if p.From != nil && p.To != nil && !p.From.Before(*p.To) {
		return nil, invalidParam("from", "must be before to")
	}
	limit := limitOf(p.Limit)
	f := postgres.IncidentFilter{
		WebsiteID: deref(p.WebsiteID), MonitorID: deref(p.MonitorID), From: deref(p.From), To: deref(p.To),
		Before: before, Limit: limit + 1,
	}
	if p.Status != nil {
		f.Status = postgres.IncidentStatus(*p.Status)
	}
	incidents, err := s.Store.Incidents(ctx, callerOf(ctx).Org, f)
	if err != nil {
		return nil, err
	}
	incidents, more := page(incidents, limit)
	out := api.IncidentPage{Items: make([]api.Incident, len(incidents)), NextCursor: null[string]()}
	for i := range incidents {
		out.Items[i] = s.incidentView(&incidents[i])
	}
	if more {
		out.NextCursor = cursorOf(cursorIncident, incidents[limit-1].ID)
	}
	return api.ListIncidents200JSONResponse(out), nil
}

// GetIncident implements [api.StrictServerInterface].
func (s *Server) GetIncident(ctx context.Context, r api.GetIncidentRequestObject) (api.GetIncidentResponseObject, error) {
	i, err := s.Store.Incident(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "incident")
	}
	versioned(ctx, i.Version())
	view, err := s.incidentInFull(ctx, &i)
	return api.GetIncident200JSONResponse(view), err
}

// AcknowledgeIncident implements [api.StrictServerInterface].
func (s *Server) AcknowledgeIncident(ctx context.Context, r api.AcknowledgeIncidentRequestObject) (api.AcknowledgeIncidentResponseObject, error) {
	caller := callerOf(ctx)
	i, err := s.Store.AcknowledgeIncident(ctx, caller.Org, r.ID, caller.Name)
	if err != nil {
		return nil, fromStore(err, "incident")
	}
	if i.AcknowledgedAt.IsZero() {
		return nil, conflict("resolved", "The incident is resolved, there is nothing to acknowledge.")
	}
	s.tellAcknowledged(&i)
	view, err := s.incidentInFull(ctx, &i)
	return api.AcknowledgeIncident200JSONResponse(view), err
}

// incidentInFull adds what the failing regions saw.
func (s *Server) incidentInFull(ctx context.Context, i *postgres.Incident) (api.Incident, error) {
	failures, err := s.Store.FailuresOfIncident(ctx, i.OrgID, i.ID)
	if err != nil {
		return api.Incident{}, err
	}
	out, saw := s.incidentView(i), make([]api.Failure, len(failures))
	for j := range failures {
		saw[j] = failureView(&failures[j])
	}
	out.Failures = &saw
	return out, nil
}

func (s *Server) incidentView(i *postgres.Incident) api.Incident {
	end := i.ResolvedAt
	if end.IsZero() {
		end = s.Now()
	}
	out := api.Incident{
		ID: i.ID, WebsiteID: i.WebsiteID, MonitorID: i.MonitorID, WebsiteName: i.WebsiteName, URL: i.URL,
		Severity: api.IncidentSeverity(i.Severity), Status: api.IncidentStatus(i.Status()), OpenedAt: i.OpenedAt.UTC(),
		ResolvedAt: nullTime(i.ResolvedAt), AcknowledgedAt: nullTime(i.AcknowledgedAt),
		AcknowledgedBy: unlessZero(i.AcknowledgedBy), DurationSeconds: seconds(max(0, end.Sub(i.OpenedAt))),
		Explanation: i.Explanation, Resolution: i.Resolution, Note: i.Note, Evidence: completed(i.Evidence),
		Events: make([]api.IncidentEvent, len(i.Events)),
	}
	for j, e := range i.Events {
		data := e.Data
		if len(data) == 0 {
			data = json.RawMessage("{}")
		}
		out.Events[j] = api.IncidentEvent{ID: e.ID, At: e.At.UTC(), Kind: e.Kind, Data: data}
	}
	return out
}

// completed returns evidence in which every vote has the members that the document
// promises. It was written without those that were empty.
func completed(evidence json.RawMessage) json.RawMessage {
	var record map[string]any
	if json.Unmarshal(evidence, &record) != nil {
		return evidence
	}
	votes, _ := record["votes"].([]any)
	for _, one := range votes {
		vote, _ := one.(map[string]any)
		for name, none := range map[string]any{"reason": "", "status_code": nil, "resolved_ip": nil, "due": nil} {
			if _, ok := vote[name]; !ok && vote != nil {
				vote[name] = none
			}
		}
	}
	out, err := json.Marshal(record)
	if err != nil {
		return evidence
	}
	return out
}
