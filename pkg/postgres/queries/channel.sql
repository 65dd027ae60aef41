-- name: CreateChannel :one
INSERT INTO channel (id, org_id, name, kind, config, secrets_sealed, enabled, events, website_ids,
                     reminder_seconds, throttle_seconds)
VALUES (sqlc.arg(id), sqlc.arg(org_id), sqlc.arg(name), sqlc.arg(kind), sqlc.arg(config), sqlc.arg(secrets_sealed), sqlc.arg(enabled), sqlc.arg(events)::text[],
        sqlc.narg(website_ids)::uuid[], sqlc.arg(reminder_seconds), sqlc.arg(throttle_seconds))
RETURNING *;

-- name: GetChannel :one
SELECT * FROM channel WHERE org_id = sqlc.arg(org_id) AND id = sqlc.arg(id);

-- name: LockOwnChannel :one
SELECT * FROM channel WHERE org_id = sqlc.arg(org_id) AND id = sqlc.arg(id) FOR UPDATE;

-- name: ListChannels :many
SELECT * FROM channel
WHERE org_id = sqlc.arg(org_id) AND (sqlc.narg(after)::uuid IS NULL OR id > sqlc.narg(after)::uuid)
ORDER BY id
LIMIT sqlc.arg(max_rows);

-- name: UpdateChannel :one
UPDATE channel
SET name = sqlc.arg(name), config = sqlc.arg(config), secrets_sealed = sqlc.arg(secrets_sealed), enabled = sqlc.arg(enabled),
    events = sqlc.arg(events)::text[], website_ids = sqlc.narg(website_ids)::uuid[],
    reminder_seconds = sqlc.arg(reminder_seconds), throttle_seconds = sqlc.arg(throttle_seconds),
    hold_until = NULL, updated_at = now()
WHERE org_id = sqlc.arg(org_id) AND id = sqlc.arg(id)
RETURNING *;

-- name: DeleteChannel :execrows
DELETE FROM channel WHERE org_id = sqlc.arg(org_id) AND id = sqlc.arg(id);

-- name: ChannelsFor :many
SELECT * FROM channel
WHERE enabled
  AND (sqlc.narg(org_id)::uuid IS NULL OR org_id = sqlc.narg(org_id)::uuid)
  AND sqlc.arg(event)::text = ANY (events)
  AND (website_ids IS NULL OR sqlc.narg(website_id)::uuid IS NULL OR sqlc.narg(website_id)::uuid = ANY (website_ids))
ORDER BY id;

-- name: EnabledChannels :many
SELECT * FROM channel WHERE enabled AND org_id = ANY (sqlc.arg(org_ids)::uuid[]) ORDER BY id;

-- name: HoldChannel :exec
UPDATE channel
SET hold_until = greatest(hold_until, now() + sqlc.arg(hold_ms)::bigint * interval '1 millisecond')
WHERE id = sqlc.arg(id);
