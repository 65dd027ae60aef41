-- name: CountAPIKeys :one
SELECT count(*) FROM api_key;

-- name: InsertAPIKey :one
INSERT INTO api_key (id, org_id, name, prefix, hash, scopes, website_ids, tags, expires_at)
VALUES (@id, @org_id, @name, @prefix, @hash, @scopes, sqlc.narg(website_ids)::uuid[], sqlc.narg(tags)::text[], sqlc.narg(expires_at)) RETURNING *;

-- name: APIKeyByPrefix :one
SELECT * FROM api_key WHERE prefix = @prefix;

-- name: GetAPIKey :one
SELECT * FROM api_key WHERE org_id = @org_id AND id = @id;

-- name: ListAPIKeys :many
SELECT * FROM api_key WHERE org_id = @org_id AND (sqlc.narg(after)::uuid IS NULL OR id > sqlc.narg(after)::uuid) ORDER BY id LIMIT @max_rows;

-- name: TouchAPIKey :exec
UPDATE api_key SET last_used_at = @at WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @at);

-- name: LockOrg :one
SELECT id FROM org WHERE id = @id FOR NO KEY UPDATE;

-- name: OtherAdminKey :one
SELECT EXISTS (SELECT FROM api_key WHERE org_id = @org_id AND id <> @id AND 'admin' = ANY (scopes)
    AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @at));

-- name: UpdateAPIKey :one
UPDATE api_key SET name = @name, hash = @hash, scopes = @scopes, expires_at = sqlc.narg(expires_at), revoked_at = sqlc.narg(revoked_at),
    website_ids = sqlc.narg(website_ids)::uuid[], tags = sqlc.narg(tags)::text[], previous_hash = sqlc.narg(previous_hash), previous_until = sqlc.narg(previous_until)
WHERE org_id = @org_id AND id = @id RETURNING *;
