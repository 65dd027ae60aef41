-- name: LockWebsites :many
SELECT * FROM website WHERE org_id = @org_id AND id = ANY (@ids::uuid[]) ORDER BY id FOR UPDATE;

-- name: LockMonitorsOf :many
SELECT id FROM monitor WHERE website_id = ANY (@website_ids::uuid[]) ORDER BY id FOR UPDATE;

-- name: WebsitesOfURLs :many
-- Two branches, because each has an index of its own.
SELECT a.id, a.url_key FROM website a WHERE a.org_id = @org_id AND a.url_key = ANY (@url_keys::text[]) AND NOT a.allow_duplicate
UNION ALL
SELECT b.id, b.url_key FROM website b WHERE b.org_id = @org_id AND b.url_key = ANY (@url_keys::text[]) AND b.allow_duplicate;

-- name: WebsitesOfExternalIDs :many
SELECT id, external_id::text AS external_id FROM website WHERE org_id = @org_id AND external_id = ANY (@external_ids::text[]);

-- name: DeleteWebsites :exec
DELETE FROM website WHERE org_id = @org_id AND id = ANY (@ids::uuid[]);

-- name: DeleteMonitors :exec
DELETE FROM monitor WHERE org_id = @org_id AND id = ANY (@ids::uuid[]);

-- name: WebsitesWithTags :one
-- How many of them have more tags than a website may have.
SELECT count(*) FROM website WHERE id = ANY (@ids::uuid[]) AND cardinality(tags) > @most::int;
