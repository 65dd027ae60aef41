-- name: OpenFleetEvent :execrows
INSERT INTO fleet_event (id, kind, region, opened_at, explanation) VALUES (@id, @kind, @region, @opened_at, @explanation)
ON CONFLICT DO NOTHING;

-- name: ResolveFleetEvent :many
UPDATE fleet_event SET resolved_at = GREATEST(@at, opened_at) WHERE kind = @kind AND region = @region AND resolved_at IS NULL
RETURNING id, opened_at, explanation;

-- name: OpenFleetEvents :many
SELECT id, kind, region, opened_at, explanation FROM fleet_event WHERE resolved_at IS NULL ORDER BY opened_at, id;

-- name: RecentFleetEvents :many
-- Of the regions that an organisation may know, not of their namesakes before them.
SELECT e.id, e.kind, e.region, e.opened_at, e.resolved_at::timestamptz AS resolved_at, e.explanation
FROM fleet_event e LEFT JOIN region r ON r.name = e.region
WHERE e.resolved_at >= @since::timestamptz
    AND (e.region = '' OR r.created_at <= e.opened_at AND (NOT r.private OR r.org_id = @org_id))
ORDER BY e.resolved_at DESC, e.id DESC LIMIT @max_rows;

-- name: PrivateTo :one
-- Whose a region is that others do not know of.
SELECT org_id FROM region WHERE name = @name AND private;

-- name: SetRegionSick :exec
UPDATE region SET sick_since = @sick_since WHERE name = @name;

-- name: SeeRegions :exec
UPDATE region SET last_seen_at = now() WHERE name = ANY (@names::text[]);

-- name: JudgedRegions :many
SELECT name, org_id, enablement, private, sick_since, health FROM region ORDER BY name;

-- name: SaveRegionHealth :exec
UPDATE region r SET health = x.health
FROM (SELECT unnest(@names::text[]) AS name, unnest(@healths::jsonb[]) AS health) x WHERE r.name = x.name;
