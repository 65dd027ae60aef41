-- name: UpsertExpiries :exec
-- Those of another target than the monitor's are left out.
INSERT INTO expiry (monitor_id, org_id, subject, target_revision, ends_at, seen_at, warned_days)
SELECT x.monitor_id, m.org_id, x.subject, x.target_revision, x.ends_at, x.seen_at, NULLIF(x.warned_days, 0)
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@subjects::text[]) AS subject,
        unnest(@target_revisions::bigint[]) AS target_revision, unnest(@ends::timestamptz[]) AS ends_at,
        unnest(@seens::timestamptz[]) AS seen_at, unnest(@warneds::smallint[]) AS warned_days) x
JOIN monitor m ON m.id = x.monitor_id AND m.target_revision = x.target_revision
ORDER BY x.monitor_id, x.subject
ON CONFLICT (monitor_id, subject) DO UPDATE SET target_revision = excluded.target_revision, ends_at = excluded.ends_at,
    seen_at = excluded.seen_at, warned_days = excluded.warned_days,
    untold = expiry.untold AND excluded.warned_days IS NOT DISTINCT FROM expiry.warned_days;

-- name: SetExpiriesUntold :exec
UPDATE expiry e SET untold = x.untold
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@subjects::text[]) AS subject,
        unnest(@untolds::boolean[]) AS untold) x
WHERE e.monitor_id = x.monitor_id AND e.subject = x.subject AND e.untold <> x.untold;

-- name: UntoldExpiries :many
SELECT DISTINCT e.monitor_id FROM expiry e JOIN monitor m ON m.id = e.monitor_id AND m.target_revision = e.target_revision
JOIN website w ON w.id = m.website_id
WHERE e.untold AND e.ends_at > now() AND NOT (m.paused OR w.paused)
    AND NOT (w.muted AND COALESCE(w.muted_until > now(), true))
LIMIT @most::integer;

-- name: Expiries :many
SELECT sqlc.embed(e), (EXTRACT(epoch FROM e.ends_at - now()) / 86400)::double precision AS days_left
FROM expiry e JOIN monitor m ON m.id = e.monitor_id AND m.target_revision = e.target_revision
WHERE e.monitor_id = ANY (@ids::uuid[])
ORDER BY e.monitor_id, e.ends_at, e.subject;
