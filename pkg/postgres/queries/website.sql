-- name: InsertWebsite :one
INSERT INTO website (id, org_id, name, url, url_key, allow_duplicate, external_id, tags, managed_by)
VALUES (@id, @org_id, @name, @url, @url_key, @allow_duplicate, sqlc.narg(external_id), @tags, @managed_by)
RETURNING *;

-- name: GetWebsite :one
SELECT * FROM website WHERE org_id = @org_id AND id = @id;

-- name: LockWebsite :one
SELECT * FROM website WHERE org_id = @org_id AND id = @id FOR UPDATE;

-- name: WebsiteOfURL :one
-- The oldest one with the URL. Two branches, because each has an index of its own.
SELECT id FROM (
    SELECT a.id FROM website a
    WHERE a.org_id = @org_id AND a.url_key = @url_key AND NOT a.allow_duplicate AND a.id IS DISTINCT FROM sqlc.narg(other)::uuid
    UNION ALL
    SELECT b.id FROM website b
    WHERE b.org_id = @org_id AND b.url_key = @url_key AND b.allow_duplicate AND b.id IS DISTINCT FROM sqlc.narg(other)::uuid
) same ORDER BY id LIMIT 1;

-- name: WebsiteOfExternalID :one
SELECT id FROM website WHERE org_id = @org_id AND external_id = @external_id::text;

-- name: UpdateWebsite :one
UPDATE website SET name = @name, url = @url, url_key = @url_key, allow_duplicate = @allow_duplicate,
    external_id = sqlc.narg(external_id), tags = @tags, managed_by = @managed_by, updated_at = now()
WHERE id = @id
RETURNING *;

-- name: PauseWebsite :execrows
UPDATE website SET paused = true, paused_until = sqlc.narg(until), updated_at = now() WHERE org_id = @org_id AND id = @id;

-- name: ResumeWebsite :execrows
UPDATE website SET paused = false, paused_until = NULL, updated_at = now() WHERE org_id = @org_id AND id = @id;

-- name: MuteWebsite :execrows
UPDATE website SET muted = true, muted_until = sqlc.narg(until), updated_at = now() WHERE org_id = @org_id AND id = @id;

-- name: UnmuteWebsite :execrows
UPDATE website SET muted = false, muted_until = NULL, updated_at = now() WHERE org_id = @org_id AND id = @id;

-- name: MonitorsOfWebsite :many
SELECT id FROM monitor WHERE website_id = @website_id ORDER BY id FOR UPDATE;

-- name: DeleteWebsite :execrows
DELETE FROM website WHERE org_id = @org_id AND id = @id;

-- name: WebsiteStatuses :many
-- The last votes of all websites of a tenant, one row a website. What jobs say of
-- themselves is no look at a website.
SELECT m.website_id, max(v.due)::timestamptz AS last_due, avg(v.latency_us)::double precision AS latency_us
FROM monitor m JOIN vote v ON v.monitor_id = m.id AND v.revision >= m.target_revision
WHERE m.org_id = @org_id AND m.kind <> 'heartbeat'
GROUP BY m.website_id;

-- name: KnownWebsites :many
SELECT id FROM website WHERE org_id = @org_id AND id = ANY (@ids::uuid[]);
