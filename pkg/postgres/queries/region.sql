-- name: ListRegions :many
-- Those that look for the tenant: all but what others keep for themselves.
SELECT * FROM region WHERE NOT private OR org_id = @org_id ORDER BY name;

-- name: GetRegion :one
SELECT * FROM region WHERE name = @name AND (NOT private OR org_id = @org_id);

-- name: LockRegion :one
SELECT * FROM region WHERE org_id = @org_id AND name = @name FOR UPDATE;

-- name: InsertRegion :one
-- One that registered itself and waits is taken over; any other is left alone.
INSERT INTO region (name, org_id, title, latitude, longitude, enablement, key_sealed, private)
VALUES (@name, @org_id, @title, sqlc.narg(latitude), sqlc.narg(longitude), 'enabled', @key_sealed, @private)
ON CONFLICT (name) DO UPDATE SET org_id = excluded.org_id, title = excluded.title, latitude = excluded.latitude,
    longitude = excluded.longitude, enablement = 'enabled', key_sealed = excluded.key_sealed, private = excluded.private,
    updated_at = now()
    WHERE region.enablement = 'pending'
RETURNING *;

-- name: UpdateRegion :one
UPDATE region SET title = @title, latitude = sqlc.narg(latitude), longitude = sqlc.narg(longitude),
    enablement = @enablement, key_sealed = sqlc.narg(key_sealed), private = @private, updated_at = now()
WHERE name = @name
RETURNING *;

-- name: OnlyIn :one
-- A monitor that would have no region left if all tenants, but one if that is given, may
-- not name this one any more.
SELECT m.id, m.org_id FROM monitor m
WHERE m.kind <> 'heartbeat' AND (
    (@name::text = ANY (m.regions) AND m.org_id IS DISTINCT FROM sqlc.narg(other_than)::uuid AND NOT EXISTS (
        SELECT FROM region r WHERE r.name <> @name AND r.name = ANY (m.regions)))
    OR (m.regions IS NULL AND @last_enabled::boolean))
ORDER BY m.id LIMIT 1;

-- name: OtherEnabledRegion :one
-- Whether a region is left for monitors that name none.
SELECT EXISTS (SELECT FROM region WHERE name <> @name AND enablement = 'enabled' AND NOT private);

-- name: ForgetRegionInMonitors :exec
UPDATE monitor SET regions = array_remove(regions, @name::text), revision = revision + 1, updated_at = now()
WHERE org_id IS DISTINCT FROM sqlc.narg(other_than)::uuid AND @name::text = ANY (regions);

-- name: ForgetRegionVotes :exec
DELETE FROM vote v USING monitor m WHERE m.id = v.monitor_id AND v.region = @name
    AND m.org_id IS DISTINCT FROM sqlc.narg(other_than)::uuid;

-- name: ForgetRegionStats :exec
DELETE FROM region_stat WHERE region = @name;

-- name: DeleteRegion :execrows
DELETE FROM region WHERE org_id = @org_id AND name = @name;

-- name: RegionNames :many
SELECT name FROM region ORDER BY name;

-- name: OrgIDs :many
SELECT id FROM org ORDER BY id;
