-- name: OpenIncidents :many
INSERT INTO incident (id, org_id, website_id, monitor_id, severity, opened_at, explanation, evidence, damped)
SELECT x.id, m.org_id, m.website_id, x.monitor_id, x.severity, x.opened_at, x.explanation, x.evidence, x.damped
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@monitor_ids::uuid[]) AS monitor_id,
        unnest(@severities::text[]) AS severity, unnest(@openeds::timestamptz[]) AS opened_at,
        unnest(@explanations::text[]) AS explanation, unnest(@evidences::jsonb[]) AS evidence,
        unnest(@dampeds::boolean[]) AS damped) x
JOIN monitor m ON m.id = x.monitor_id
ORDER BY x.monitor_id
ON CONFLICT DO NOTHING
RETURNING id;

-- name: ResolveIncidents :many
-- An end that is written again does not end the incident after it.
UPDATE incident i SET resolved_at = GREATEST(x.at, i.opened_at), resolution = x.resolution
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@ats::timestamptz[]) AS at,
        unnest(@resolutions::text[]) AS resolution) x
WHERE i.monitor_id = x.monitor_id AND i.resolved_at IS NULL AND i.opened_at <= x.at
RETURNING i.id, i.monitor_id, i.org_id, i.severity, i.opened_at, i.damped;

-- name: OpenIncidentsOf :many
SELECT id, monitor_id, org_id, severity, opened_at, damped FROM incident
WHERE monitor_id = ANY (@monitor_ids::uuid[]) AND resolved_at IS NULL;

-- name: AddIncidentEvents :exec
INSERT INTO incident_event (id, org_id, incident_id, at, kind, data)
SELECT x.id, i.org_id, x.incident_id, x.at, x.kind, x.data
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@incident_ids::uuid[]) AS incident_id,
        unnest(@ats::timestamptz[]) AS at, unnest(@kinds::text[]) AS kind, unnest(@datas::jsonb[]) AS data) x
JOIN incident i ON i.id = x.incident_id
ON CONFLICT (id) DO NOTHING;

-- name: ChannelsTold :many
SELECT DISTINCT d.incident_id, d.channel_id FROM delivery d JOIN channel c ON c.id = d.channel_id
WHERE d.incident_id = ANY (@incident_ids::uuid[])
    AND (d.transition = @transition OR d.transition = 'reminder') -- which is the first that is told of what was throttled
    AND d.status IN ('pending', 'delivered', 'combined') AND c.enabled;

-- name: UndampIncidents :many
UPDATE incident SET damped = false WHERE monitor_id = ANY (@monitor_ids::uuid[]) AND resolved_at IS NULL AND damped
RETURNING id, monitor_id, org_id, severity, opened_at, damped;

-- name: UntoldIncidents :many
SELECT i.monitor_id FROM incident i JOIN website w ON w.id = i.website_id
WHERE i.resolved_at IS NULL AND i.damped AND NOT (w.muted AND COALESCE(w.muted_until > now(), true))
LIMIT @most::integer;

-- name: KeysTold :many
SELECT idempotency_key FROM delivery
WHERE idempotency_key = ANY (@idempotency_keys::text[]) AND status IN ('pending', 'delivered', 'combined');
