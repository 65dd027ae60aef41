package httpapi

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/tsdb"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

// Bounds of reading latencies for a report: windows of an hour that the websites of a
// page have together, and how long all of it may take.
const (
	reportHours = 100 * 31 * 24
	reportTime  = 20 * time.Second
)

// ReportUptime implements [api.StrictServerInterface].
func (s *Server) ReportUptime(ctx context.Context, r api.ReportUptimeRequestObject) (api.ReportUptimeResponseObject, error) {
	p := r.Params
	from, to, err := s.period(p.From, p.To, defaultUptime)
	if err != nil {
		return nil, err
	}
	f := websiteList{Tag: p.Tag, Limit: p.Limit}.websiteFilter()
	if p.WebsiteID != nil {
		f.IDs = []uptime.ID{*p.WebsiteID}
	}
	websites, next, err := s.websitePage(ctx, cursorReport, f, p.Cursor)
	if err != nil {
		return nil, err
	}
	facts, err := s.reportFacts(ctx, f, from, to)
	if err != nil {
		return nil, err
	}
	digests := s.reportDigests(ctx, websites, from, to)
	out := api.Report{From: from.UTC(), To: to.UTC(), NextCursor: next, Items: make([]api.ReportRow, len(websites))}
	var total reportPart
	for _, one := range facts {
		total.add(one)
	}
	out.Total = total.row(p.TargetPercent)
	for i := range websites {
		w := &websites[i]
		part := facts[w.ID]
		if part == nil { // without monitors
			part = &reportPart{sum: tally.Sum{Total: to.Sub(from), Unmonitored: to.Sub(from)}}
		}
		row := part.row(p.TargetPercent)
		row.WebsiteID, row.Name, row.Tags = value(w.ID), w.Name, list(w.Tags)
		if len(w.Monitors) > 0 {
			showQuantiles(&row, digests[w.Monitors[0].ID])
		}
		out.Items[i] = row
	}
	headers := api.ReportUptime200ResponseHeaders{XNextCursor: optional(next)}
	if deref(p.Format) == api.ReportUptimeParamsFormatCsv {
		text := reportCSV(&out)
		return api.ReportUptime200TextCsvResponse{Body: bytes.NewReader(text), ContentLength: int64(len(text)), Headers: headers}, nil
	}
	return api.ReportUptime200JSONResponse{Body: out, Headers: headers}, nil
}

// reportPart is what a report tells of one website, or of several together.
type reportPart struct {
	sum       tally.Sum
	incidents int
	repaired  int           // of them, in the period
	repairs   time.Duration // of those, together
	longest   time.Duration // outage; zero: none
}

func (p *reportPart) add(o *reportPart) {
	p.sum = p.sum.Plus(o.sum)
	p.incidents += o.incidents
	p.repaired += o.repaired
	p.repairs += o.repairs
	p.longest = max(p.longest, o.longest)
}

// count counts an incident that touches the period.
func (p *reportPart) count(in *postgres.Incident, to time.Time) {
	p.incidents++
	if !in.ResolvedAt.IsZero() && in.ResolvedAt.Before(to) {
		p.repaired++
		p.repairs += in.ResolvedAt.Sub(in.OpenedAt)
	}
}

func (p *reportPart) row(promised *float64) api.ReportRow {
	row := api.ReportRow{
		WebsiteID: null[uptime.ID](), Tags: []string{}, UptimePercent: uptimePercent(p.sum), CoveragePercent: percent(p.sum.Coverage()),
		DownSeconds: seconds(p.sum.Down), Incidents: p.incidents, MttrSeconds: null[float64](), LongestOutageSeconds: null[float64](),
		P50Ms: null[float64](), P95Ms: null[float64](), P99Ms: null[float64](), TargetPercent: pointer(promised),
		BudgetSeconds: null[float64](), BudgetLeftSeconds: null[float64](),
	}
	if p.repaired > 0 {
		row.MttrSeconds = value(seconds(p.repairs / time.Duration(p.repaired)))
	}
	if p.longest > 0 {
		row.LongestOutageSeconds = value(seconds(p.longest))
	}
	if promised != nil {
		budget, left := tally.Budget(p.sum.Total, p.sum.Down, *promised)
		row.BudgetSeconds, row.BudgetLeftSeconds = value(seconds(budget)), value(seconds(left))
	}
	return row
}

