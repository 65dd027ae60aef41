//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// TestEveryTenantsTableIsKeptApart looks at the database: a table with an organisation, or
// with what belongs to one, has policies, or says here why not.
func TestEveryTenantsTableIsKeptApart(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	without := map[string]string{
		"password_reset": "of a person, before anybody is known: no tenant has a right to it",
	}
	rows, err := pool.Query(t.Context(), `
SELECT c.relname, c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid),
    has_any_column_privilege('probefleet_tenant', c.oid, 'SELECT, INSERT, UPDATE') OR has_table_privilege('probefleet_tenant', c.oid, 'DELETE')
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND (c.relname = 'org'
    OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id')
    OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'))`)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var name string
	var kept, granted bool
	_, err = pgx.ForEachRow(rows, []any{&name, &kept, &granted}, func() error {
		n++
		if why := without[name]; why != "" {
			if granted {
				t.Errorf("%s is %s, and yet it is granted", name, why)
			}
			return nil
		}
		// The queue library's own tables refer to each other and are not granted.
		if !kept && (granted || !strings.HasPrefix(name, "river_")) {
			t.Errorf("%s has rows of tenants and no policy: enable row-level security in its migration", name)
		}
		return nil
	})
	if err != nil || n < 20 {
		t.Errorf("%d tables, %v", n, err)
	}
	// What no policy guards may not be written by a tenant at all.
	var open []string
	if err := pool.QueryRow(t.Context(), `
SELECT COALESCE(array_agg(relname::text), '{}') FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relrowsecurity
    AND (has_table_privilege('probefleet_tenant', oid, 'INSERT, UPDATE, DELETE'))`).Scan(&open); err != nil {
		t.Fatal(err)
	}
	if len(open) > 0 {
		t.Errorf("tenants may write %v, which no policy guards", open)
	}
	// What writes the audit log does so as its owner, or no change of a tenant could.
	var invoker []string
	if err := pool.QueryRow(t.Context(), `
SELECT COALESCE(array_agg(proname::text), '{}') FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'audit\_%' AND NOT prosecdef`).Scan(&invoker); err != nil {
		t.Fatal(err)
	}
	if len(invoker) > 0 {
		t.Errorf("%v must be SECURITY DEFINER", invoker)
	}
}

// estate is what one organisation of a test has.
type estate struct {
	org, tagged, plain, monitor uptime.ID
	monitors                    []uptime.ID
}

// newEstate makes an organisation with two websites, one of them with the tag that is the
// organisation's own name.
func newEstate(t *testing.T, s *postgres.Store, slug string) estate {
	t.Helper()
	org, err := s.EnsureOrg(t.Context(), slug, slug)
	if err != nil {
		t.Fatal(err)
	}
	e := estate{org: org.ID, tagged: uptime.NewID(time.Now()), plain: uptime.NewID(time.Now())}
	for i, id := range []uptime.ID{e.tagged, e.plain} {
		w, first := newWebsite(org.ID, fmt.Sprintf("%s%d.example", slug, i))
		w.ID = id
		if i == 0 {
			w.Tags = []string{slug}
		}
		made, err := s.CreateWebsite(t.Context(), w, first)
		if err != nil {
			t.Fatal(err)
		}
		e.monitors = append(e.monitors, made.Monitors[0].ID)
	}
	e.monitor = e.monitors[0]
	exec(t, s, `INSERT INTO vote (monitor_id, region, revision, outcome, since, due, latency_us) SELECT id, 'r', 1, 'pass', now(), now(), 1 FROM monitor WHERE org_id = $1`, org.ID)
	exec(t, s, `INSERT INTO span (monitor_id, org_id, started_at, verdict) SELECT id, org_id, now(), 'up' FROM monitor WHERE org_id = $1`, org.ID)
	exec(t, s, `INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, explanation, evidence)
		SELECT gen_random_uuid(), org_id, website_id, id, 'down', now(), 'x', '{}' FROM monitor WHERE org_id = $1`, org.ID)
	exec(t, s, `INSERT INTO incident_event (id, org_id, incident_id, at, kind) SELECT gen_random_uuid(), org_id, id, now(), 'opened' FROM incident WHERE org_id = $1`, org.ID)
	return e
}

