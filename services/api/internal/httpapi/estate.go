package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ExportWebsites implements [api.StrictServerInterface].
func (s *Server) ExportWebsites(context.Context, api.ExportWebsitesRequestObject) (api.ExportWebsitesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ImportWebsites implements [api.StrictServerInterface].
func (s *Server) ImportWebsites(context.Context, api.ImportWebsitesRequestObject) (api.ImportWebsitesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
