package httpapi

import (
	"context"
	"slices"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

const (
	publicDays      = 90
	publicIncidents = 100
	incidentsBack   = 30 * day
	maxPublicPages  = 1000
)

// ListPublicStatus implements [api.StrictServerInterface].
func (s *Server) ListPublicStatus(ctx context.Context, _ api.ListPublicStatusRequestObject) (api.ListPublicStatusResponseObject, error) {
	refs, err := s.publicPages(ctx)
	return api.ListPublicStatus200JSONResponse{Items: refs}, err
}

func (s *Server) publicPages(ctx context.Context) ([]api.PublicStatusRef, error) {
	return s.listed.get(ctx, "", s.Now(), publicFor, func(ctx context.Context) ([]api.PublicStatusRef, error) {
		pages, err := s.Store.PublishedPages(ctx, maxPublicPages)
		if err != nil {
			return nil, err
		}
		refs := make([]api.PublicStatusRef, len(pages))
		for i := range pages {
			refs[i] = api.PublicStatusRef{Slug: pages[i].Slug, Title: pages[i].Title}
		}
		return refs, nil
	})
}

// GetPublicStatus implements [api.StrictServerInterface].
func (s *Server) GetPublicStatus(ctx context.Context, r api.GetPublicStatusRequestObject) (api.GetPublicStatusResponseObject, error) {
	status, _, err := s.public.get(ctx, r.Slug)
	if err != nil {
		return nil, fromStore(err, "status page")
	}
	return api.GetPublicStatus200JSONResponse(*status), nil
}

// readPublic reads what the public sees of a page. After the page itself everything is
// read on behalf of its tenant.
func (s *Server) readPublic(ctx context.Context, slug string) (*api.PublicStatus, error) {
	p, err := s.Store.PublishedPage(ctx, slug)
	if err != nil {
		return nil, err
	}
	judged, err := s.Store.JudgedUntil(ctx)
	if err != nil {
		return nil, err
	}
	ctx = postgres.WithTenant(ctx, postgres.Tenant{Org: p.OrgID})
	ids := make([]uptime.ID, len(p.Websites))
	for i, w := range p.Websites {
		ids[i] = w.Website
	}
	websites, err := s.Store.Websites(ctx, p.OrgID, postgres.WebsiteFilter{IDs: ids})
	if err != nil {
		return nil, err
	}
	facts, err := s.factsOf(ctx, p.OrgID, websites, day)
	if err != nil {
		return nil, err
	}
	incidents, err := s.Store.IncidentTimes(ctx, ids, facts.now.Add(-incidentsBack), facts.now)
	if err != nil {
		return nil, err
	}
	out := &api.PublicStatus{
		Slug: p.Slug, Title: p.Title, Description: p.Description, Link: p.Link, AsOf: judged.UTC().Truncate(time.Millisecond),
		Status: api.StatusPending, Websites: []api.PublicWebsite{}, Incidents: []api.PublicIncident{},
	}
	titles := map[uptime.ID]string{}
	for _, on := range p.Websites {
		i := slices.IndexFunc(websites, func(w postgres.Website) bool { return w.ID == on.Website })
		if i < 0 {
			continue // it was deleted just now
		}
		one := facts.public(&websites[i], on)
		titles[on.Website] = one.Title
		out.Websites = append(out.Websites, one)
	}
	out.Status = worstStatus(out.Websites)
	for i := range incidents[:min(len(incidents), publicIncidents)] {
		out.Incidents = append(out.Incidents, publicIncident(&incidents[i], titles[incidents[i].WebsiteID], facts.now))
	}
	return out, nil
}

// statusOrder is from the best to the worst; what is paused says nothing of the others.
var statusOrder = []api.Status{api.StatusPaused, api.StatusUp, api.StatusPending, api.StatusUnknown, api.StatusDegraded, api.StatusDown}

func worstStatus(websites []api.PublicWebsite) api.Status {
	if len(websites) == 0 {
		return api.StatusPending
	}
	worst := 0
	for i := range websites {
		worst = max(worst, slices.Index(statusOrder, websites[i].Status))
	}
	return statusOrder[worst]
}

// public shows a website as the public knows it.
func (f *facts) public(w *postgres.Website, on postgres.PageWebsite) api.PublicWebsite {
	title := on.Title
	if title == "" {
		title = w.Name
	}
	days := tally.Days(f.now, time.UTC, publicDays)
	begin := days[0].From
	line, _ := f.lineOf(w, begin)
	sum := tally.Add(line, begin, f.now)
	votes, _ := f.votesOf(w)
	_, since := w.Verdict()
	out := api.PublicWebsite{
		Title: title, Section: on.Section, Status: api.Status(w.Status()), Since: nullTime(since), Uptime90DPercent: uptimePercent(sum),
		Coverage90DPercent: percent(sum.Coverage()), Regions: votes, Days: make([]api.PublicDay, len(days)),
	}
	for i, d := range days {
		end := d.To
		if end.After(f.now) {
			end = f.now
		}
		of := tally.Add(tally.Within(line, d.From, end), d.From, end)
		out.Days[i] = api.PublicDay{
			Day: openapi_types.Date{Time: d.From}, UptimePercent: uptimePercent(of), CoveragePercent: percent(of.Coverage()),
			DownSeconds: seconds(of.Down),
		}
	}
	return out
}

func publicIncident(in *postgres.Incident, title string, now time.Time) api.PublicIncident {
	end := in.ResolvedAt
	if end.IsZero() {
		end = now
	}
	return api.PublicIncident{
		Title: title, Status: api.IncidentStatus(in.Status()), OpenedAt: in.OpenedAt.UTC(), ResolvedAt: nullTime(in.ResolvedAt),
		DurationSeconds: seconds(max(0, end.Sub(in.OpenedAt))), Note: in.Note,
	}
}
