-- name: RosterPage :many
SELECT m.id, m.org_id, m.website_id, m.revision, m.kind, m.target,
    (m.settings || m.secrets_sent)::jsonb AS settings, m.interval_ms, m.timeout_ms, m.regions,
    (m.paused OR w.paused)::boolean AS paused, m.updated_at
FROM monitor m JOIN website w ON w.id = m.website_id
WHERE m.id > @after::uuid AND m.kind <> 'heartbeat' ORDER BY m.id LIMIT @most::integer;

-- name: RosterByIDs :many
SELECT m.id, m.org_id, m.website_id, m.revision, m.kind, m.target,
    (m.settings || m.secrets_sent)::jsonb AS settings, m.interval_ms, m.timeout_ms, m.regions,
    (m.paused OR w.paused)::boolean AS paused, m.updated_at
FROM monitor m JOIN website w ON w.id = m.website_id
WHERE m.id = ANY (@ids::uuid[]) AND m.kind <> 'heartbeat';

-- name: RosterChanged :many
SELECT id, updated_at FROM monitor WHERE (updated_at, id) > (@since::timestamptz, @after::uuid)
ORDER BY updated_at, id LIMIT @most::integer;

-- name: RosterRegions :many
SELECT name, (enablement = 'enabled')::boolean AS enabled, private FROM region ORDER BY name;

-- name: ResumeWebsites :execrows
UPDATE website SET paused = false, paused_until = NULL, updated_at = now()
WHERE paused AND paused_until <= now();

-- name: UnmuteWebsites :execrows
UPDATE website SET muted = false, muted_until = NULL, updated_at = now()
WHERE muted AND muted_until <= now();

-- name: InsertAnnouncedRegions :execrows
INSERT INTO region (name, org_id, enablement)
SELECT x.name, (SELECT id FROM org ORDER BY created_at, id LIMIT 1), 'pending'
FROM (SELECT unnest(@names::text[]) AS name) x
WHERE EXISTS (SELECT FROM org)
    AND x.name ~ '^[a-z0-9][a-z0-9-]{0,39}$' AND x.name <> 'heartbeat'
    AND (SELECT count(*) FROM region) + cardinality(@names::text[]) <= @most::integer
ON CONFLICT (name) DO NOTHING;
