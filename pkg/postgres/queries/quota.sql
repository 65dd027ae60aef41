-- name: OrgQuotas :one
SELECT max_websites, max_monitors, max_checks_per_minute, max_channels FROM org WHERE id = @id;

-- name: LockOrgQuotas :one
SELECT max_websites, max_monitors, max_checks_per_minute, max_channels FROM org WHERE id = @id FOR NO KEY UPDATE;

-- name: OrgUsage :one
SELECT websites::bigint AS websites, monitors::bigint AS monitors, checks_per_minute::double precision AS checks_per_minute,
    channels::bigint AS channels
FROM org_usage(@org_id::uuid);

-- name: SetOrgQuotas :execrows
UPDATE org SET max_websites = sqlc.narg(max_websites), max_monitors = sqlc.narg(max_monitors),
    max_checks_per_minute = sqlc.narg(max_checks_per_minute), max_channels = sqlc.narg(max_channels), updated_at = now()
WHERE id = @id;
