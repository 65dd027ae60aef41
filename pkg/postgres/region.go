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

// Enablement is what the operator says of a region.
type Enablement string

// A pending region registered itself and gets neither checks nor a vote.
const (
	RegionPending  Enablement = "pending"
	RegionEnabled  Enablement = "enabled"
	RegionDisabled Enablement = "disabled"
)

// Region is a place from which the fleet looks: for everybody, or, if it is private, for
// those monitors of its tenant that name it. Its tenant manages it.
type Region struct {
	Name       string
	OrgID      uptime.ID
	Private    bool
	Title      string
	Latitude   *float64 // degrees; nil: not told
	Longitude  *float64
	Enablement Enablement
	// KeySealed is the key of the region's messages, sealed for [RegionKeyPlace];
	// nil if it has none.
	KeySealed  []byte
	LastSeenAt time.Time // zero: never
	SickSince  time.Time // zero: well
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Enabled tells whether the region gets checks.
func (r *Region) Enabled() bool { return r.Enablement == RegionEnabled }

// RegionKeyPlace is the additional data under which a region's message key is sealed:
// tenant, object, field.
func RegionKeyPlace(org uptime.ID, region string) []string {
	return []string{org.String(), "region/" + region, "message_key"}
}

// Regions returns the regions that look for the tenant, by name: those that are not
// private, and its own.
func (s *Store) Regions(ctx context.Context, org uptime.ID) ([]Region, error) {
	rows, err := s.q.ListRegions(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("list regions: %w", err)
	}
	out := make([]Region, len(rows))
	for i, r := range rows {
		out[i] = regionOf(r)
	}
	return out, nil
}

// Region returns one region that looks for the tenant, or ErrNotFound.
func (s *Store) Region(ctx context.Context, org uptime.ID, name string) (Region, error) {
	r, err := s.q.GetRegion(ctx, dbgen.GetRegionParams{OrgID: org, Name: name})
	if err != nil {
		return Region{}, fmt.Errorf("region %s: %w", name, classify(err))
	}
	return regionOf(r), nil
}

// CreateRegion adds an enabled region, or takes over one that is pending. A name that is
// taken otherwise is ErrConflict. Regions concern the whole fleet, so this and what else
// changes one sees all tenants, whoever asks.
func (s *Store) CreateRegion(ctx context.Context, r Region) (Region, error) {
	ctx = WithoutTenant(ctx)
	row, err := s.q.InsertRegion(ctx, dbgen.InsertRegionParams{
		Name: r.Name, OrgID: r.OrgID, Private: r.Private, Title: r.Title, Latitude: r.Latitude, Longitude: r.Longitude,
		KeySealed: r.KeySealed,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrConflict
	}
	if err != nil {
		return Region{}, fmt.Errorf("create region %s: %w", r.Name, classify(err))
	}
	return regionOf(row), nil
}

// UpdateRegion changes a region of the tenant under a lock. What change returns as an
// error is returned as it is, and then nothing is changed. One that becomes private is
// forgotten by the monitors of others; the error for their only one is a [*LastRegion].
func (s *Store) UpdateRegion(ctx context.Context, org uptime.ID, name string, change func(*Region) error) (Region, error) {
	var out Region
	err := s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockRegion(ctx, dbgen.LockRegionParams{OrgID: org, Name: name})
		if err != nil {
			return fmt.Errorf("region %s: %w", name, classify(err))
		}
		r := regionOf(row)
		if err := met(ctx, r.Version()); err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		if r.Private && !row.Private {
			was := regionOf(row)
			if err := withdraw(ctx, q, &was, org); err != nil {
				return err
			}
		}
		row, err = q.UpdateRegion(ctx, dbgen.UpdateRegionParams{
			Name: name, Title: r.Title, Latitude: r.Latitude, Longitude: r.Longitude, Enablement: string(r.Enablement),
			KeySealed: r.KeySealed, Private: r.Private,
		})
		if err != nil {
			return fmt.Errorf("update region %s: %w", name, classify(err))
		}
		out = regionOf(row)
		return nil
	})
	return out, err
}

// LastRegion is the error for a region without which a monitor would have none. It
// wraps ErrConflict.
type LastRegion struct {
	Name    string
	Monitor uptime.ID // one of those monitors
	Org     uptime.ID // whose it is
}

func (e *LastRegion) Error() string {
	return fmt.Sprintf("region %s is the only one of monitor %s", e.Name, e.Monitor)
}

// Unwrap makes it an ErrConflict.
func (e *LastRegion) Unwrap() error { return ErrConflict }

// DeleteRegion removes a region of the tenant, its votes, and its name from monitors
// that name others beside it. The error for the only region of a monitor is a
// [*LastRegion].
func (s *Store) DeleteRegion(ctx context.Context, org uptime.ID, name string) error {
	err := s.Tx(WithoutTenant(ctx), func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockRegion(ctx, dbgen.LockRegionParams{OrgID: org, Name: name})
		if err != nil {
			return classify(err)
		}
		r := regionOf(row)
		if err := met(ctx, r.Version()); err != nil {
			return err
		}
		if err := withdraw(ctx, q, &r, uptime.ID{}); err != nil {
			return err
		}
		if err := q.ForgetRegionStats(ctx, name); err != nil {
			return err
		}
		_, err = q.DeleteRegion(ctx, dbgen.DeleteRegionParams{OrgID: org, Name: name})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete region %s: %w", name, err)
	}
	return nil
}

// withdraw takes a region from the monitors of all tenants but one, if that is not zero:
// it keeps the region where it names it. The error for the only region of a monitor is a [*LastRegion].
func withdraw(ctx context.Context, q *dbgen.Queries, r *Region, but uptime.ID) error {
	other, err := q.OtherEnabledRegion(ctx, r.Name)
	if err != nil {
		return err
	}
	last := !other && r.Enabled() && !r.Private
	switch row, err := q.OnlyIn(ctx, dbgen.OnlyInParams{Name: r.Name, OtherThan: but, LastEnabled: last}); {
	case err == nil:
		return &LastRegion{Name: r.Name, Monitor: row.ID, Org: row.OrgID}
	case !errors.Is(err, pgx.ErrNoRows):
		return err
	}
	if err := q.ForgetRegionInMonitors(ctx, dbgen.ForgetRegionInMonitorsParams{Name: r.Name, OtherThan: but}); err != nil {
		return err
	}
	return q.ForgetRegionVotes(ctx, dbgen.ForgetRegionVotesParams{Name: r.Name, OtherThan: but})
}

func regionOf(r dbgen.Region) Region {
	return Region{
		Name: r.Name, OrgID: r.OrgID, Private: r.Private, Title: r.Title, Latitude: r.Latitude, Longitude: r.Longitude,
		Enablement: Enablement(r.Enablement), KeySealed: r.KeySealed, LastSeenAt: deref(r.LastSeenAt),
		SickSince: deref(r.SickSince), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// RegionNames returns the names of all tenants' regions.
func (s *Store) RegionNames(ctx context.Context) ([]string, error) {
	names, err := s.q.RegionNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("names of regions: %w", err)
	}
	return names, nil
}
