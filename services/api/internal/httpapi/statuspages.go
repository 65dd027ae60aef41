package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListPublicStatus implements [api.StrictServerInterface].
func (s *Server) ListPublicStatus(context.Context, api.ListPublicStatusRequestObject) (api.ListPublicStatusResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// GetPublicStatus implements [api.StrictServerInterface].
func (s *Server) GetPublicStatus(context.Context, api.GetPublicStatusRequestObject) (api.GetPublicStatusResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ListStatusPages implements [api.StrictServerInterface].
func (s *Server) ListStatusPages(context.Context, api.ListStatusPagesRequestObject) (api.ListStatusPagesResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// CreateStatusPage implements [api.StrictServerInterface].
func (s *Server) CreateStatusPage(context.Context, api.CreateStatusPageRequestObject) (api.CreateStatusPageResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// DeleteStatusPage implements [api.StrictServerInterface].
func (s *Server) DeleteStatusPage(context.Context, api.DeleteStatusPageRequestObject) (api.DeleteStatusPageResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// GetStatusPage implements [api.StrictServerInterface].
func (s *Server) GetStatusPage(context.Context, api.GetStatusPageRequestObject) (api.GetStatusPageResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// UpdateStatusPage implements [api.StrictServerInterface].
func (s *Server) UpdateStatusPage(context.Context, api.UpdateStatusPageRequestObject) (api.UpdateStatusPageResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
