package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// ErrFirstOrg is returned for what must not happen to the tenant that every fleet begins
// with: commands and settings name it by its slug, and the fleet's regions are its own.
var ErrFirstOrg = errors.New("the organisation that the fleet began with")

// Org returns a tenant, or ErrNotFound.
func (s *Store) Org(ctx context.Context, id uptime.ID) (Org, error) {
	row, err := s.q.GetOrg(ctx, id)
	if err != nil {
		return Org{}, fmt.Errorf("organisation %s: %w", id, classify(err))
	}
	return orgOf(row), nil
}

// CreateOrg stores a tenant that an account owns, and has a session of it go on there; the
// zero session: none. A slug that is taken is ErrConflict.
func (s *Store) CreateOrg(ctx context.Context, org Org, owner, session uptime.ID) error {
	return s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if err := q.CreateOrg(ctx, dbgen.CreateOrgParams{ID: org.ID, Slug: org.Slug, Name: org.Name}); err != nil {
			return fmt.Errorf("create organisation: %w", classify(err))
		}
		if err := q.InsertMembership(ctx, dbgen.InsertMembershipParams{AccountID: owner, OrgID: org.ID, Role: RoleOwner}); err != nil {
			return fmt.Errorf("create membership: %w", classify(err))
		}
		if session.IsZero() {
			return nil
		}
		if _, err := q.SwitchSession(ctx, dbgen.SwitchSessionParams{ID: session, OrgID: org.ID}); err != nil {
			return fmt.Errorf("switch session: %w", err)
		}
		return nil
	})
}

// UpdateOrg changes the name and the slug of a tenant; a slug that is taken is
// ErrConflict, another slug of the first tenant ErrFirstOrg. What change returns as an
// error is returned as it is, and then nothing is changed.
func (s *Store) UpdateOrg(ctx context.Context, id uptime.ID, change func(*Org) error) (Org, error) {
	var out Org
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockWholeOrg(ctx, id)
		if err != nil {
			return fmt.Errorf("organisation %s: %w", id, classify(err))
		}
		org := orgOf(row)
		if err := met(ctx, org.Version()); err != nil {
			return err
		}
		if err := change(&org); err != nil {
			return err
		}
		if row.Slug == DefaultOrg && org.Slug != row.Slug {
			return ErrFirstOrg
		}
		row, err = q.UpdateOrg(ctx, dbgen.UpdateOrgParams{ID: id, Name: org.Name, Slug: org.Slug})
		if err != nil {
			return fmt.Errorf("update organisation %s: %w", id, classify(err))
		}
		out = orgOf(row)
		return nil
	})
	return out, err
}

// DeleteOrg removes a tenant with all that it has and returns the monitors that it had;
// the cleaner hears of them, too. What may returns as an error is returned as it is. The
// error for the first tenant is ErrFirstOrg, for one with a region of its own ErrConflict.
func (s *Store) DeleteOrg(ctx context.Context, id uptime.ID, may func(Org) error) ([]uptime.ID, error) {
	var monitors []uptime.ID
	err := s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockWholeOrg(ctx, id)
		if err != nil {
			return fmt.Errorf("organisation %s: %w", id, classify(err))
		}
		if row.Slug == DefaultOrg {
			return ErrFirstOrg
		}
		org := orgOf(row)
		if err := met(ctx, org.Version()); err != nil {
			return err
		}
		if err := may(org); err != nil {
			return err
		}
		if monitors, err = q.MonitorsOfOrg(ctx, id); err != nil {
			return fmt.Errorf("monitors of %s: %w", id, err)
		}
		if _, err := q.DeleteOrg(ctx, id); err != nil {
			return fmt.Errorf("delete organisation %s: %w", id, classify(err))
		}
		return nil
	})
	return monitors, err
}

func orgOf(r dbgen.Org) Org {
	return Org{ID: r.ID, Slug: r.Slug, Name: r.Name, CreatedAt: r.CreatedAt}
}
