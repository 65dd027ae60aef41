//go:build integration

package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// wholeTables are the queries that are about every row of a big table, or nearly.
var wholeTables = map[string]string{
	"CountAccounts":          "at the first start",
	"CountAPIKeys":           "at the first start",
	"AnyProbedMonitor":       "stops at the first row",
	"OnlyIn":                 "when a region is taken away, by an administrator",
	"ForgetRegionInMonitors": "when a region is taken away, by an administrator",
	"ForgetRegionVotes":      "when a region is taken away, by an administrator",
	"WebsiteStatuses":        "the status of a whole organisation",
	"ListAccounts":           "a command of the operator, in the order of the key",
	"AccountByEmail":         "asked before there is a tenant; a tenant's policy goes before the index",
	"InvitationByHash":       "asked before there is a tenant",
	"HoldDeliveries":         "by at most max_rows ids, which the plan without arguments takes for a tenth of the table",
	"ListMembers":            "asked by tenants; the owner's plan joins all organisations",
}

// fewRows are tables of which an organisation has some hundred rows at most: to read them
// in the order of the key until a page is full is as good as an index.
var fewRows = map[string]string{
	"channel": "quota", "api_key": "made by hand", "invitation": "made by hand", "status_page": "made by hand",
}

// aFleet fills a database: 200 organisations, 10,000 websites, and what comes of them.
const aFleet = `
INSERT INTO org (id, slug, name) SELECT uuid(o), 'o' || o, 'O' FROM generate_series(1, 200) o;
INSERT INTO website (id, org_id, name, url, url_key, external_id, tags)
    SELECT uuid(n), uuid(n % 200 + 1), 'w' || n, 'https://w' || n, 'https://w' || n, 'x' || n, ARRAY['t' || n % 50] FROM generate_series(1, 10000) n;
INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy, updated_at)
    SELECT id, org_id, id, 'http', url, 60000, 1000, '{}', now() - random() * interval '90 days' FROM website;
INSERT INTO monitor_state (monitor_id, org_id, revision, verdict, since) SELECT id, org_id, 1, CASE WHEN random() < 0.05 THEN 'down' ELSE 'up' END, now() FROM monitor;
INSERT INTO vote (monitor_id, region, revision, outcome, since, due, latency_us) SELECT id, 'r' || r, 1, 'pass', now(), now(), 1 FROM monitor, generate_series(1, 3) r;
INSERT INTO span (monitor_id, org_id, started_at, ended_at, verdict)
    SELECT id, org_id, now() - k * interval '1 day', CASE WHEN k > 1 THEN now() - (k - 1) * interval '1 day' END, 'up' FROM monitor, generate_series(1, 5) k;
INSERT INTO vote_span (monitor_id, org_id, region, started_at, ended_at, outcome)
    SELECT id, org_id, 'r1', now() - k * interval '1 day', CASE WHEN k > 1 THEN now() - (k - 1) * interval '1 day' END, 'pass' FROM monitor, generate_series(1, 5) k;
INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, resolved_at, explanation, evidence)
    SELECT gen_random_uuid(), org_id, website_id, id, 'down', now() - k * interval '1 day', CASE WHEN k > 1 OR random() < 0.95 THEN now() END, 'x', '{}' FROM monitor, generate_series(1, 2) k;
INSERT INTO incident_event (id, org_id, incident_id, at, kind) SELECT gen_random_uuid(), org_id, id, now(), 'opened' FROM incident, generate_series(1, 2);
INSERT INTO failure (monitor_id, org_id, region, due, outcome, reason) SELECT id, org_id, 'r1', now() - k * interval '1 hour', 'fail', 'x' FROM monitor, generate_series(1, 3) k;
UPDATE failure f SET incident_id = i.id FROM incident i WHERE i.monitor_id = f.monitor_id AND f.due > now() - interval '90 minutes';
INSERT INTO expiry (monitor_id, org_id, subject, target_revision, ends_at, seen_at) SELECT id, org_id, 'certificate', 1, now(), now() FROM monitor;
INSERT INTO heartbeat (monitor_id, org_id, token_hash, token_sealed) SELECT id, org_id, id::text::bytea, '' FROM monitor LIMIT 2000;
INSERT INTO monitor_deleted (id, deleted_at, cleaned_at) SELECT gen_random_uuid(), now() - n * interval '1 hour', now() FROM generate_series(1, 5000) n;
INSERT INTO channel (id, org_id, name, kind, events) SELECT uuid(n), uuid(n % 200 + 1), 'c', 'slack', '{down,recovered}' FROM generate_series(1, 2000) n;
INSERT INTO delivery (id, org_id, channel_id, incident_id, website_id, transition, idempotency_key, payload, status, finished_at, digest_key)
    SELECT gen_random_uuid(), i.org_id, c.id, i.id, i.website_id, 'down', gen_random_uuid()::text, '{}', CASE WHEN random() < 0.01 THEN 'pending' ELSE 'delivered' END, now(), 'k' || random()
    FROM incident i CROSS JOIN LATERAL (SELECT id FROM channel c WHERE c.org_id = i.org_id ORDER BY c.id <> i.id, c.id OFFSET (hashtext(i.id::text) & 7) LIMIT 1) c;
INSERT INTO audit (org_id, at, actor_kind, actor_id, actor_name, address, request_id, operation, action, object_kind, object_id)
    SELECT uuid(n % 200 + 1), now() - n * interval '1 minute', 'api_key', uuid(n % 500), 'k', '', 'r', 'o', 'update', 'website', uuid(n % 10000)::text FROM generate_series(1, 30000) n;
INSERT INTO api_key (id, org_id, name, prefix, hash) SELECT uuid(n), uuid(n % 200 + 1), 'k', 'p' || n, '' FROM generate_series(1, 2000) n;
INSERT INTO account (id, email, password_hash) SELECT uuid(n), n || '@example.com', '' FROM generate_series(1, 5000) n;
INSERT INTO membership (account_id, org_id, role) SELECT id, uuid((hashtext(id::text) & 15) + 1), 'viewer' FROM account;
INSERT INTO session (id, account_id, org_id, hash, expires_at) SELECT gen_random_uuid(), account_id, org_id, gen_random_uuid()::text::bytea, now() + random() * interval '30 days' FROM membership, generate_series(1, 2);
INSERT INTO invitation (id, org_id, email, role, hash, invited_by, expires_at) SELECT uuid(n), uuid(n % 200 + 1), n || '@x', 'viewer', n::text::bytea, 'x', now() + n * interval '1 minute' FROM generate_series(1, 2000) n;
INSERT INTO password_reset (hash, account_id, expires_at) SELECT n::text::bytea, uuid(n), now() + n * interval '1 minute' FROM generate_series(1, 2000) n;
INSERT INTO sign_in_failure (subject, failures, updated_at) SELECT n::text, 1, now() - n * interval '1 minute' FROM generate_series(1, 2000) n;
INSERT INTO idempotent_call (org_id, caller_id, key, operation, request, created_at) SELECT uuid(n % 200 + 1), uuid(n), 'k' || n, 'o', '', now() - n * interval '1 second' FROM generate_series(1, 5000) n;
INSERT INTO status_page (id, org_id, slug, title) SELECT uuid(n), uuid(n % 200 + 1), 'p' || n, 'P' FROM generate_series(1, 2000) n;
INSERT INTO status_page_website (page_id, website_id, org_id, position) SELECT uuid(n), uuid(n * 3), uuid(n % 200 + 1), 1 FROM generate_series(1, 2000) n;
INSERT INTO fleet_event (id, kind, region, opened_at, resolved_at, explanation) SELECT gen_random_uuid(), 'sick', 'r' || n, now(), now(), '' FROM generate_series(1, 2000) n`

