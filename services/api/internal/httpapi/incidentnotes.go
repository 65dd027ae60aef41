package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// CommentIncident implements [api.StrictServerInterface].
func (s *Server) CommentIncident(ctx context.Context, r api.CommentIncidentRequestObject) (api.CommentIncidentResponseObject, error) {
	text := postgres.PlainText(strings.TrimSpace(r.Body.Text))
	if text == "" {
		return nil, invalidField("text", "must not be empty")
	}
	caller := callerOf(ctx)
	e, err := s.Store.CommentIncident(ctx, caller.Org, r.ID, caller.Name, text, s.Now())
	if err != nil {
		return nil, fromStore(err, "incident")
	}
	i, err := s.Store.Incident(ctx, caller.Org, r.ID)
	if err == nil { // else it was deleted meanwhile, with its comment
		s.tellIncident(&i, live.Commented, e.At, caller.Name)
	}
	return api.CommentIncident201JSONResponse{ID: e.ID, At: e.At.UTC(), Kind: e.Kind, Data: e.Data}, nil
}

// UpdateIncident implements [api.StrictServerInterface].
func (s *Server) UpdateIncident(ctx context.Context, r api.UpdateIncidentRequestObject) (api.UpdateIncidentResponseObject, error) {
	caller := callerOf(ctx)
	if !r.Body.Note.IsSpecified() {
		i, err := s.Store.Incident(ctx, caller.Org, r.ID)
		if err != nil {
			return nil, fromStore(err, "incident")
		}
		view, err := s.incidentInFull(ctx, &i)
		return api.UpdateIncident200JSONResponse(view), err
	}
	i, err := s.Store.NoteIncident(ctx, caller.Org, r.ID, postgres.PlainText(strings.TrimSpace(orElse(r.Body.Note, ""))))
	if err != nil {
		return nil, fromStore(err, "incident")
	}
	s.tellIncident(&i, live.Noted, s.Now(), caller.Name)
	versioned(ctx, i.Version())
	view, err := s.incidentInFull(ctx, &i)
	return api.UpdateIncident200JSONResponse(view), err
}

// tellIncident tells that somebody has written something of an incident.
func (s *Server) tellIncident(i *postgres.Incident, change live.Change, at time.Time, by string) {
	s.Tell.Publish(live.Event{Org: i.OrgID, Website: i.WebsiteID, Body: live.Incident{
		Change: change, IncidentID: i.ID, MonitorID: i.MonitorID, WebsiteID: i.WebsiteID, WebsiteName: i.WebsiteName,
		Severity: i.Severity, At: at.UTC(), OpenedAt: i.OpenedAt.UTC(), Explanation: i.Explanation, By: by,
	}})
}
