-- name: UpsertMonitorStates :exec
INSERT INTO monitor_state (monitor_id, org_id, revision, verdict, since, reason, advisory, advisory_since, checkpoint,
    updated_at)
SELECT x.monitor_id, m.org_id, x.revision, x.verdict, x.since, x.reason,
    CASE x.advisory WHEN '' THEN '{}' ELSE string_to_array(x.advisory, ',') END,
    NULLIF(x.advisory_since, '0001-01-01 00:00:00+00'), x.checkpoint, now()
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@revisions::bigint[]) AS revision,
        unnest(@verdicts::text[]) AS verdict, unnest(@sinces::timestamptz[]) AS since,
        unnest(@reasons::text[]) AS reason, unnest(@advisories::text[]) AS advisory,
        unnest(@advisory_sinces::timestamptz[]) AS advisory_since,
        unnest(@checkpoints::jsonb[]) AS checkpoint) x
JOIN monitor m ON m.id = x.monitor_id
ORDER BY x.monitor_id
ON CONFLICT (monitor_id) DO UPDATE SET revision = excluded.revision, verdict = excluded.verdict,
    since = excluded.since, reason = excluded.reason, advisory = excluded.advisory,
    advisory_since = excluded.advisory_since, checkpoint = excluded.checkpoint, updated_at = excluded.updated_at;

-- name: WatchedPage :many
SELECT m.id, m.org_id, m.website_id, m.revision, m.target_revision, m.kind, m.interval_ms, m.timeout_ms, m.regions,
    m.policy, (m.paused OR w.paused)::boolean AS paused,
    (CASE WHEN m.kind = 'heartbeat' THEN m.settings END)::jsonb AS settings
FROM monitor m JOIN website w ON w.id = m.website_id
WHERE m.id > @after::uuid
ORDER BY m.id LIMIT @page;

-- name: MonitorStates :many
SELECT monitor_id, revision, verdict, since, reason, advisory, advisory_since, checkpoint
FROM monitor_state WHERE monitor_id = ANY (@ids::uuid[]);

-- name: WatchedByID :many
SELECT m.id, m.org_id, m.website_id, m.revision, m.target_revision, m.kind, m.interval_ms, m.timeout_ms, m.regions,
    m.policy, (m.paused OR w.paused)::boolean AS paused,
    (CASE WHEN m.kind = 'heartbeat' THEN m.settings END)::jsonb AS settings
FROM monitor m JOIN website w ON w.id = m.website_id
WHERE m.id = ANY (@ids::uuid[]);

-- name: DeletedSince :many
SELECT id FROM monitor_deleted WHERE deleted_at >= @since;

-- name: LockSubjectWebsites :exec
SELECT FROM website w WHERE w.id IN (SELECT m.website_id FROM monitor m WHERE m.id = ANY (@ids::uuid[]))
ORDER BY w.id FOR KEY SHARE;

-- name: HoldMonitors :exec
SELECT FROM monitor m WHERE m.id = ANY (@ids::uuid[]) ORDER BY m.id FOR KEY SHARE;

-- name: LockMonitors :exec
SELECT FROM monitor m WHERE m.id = ANY (@ids::uuid[]) ORDER BY m.id FOR SHARE;

-- name: Subjects :many
SELECT m.id, m.org_id, m.website_id, m.revision, m.target_revision, m.kind, m.name AS monitor_name, m.target,
    (m.paused OR w.paused)::boolean AS paused, w.name AS website_name, w.url,
    (w.muted AND COALESCE(w.muted_until > now(), true))::boolean AS muted
FROM monitor m JOIN website w ON w.id = m.website_id
WHERE m.id = ANY (@ids::uuid[]);

-- name: DatabaseTime :one
SELECT now()::timestamptz AS now;

-- name: PurgeDeletedMonitors :execrows
DELETE FROM monitor_deleted WHERE id IN (SELECT d.id FROM monitor_deleted d WHERE d.deleted_at < @before
    ORDER BY d.deleted_at LIMIT @batch);
