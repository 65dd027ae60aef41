package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
)

// ListStatusPages implements [api.StrictServerInterface].
func (s *Server) ListStatusPages(ctx context.Context, r api.ListStatusPagesRequestObject) (api.ListStatusPagesResponseObject, error) {
	after, err := fromCursor(cursorPage, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(r.Params.Limit)
	pages, err := s.Store.StatusPages(ctx, callerOf(ctx).Org, after, limit+1)
	if err != nil {
		return nil, err
	}
	pages, more := page(pages, limit)
	out := api.StatusPagePage{Items: make([]api.StatusPage, len(pages)), NextCursor: null[string]()}
	for i := range pages {
		out.Items[i] = s.statusPageView(&pages[i])
	}
	if more {
		out.NextCursor = cursorOf(cursorPage, pages[limit-1].ID)
	}
	return api.ListStatusPages200JSONResponse(out), nil
}

// CreateStatusPage implements [api.StrictServerInterface].
func (s *Server) CreateStatusPage(ctx context.Context, r api.CreateStatusPageRequestObject) (api.CreateStatusPageResponseObject, error) {
	b := r.Body
	p := postgres.StatusPage{
		ID: uptime.NewID(s.Now()), OrgID: callerOf(ctx).Org, Slug: b.Slug, Title: b.Title, Description: deref(b.Description),
		Link: deref(b.Link), Published: b.Published == nil || *b.Published, Websites: pageWebsites(deref(b.Websites)),
	}
	if err := checkPage(&p); err != nil {
		return nil, err
	}
	p, err := s.Store.CreateStatusPage(ctx, p)
	if err != nil {
		return nil, pageProblem(err)
	}
	s.listed.forget("")
	s.tell(ctx, live.Created, live.ObjectStatusPage, p.ID.String(), uptime.ID{})
	return api.CreateStatusPage201JSONResponse(s.statusPageView(&p)), nil
}

// GetStatusPage implements [api.StrictServerInterface].
func (s *Server) GetStatusPage(ctx context.Context, r api.GetStatusPageRequestObject) (api.GetStatusPageResponseObject, error) {
	p, err := s.Store.StatusPage(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "status page")
	}
	versioned(ctx, p.Version())
	return api.GetStatusPage200JSONResponse(s.statusPageView(&p)), nil
}

// UpdateStatusPage implements [api.StrictServerInterface].
func (s *Server) UpdateStatusPage(ctx context.Context, r api.UpdateStatusPageRequestObject) (api.UpdateStatusPageResponseObject, error) {
	b := r.Body
	var was string
	p, err := s.Store.UpdateStatusPage(ctx, callerOf(ctx).Org, r.ID, func(p *postgres.StatusPage) error {
		was = p.Slug
		for to, v := range map[*string]*string{&p.Slug: b.Slug, &p.Title: b.Title, &p.Description: b.Description, &p.Link: b.Link} {
			if v != nil {
				*to = *v
			}
		}
		if b.Published != nil {
			p.Published = *b.Published
		}
		if b.Websites != nil {
			p.Websites = pageWebsites(*b.Websites)
		}
		return checkPage(p)
	})
	if err != nil {
		return nil, pageProblem(err)
	}
	s.public.forget(was)
	s.public.forget(p.Slug)
	s.listed.forget("")
	s.tell(ctx, live.Changed, live.ObjectStatusPage, p.ID.String(), uptime.ID{})
	versioned(ctx, p.Version())
	return api.UpdateStatusPage200JSONResponse(s.statusPageView(&p)), nil
}

// DeleteStatusPage implements [api.StrictServerInterface].
func (s *Server) DeleteStatusPage(ctx context.Context, r api.DeleteStatusPageRequestObject) (api.DeleteStatusPageResponseObject, error) {
	org := callerOf(ctx).Org
	p, err := s.Store.StatusPage(ctx, org, r.ID)
	if err == nil {
		err = s.Store.DeleteStatusPage(ctx, org, r.ID)
	}
	if err != nil {
		return nil, fromStore(err, "status page")
	}
	s.public.forget(p.Slug)
	s.listed.forget("")
	s.tell(ctx, live.Deleted, live.ObjectStatusPage, r.ID.String(), uptime.ID{})
	return api.DeleteStatusPage204Response{}, nil
}

func pageWebsites(of []api.StatusPageWebsite) []postgres.PageWebsite {
	out := make([]postgres.PageWebsite, len(of))
	for i, w := range of {
		out[i] = postgres.PageWebsite{Website: w.WebsiteID, Title: deref(w.Title), Section: deref(w.Section)}
	}
	return out
}

// checkPage finds what a page's schema cannot.
func checkPage(p *postgres.StatusPage) error {
	var errs []shape.Error
	if u, err := url.Parse(p.Link); p.Link != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, shape.Error{Pointer: "#/link", Detail: "must begin with http:// or https://"})
	}
	seen := make(map[uptime.ID]bool, len(p.Websites))
	for i, w := range p.Websites {
		if seen[w.Website] {
			errs = append(errs, shape.Error{Pointer: fmt.Sprintf("#/websites/%d/website_id", i), Detail: "is on the page already"})
		}
		seen[w.Website] = true
	}
	for _, text := range []*string{&p.Title, &p.Description, &p.Link} {
		*text = postgres.PlainText(*text)
	}
	for i := range p.Websites {
		w := &p.Websites[i]
		w.Title, w.Section = postgres.PlainText(w.Title), postgres.PlainText(w.Section)
	}
	if len(errs) > 0 {
		return invalid(api.FieldErrorInBody, errs...)
	}
	return nil
}

// pageProblem tells of a slug only that it is taken, not by whom.
func pageProblem(err error) error {
	switch {
	case errors.Is(err, postgres.ErrNotOwn):
		return invalidField("websites", "names a website that is not there")
	case errors.Is(err, postgres.ErrConflict):
		p := conflict("slug-taken", "The slug is taken.")
		p.fields = []api.FieldError{fieldError("#/slug", "is taken", api.FieldErrorInBody)}
		return p
	}
	return fromStore(err, "status page")
}

func (s *Server) statusPageView(p *postgres.StatusPage) api.StatusPage {
	out := api.StatusPage{
		ID: p.ID, Slug: p.Slug, Title: p.Title, Description: p.Description, Link: p.Link, Published: p.Published,
		Websites: make([]api.StatusPageWebsite, len(p.Websites)), URL: s.PublicURL + "/status/" + p.Slug,
		CreatedAt: p.CreatedAt.UTC().Truncate(time.Microsecond), UpdatedAt: p.UpdatedAt.UTC().Truncate(time.Microsecond),
	}
	for i, w := range p.Websites {
		out.Websites[i] = api.StatusPageWebsite{WebsiteID: w.Website, Title: &w.Title, Section: &w.Section}
	}
	return out
}
