-- name: InsertMonitor :one
INSERT INTO monitor (id, org_id, website_id, kind, name, target, settings, secrets_sealed, secrets_sent,
    interval_ms, timeout_ms, regions, policy)
VALUES (@id, @org_id, @website_id, @kind, @name, @target, @settings, @secrets_sealed, @secrets_sent,
    @interval_ms, @timeout_ms, sqlc.narg(regions)::text[], @policy)
RETURNING *;

-- name: MonitorsWithState :many
-- The state of the monitor as it is now, not one of another target.
SELECT sqlc.embed(m), s.verdict, s.since, s.reason, s.advisory, s.advisory_since
FROM monitor m LEFT JOIN monitor_state s ON s.monitor_id = m.id AND s.revision >= m.target_revision
WHERE m.website_id = ANY (@website_ids::uuid[])
ORDER BY m.website_id, m.id;

-- name: MonitorWithState :one
SELECT sqlc.embed(m), s.verdict, s.since, s.reason, s.advisory, s.advisory_since,
    w.paused AS website_paused
FROM monitor m JOIN website w ON w.id = m.website_id
LEFT JOIN monitor_state s ON s.monitor_id = m.id AND s.revision >= m.target_revision
WHERE m.org_id = @org_id AND m.id = @id;

-- name: LockMonitor :one
SELECT * FROM monitor WHERE org_id = @org_id AND id = @id FOR UPDATE;

-- name: FirstMonitor :one
-- The one that looks at the website's own URL.
SELECT * FROM monitor WHERE website_id = @website_id AND kind = 'http' ORDER BY id LIMIT 1 FOR UPDATE;

-- name: CountMonitors :one
SELECT count(*) FROM monitor WHERE website_id = @website_id;

-- name: MonitorsWithSecrets :many
SELECT id FROM monitor WHERE org_id = @org_id AND secrets_sealed IS NOT NULL ORDER BY id;

-- name: UpdateMonitor :one
UPDATE monitor SET name = @name, target = @target, settings = @settings,
    secrets_sealed = @secrets_sealed, secrets_sent = @secrets_sent, interval_ms = @interval_ms, timeout_ms = @timeout_ms,
    regions = sqlc.narg(regions)::text[], policy = @policy, paused = @paused,
    revision = revision + CASE WHEN @judged_anew::boolean THEN 1 ELSE 0 END, updated_at = now()
WHERE id = @id
RETURNING *;

-- name: DeleteMonitor :execrows
DELETE FROM monitor WHERE org_id = @org_id AND id = @id;

-- name: UncleanMonitors :many
SELECT id, deleted_at FROM monitor_deleted
WHERE cleaned_at IS NULL AND (deleted_at, id) > (sqlc.arg(after_at)::timestamptz, sqlc.arg(after_id)::uuid)
ORDER BY deleted_at, id LIMIT sqlc.arg(max_rows);

-- name: MonitorCleaned :exec
UPDATE monitor_deleted SET cleaned_at = now() WHERE id = @id;

-- name: MonitorWebsites :many
SELECT id, website_id FROM monitor WHERE org_id = @org_id AND id = ANY (@ids::uuid[]);
