package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// own are tables that say what was migrated, and who leads the job queue at the moment:
// neither is data.
var own = []string{"goose_db_version", "river_migration", "river_leader", "river_client", "river_client_queue"}

// sql returns the table with its columns, for COPY.
func (t Table) sql() string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pgx.Identifier{c}.Sanitize()
	}
	return t.ident() + " (" + strings.Join(columns, ", ") + ")"
}

func (t Table) ident() string { return pgx.Identifier{t.Name}.Sanitize() }

// tables returns all tables, those that others refer to first.
func tables(ctx context.Context, tx pgx.Tx) ([]Table, error) {
	const all = `SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> ALL ($1)
		GROUP BY c.relname ORDER BY c.relname`
	rows, err := tx.Query(ctx, all, own)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) { return t, row.Scan(&t.Name, &t.Columns) })
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	const references = `SELECT t.relname, r.relname FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
		JOIN pg_namespace n ON n.oid = t.relnamespace WHERE k.contype = 'f' AND n.nspname = current_schema() AND t.oid <> r.oid`
	rows, err = tx.Query(ctx, references)
	if err != nil {
		return nil, fmt.Errorf("list the references: %w", err)
	}
	needs := map[string][]string{}
	var from, to string
	if _, err := pgx.ForEachRow(rows, []any{&from, &to}, func() error { needs[from] = append(needs[from], to); return nil }); err != nil {
		return nil, fmt.Errorf("list the references: %w", err)
	}
	return inOrder(found, needs)
}

// inOrder puts tables behind those that they refer to.
func inOrder(all []Table, needs map[string][]string) ([]Table, error) {
	var out []Table
	done := map[string]bool{}
	for len(out) < len(all) {
		before := len(out)
		for _, t := range all {
			waits := slices.ContainsFunc(needs[t.Name], func(n string) bool { return !done[n] })
			if !done[t.Name] && !waits {
				out, done[t.Name] = append(out, t), true
			}
		}
		if len(out) == before {
			return nil, fmt.Errorf("tables refer to each other in a circle: this program does not know in which order to fill them")
		}
	}
	return out, nil
}

// sequences returns where each stands; those that nobody has asked yet are left out.
func sequences(ctx context.Context, tx pgx.Tx) (map[string]int64, error) {
	rows, err := tx.Query(ctx, "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL")
	if err != nil {
		return nil, fmt.Errorf("list the sequences: %w", err)
	}
	out := map[string]int64{}
	var name string
	var last int64
	_, err = pgx.ForEachRow(rows, []any{&name, &last}, func() error { out[name] = last; return nil })
	if err != nil {
		return nil, fmt.Errorf("list the sequences: %w", err)
	}
	delete(out, "goose_db_version_id_seq") // which belongs to a table of [own]
	return out, nil
}
