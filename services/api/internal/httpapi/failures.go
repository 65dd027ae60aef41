package httpapi

import (
	"context"
	"errors"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// ListMonitorFailures implements [api.StrictServerInterface].
func (s *Server) ListMonitorFailures(context.Context, api.ListMonitorFailuresRequestObject) (api.ListMonitorFailuresResponseObject, error) {
	return nil, errors.ErrUnsupported
}
