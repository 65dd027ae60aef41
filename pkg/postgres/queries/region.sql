-- name: ListRegions :many
SELECT * FROM region WHERE org_id = @org_id ORDER BY name;

-- name: GetRegion :one
SELECT * FROM region WHERE org_id = @org_id AND name = @name;

-- name: LockRegion :one
SELECT * FROM region WHERE org_id = @org_id AND name = @name FOR UPDATE;

-- name: InsertRegion :one
-- One that registered itself and waits is taken over; any other is left alone.
INSERT INTO region (name, org_id, title, latitude, longitude, enablement, key_sealed)
VALUES (@name, @org_id, @title, sqlc.narg(latitude), sqlc.narg(longitude), 'enabled', @key_sealed)
ON CONFLICT (name) DO UPDATE SET title = excluded.title, latitude = excluded.latitude, longitude = excluded.longitude,
    enablement = 'enabled', key_sealed = excluded.key_sealed, updated_at = now()
    WHERE region.enablement = 'pending' AND region.org_id = excluded.org_id
RETURNING *;

-- name: UpdateRegion :one
UPDATE region SET title = @title, latitude = sqlc.narg(latitude), longitude = sqlc.narg(longitude),
    enablement = @enablement, key_sealed = sqlc.narg(key_sealed), updated_at = now()
WHERE name = @name
RETURNING *;

-- name: OnlyIn :one
-- A monitor that would have no region left without this one.
SELECT m.id FROM monitor m
WHERE m.org_id = @org_id AND m.kind <> 'heartbeat' AND (
    (@name::text = ANY (m.regions) AND NOT EXISTS (
        SELECT FROM region r WHERE r.org_id = @org_id AND r.name <> @name AND r.name = ANY (m.regions)))
    OR (m.regions IS NULL AND @last_enabled::boolean))
ORDER BY m.id LIMIT 1;

-- name: OtherEnabledRegion :one
SELECT EXISTS (SELECT FROM region WHERE org_id = @org_id AND name <> @name AND enablement = 'enabled');

-- name: ForgetRegionInMonitors :exec
UPDATE monitor SET regions = array_remove(regions, @name::text), revision = revision + 1, updated_at = now()
WHERE org_id = @org_id AND @name::text = ANY (regions);

-- name: ForgetRegionVotes :exec
DELETE FROM vote v USING monitor m WHERE m.id = v.monitor_id AND m.org_id = @org_id AND v.region = @name;

-- name: ForgetRegionStats :exec
DELETE FROM region_stat WHERE region = @name;

-- name: DeleteRegion :execrows
DELETE FROM region WHERE org_id = @org_id AND name = @name;

-- name: RegionNames :many
SELECT name FROM region ORDER BY name;
