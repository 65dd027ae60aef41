package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// BulkWebsites implements [api.StrictServerInterface].
func (s *Server) BulkWebsites(context.Context, api.BulkWebsitesRequestObject) (api.BulkWebsitesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