// aFilledDatabase returns a pool on it, and which of its tables are big.
func aFilledDatabase(t *testing.T, tracer pgx.QueryTracer) (*pgxpool.Pool, map[string]bool) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(pgtest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for _, sql := range append([]string{"CREATE FUNCTION uuid(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(n::text, 32, '0')::uuid $$"}, strings.Split(aFleet+";ANALYZE", ";")...) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	rows, err := pool.Query(t.Context(), "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples >= 1000")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 20 {
		t.Fatalf("big tables: %v, %v", names, err)
	}
	big := map[string]bool{}
	for _, name := range names {
		big[name] = fewRows[name] == ""
	}
	return pool, big
}

// node is a part of a plan.
type node struct {
	Kind     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Cond     string `json:"Index Cond"`
	Plans    []node `json:"Plans"`
}

// scans returns the tables that a plan reads from end to end, by an index or without. An
// index of some rows only is small because of what it leaves out.
func (n *node) scans(partial map[string]bool) []string {
	var out []string
	if n.Kind == "Seq Scan" || strings.HasPrefix(n.Kind, "Index") && n.Cond == "" && !partial[n.Index] {
		out = append(out, n.Relation)
	}
	for i := range n.Plans {
		out = append(out, n.Plans[i].scans(partial)...)
	}
	return out
}

