package httpapi

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// GetMonitorStats implements [api.StrictServerInterface]. Up to 26 hours are counted tick
// by tick; of longer periods those windows count that begin in them.
func (s *Server) GetMonitorStats(ctx context.Context, r api.GetMonitorStatsRequestObject) (api.GetMonitorStatsResponseObject, error) {
	ticks, err := s.charts()
	if err != nil {
		return nil, err
	}
	from, to, err := s.period(r.Params.From, r.Params.To, defaultCharts)
	if err != nil {
		return nil, err
	}
	region, err := s.knownRegion(ctx, r.Params.Region)
	if err != nil {
		return nil, err
	}
	m, err := s.Store.Monitor(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	earlier := from.Add(from.Sub(to))
	q := tsdb.DigestQuery{
		Monitors: []uptime.ID{m.ID}, From: from, To: to, Region: region, Coarsest: ticks.LevelOf(earlier, to.Sub(from)),
	}
	now, err := ticks.Digests(ctx, q)
	if err != nil {
		return nil, chartsAway(err)
	}
	q.From, q.To = earlier, from
	before, err := ticks.Digests(ctx, q)
	if err != nil {
		return nil, chartsAway(err)
	}
	out := api.MonitorStats{
		MonitorID: m.ID, From: from.UTC(), To: to.UTC(), Now: statsView(allRegions(now[m.ID])),
		Before: statsView(allRegions(before[m.ID])), Regions: []api.RegionStats{},
	}
	for _, name := range slices.Sorted(maps.Keys(now[m.ID])) {
		out.Regions = append(out.Regions, api.RegionStats{Region: name, Stats: statsView(now[m.ID][name])})
	}
	return api.GetMonitorStats200JSONResponse(out), nil
}

// allRegions joins what regions know.
func allRegions(regions map[string]*tsdb.Digest) *tsdb.Digest {
	return tsdb.Join(slices.Collect(maps.Values(regions))...)
}

func statsView(d *tsdb.Digest) api.LatencyStats {
	latency := func(v time.Duration) nullable.Nullable[float64] {
		if d.OK() == 0 {
			return null[float64]()
		}
		return value(millis(v))
	}
	q := d.Quantiles(0.50, 0.75, 0.90, 0.95, 0.99)
	return api.LatencyStats{
		Checks: int64(d.Count()), Passed: int64(d.OK()), MeanMs: latency(d.Mean()), MaxMs: latency(d.Max()),
		P50Ms: latency(q[0]), P75Ms: latency(q[1]), P90Ms: latency(q[2]), P95Ms: latency(q[3]), P99Ms: latency(q[4]),
	}
}
