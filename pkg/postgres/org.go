package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// DefaultOrg is the slug of the tenant that every fleet begins with.
const DefaultOrg = "default"

// Org is a tenant.
type Org struct {
	ID        uptime.ID
	Slug      string
	Name      string
	CreatedAt time.Time
}

// EnsureOrg returns the tenant with the slug and makes it if there is none.
func (s *Store) EnsureOrg(ctx context.Context, slug, name string) (Org, error) {
	row, err := s.q.EnsureOrg(ctx, dbgen.EnsureOrgParams{ID: uptime.NewID(time.Now()), Slug: slug, Name: name})
	if err != nil {
		return Org{}, fmt.Errorf("ensure org %s: %w", slug, classify(err))
	}
	return Org{ID: row.ID, Slug: row.Slug, Name: row.Name, CreatedAt: row.CreatedAt}, nil
}

// OrgBySlug returns a tenant, or ErrNotFound.
func (s *Store) OrgBySlug(ctx context.Context, slug string) (Org, error) {
	row, err := s.q.OrgBySlug(ctx, slug)
	if err != nil {
		return Org{}, fmt.Errorf("org %s: %w", slug, classify(err))
	}
	return Org{ID: row.ID, Slug: row.Slug, Name: row.Name, CreatedAt: row.CreatedAt}, nil
}

// OrgIDs returns every tenant's id.
func (s *Store) OrgIDs(ctx context.Context) ([]uptime.ID, error) {
	ids, err := s.fleet.OrgIDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list organisations: %w", err)
	}
	return ids, nil
}
