package httpapi

import (
	"context"
	"math"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

// defaultUptime is how far back uptime goes unless asked.
const defaultUptime = 30 * day

// GetWebsiteUptime implements [api.StrictServerInterface].
func (s *Server) GetWebsiteUptime(ctx context.Context, r api.GetWebsiteUptimeRequestObject) (api.GetWebsiteUptimeResponseObject, error) {
	from, to, err := s.period(r.Params.From, r.Params.To, defaultUptime)
	if err != nil {
		return nil, err
	}
	org := callerOf(ctx).Org
	if _, err := s.Store.Website(ctx, org, r.ID); err != nil {
		return nil, fromStore(err, "website")
	}
	spans, err := s.Store.Spans(ctx, org, r.ID, from, to)
	if err != nil {
		return nil, err
	}
	sum := tally.Add(tally.Merge(tallied(spans), from, to), from, to)
	out := api.Uptime{
		WebsiteID: r.ID, From: from.UTC(), To: to.UTC(), TotalSeconds: seconds(sum.Total), UpSeconds: seconds(sum.Up),
		DegradedSeconds: seconds(sum.Degraded), DownSeconds: seconds(sum.Down), UnknownSeconds: seconds(sum.Unknown),
		UnmonitoredSeconds: seconds(sum.Unmonitored), UptimePercent: null[float64](), CoveragePercent: percent(sum.Coverage()),
	}
	if p, known := sum.Uptime(); known {
		out.UptimePercent = value(percent(p))
	}
	return api.GetWebsiteUptime200JSONResponse(out), nil
}

// percent rounds down to four decimals: 100 means all of it, never nearly.
func percent(v float64) float64 { return math.Floor(v*1e4) / 1e4 }

func tallied(spans []postgres.Span) []tally.Span {
	out := make([]tally.Span, len(spans))
	for i, one := range spans {
		out[i] = tally.Span(one)
	}
	return out
}
