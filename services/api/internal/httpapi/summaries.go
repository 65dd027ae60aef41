package httpapi

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/pulse"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

const (
	summarySlots        = 90
	defaultSlot         = 960 * time.Second // 90 of them are a day
	maxSummaries        = 1000              // that are asked for by their ids
	uptimeDay, uptime30 = day, 30 * day
)

// ListSummaries implements [api.StrictServerInterface]. However long the page, it is as
// many queries: each reads what it reads for all websites of it.
func (s *Server) ListSummaries(ctx context.Context, r api.ListSummariesRequestObject) (api.ListSummariesResponseObject, error) {
	p := r.Params
	f := websiteList{Q: p.Q, Tag: p.Tag, Kind: p.Kind, Status: p.Status, Sort: (*string)(p.Sort), Limit: p.Limit}.websiteFilter()
	var err error
	if f.IDs, err = idList(p.Ids); err != nil {
		return nil, err
	}
	websites, next, err := s.websitePage(ctx, cursorSummary, f, p.Cursor)
	if err != nil {
		return nil, err
	}
	width := defaultSlot
	if p.SlotSeconds != nil {
		width = time.Duration(*p.SlotSeconds) * time.Second
	}
	facts, err := s.factsOf(ctx, callerOf(ctx).Org, websites, width)
	if err != nil {
		return nil, err
	}
	pulses, away := s.pulsesOf(ctx, websites)
	out := api.SummaryPage{
		Items: make([]api.Summary, len(websites)), NextCursor: next, SlotSeconds: int(width / time.Second),
		SlotsEnd: facts.slotsEnd, TicksAway: away,
	}
	for i := range websites {
		w := &websites[i]
		out.Items[i] = facts.summary(w)
		if len(w.Monitors) > 0 {
			showPulse(&out.Items[i], pulses, w.Monitors[0].ID)
		}
	}
	return api.ListSummaries200JSONResponse(out), nil
}

// idList reads ids with commas between them; nil if none are given.
func idList(text *string) ([]uptime.ID, error) {
	if text == nil {
		return nil, nil
	}
	out := []uptime.ID{}
	for _, one := range listed(*text) {
		id, err := uptime.ParseID(one)
		if err != nil {
			return nil, invalidParam("ids", "must be ids with commas between them")
		}
		out = append(out, id)
	}
	if len(out) > maxSummaries {
		return nil, invalidParam("ids", "must be at most 1000")
	}
	return out, nil
}

// pulsesOf returns the last hours of the first monitor of each website, and whether
// InfluxDB is away.
func (s *Server) pulsesOf(ctx context.Context, websites []postgres.Website) (map[uptime.ID]pulse.Pulse, bool) {
	if s.pulses == nil {
		return nil, true
	}
	first := make([]uptime.ID, 0, len(websites))
	for i := range websites {
		if len(websites[i].Monitors) > 0 {
			first = append(first, websites[i].Monitors[0].ID)
		}
	}
	return s.pulses.Read(requestContext(ctx), first)
}

func showPulse(out *api.Summary, pulses map[uptime.ID]pulse.Pulse, monitor uptime.ID) {
	p, ok := pulses[monitor]
	if !ok || p.Passed == 0 {
		return
	}
	for i, mean := range p.Means {
		if mean > 0 {
			out.Sparkline[i] = value(millis(mean))
		}
	}
	out.P50Ms, out.P95Ms = value(millis(p.P50)), value(millis(p.P95))
}

// facts are what the database knows of a page of websites.
type facts struct {
	now, slotsEnd time.Time
	width         time.Duration
	spans         map[uptime.ID][]postgres.Span // by monitor
	failing       map[uptime.ID][]tally.Between // by monitor
	votes         map[uptime.ID][]postgres.Vote // by monitor
	incidents     map[uptime.ID]uptime.ID       // by monitor
	regions       []postgres.Region
}

// factsOf reads what is shown of websites: one query for each sort of thing.
func (s *Server) factsOf(ctx context.Context, org uptime.ID, websites []postgres.Website, width time.Duration) (*facts, error) {
	var monitors []uptime.ID
	for i := range websites {
		for j := range websites[i].Monitors {
			monitors = append(monitors, websites[i].Monitors[j].ID)
		}
	}
	now := s.Now().UTC()
	f := &facts{now: now, slotsEnd: tally.SlotsEnd(now, width), width: width}
	begin := f.slotsEnd.Add(-summarySlots * width)
	since := now.Add(-uptime30)
	if begin.Before(since) {
		since = begin
	}
	var err error
	if f.spans, err = s.past.Spans(ctx, monitors, since, now); err != nil {
		return nil, err
	}
	failures, err := s.Store.FailuresOf(ctx, monitors, begin, now)
	if err != nil {
		return nil, err
	}
	f.failing = map[uptime.ID][]tally.Between{}
	for _, one := range failures {
		f.failing[one.Monitor] = append(f.failing[one.Monitor], tally.Between{From: one.From, To: one.To})
	}
	votes, err := s.Store.Votes(ctx, monitors...)
	if err != nil {
		return nil, err
	}
	f.votes = make(map[uptime.ID][]postgres.Vote, len(monitors))
	for _, v := range votes {
		f.votes[v.Monitor] = append(f.votes[v.Monitor], v)
	}
	if f.incidents, err = s.Store.OpenIncidents(ctx, monitors); err != nil {
		return nil, err
	}
	f.regions, err = s.Store.Regions(ctx, org)
	return f, err
}

// lineOf returns the spans of a website's monitors and their line of verdicts since.
func (f *facts) lineOf(w *postgres.Website, since time.Time) (line []tally.Stretch, begun time.Time) {
	var spans []tally.Span
	for i := range w.Monitors {
		for _, one := range f.spans[w.Monitors[i].ID] {
			spans = append(spans, tally.Span(one))
		}
	}
	return tally.Merge(spans, since, f.now), tally.Begun(spans)
}

