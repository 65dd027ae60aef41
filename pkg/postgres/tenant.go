package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// tenantRole is the role without a login as which a tenant's statements run. Policies
// of the tables keep it to the tenant's rows.
const tenantRole = "probefleet_tenant"

// Tenant is on whose behalf a context's statements run.
type Tenant struct {
	Org uptime.ID
	// Websites and Tags confine it to some of the organisation's websites: to those that
	// are named and those that have one of the tags. Both nil: it is not confined.
	Websites []uptime.ID
	Tags     []string
}

// Confined tells whether the tenant sees only some of the organisation's websites.
func (t *Tenant) Confined() bool { return t.Websites != nil || t.Tags != nil }

type tenantKey struct{}

// WithTenant makes everything that a context's statements read and write the tenant's:
// other rows are not there for it, whatever a statement asks for. What concerns the
// fleet, or a person beyond one organisation, needs a context without one.
func WithTenant(ctx context.Context, t Tenant) context.Context {
	return context.WithValue(ctx, tenantKey{}, &t)
}

// WithoutTenant takes the tenant from a context.
func WithoutTenant(ctx context.Context) context.Context {
	return context.WithValue(ctx, tenantKey{}, (*Tenant)(nil))
}

func tenantOf(ctx context.Context) *Tenant {
	t, _ := ctx.Value(tenantKey{}).(*Tenant)
	return t
}

// ErrUnconfinable is the error for statements of a confined tenant on a database that
// does not keep tenants apart: nothing else would confine it.
var ErrUnconfinable = errors.New("the database has no role that keeps tenants apart")

// OutsideTenant tells whether an error means that a statement would have written what
// its tenant may not.
func OutsideTenant(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501" // insufficient privilege
}

// KeepsTenantsApart tells whether the database lets the store work as the tenants' role.
// A managed database may not: then the application's own checks are the only ones.
func (s *Store) KeepsTenantsApart(ctx context.Context) (bool, error) { return s.tenants.role(ctx) }

// tenancy knows whether there is the tenants' role.
type tenancy struct {
	pool *pgxpool.Pool

	mu    sync.Mutex
	known bool
	there bool
}

// role tells whether statements can run as the tenants' role, and remembers it.
func (t *tenancy) role(ctx context.Context) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known {
		return t.there, nil
	}
	if err := t.pool.QueryRow(ctx, "SELECT tenant_role()").Scan(&t.there); err != nil {
		return false, fmt.Errorf("look for the role of tenants: %w", err)
	}
	t.known = true
	return t.there, nil
}

// settingsSQL says who acts and on whose behalf, and takes on the role: the last, since
// the settings before are its to read. Nothing of it outlives the transaction, so that a
// pooler may hand the connection to anybody.
const settingsSQL = `-- name: TakeOnRole
SELECT set_config('probefleet.actor', $1, true), set_config('probefleet.org', $2, true), set_config('probefleet.websites', $3, true),
    set_config('probefleet.tags', $4, true), set_config('role', $5, true)`

// settings returns the arguments of settingsSQL; nil if a context has neither an actor
// nor a tenant.
func (t *tenancy) settings(ctx context.Context) ([]any, error) {
	actor, err := actorSetting(ctx)
	if err != nil {
		return nil, err
	}
	tenant := tenantOf(ctx)
	if tenant == nil {
		if actor == "" {
			return nil, nil
		}
		return []any{actor, "", "", "", "none"}, nil
	}
	there, err := t.role(ctx)
	switch {
	case err != nil:
		return nil, err
	case !there && tenant.Confined():
		return nil, ErrUnconfinable
	case !there && actor == "":
		return nil, nil
	case !there:
		return []any{actor, "", "", "", "none"}, nil
	}
	websites, tags, err := tenant.confinement()
	if err != nil {
		return nil, err
	}
	return []any{actor, tenant.Org.String(), websites, tags, tenantRole}, nil
}

// confinement returns the settings that policies read; both empty: none.
func (t *Tenant) confinement() (websites, tags string, err error) {
	if !t.Confined() {
		return "", "", nil
	}
	// An empty list confines, too: to nothing.
	ids, err := json.Marshal(append([]uptime.ID{}, t.Websites...))
	if err != nil {
		return "", "", fmt.Errorf("encode websites: %w", err)
	}
	names, err := json.Marshal(append([]string{}, t.Tags...))
	if err != nil {
		return "", "", fmt.Errorf("encode tags: %w", err)
	}
	return string(ids), string(names), nil
}
