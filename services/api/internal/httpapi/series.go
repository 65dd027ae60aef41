package httpapi

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

const (
	day = 24 * time.Hour
	// defaultCharts is how far back charts and tick lists go unless asked.
	defaultCharts = day
	// finestResolution is the narrowest bucket.
	finestResolution = time.Second
)

// charts returns the tick store, or why there is none.
func (s *Server) charts() (*tsdb.Client, error) {
	if s.Ticks == nil {
		return nil, &problem{
			status: 503, kind: "no-charts", title: "No charts",
			detail: "This fleet runs without InfluxDB, so nothing is charted; set INFLUXDB_URL.",
		}
	}
	return s.Ticks, nil
}

// chartsAway is the problem of a tick store that does not answer as it should.
func chartsAway(err error) error {
	if errors.Is(err, tsdb.ErrSpan) {
		return invalidParam("from", "must be before to")
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return unavailable("InfluxDB, where the charts come from, does not answer. Checks and alerts go on without it.", err)
}

// knownRegion checks the region that a caller asks for; empty is every one.
func (s *Server) knownRegion(ctx context.Context, name *string) (string, error) {
	if deref(name) == "" || *name == uptime.RegionHeartbeat {
		return deref(name), nil
	}
	regions, err := s.regionsOf(ctx, callerOf(ctx).Org)
	if err != nil {
		return "", err
	}
	if !slices.Contains(regions.Known, *name) {
		return "", invalidParam("region", "is not one of the fleet's regions")
	}
	return *name, nil
}

// GetMonitorLatency implements [api.StrictServerInterface].
func (s *Server) GetMonitorLatency(ctx context.Context, r api.GetMonitorLatencyRequestObject) (api.GetMonitorLatencyResponseObject, error) {
	ticks, err := s.charts()
	if err != nil {
		return nil, err
	}
	from, to, err := s.period(r.Params.From, r.Params.To, defaultCharts)
	if err != nil {
		return nil, err
	}
	resolution, err := parseResolution(deref(r.Params.Resolution))
	if err != nil {
		return nil, invalidParam("resolution", err.Error())
	}
	region, err := s.knownRegion(ctx, r.Params.Region)
	if err != nil {
		return nil, err
	}
	m, err := s.Store.Monitor(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "monitor")
	}
	series, err := ticks.Latency(ctx, tsdb.SeriesQuery{
		Monitor: m.ID, From: from, To: to, Region: region, Resolution: resolution, Interval: m.Interval,
	})
	if err != nil {
		return nil, chartsAway(err)
	}
	return api.GetMonitorLatency200JSONResponse(latencyView(m.ID, &series)), nil
}

// parseResolution reads a width of buckets: a duration, whole seconds, or nothing and
// "auto", which are zero.
func parseResolution(text string) (time.Duration, error) {
	if text == "" || text == "auto" {
		return 0, nil
	}
	errForm := errors.New("must be a duration such as 30s, 5m, 1h or 1d, or auto")
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, errForm
		}
		text = strconv.FormatUint(24*n, 10) + "h"
	} else if _, err := strconv.ParseUint(text, 10, 32); err == nil {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, errForm
	case d < finestResolution:
		return 0, errors.New("must be at least 1s")
	case d > 400*day:
		return 0, errors.New("must be at most 400d")
	}
	return d, nil
}

func latencyView(monitor uptime.ID, series *tsdb.Series) api.Latency {
	out := api.Latency{
		MonitorID: monitor, From: series.From.UTC(), To: series.To.UTC(), ResolutionSeconds: seconds(series.Resolution),
		Source: series.Level.String(), Series: make([]api.LatencySeries, len(series.Regions)),
	}
	for i, region := range series.Regions {
		points := make([]api.LatencyPoint, len(region.Points))
		for j := range region.Points {
			points[j] = pointView(&region.Points[j])
		}
		out.Series[i] = api.LatencySeries{Region: region.Region, Points: points}
	}
	return out
}

func pointView(p *tsdb.Point) api.LatencyPoint {
	latency := func(d time.Duration) nullable.Nullable[float64] {
		if p.OK == 0 {
			return null[float64]()
		}
		return value(millis(d))
	}
	return api.LatencyPoint{
		Time: p.Time.UTC(), Count: int64(p.Count), Ok: int64(p.OK),
		MinMs: latency(p.Min), MeanMs: latency(p.Mean), MaxMs: latency(p.Max), P50Ms: latency(p.P50), P95Ms: latency(p.P95),
		DNSMs: latency(p.Phases.DNS), ConnectMs: latency(p.Phases.Connect), TLSMs: latency(p.Phases.TLS),
		TtfbMs: latency(p.Phases.TTFB), TransferMs: latency(p.Phases.Transfer),
	}
}

// ListMonitorTicks implements [api.StrictServerInterface].
func (s *Server) ListMonitorTicks(ctx context.Context, r api.ListMonitorTicksRequestObject) (api.ListMonitorTicksResponseObject, error) {
	ticks, err := s.charts()
	if err != nil {
		return nil, err
	}
	from, to, err := s.period(r.Params.From, r.Params.To, defaultCharts)
	if err != nil {
		return nil, err
	}
	before, beforeRegion, err := fromMomentCursor(cursorTick, r.Params.Cursor)
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
	limit := limitOf(r.Params.Limit)
	found, err := ticks.Ticks(ctx, tsdb.TickQuery{
		Monitor: m.ID, From: from, To: to, Region: region, OK: r.Params.Ok, Limit: limit,
		Before: before, BeforeRegion: beforeRegion,
	})
	if err != nil {
		return nil, chartsAway(err)
	}
	out := api.TickPage{Items: make([]api.Tick, len(found)), NextCursor: null[string]()}
	for i := range found {
		out.Items[i] = tickView(&found[i])
	}
	if len(found) == limit { // the store gives no more than that, so the next page may be empty
		last := found[limit-1]
		out.NextCursor = momentCursor(cursorTick, last.Due, last.Region)
	}
	return api.ListMonitorTicks200JSONResponse(out), nil
}

func tickView(t *tsdb.Tick) api.Tick {
	return api.Tick{
		Time: t.Due.Time(), Region: t.Region, Ok: t.OK, Outcome: t.Outcome().String(), Reason: t.Reason,
		StatusCode: unlessZero(t.Code), LatencyMs: millis(t.Phases.Total), DNSMs: millis(t.Phases.DNS),
		ConnectMs: millis(t.Phases.Connect), TLSMs: millis(t.Phases.TLS), TtfbMs: millis(t.Phases.TTFB),
		TransferMs: millis(t.Phases.Transfer), LateMs: millis(t.Late), Urgent: t.Urgent,
	}
}

// What a check found has no id: its cursor is when it was due, and where.
func momentCursor(kind byte, due uptime.Instant, region string) nullable.Nullable[string] {
	b := binary.BigEndian.AppendUint64([]byte{kind}, uint64(due))
	return value(base64.RawURLEncoding.EncodeToString(append(b, region...)))
}

func fromMomentCursor(kind byte, cursor *string) (uptime.Instant, string, error) {
	if deref(cursor) == "" {
		return 0, "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err != nil || len(b) < 10 || b[0] != kind {
		return 0, "", invalidParam("cursor", "is not the next_cursor of a page of this list")
	}
	due := uptime.Instant(binary.BigEndian.Uint64(b[1:9]))
	if due <= 0 || due > uptime.InstantOf(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return 0, "", invalidParam("cursor", "is not the next_cursor of a page of this list")
	}
	return due, string(b[9:]), nil
}
