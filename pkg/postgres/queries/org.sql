-- name: CreateOrg :exec
INSERT INTO org (id, slug, name) VALUES ($1, $2, $3);

-- name: EnsureOrg :one
-- The update changes nothing; it makes the row come back whoever inserted it.
INSERT INTO org (id, slug, name) VALUES (@id, @slug, @name)
ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug
RETURNING *;

-- name: OrgBySlug :one
SELECT * FROM org WHERE slug = @slug;