// explained returns the tables that a statement reads from end to end because it has to:
// of a table that is still small, that may be the quickest way by chance.
func explained(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]string, error) {
	if _, err := tx.Exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
		return nil, err
	}
	var text []byte
	if err := tx.QueryRow(ctx, "EXPLAIN (FORMAT JSON) "+sql, args...).Scan(&text); err != nil {
		return nil, err
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(text, &plans); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
	if err != nil {
		return nil, err
	}
	partial := map[string]bool{}
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&name}, func() error { partial[name] = true; return nil }); err != nil {
		return nil, err
	}
	return plans[0].Plan.scans(partial), nil
}

// generated returns the queries of the generated code by their names.
func generated(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob("internal/dbgen/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(text, "-- name: ") {
				out[strings.Fields(text)[2]] = text
			}
			return true
		})
	}
	if len(out) < 100 {
		t.Fatalf("only %d queries", len(out))
	}
	return out
}

// TestNoQueryReadsABigTableFromEndToEnd explains every generated query on a filled
// database, with the plan that serves any arguments: as the owner, and as a tenant.
func TestNoQueryReadsABigTableFromEndToEnd(t *testing.T) {
	t.Parallel()
	pool, big := aFilledDatabase(t, nil)
	s := postgres.NewStore(pool)
	contexts := map[string]context.Context{
		"owner":  t.Context(),
		"tenant": postgres.WithTenant(t.Context(), postgres.Tenant{Org: uptime.ID{15: 0x67}}),
	}
	ran := map[string]int{}
	for name, sql := range generated(t) {
		for who, ctx := range contexts {
			var scans []string
			err := s.Tx(ctx, func(tx pgx.Tx) (err error) {
				scans, err = genericPlan(ctx, tx, sql)
				return err
			})
			if postgres.OutsideTenant(err) {
				continue // nothing of a tenant's
			}
			if err != nil {
				t.Errorf("%s as the %s: %v", name, who, err)
				continue
			}
			ran[who]++
			for _, table := range slices.Compact(slices.Sorted(slices.Values(scans))) {
				if big[table] && wholeTables[name] == "" {
					t.Errorf("%s as the %s reads all of %s: give it an index, or say in wholeTables why", name, who, table)
				}
			}
		}
	}
	if ran["owner"] < 100 || ran["tenant"] < 60 {
		t.Errorf("explained only %v", ran)
	}
}

var prepared atomic.Int64

