package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// BulkAction is something that is done to many websites at once.
type BulkAction string

// The actions.
const (
	BulkPause  BulkAction = "pause"
	BulkResume BulkAction = "resume"
	BulkMute   BulkAction = "mute"
	BulkUnmute BulkAction = "unmute"
	BulkTag    BulkAction = "tag"
	BulkUntag  BulkAction = "untag"
	BulkDelete BulkAction = "delete"
)

// Bulk says what is done.
type Bulk struct {
	Action BulkAction
	Until  time.Time // of pause and mute; zero: until it is ended
	Tags   []string  // of tag and untag
	DryRun bool      // only count
}

// BulkOutcome is what it came to.
type BulkOutcome struct {
	Matched []uptime.ID
	Changed []uptime.ID // those that were not so already
	Gone    []uptime.ID // monitors that were removed
}

// MaxTags is how many tags a website may have.
const MaxTags = 50

// ErrTags is returned for tags too many. It wraps ErrConflict.
var ErrTags = fmt.Errorf("a website has %d tags at most: %w", MaxTags, ErrConflict)

// bulkChanges are what each action sets, and which websites are not so already. The
// argument $3 is its until or its tags.
var bulkChanges = map[BulkAction]struct{ set, unless string }{
	BulkPause:  {"paused = true, paused_until = $3", "NOT (w.paused AND w.paused_until IS NOT DISTINCT FROM $3::timestamptz)"},
	BulkResume: {"paused = false, paused_until = NULL", "w.paused AND $3::timestamptz IS NULL"},
	BulkMute:   {"muted = true, muted_until = $3", "NOT (w.muted AND w.muted_until IS NOT DISTINCT FROM $3::timestamptz)"},
	BulkUnmute: {"muted = false, muted_until = NULL", "w.muted AND $3::timestamptz IS NULL"},
	BulkTag: {
		`tags = ARRAY(SELECT t.tag COLLATE "C" FROM (SELECT unnest(w.tags) UNION SELECT unnest($3::text[])) AS t (tag) ORDER BY 1)`,
		"NOT w.tags @> $3::text[]",
	},
	BulkUntag: {
		`tags = ARRAY(SELECT t.tag COLLATE "C" FROM unnest(w.tags) AS t (tag) WHERE t.tag <> ALL ($3::text[]) ORDER BY 1)`,
		"w.tags && $3::text[]",
	},
	BulkDelete: {"", "$3::timestamptz IS NULL"},
}

// BulkWebsites does something to each website of the tenant that a filter lets pass, in a
// few statements however many there are.
func (s *Store) BulkWebsites(ctx context.Context, org uptime.ID, f WebsiteFilter, b Bulk) (BulkOutcome, error) {
	var out BulkOutcome
	err := s.meteredTx(ctx, org, func(tx pgx.Tx) error {
		q, err := websitesWhere(org, f)
		if err != nil {
			return err
		}
		sql := "-- name: BulkMatch :many\nSELECT w.id " + q.String() + " ORDER BY w.id FOR UPDATE OF w"
		if out.Matched, err = selectIDs(ctx, tx, sql, q.args...); err != nil {
			return fmt.Errorf("match websites: %w", err)
		}
		change, ok := bulkChanges[b.Action]
		if !ok {
			return fmt.Errorf("unknown action %q", b.Action)
		}
		args := []any{org, out.Matched, timePtr(b.Until)}
		if b.Action == BulkTag || b.Action == BulkUntag {
			args[2] = CleanTags(b.Tags)
		}
		where := " WHERE w.org_id = $1 AND w.id = ANY ($2::uuid[]) AND " + change.unless
		if b.DryRun || b.Action == BulkDelete {
			sql = "-- name: BulkCount :many\nSELECT w.id FROM website w" + where + " ORDER BY w.id"
		} else {
			sql = "-- name: BulkUpdate :many\nUPDATE website w SET " + change.set + ", updated_at = now()" + where + " RETURNING w.id"
		}
		if out.Changed, err = selectIDs(ctx, tx, sql, args...); err != nil {
			return fmt.Errorf("%s websites: %w", b.Action, err)
		}
		if b.DryRun {
			return nil
		}
		return finishBulk(ctx, tx, org, b.Action, &out)
	})
	if err != nil {
		return BulkOutcome{}, fmt.Errorf("%s many websites: %w", b.Action, err)
	}
	return out, nil
}

// finishBulk does what an action takes beside an update.
func finishBulk(ctx context.Context, tx pgx.Tx, org uptime.ID, action BulkAction, out *BulkOutcome) error {
	db := dbgen.New(tx)
	switch action {
	case BulkDelete:
		var err error
		if out.Gone, err = db.LockMonitorsOf(ctx, out.Changed); err != nil {
			return err
		}
		return db.DeleteWebsites(ctx, dbgen.DeleteWebsitesParams{OrgID: org, Ids: out.Changed})
	case BulkTag:
		full, err := db.WebsitesWithTags(ctx, dbgen.WebsitesWithTagsParams{Ids: out.Changed, Most: MaxTags})
		if err == nil && full > 0 {
			err = ErrTags
		}
		return err
	case BulkPause, BulkResume, BulkMute, BulkUnmute, BulkUntag:
	}
	return nil
}

func selectIDs(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]uptime.ID, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uptime.ID])
}