// summary shows a website without its latency.
func (f *facts) summary(w *postgres.Website) api.Summary {
	since := f.slotsEnd.Add(-summarySlots * f.width)
	if month := f.now.Add(-uptime30); month.Before(since) {
		since = month
	}
	line, begun := f.lineOf(w, since)
	var failing []tally.Between
	for i := range w.Monitors {
		failing = append(failing, f.failing[w.Monitors[i].ID]...)
	}
	_, verdictSince := w.Verdict()
	hours := tally.Add(tally.Within(line, f.now.Add(-uptimeDay), f.now), f.now.Add(-uptimeDay), f.now)
	month := tally.Add(tally.Within(line, f.now.Add(-uptime30), f.now), f.now.Add(-uptime30), f.now)
	votes, checked := f.votesOf(w)
	return api.Summary{
		ID: w.ID, Name: w.Name, URL: w.URL, Tags: list(w.Tags), Kinds: kindsOf(w), Status: api.Status(w.Status()),
		VerdictSince: nullTime(verdictSince), Reason: reasonOf(w), Muted: w.Muted, Paused: w.Paused,
		AdvisoryRegions: w.Advisory(), Votes: votes,
		Slots:     tally.Slots(line, failing, begun, f.slotsEnd, f.width, summarySlots),
		Sparkline: noSparkline(), P50Ms: null[float64](), P95Ms: null[float64](),
		Uptime24HPercent: uptimePercent(hours), Uptime30DPercent: uptimePercent(month), Coverage30DPercent: percent(month.Coverage()),
		LastCheckedAt: nullTime(checked), IncidentID: f.incidentOf(w), ExpiresInDays: expiresIn(w),
	}
}

func noSparkline() []nullable.Nullable[float64] {
	out := make([]nullable.Nullable[float64], pulse.Hours)
	for i := range out {
		out[i] = null[float64]()
	}
	return out
}

func uptimePercent(sum tally.Sum) nullable.Nullable[float64] {
	if p, known := sum.Uptime(); known {
		return value(percent(p))
	}
	return null[float64]()
}

func kindsOf(w *postgres.Website) []string {
	kinds := []string{}
	for i := range w.Monitors {
		kinds = append(kinds, string(w.Monitors[i].Kind))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// reasonOf is that of the first monitor that has the website's verdict.
func reasonOf(w *postgres.Website) uptime.Reason {
	verdict, _ := w.Verdict()
	for i := range w.Monitors {
		if m := &w.Monitors[i]; m.Judged && !m.Paused && m.Verdict == verdict {
			return m.Reason
		}
	}
	return uptime.ReasonNone
}

func (f *facts) incidentOf(w *postgres.Website) nullable.Nullable[uptime.ID] {
	for i := range w.Monitors {
		if id, ok := f.incidents[w.Monitors[i].ID]; ok {
			return value(id)
		}
	}
	return null[uptime.ID]()
}

// expiresIn returns the whole days until the first certificate or domain ends.
func expiresIn(w *postgres.Website) nullable.Nullable[int] {
	first := math.Inf(1)
	for i := range w.Monitors {
		for _, e := range w.Monitors[i].Expiries {
			first = min(first, e.DaysLeft)
		}
	}
	if math.IsInf(first, 1) {
		return null[int]()
	}
	return value(int(math.Floor(first)))
}

// votesOf returns what each region says of a website, by name, and when it was last
// looked at. A region that is to look and has not spoken is among them.
func (f *facts) votesOf(w *postgres.Website) ([]api.SummaryVote, time.Time) {
	byRegion := map[string]api.SummaryVote{}
	var checked time.Time
	for i := range w.Monitors {
		m := &w.Monitors[i]
		if m.Paused {
			continue
		}
		for _, region := range f.assigned(m) {
			keepWorse(byRegion, api.SummaryVote{Region: region, Vote: uptime.OutcomeNone})
		}
		oldest := uptime.InstantOf(f.now).Add(-m.Freshness())
		for j := range f.votes[m.ID] {
			v := &f.votes[m.ID][j]
			if v.Revision < m.TargetRevision {
				continue // of another target
			}
			fresh := v.Due >= oldest
			if m.Kind == uptime.KindHeartbeat {
				fresh = v.Counted // what a job said holds for as long as it is judged by it
			}
			if due := v.Due.Time(); due.After(checked) {
				checked = due
			}
			keepWorse(byRegion, api.SummaryVote{Region: v.Region, Vote: v.Outcome, Fresh: fresh, Counted: fresh && v.Counted})
		}
	}
	out := make([]api.SummaryVote, 0, len(byRegion))
	for _, v := range byRegion {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b api.SummaryVote) int { return strings.Compare(a.Region, b.Region) })
	return out, checked
}

// assigned returns the regions that look at a monitor.
func (f *facts) assigned(m *postgres.Monitor) []string {
	switch {
	case m.Kind == uptime.KindHeartbeat:
		return nil
	case m.Regions != nil:
		return m.Regions
	}
	return regionsIn(f.regions).Enabled
}

// keepWorse keeps of a region's votes the one that says more: a fresh one rather than an
// old one, and of two that are fresh the worse.
func keepWorse(votes map[string]api.SummaryVote, v api.SummaryVote) {
	rank := func(v api.SummaryVote) int {
		if v.Fresh {
			return 10 + int(v.Vote)
		}
		return int(v.Vote)
	}
	if have, ok := votes[v.Region]; !ok || rank(v) > rank(have) {
		votes[v.Region] = v
	}
}
