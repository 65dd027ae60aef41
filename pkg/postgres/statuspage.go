package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// StatusPage is a page that the public sees.
type StatusPage struct {
	ID          uptime.ID
	OrgID       uptime.ID
	Slug        string // in its address; no other page of the fleet has it
	Title       string
	Description string
	Link        string // of whoever keeps it
	Published   bool
	Websites    []PageWebsite // in the order of the page
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PageWebsite is a website on a status page.
type PageWebsite struct {
	Website uptime.ID
	Title   string // as the public knows it; empty: the website's name
	Section string
}

// ErrNotOwn is returned for a page with websites that are not the tenant's.
var ErrNotOwn = errors.New("a website of the page is not there")

// CreateStatusPage stores a page. A slug that is taken is ErrConflict, a website that is
// not the tenant's [ErrNotOwn].
func (s *Store) CreateStatusPage(ctx context.Context, p StatusPage) (StatusPage, error) {
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		row, err := dbgen.New(tx).InsertStatusPage(ctx, dbgen.InsertStatusPageParams{
			ID: p.ID, OrgID: p.OrgID, Slug: p.Slug, Title: p.Title, Description: p.Description, Link: p.Link, Published: p.Published,
		})
		if err != nil {
			return fmt.Errorf("insert status page: %w", classify(err))
		}
		p = pageOf(row, p.Websites)
		return fillPage(ctx, tx, &p)
	})
	return p, err
}

// UpdateStatusPage changes a page of the tenant under a lock; ErrNotFound if there is
// none. Other errors are those of [Store.CreateStatusPage].
func (s *Store) UpdateStatusPage(ctx context.Context, org, id uptime.ID, change func(*StatusPage) error) (StatusPage, error) {
	var p StatusPage
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockStatusPage(ctx, dbgen.LockStatusPageParams{OrgID: org, ID: id})
		if err != nil {
			return fmt.Errorf("status page %s: %w", id, classify(err))
		}
		websites, err := pageWebsites(ctx, q, id)
		if err != nil {
			return err
		}
		p = pageOf(row, websites[id])
		if err := met(ctx, p.Version()); err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		row, err = q.UpdateStatusPage(ctx, dbgen.UpdateStatusPageParams{
			ID: id, Slug: p.Slug, Title: p.Title, Description: p.Description, Link: p.Link, Published: p.Published,
		})
		if err != nil {
			return fmt.Errorf("update status page %s: %w", id, classify(err))
		}
		p = pageOf(row, p.Websites)
		return fillPage(ctx, tx, &p)
	})
	return p, err
}

// fillPage stores which websites are on a page.
func fillPage(ctx context.Context, tx pgx.Tx, p *StatusPage) error {
	q, n := dbgen.New(tx), len(p.Websites)
	if err := q.ClearStatusPage(ctx, p.ID); err != nil {
		return fmt.Errorf("clear status page %s: %w", p.ID, err)
	}
	rows := dbgen.FillStatusPageParams{
		PageID: p.ID, OrgID: p.OrgID, WebsiteIds: make([]uptime.ID, n), Positions: make([]int32, n), Titles: make([]string, n),
		Sections: make([]string, n),
	}
	for i, w := range p.Websites {
		rows.WebsiteIds[i], rows.Positions[i], rows.Titles[i], rows.Sections[i] = w.Website, int32(i), w.Title, w.Section
	}
	stored, err := q.FillStatusPage(ctx, rows)
	if err != nil {
		return fmt.Errorf("fill status page %s: %w", p.ID, classify(err))
	}
	if int(stored) != n {
		return ErrNotOwn
	}
	return nil
}

// StatusPage returns one page of the tenant, or ErrNotFound.
func (s *Store) StatusPage(ctx context.Context, org, id uptime.ID) (StatusPage, error) {
	row, err := s.q.GetStatusPage(ctx, dbgen.GetStatusPageParams{OrgID: org, ID: id})
	if err != nil {
		return StatusPage{}, fmt.Errorf("status page %s: %w", id, classify(err))
	}
	websites, err := pageWebsites(ctx, s.q, id)
	return pageOf(row, websites[id]), err
}

// StatusPages returns at most limit pages of the tenant after one of them, oldest first.
func (s *Store) StatusPages(ctx context.Context, org, after uptime.ID, limit int) ([]StatusPage, error) {
	rows, err := s.q.ListStatusPages(ctx, dbgen.ListStatusPagesParams{OrgID: org, After: nonNil(after), Page: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("list status pages: %w", err)
	}
	ids := make([]uptime.ID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	websites, err := pageWebsites(ctx, s.q, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]StatusPage, len(rows))
	for i, r := range rows {
		out[i] = pageOf(r, websites[r.ID])
	}
	return out, nil
}

// DeleteStatusPage removes a page of the tenant.
func (s *Store) DeleteStatusPage(ctx context.Context, org, id uptime.ID) error {
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockStatusPage(ctx, dbgen.LockStatusPageParams{OrgID: org, ID: id})
		if err != nil {
			return classify(err)
		}
		if err := met(ctx, versionAt(row.UpdatedAt)); err != nil {
			return err
		}
		_, err = q.DeleteStatusPage(ctx, dbgen.DeleteStatusPageParams{OrgID: org, ID: id})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete status page %s: %w", id, err)
	}
	return nil
}

// PublishedPage returns the published page with a slug, whosever it is, or ErrNotFound.
func (s *Store) PublishedPage(ctx context.Context, slug string) (StatusPage, error) {
	row, err := s.q.PublishedPage(ctx, slug)
	if err != nil {
		return StatusPage{}, fmt.Errorf("published page %s: %w", slug, classify(err))
	}
	websites, err := pageWebsites(ctx, s.q, row.ID)
	return pageOf(row, websites[row.ID]), err
}

// PublishedPages returns slug and title of at most limit published pages, by title.
func (s *Store) PublishedPages(ctx context.Context, limit int) ([]StatusPage, error) {
	rows, err := s.q.PublishedPages(ctx, int32(limit))
	if err != nil {
		return nil, fmt.Errorf("published pages: %w", err)
	}
	out := make([]StatusPage, len(rows))
	for i, r := range rows {
		out[i] = StatusPage{Slug: r.Slug, Title: r.Title, Published: true}
	}
	return out, nil
}

func pageWebsites(ctx context.Context, q *dbgen.Queries, pages ...uptime.ID) (map[uptime.ID][]PageWebsite, error) {
	rows, err := q.StatusPageWebsites(ctx, pages)
	if err != nil {
		return nil, fmt.Errorf("websites of %d status pages: %w", len(pages), err)
	}
	out := make(map[uptime.ID][]PageWebsite, len(pages))
	for _, r := range rows {
		out[r.PageID] = append(out[r.PageID], PageWebsite{Website: r.WebsiteID, Title: r.Title, Section: r.Section})
	}
	return out, nil
}

func pageOf(r dbgen.StatusPage, websites []PageWebsite) StatusPage {
	return StatusPage{
		ID: r.ID, OrgID: r.OrgID, Slug: r.Slug, Title: r.Title, Description: r.Description, Link: r.Link, Published: r.Published,
		Websites: websites, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}