// genericPlan returns what the plan of a statement reads from end to end that is made
// without regard to its arguments.
func genericPlan(ctx context.Context, tx pgx.Tx, sql string) ([]string, error) {
	if _, err := tx.Exec(ctx, "SET LOCAL plan_cache_mode = force_generic_plan"); err != nil {
		return nil, err
	}
	q := pgx.Identifier{fmt.Sprintf("q%d", prepared.Add(1))}.Sanitize() // it outlives the transaction
	if _, err := tx.Exec(ctx, "PREPARE "+q+" AS "+sql); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	var n int
	if err := tx.QueryRow(ctx, "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = $1", strings.Trim(q, `"`)).Scan(&n); err != nil {
		return nil, err
	}
	arguments := ""
	if n > 0 {
		arguments = "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	return explained(ctx, tx, "EXECUTE "+q+arguments, pgx.QueryExecModeSimpleProtocol)
}

// recorder keeps the statements that are run and have a name.
type recorder struct {
	mu  sync.Mutex
	ran []pgx.TraceQueryStartData
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasPrefix(q.SQL, "-- name: ") {
		r.ran = append(r.ran, q)
	}
	return ctx
}

func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TestNoListReadsABigTableFromEndToEnd explains with their arguments the queries that are
// put together from what was asked for, and those of many monitors at once.
func TestNoListReadsABigTableFromEndToEnd(t *testing.T) {
	t.Parallel()
	seen := &recorder{}
	pool, big := aFilledDatabase(t, seen)
	s := postgres.NewStore(pool)
	ctx, org, id := t.Context(), uptime.ID{15: 0x67}, uptime.ID{14: 0x66, 15: 0x66}
	now := time.Now()
	var errs []error
	note := func(_ any, err error) { errs = append(errs, err) }
	for _, f := range []postgres.WebsiteFilter{
		{}, {Query: "w66"}, {Tags: []string{"t16"}}, {IDs: []uptime.ID{id}}, {Kind: uptime.KindHTTP},
		{Statuses: []postgres.Status{postgres.Status(uptime.VerdictDown.String())}}, {ManagedBy: "fleet.yaml"}, {ExternalID: "x66"}, {Sort: postgres.SortName}, {Sort: postgres.SortStatus},
		{Sort: "-name", After: postgres.WebsitePlace{ID: id, Name: "w66"}}, {Sort: "-status", After: postgres.WebsitePlace{ID: id, Rank: 4}},
		{Statuses: []postgres.Status{postgres.StatusPaused, postgres.StatusPending}}, {Query: "w6", Tags: []string{"t16"}, Sort: postgres.SortName},
	} {
		f.Limit = 100
		note(s.Websites(ctx, org, f))
	}
	for _, f := range []postgres.IncidentFilter{
		{}, {Unresolved: true}, {WebsiteID: id}, {MonitorID: id}, {From: now.Add(-time.Hour), To: now}, {Before: id}, {Tags: []string{"t16"}},
	} {
		f.Limit = 100
		note(s.Incidents(ctx, org, f))
	}
	for _, f := range []postgres.AuditFilter{{}, {Actor: id}, {ObjectKind: "website", ObjectID: id.String()}, {From: now.Add(-time.Hour), To: now}, {Before: 100}} {
		f.Limit = 100
		note(s.Audits(ctx, org, f))
	}
	// What pages, the overview, reports and public pages are made of.
	for _, tags := range [][]string{nil, {"t16"}} {
		note(s.CountWebsites(ctx, org, tags))
		note(s.CountOpenIncidents(ctx, org, tags))
		monitors, err := s.MonitorsOfTagged(ctx, org, tags)
		ids, websites := []uptime.ID{}, []uptime.ID{}
		for _, m := range monitors {
			ids, websites = append(ids, m.Monitor), append(websites, m.Website)
		}
		note(ids, err)
		note(s.SpansOf(ctx, ids, now.Add(-30*24*time.Hour), now))
		note(s.FailuresOf(ctx, ids, now.Add(-24*time.Hour), now))
		note(s.Votes(ctx, ids...))
		note(s.OpenIncidents(ctx, ids))
		note(s.IncidentTimes(ctx, websites, now.Add(-30*24*time.Hour), now))
		if len(ids) == 0 {
			t.Fatalf("no monitors of websites with %v", tags)
		}
	}
	note(s.Spans(ctx, org, id, now.Add(-30*24*time.Hour), now))
	note(s.RegionFailures(ctx, org, id, "r1", now.Add(-24*time.Hour), now))
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if len(seen.ran) < len(errs) {
		t.Fatalf("only %d statements were run", len(seen.ran))
	}
	for who, ctx := range map[string]context.Context{"owner": ctx, "tenant": postgres.WithTenant(ctx, postgres.Tenant{Org: org})} {
		for _, q := range slices.Clone(seen.ran) {
			err := s.Tx(ctx, func(tx pgx.Tx) error {
				scans, err := explained(ctx, tx, q.SQL, q.Args...)
				for _, table := range scans {
					if big[table] && wholeTables[strings.Fields(q.SQL)[2]] == "" {
						t.Errorf("as the %s, all of %s is read by %s\n%v", who, table, q.SQL, q.Args)
					}
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", q.SQL, err)
			}
		}
	}
}
