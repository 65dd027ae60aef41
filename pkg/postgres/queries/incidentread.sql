-- name: GetIncident :one
SELECT sqlc.embed(i), w.name AS website_name, w.url FROM incident i JOIN website w ON w.id = i.website_id
WHERE i.org_id = @org_id AND i.id = @id;

-- name: EventsOfIncidents :many
SELECT id, incident_id, at, kind, data FROM incident_event
WHERE incident_id = ANY (@incident_ids::uuid[]) AND org_id = @org_id
ORDER BY incident_id, at, id;

-- name: AcknowledgeIncident :one
-- No row if it was acknowledged or resolved before.
UPDATE incident SET acknowledged_at = now(), acknowledged_by = @by::text
WHERE org_id = @org_id AND id = @id AND acknowledged_at IS NULL AND resolved_at IS NULL
RETURNING acknowledged_at;
