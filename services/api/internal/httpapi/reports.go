package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// GetMonitorMetrics implements [api.StrictServerInterface].
func (s *Server) GetMonitorMetrics(context.Context, api.GetMonitorMetricsRequestObject) (api.GetMonitorMetricsResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ReportUptime implements [api.StrictServerInterface].
func (s *Server) ReportUptime(context.Context, api.ReportUptimeRequestObject) (api.ReportUptimeResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
