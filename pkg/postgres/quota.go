package postgres

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Quotas are how much a tenant may have; 0: as much as it likes.
type Quotas struct {
	Websites        int
	Monitors        int
	ChecksPerMinute int // of all regions together, as scheduled
	Channels        int
}

// Overrides are what a tenant may have unlike the others; nil: the fleet's setting.
type Overrides struct {
	Websites, Monitors, ChecksPerMinute, Channels *int
}

// Usage is how much a tenant has.
type Usage struct {
	Websites        int
	Monitors        int
	ChecksPerMinute float64
	Channels        int
}

// QuotaExceeded is the error for a change after which a tenant would have more than it may.
type QuotaExceeded struct {
	What  string  // websites, monitors, checks_per_minute or channels
	Used  float64 // before the change
	Asked float64 // after it
	Limit int
}

func (e *QuotaExceeded) Error() string {
	return fmt.Sprintf("%s %s are more than the %d that the organisation may have (%s are used)",
		number(e.Asked), e.What, e.Limit, number(e.Used))
}

func number(n float64) string { return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64) }

// LimitTenants sets what tenants may have unless one has a setting of its own. It is
// called before the store is used.
func (s *Store) LimitTenants(q Quotas) { s.quotas = q }

// Metered runs a change of a tenant's websites, monitors or channels. If the tenant has
// more of something after it than before, and more than it may have, the error is a
// [*QuotaExceeded] and the transaction must end. What is too much already may stay, and
// become less. Changes of a tenant that has a quota go one after the other.
func (s *Store) Metered(ctx context.Context, tx pgx.Tx, org uptime.ID, change func() error) error {
	q := dbgen.New(tx)
	row, err := q.OrgQuotas(ctx, org)
	if err != nil {
		return fmt.Errorf("quotas of %s: %w", org, classify(err))
	}
	if s.limits(overridesOf(row)) == (Quotas{}) {
		return change()
	}
	locked, err := q.LockOrgQuotas(ctx, org)
	if err != nil {
		return fmt.Errorf("lock quotas of %s: %w", org, classify(err))
	}
	before, err := usage(ctx, q, org)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := usage(ctx, q, org)
	if err != nil {
		return err
	}
	return exceeds(s.limits(overridesOf(dbgen.OrgQuotasRow(locked))), before, after)
}

// meteredTx is Metered in a transaction of its own.
func (s *Store) meteredTx(ctx context.Context, org uptime.ID, change func(pgx.Tx) error) error {
	return s.Tx(ctx, func(tx pgx.Tx) error {
		return s.Metered(ctx, tx, org, func() error { return change(tx) })
	})
}

// exceeds is the error for a change by which a tenant exceeds its quotas.
func exceeds(limits Quotas, before, after Usage) error {
	for _, one := range []struct {
		what     string
		was, now float64
		limit    int
	}{
		{"websites", float64(before.Websites), float64(after.Websites), limits.Websites},
		{"monitors", float64(before.Monitors), float64(after.Monitors), limits.Monitors},
		{"checks_per_minute", before.ChecksPerMinute, after.ChecksPerMinute, limits.ChecksPerMinute},
		{"channels", float64(before.Channels), float64(after.Channels), limits.Channels},
	} {
		const rounding = 1e-6 // of sums of fractions
		if one.limit > 0 && one.now > float64(one.limit)+rounding && one.now > one.was+rounding {
			return &QuotaExceeded{What: one.what, Used: one.was, Asked: one.now, Limit: one.limit}
		}
	}
	return nil
}

// limits is what a tenant may have after all.
func (s *Store) limits(o Overrides) Quotas {
	or := func(own *int, fleet int) int {
		if own != nil {
			return *own
		}
		return fleet
	}
	return Quotas{
		Websites: or(o.Websites, s.quotas.Websites), Monitors: or(o.Monitors, s.quotas.Monitors),
		ChecksPerMinute: or(o.ChecksPerMinute, s.quotas.ChecksPerMinute), Channels: or(o.Channels, s.quotas.Channels),
	}
}

// Quotas returns what a tenant may have and what it has.
func (s *Store) Quotas(ctx context.Context, org uptime.ID) (Quotas, Usage, error) {
	row, err := s.q.OrgQuotas(ctx, org)
	if err != nil {
		return Quotas{}, Usage{}, fmt.Errorf("quotas of %s: %w", org, classify(err))
	}
	used, err := usage(ctx, s.q, org)
	return s.limits(overridesOf(row)), used, err
}

// Overrides returns what a tenant may have unlike the others.
func (s *Store) Overrides(ctx context.Context, org uptime.ID) (Overrides, error) {
	row, err := s.q.OrgQuotas(ctx, org)
	if err != nil {
		return Overrides{}, fmt.Errorf("quotas of %s: %w", org, classify(err))
	}
	return overridesOf(row), nil
}

// SetOverrides replaces what a tenant may have unlike the others.
func (s *Store) SetOverrides(ctx context.Context, org uptime.ID, o Overrides) error {
	n, err := s.q.SetOrgQuotas(ctx, dbgen.SetOrgQuotasParams{
		ID: org, MaxWebsites: int32Ptr(o.Websites), MaxMonitors: int32Ptr(o.Monitors),
		MaxChecksPerMinute: int32Ptr(o.ChecksPerMinute), MaxChannels: int32Ptr(o.Channels),
	})
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set quotas of %s: %w", org, err)
	}
	return nil
}

func usage(ctx context.Context, q *dbgen.Queries, org uptime.ID) (Usage, error) {
	row, err := q.OrgUsage(ctx, org)
	if err != nil {
		return Usage{}, fmt.Errorf("usage of %s: %w", org, err)
	}
	return Usage{
		Websites: int(row.Websites), Monitors: int(row.Monitors), ChecksPerMinute: row.ChecksPerMinute, Channels: int(row.Channels),
	}, nil
}

func overridesOf(r dbgen.OrgQuotasRow) Overrides {
	return Overrides{
		Websites: intPtr(r.MaxWebsites), Monitors: intPtr(r.MaxMonitors), ChecksPerMinute: intPtr(r.MaxChecksPerMinute),
		Channels: intPtr(r.MaxChannels),
	}
}

func intPtr(p *int32) *int {
	if p == nil {
		return nil
	}
	n := int(*p)
	return &n
}

func int32Ptr(p *int) *int32 {
	if p == nil {
		return nil
	}
	n := int32(min(*p, math.MaxInt32))
	return &n
}