// reportFacts returns what the database knows of every website that the filter lets
// pass, not only a page's: three queries.
func (s *Server) reportFacts(ctx context.Context, f postgres.WebsiteFilter, from, to time.Time) (map[uptime.ID]*reportPart, error) {
	of, err := s.Store.MonitorsOfTagged(ctx, callerOf(ctx).Org, f.Tags)
	if err != nil {
		return nil, err
	}
	var monitors, websites []uptime.ID
	website, out := map[uptime.ID]uptime.ID{}, map[uptime.ID]*reportPart{}
	for _, m := range of {
		if f.IDs != nil && f.IDs[0] != m.Website {
			continue
		}
		monitors, website[m.Monitor] = append(monitors, m.Monitor), m.Website
		if out[m.Website] == nil {
			out[m.Website] = &reportPart{}
			websites = append(websites, m.Website)
		}
	}
	spans, err := s.Store.SpansOf(ctx, monitors, from, to)
	if err != nil {
		return nil, err
	}
	byWebsite := make(map[uptime.ID][]tally.Span, len(out))
	for _, one := range spans {
		id := website[one.Monitor]
		byWebsite[id] = append(byWebsite[id], tally.Span(one))
	}
	for id, part := range out {
		line := tally.Merge(byWebsite[id], from, to)
		part.sum = tally.Add(line, from, to)
		part.longest, _ = tally.Longest(line)
	}
	incidents, err := s.Store.IncidentTimes(ctx, websites, from, to)
	if err != nil {
		return nil, err
	}
	for i := range incidents {
		if part := out[incidents[i].WebsiteID]; part != nil {
			part.count(&incidents[i], to)
		}
	}
	return out, nil
}

// reportDigests returns the latencies of the first monitor of each website; none if
// there are too many to read, or InfluxDB does not answer.
func (s *Server) reportDigests(ctx context.Context, websites []postgres.Website, from, to time.Time) map[uptime.ID]*tsdb.Digest {
	if s.Ticks == nil || int64(len(websites))*int64(to.Sub(from)/time.Hour) > reportHours {
		return nil
	}
	q := tsdb.DigestQuery{From: from, To: to, Coarsest: max(tsdb.Level5m, s.Ticks.LevelOf(from, to.Sub(from)))}
	if to.Sub(from) > 2*day {
		q.Coarsest = tsdb.Level1h
	}
	for i := range websites {
		if len(websites[i].Monitors) > 0 {
			q.Monitors = append(q.Monitors, websites[i].Monitors[0].ID)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	found, err := s.Ticks.Digests(ctx, q)
	if err != nil {
		s.log.WarnContext(ctx, "a report goes without latencies", "err", err)
		return nil
	}
	out := make(map[uptime.ID]*tsdb.Digest, len(found))
	for id, regions := range found {
		out[id] = allRegions(regions)
	}
	return out
}

func showQuantiles(row *api.ReportRow, d *tsdb.Digest) {
	if d == nil || d.OK() == 0 {
		return
	}
	q := d.Quantiles(0.50, 0.95, 0.99)
	row.P50Ms, row.P95Ms, row.P99Ms = value(millis(q[0])), value(millis(q[1])), value(millis(q[2]))
}

var reportHead = strings.Split("website_id,name,tags,uptime_percent,coverage_percent,down_seconds,incidents,mttr_seconds,"+
	"longest_outage_seconds,p50_ms,p95_ms,p99_ms,target_percent,budget_seconds,budget_left_seconds", ",")

// cellOf writes a number that may be null.
func cellOf(n nullable.Nullable[float64]) string {
	if v, err := n.Get(); err == nil {
		return numberCell(v)
	}
	return ""
}
