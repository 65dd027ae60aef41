-- name: InsertStatusPage :one
INSERT INTO status_page (id, org_id, slug, title, description, link, published)
VALUES (@id, @org_id, @slug, @title, @description, @link, @published)
RETURNING *;

-- name: GetStatusPage :one
SELECT * FROM status_page WHERE org_id = @org_id AND id = @id;

-- name: LockStatusPage :one
SELECT * FROM status_page WHERE org_id = @org_id AND id = @id FOR UPDATE;

-- name: UpdateStatusPage :one
UPDATE status_page SET slug = @slug, title = @title, description = @description, link = @link, published = @published,
    updated_at = now()
WHERE id = @id
RETURNING *;

-- name: DeleteStatusPage :execrows
DELETE FROM status_page WHERE org_id = @org_id AND id = @id;

-- name: ListStatusPages :many
SELECT * FROM status_page WHERE org_id = @org_id AND id > @after::uuid ORDER BY id LIMIT @page;

-- name: StatusPageWebsites :many
SELECT page_id, website_id, title, section FROM status_page_website WHERE page_id = ANY (@ids::uuid[]) ORDER BY page_id, position;

-- name: ClearStatusPage :exec
DELETE FROM status_page_website WHERE page_id = @page_id;

-- name: FillStatusPage :execrows
-- Websites of another tenant are left out.
INSERT INTO status_page_website (page_id, website_id, org_id, position, title, section)
SELECT @page_id::uuid, w.id, w.org_id, x.position, x.title, x.section
FROM (SELECT unnest(@website_ids::uuid[]) AS website_id, unnest(@positions::integer[]) AS position,
        unnest(@titles::text[]) AS title, unnest(@sections::text[]) AS section) x
JOIN website w ON w.id = x.website_id AND w.org_id = @org_id;

-- name: PublishedPage :one
SELECT * FROM status_page WHERE slug = @slug AND published;

-- name: PublishedPages :many
SELECT slug, title FROM status_page WHERE published ORDER BY lower(title), slug LIMIT @page;
