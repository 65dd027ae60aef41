package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

// LegacyListWebsites implements [api.StrictServerInterface].
func (s *Server) LegacyListWebsites(ctx context.Context, _ api.LegacyListWebsitesRequestObject) (api.LegacyListWebsitesResponseObject, error) {
	websites, err := s.Store.Websites(ctx, callerOf(ctx).Org, postgres.WebsiteFilter{Bare: true})
	if err != nil {
		return nil, err
	}
	out := make(api.LegacyListWebsites200JSONResponse, len(websites))
	for i := range websites {
		out[i] = legacyView(&websites[i])
	}
	return out, nil
}

// LegacyCreateWebsite implements [api.StrictServerInterface].
func (s *Server) LegacyCreateWebsite(ctx context.Context, r api.LegacyCreateWebsiteRequestObject) (api.LegacyCreateWebsiteResponseObject, error) {
	w, err := s.createWebsite(ctx, &api.WebsiteCreate{URL: r.Body.URL, Name: r.Body.Name}, spec.LegacyInterval)
	if err != nil {
		return nil, err
	}
	return api.LegacyCreateWebsite201JSONResponse(legacyView(&w)), nil
}

// LegacyGetWebsite implements [api.StrictServerInterface].
func (s *Server) LegacyGetWebsite(ctx context.Context, r api.LegacyGetWebsiteRequestObject) (api.LegacyGetWebsiteResponseObject, error) {
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	return api.LegacyGetWebsite200JSONResponse(legacyView(&w)), nil
}

// LegacyUpdateWebsite implements [api.StrictServerInterface].
func (s *Server) LegacyUpdateWebsite(ctx context.Context, r api.LegacyUpdateWebsiteRequestObject) (api.LegacyUpdateWebsiteResponseObject, error) {
	w, err := s.updateWebsite(ctx, r.ID, &api.WebsiteUpdate{URL: r.Body.URL, Name: r.Body.Name})
	if err != nil {
		return nil, err
	}
	return api.LegacyUpdateWebsite200JSONResponse(legacyView(&w)), nil
}

// LegacyDeleteWebsite implements [api.StrictServerInterface].
func (s *Server) LegacyDeleteWebsite(ctx context.Context, r api.LegacyDeleteWebsiteRequestObject) (api.LegacyDeleteWebsiteResponseObject, error) {
	if err := s.deleteWebsite(ctx, r.ID); err != nil {
		return nil, err
	}
	return api.LegacyDeleteWebsite204Response{}, nil
}

// LegacyListRegions implements [api.StrictServerInterface].
func (s *Server) LegacyListRegions(ctx context.Context, _ api.LegacyListRegionsRequestObject) (api.LegacyListRegionsResponseObject, error) {
	regions, err := s.Store.Regions(ctx, callerOf(ctx).Org)
	if err != nil {
		return nil, err
	}
	out := make(api.LegacyListRegions200JSONResponse, len(regions))
	for i := range regions {
		out[i] = api.LegacyRegion{ID: regions[i].Name, Name: regions[i].Name}
	}
	return out, nil
}

// LegacyCreateRegion implements [api.StrictServerInterface].
func (s *Server) LegacyCreateRegion(ctx context.Context, r api.LegacyCreateRegionRequestObject) (api.LegacyCreateRegionResponseObject, error) {
	region, _, err := s.createRegion(ctx, postgres.Region{Name: r.Body.Name}, "")
	if err != nil {
		return nil, err
	}
	return api.LegacyCreateRegion201JSONResponse{ID: region.Name, Name: region.Name}, nil
}

// LegacyListStatus implements [api.StrictServerInterface].
func (s *Server) LegacyListStatus(ctx context.Context, _ api.LegacyListStatusRequestObject) (api.LegacyListStatusResponseObject, error) {
	org := callerOf(ctx).Org
	websites, err := s.Store.Websites(ctx, org, postgres.WebsiteFilter{})
	if err != nil {
		return nil, err
	}
	activities, err := s.Store.Activities(ctx, org)
	if err != nil {
		return nil, err
	}
	out := make(api.LegacyListStatus200JSONResponse, len(websites))
	for i := range websites {
		w := &websites[i]
		out[i] = api.LegacyStatus{
			ID: w.ID, URL: w.URL, Name: w.Name, Status: api.Status(w.Status()),
			LastChecked: null[time.Time](), ResponseTime: null[float64](),
		}
		if a, checked := activities[w.ID]; checked {
			out[i].LastChecked, out[i].ResponseTime = nullTime(a.Due), value(millis(a.Latency))
		}
	}
	return out, nil
}

// since returns when a period of so many days began. The document says that there
// are more than none; there are no more than are kept.
func (s *Server) since(days *float64) (from, to time.Time, err error) {
	n := 1.0
	if days != nil {
		n = *days
	}
	kept := tsdb.Retention{}.Of(tsdb.Level1h)
	if s.Ticks != nil {
		kept = s.Ticks.Retention(tsdb.Level1h)
	}
	to = s.Now()
	if n > kept.Hours()/24 {
		return to, to, invalidParam("days", fmt.Sprintf("must be at most %g, the days for which ticks are kept", kept.Hours()/24))
	}
	length := time.Duration(n * float64(day))
	if length < time.Second {
		return to, to, invalidParam("days", "must be at least a second's worth")
	}
	return to.Add(-length), to, nil
}

