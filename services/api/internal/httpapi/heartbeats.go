package httpapi

import (
	"context"
	"errors"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// RotateHeartbeat implements [api.StrictServerInterface].
func (s *Server) RotateHeartbeat(context.Context, api.RotateHeartbeatRequestObject) (api.RotateHeartbeatResponseObject, error) {
	return nil, errors.ErrUnsupported
}

// PingByGet implements [api.StrictServerInterface].
func (s *Server) PingByGet(context.Context, api.PingByGetRequestObject) (api.PingByGetResponseObject, error) {
	return nil, errors.ErrUnsupported
}

// PingByHead implements [api.StrictServerInterface].
func (s *Server) PingByHead(context.Context, api.PingByHeadRequestObject) (api.PingByHeadResponseObject, error) {
	return nil, errors.ErrUnsupported
}

// PingByPost implements [api.StrictServerInterface].
func (s *Server) PingByPost(context.Context, api.PingByPostRequestObject) (api.PingByPostResponseObject, error) {
	return nil, errors.ErrUnsupported
}
