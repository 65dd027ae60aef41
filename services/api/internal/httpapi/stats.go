package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// GetMonitorStats implements [api.StrictServerInterface].
func (s *Server) GetMonitorStats(context.Context, api.GetMonitorStatsRequestObject) (api.GetMonitorStatsResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ListWebsiteDowntime implements [api.StrictServerInterface].
func (s *Server) ListWebsiteDowntime(context.Context, api.ListWebsiteDowntimeRequestObject) (api.ListWebsiteDowntimeResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}

// ListWebsiteUptimeDaily implements [api.StrictServerInterface].
func (s *Server) ListWebsiteUptimeDaily(context.Context, api.ListWebsiteUptimeDailyRequestObject) (api.ListWebsiteUptimeDailyResponseObject, error) {
	return nil, unavailable("Not served yet.", nil)
}
