package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const insertWebsiteWhole = `-- name: InsertWebsiteWhole :exec
INSERT INTO website (id, org_id, name, url, url_key, allow_duplicate, external_id, tags, managed_by, paused, muted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

const insertMonitorWhole = `-- name: InsertMonitorWhole :exec
INSERT INTO monitor (id, org_id, website_id, kind, name, target, settings, secrets_sealed, secrets_sent, interval_ms,
    timeout_ms, regions, policy, paused)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

const updateWebsiteWhole = `-- name: UpdateWebsiteWhole :exec
UPDATE website SET name = $2, url = $3, url_key = $4, allow_duplicate = $5, external_id = $6, tags = $7, managed_by = $8,
    paused = $9, paused_until = $10, muted = $11, muted_until = $12, updated_at = now()
WHERE id = $1`

const updateMonitorWhole = `-- name: UpdateMonitorWhole :exec
UPDATE monitor SET name = $2, target = $3, settings = $4, secrets_sealed = $5, secrets_sent = $6, interval_ms = $7,
    timeout_ms = $8, regions = $9, policy = $10, paused = $11,
    revision = revision + CASE WHEN $12::boolean THEN 1 ELSE 0 END, updated_at = now()
WHERE id = $1`

// save writes the websites as they are after all changes. What goes makes room first, and
// changes come before what is new, so that nothing is in the way of what follows.
func (b *websiteBatch) save(ctx context.Context, tx pgx.Tx) error {
	var gone, goneMonitors []uptime.ID
	var fresh []*Monitor
	writes := &pgx.Batch{}
	for _, id := range sortedIDs(b.was) {
		was := b.was[id]
		w, kept := b.now[id]
		if !kept {
			gone = append(gone, id)
			continue
		}
		queueWebsite(writes, &was, &w)
		goneMonitors = append(goneMonitors, without(monitorIDs(was.Monitors), monitorIDs(w.Monitors))...)
		for i := range w.Monitors {
			m := &w.Monitors[i]
			at := slices.IndexFunc(was.Monitors, func(o Monitor) bool { return o.ID == m.ID })
			if at < 0 {
				m.OrgID, m.WebsiteID = b.org, id
				fresh = append(fresh, m)
			} else if err := queueMonitor(writes, &was.Monitors[at], m); err != nil {
				return err
			}
		}
	}
	q := dbgen.New(tx)
	err := q.DeleteWebsites(ctx, dbgen.DeleteWebsitesParams{OrgID: b.org, Ids: gone})
	if err != nil {
		return fmt.Errorf("delete %d websites: %w", len(gone), err)
	}
	if err := q.DeleteMonitors(ctx, dbgen.DeleteMonitorsParams{OrgID: b.org, Ids: goneMonitors}); err != nil {
		return fmt.Errorf("delete %d monitors: %w", len(goneMonitors), err)
	}
	if fresh, err = b.queueCreated(writes, fresh); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, writes).Close(); err != nil {
		return fmt.Errorf("write %d websites and monitors: %w", writes.Len(), classify(err))
	}
	for _, m := range fresh {
		if err := insertHeartbeat(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// queueCreated inserts new websites with their monitors, and monitors that are added to
// others; it returns all new monitors. Rows go in by URL, so that two who add the same do
// not wait for each other.
func (b *websiteBatch) queueCreated(writes *pgx.Batch, monitors []*Monitor) ([]*Monitor, error) {
	slices.SortFunc(b.created, func(x, y *Website) int { return cmp.Compare(x.URLKey, y.URLKey) })
	for _, w := range b.created {
		writes.Queue(insertWebsiteWhole, w.ID, b.org, w.Name, w.URL, w.URLKey, w.AllowDuplicate, textPtr(w.ExternalID),
			CleanTags(w.Tags), w.ManagedBy, w.Paused, w.Muted)
		for i := range w.Monitors {
			m := &w.Monitors[i]
			m.OrgID, m.WebsiteID = b.org, w.ID
			monitors = append(monitors, m)
		}
	}
	for _, m := range monitors {
		policy, err := json.Marshal(m.Policy)
		if err != nil {
			return nil, fmt.Errorf("encode policy: %w", err)
		}
		writes.Queue(insertMonitorWhole, m.ID, m.OrgID, m.WebsiteID, string(m.Kind), m.Name, m.Target, objectOf(m.Settings),
			m.SecretsSealed, objectOf(m.SecretsSent), m.Interval.Milliseconds(), m.Timeout.Milliseconds(), m.Regions, policy, m.Paused)
	}
	return monitors, nil
}

// queueWebsite writes a website if it has changed.
func queueWebsite(writes *pgx.Batch, was, w *Website) {
	w.Tags = CleanTags(w.Tags)
	same := w.Name == was.Name && w.URL == was.URL && w.AllowDuplicate == was.AllowDuplicate && w.ExternalID == was.ExternalID &&
		slices.Equal(w.Tags, was.Tags) && w.ManagedBy == was.ManagedBy && w.Paused == was.Paused && w.PausedUntil.Equal(was.PausedUntil) &&
		w.Muted == was.Muted && w.MutedUntil.Equal(was.MutedUntil)
	if !same {
		writes.Queue(updateWebsiteWhole, w.ID, w.Name, w.URL, w.URLKey, w.AllowDuplicate, textPtr(w.ExternalID), w.Tags,
			w.ManagedBy, w.Paused, timePtr(w.PausedUntil), w.Muted, timePtr(w.MutedUntil))
	}
}

// queueMonitor writes a monitor if it has changed.
func queueMonitor(writes *pgx.Batch, was, m *Monitor) error {
	changed, judgedAnew := monitorChanged(was, m)
	if !changed {
		return nil
	}
	policy, err := json.Marshal(m.Policy)
	if err != nil {
		return fmt.Errorf("encode policy: %w", err)
	}
	writes.Queue(updateMonitorWhole, m.ID, m.Name, m.Target, objectOf(m.Settings), m.SecretsSealed, objectOf(m.SecretsSent),
		m.Interval.Milliseconds(), m.Timeout.Milliseconds(), m.Regions, policy, m.Paused, judgedAnew)
	return nil
}

func sortedIDs(of map[uptime.ID]Website) []uptime.ID {
	ids := make([]uptime.ID, 0, len(of))
	for id := range of {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y uptime.ID) int { return slices.Compare(x[:], y[:]) })
	return ids
}
