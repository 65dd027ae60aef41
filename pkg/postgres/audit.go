package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Audit is the record of one change of one object. It was written by the transaction of
// the change; see [WithActor].
type Audit struct {
	ID         int64 // grows with time
	At         time.Time
	Actor      Actor
	Action     string // create, update or delete
	ObjectKind string
	ObjectID   string // of a region, its name
	// The object's columns before and after, secrets as ***; nil if there was none.
	Before, After json.RawMessage
}

// AuditFilter narrows [Store.Audits]; zero fields do not.
type AuditFilter struct {
	Actor      uptime.ID
	ObjectKind string
	ObjectID   string
	From, To   time.Time // from inclusive, to exclusive
	Before     int64     // cursor: the last id of the page before
	Limit      int
}

// Audits returns at most Limit changes of the tenant's objects, newest first.
func (s *Store) Audits(ctx context.Context, org uptime.ID, f AuditFilter) ([]Audit, error) {
	sql, args := auditQuery(org, f)
	rows, err := s.db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list audit: %w", err)
	}
	defer rows.Close()
	var out []Audit
	for rows.Next() {
		var a Audit
		if err := rows.Scan(&a.ID, &a.At, &a.Actor.Kind, &a.Actor.ID, &a.Actor.Name, &a.Actor.Address, &a.Actor.Request,
			&a.Actor.Operation, &a.Action, &a.ObjectKind, &a.ObjectID, &a.Before, &a.After); err != nil {
			return nil, fmt.Errorf("list audit: %w", err)
		}
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list audit: %w", err)
	}
	return out, nil
}

func auditQuery(org uptime.ID, f AuditFilter) (string, []any) {
	args, where := []any{org}, []string{"org_id = $1"}
	add := func(condition string, v any, given bool) {
		if given {
			args = append(args, v)
			where = append(where, fmt.Sprintf(condition, len(args)))
		}
	}
	add("actor_id = $%d", f.Actor, !f.Actor.IsZero())
	add("object_kind = $%d", f.ObjectKind, f.ObjectKind != "")
	add("object_id = $%d", f.ObjectID, f.ObjectID != "")
	add("at >= $%d", f.From, !f.From.IsZero())
	add("at < $%d", f.To, !f.To.IsZero())
	add("id < $%d", f.Before, f.Before != 0)
	args = append(args, f.Limit)
	return fmt.Sprintf(`-- name: ListAudit :many
SELECT id, at, actor_kind, actor_id, actor_name, address, request_id, operation, action, object_kind, object_id, before, after
FROM audit WHERE %s ORDER BY id DESC LIMIT $%d`, strings.Join(where, " AND "), len(args)), args
}

// PurgeAudit deletes the records of changes that were made longer than age ago, and
// returns how many.
func (s *Store) PurgeAudit(ctx context.Context, age time.Duration) (int64, error) {
	n, err := s.purge(ctx, age, func(before time.Time) (int64, error) {
		return s.q.PurgeAudit(ctx, dbgen.PurgeAuditParams{Before: before, Batch: purgeBatch})
	})
	if err != nil {
		return n, fmt.Errorf("purge audit: %w", err)
	}
	return n, nil
}
