package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// UpdateIncident implements [api.StrictServerInterface].
func (s *Server) UpdateIncident(context.Context, api.UpdateIncidentRequestObject) (api.UpdateIncidentResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// CommentIncident implements [api.StrictServerInterface].
func (s *Server) CommentIncident(context.Context, api.CommentIncidentRequestObject) (api.CommentIncidentResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