func exec(t *testing.T, s *postgres.Store, sql string, args ...any) {
	t.Helper()
	if _, err := s.Pool().Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// counts returns how many rows of each table a context sees, with no condition at all.
func counts(ctx context.Context, t *testing.T, s *postgres.Store, tables ...string) map[string]int {
	t.Helper()
	out := map[string]int{}
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		for _, table := range tables {
			var n int
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			out[table] = n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTenantSeesItsRowsWhateverIsAsked leaves the condition out that keeps tenants apart.
func TestTenantSeesItsRowsWhateverIsAsked(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	a, b := newEstate(t, s, "a"), newEstate(t, s, "b")
	tables := []string{"website", "monitor", "vote", "span", "incident", "incident_event"}
	want := func(n int) map[string]int {
		out := map[string]int{}
		for _, table := range tables {
			out[table] = n
		}
		return out
	}
	for name, tt := range map[string]struct {
		tenant postgres.Tenant
		want   int
	}{
		"one organisation":   {postgres.Tenant{Org: a.org}, 2},
		"the other":          {postgres.Tenant{Org: b.org}, 2},
		"none":               {postgres.Tenant{}, 0},
		"a website":          {postgres.Tenant{Org: a.org, Websites: []uptime.ID{a.plain}}, 1},
		"another's website":  {postgres.Tenant{Org: a.org, Websites: []uptime.ID{b.plain}}, 0},
		"no website":         {postgres.Tenant{Org: a.org, Websites: []uptime.ID{}}, 0},
		"a tag":              {postgres.Tenant{Org: a.org, Tags: []string{"a", `",{}`}}, 1},
		"another's tag":      {postgres.Tenant{Org: a.org, Tags: []string{"b"}}, 0},
		"a tag or a website": {postgres.Tenant{Org: a.org, Websites: []uptime.ID{a.plain}, Tags: []string{"a"}}, 2},
	} {
		if diff := cmp.Diff(want(tt.want), counts(postgres.WithTenant(t.Context(), tt.tenant), t, s, tables...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// The owner is not subject, and nothing of a tenant stays with a connection.
	if diff := cmp.Diff(want(4), counts(t.Context(), t, s, tables...)); diff != "" {
		t.Errorf("the owner (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want(4), counts(postgres.WithoutTenant(postgres.WithTenant(t.Context(), postgres.Tenant{Org: a.org})), t, s, tables...)); diff != "" {
		t.Errorf("without the tenant (-want +got):\n%s", diff)
	}
}

// TestTenantCannotWriteElsewhere tries to put rows into another organisation, or below its rows.
func TestTenantCannotWriteElsewhere(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	a, b := newEstate(t, s, "a"), newEstate(t, s, "b")
	const monitor = `INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy) VALUES (gen_random_uuid(), $1, $2, 'tcp', 'x', 60000, 1000, '{}')`
	const website = `INSERT INTO website (id, org_id, name, url, url_key, tags) VALUES (gen_random_uuid(), $1, 'n', 'u', gen_random_uuid()::text, $2)`
	whole, tagged := postgres.Tenant{Org: a.org}, postgres.Tenant{Org: a.org, Tags: []string{"a"}}
	named := postgres.Tenant{Org: a.org, Websites: []uptime.ID{a.plain}}
	for name, tt := range map[string]struct {
		tenant postgres.Tenant
		sql    string
		args   []any
		rows   int64 // -1: refused
	}{
		"a website":                               {whole, website, []any{a.org, []string{}}, 1},
		"a website of another":                    {whole, website, []any{b.org, []string{}}, -1},
		"a monitor":                               {whole, monitor, []any{a.org, a.plain}, 1},
		"a monitor below another's website":       {whole, monitor, []any{a.org, b.plain}, -1},
		"a monitor of another":                    {whole, monitor, []any{b.org, b.plain}, -1},
		"a change of another's website":           {whole, "UPDATE website SET name = 'x' WHERE id = $1", []any{b.plain}, 0},
		"a removal of another's website":          {whole, "DELETE FROM website WHERE id = $1", []any{b.plain}, 0},
		"a website given away":                    {whole, "UPDATE website SET org_id = $1 WHERE id = $2", []any{b.org, a.plain}, -1},
		"a monitor moved below another's website": {whole, "UPDATE monitor SET website_id = $1 WHERE id = $2", []any{b.plain, a.monitor}, -1},
		"a vote":                                    {whole, "DELETE FROM vote WHERE monitor_id = $1", []any{a.monitor}, -1},
		"an entry of the audit log":                 {whole, "DELETE FROM audit WHERE org_id = $1", []any{a.org}, -1},
		"another's name":                            {whole, "UPDATE org SET name = 'x' WHERE id = $1", []any{b.org}, 0},
		"a website with the tag":                    {tagged, website, []any{a.org, []string{"a", "z"}}, 1},
		"a website without the tag":                 {tagged, website, []any{a.org, []string{"z"}}, -1},
		"a tag taken away":                          {tagged, "UPDATE website SET tags = '{}' WHERE id = $1", []any{a.tagged}, -1},
		"a change outside the tag":                  {tagged, "UPDATE website SET name = 'x' WHERE id = $1", []any{a.plain}, 0},
		"a new website beside those that are named": {named, website, []any{a.org, []string{}}, -1},
		"a change of one that is named":             {named, "UPDATE website SET name = 'x' WHERE id = $1", []any{a.plain}, 1},
		"a monitor below one that is not":           {named, monitor, []any{a.org, a.tagged}, -1},
	} {
		ctx := postgres.WithActor(postgres.WithTenant(t.Context(), tt.tenant), postgres.Actor{Kind: postgres.ActorKey, Name: "n"})
		var rows int64
		err := s.Tx(ctx, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, tt.sql, tt.args...)
			rows = tag.RowsAffected()
			return errors.Join(err, errRollBack)
		})
		if refused := postgres.OutsideTenant(err); refused != (tt.rows < 0) || !refused && (!errors.Is(err, errRollBack) || rows != tt.rows) {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
	}
}

var errRollBack = errors.New("roll back")

// TestSingleStatementsAreKeptApartToo goes through the store's own calls, which bring no transaction.
func TestSingleStatementsAreKeptApartToo(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	a, b := newEstate(t, s, "a"), newEstate(t, s, "b")
	ctx := postgres.WithActor(postgres.WithTenant(t.Context(), postgres.Tenant{Org: a.org}), postgres.Actor{Kind: postgres.ActorKey, Name: "n", Operation: "op"})
	// The application asks for the other's, as if a check were missing.
	if _, err := s.Website(ctx, b.org, b.plain); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another's website: %v", err)
	}
	if all, err := s.Websites(ctx, b.org, postgres.WebsiteFilter{Limit: 10}); err != nil || len(all) != 0 {
		t.Errorf("another's websites: %v, %v", all, err)
	}
	if all, err := s.Incidents(ctx, b.org, postgres.IncidentFilter{Limit: 10}); err != nil || len(all) != 0 {
		t.Errorf("another's incidents: %v, %v", all, err)
	}
	if votes, err := s.Votes(ctx, append(a.monitors, b.monitors...)...); err != nil || len(votes) != 2 {
		t.Errorf("votes: %v, %v", votes, err)
	}
	if _, err := s.PauseWebsite(ctx, b.org, b.plain, time.Time{}); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another's website is paused: %v", err)
	}
	if _, err := s.PauseWebsite(ctx, a.org, a.plain, time.Time{}); err != nil {
		t.Error(err)
	}
	if _, err := s.DeleteWebsite(ctx, a.org, a.tagged); err != nil {
		t.Error(err)
	}
	audits, err := s.Audits(ctx, a.org, postgres.AuditFilter{Limit: 10})
	if err != nil || len(audits) != 3 { // the website, and with the other one its monitor
		t.Errorf("audit: %+v, %v", audits, err)
	}
	if audits, err := s.Audits(ctx, b.org, postgres.AuditFilter{Limit: 10}); err != nil || len(audits) != 0 {
		t.Errorf("another's audit: %v, %v", audits, err)
	}
}

// TestWithoutTheRole is a database that lets nobody make roles: the application's own
// checks go on, and what only the role could keep apart is refused.
func TestWithoutTheRole(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	a := newEstate(t, s, "a")
	exec(t, s, "CREATE OR REPLACE FUNCTION tenant_role() RETURNS boolean LANGUAGE sql AS 'SELECT false'")
	s = postgres.NewStore(s.Pool())
	ctx := postgres.WithTenant(t.Context(), postgres.Tenant{Org: a.org})
	if there, err := s.KeepsTenantsApart(ctx); there || err != nil {
		t.Errorf("there is a role: %v, %v", there, err)
	}
	if _, err := s.Website(ctx, a.org, a.plain); err != nil {
		t.Error(err)
	}
	ctx = postgres.WithTenant(ctx, postgres.Tenant{Org: a.org, Tags: []string{"a"}})
	if _, err := s.Website(ctx, a.org, a.tagged); !errors.Is(err, postgres.ErrUnconfinable) {
		t.Errorf("a confined tenant on a database that cannot confine: %v", err)
	}
	if err := s.Tx(ctx, func(pgx.Tx) error { return nil }); !errors.Is(err, postgres.ErrUnconfinable) {
		t.Errorf("its transaction: %v", err)
	}
}