// LegacyGetSeries implements [api.StrictServerInterface].
func (s *Server) LegacyGetSeries(ctx context.Context, r api.LegacyGetSeriesRequestObject) (api.LegacyGetSeriesResponseObject, error) {
	ticks, err := s.charts()
	if err != nil {
		return nil, err
	}
	from, to, region, err := s.legacyPeriod(ctx, r.Params.Days, r.Params.Region)
	if err != nil {
		return nil, err
	}
	w, err := s.Store.Website(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "website")
	}
	out := api.LegacyGetSeries200JSONResponse{}
	if len(w.Monitors) == 0 {
		return out, nil
	}
	series, err := ticks.Latency(ctx, tsdb.SeriesQuery{
		Monitor: w.Monitors[0].ID, From: from, To: to, Region: region, Interval: w.Monitors[0].Interval,
	})
	if err != nil {
		return nil, chartsAway(err)
	}
	return append(out, meanOf(&series)...), nil
}

// meanOf returns the mean over the regions for each bucket in which a check passed.
func meanOf(series *tsdb.Series) []api.LegacyPoint {
	type bucket struct {
		sum time.Duration
		n   int
	}
	buckets := map[time.Time]bucket{}
	for _, region := range series.Regions {
		for i := range region.Points {
			p := &region.Points[i]
			b := buckets[p.Time.UTC()]
			buckets[p.Time.UTC()] = bucket{b.sum + p.Mean*time.Duration(p.OK), b.n + p.OK}
		}
	}
	points := make([]api.LegacyPoint, 0, len(buckets))
	for at, b := range buckets {
		if b.n > 0 {
			points = append(points, api.LegacyPoint{Time: at, Value: millis(b.sum / time.Duration(b.n))})
		}
	}
	slices.SortFunc(points, func(a, b api.LegacyPoint) int { return a.Time.Compare(b.Time) })
	return points
}

func (s *Server) legacyPeriod(ctx context.Context, days *float64, name *string) (from, to time.Time, region string, err error) {
	if from, to, err = s.since(days); err == nil {
		region, err = s.knownRegion(ctx, name)
	}
	return from, to, region, err
}

// LegacyListDowntime implements [api.StrictServerInterface].
func (s *Server) LegacyListDowntime(ctx context.Context, r api.LegacyListDowntimeRequestObject) (api.LegacyListDowntimeResponseObject, error) {
	from, to, region, err := s.legacyPeriod(ctx, r.Params.Days, r.Params.Region)
	if err != nil {
		return nil, err
	}
	out, err := s.downtime(ctx, r.ID, region, from, to)
	return api.LegacyListDowntime200JSONResponse(out), err
}

// LegacyGetLastDowntime implements [api.StrictServerInterface].
func (s *Server) LegacyGetLastDowntime(ctx context.Context, r api.LegacyGetLastDowntimeRequestObject) (api.LegacyGetLastDowntimeResponseObject, error) {
	from, to, region, err := s.legacyPeriod(ctx, r.Params.Days, r.Params.Region)
	if err != nil {
		return nil, err
	}
	all, err := s.downtime(ctx, r.ID, region, from, to)
	if err != nil || len(all) == 0 {
		return nothing{}, err
	}
	return api.LegacyGetLastDowntime200JSONResponse(all[0]), nil
}

// nothing answers null.
type nothing struct{}

// VisitLegacyGetLastDowntimeResponse implements [api.LegacyGetLastDowntimeResponseObject].
func (nothing) VisitLegacyGetLastDowntimeResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	return json.NewEncoder(w).Encode(nil)
}

// downtime returns when a website was down, newest first: by quorum, or as one region
// saw it.
func (s *Server) downtime(ctx context.Context, id uptime.ID, region string, from, to time.Time) ([]api.LegacyDowntime, error) {
	org := callerOf(ctx).Org
	if _, err := s.Store.Website(ctx, org, id); err != nil {
		return nil, fromStore(err, "website")
	}
	where := null[string]()
	var spans []postgres.Span
	var err error
	if region == "" {
		spans, err = s.Store.Spans(ctx, org, id, from, to)
	} else {
		spans, err = s.Store.RegionFailures(ctx, org, id, region, from, to)
		where = value(region)
	}
	if err != nil {
		return nil, err
	}
	begin := from // or when the first of them really began
	if len(spans) > 0 && spans[0].From.Before(from) {
		begin = spans[0].From
	}
	out := []api.LegacyDowntime{}
	for _, one := range slices.Backward(tally.Merge(tallied(spans), begin, to)) {
		if one.Verdict == uptime.VerdictDown && one.To.After(from) {
			out = append(out, downtimeView(one, where))
		}
	}
	return out, nil
}

func downtimeView(one tally.Stretch, region nullable.Nullable[string]) api.LegacyDowntime {
	out := api.LegacyDowntime{
		Time: one.From.UTC(), End: nullTime(one.To), DurationSeconds: seconds(one.To.Sub(one.From)), Region: region, Reason: one.Reason,
	}
	if one.Open {
		out.End = null[time.Time]()
	}
	return out
}

func legacyView(w *postgres.Website) api.LegacyWebsite {
	return api.LegacyWebsite{ID: w.ID, URL: w.URL, Name: w.Name, CreatedAt: w.CreatedAt.UTC()}
}
