package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// BatchWebsites implements [api.StrictServerInterface].
func (s *Server) BatchWebsites(context.Context, api.BatchWebsitesRequestObject) (api.BatchWebsitesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// BulkWebsites implements [api.StrictServerInterface].
func (s *Server) BulkWebsites(context.Context, api.BulkWebsitesRequestObject) (api.BulkWebsitesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
