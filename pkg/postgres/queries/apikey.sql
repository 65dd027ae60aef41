-- name: CountAPIKeys :one
SELECT count(*) FROM api_key;

-- name: InsertAPIKey :exec
INSERT INTO api_key (id, org_id, name, prefix, hash, scopes, expires_at)
VALUES (@id, @org_id, @name, @prefix, @hash, @scopes, sqlc.narg(expires_at));

-- name: APIKeyByPrefix :one
SELECT * FROM api_key WHERE prefix = @prefix;

-- name: TouchAPIKey :exec
UPDATE api_key SET last_used_at = @at WHERE id = @id AND (last_used_at IS NULL OR last_used_at < @at);

-- name: RevokeAPIKey :execrows
UPDATE api_key SET revoked_at = now() WHERE org_id = @org_id AND id = @id AND revoked_at IS NULL;
