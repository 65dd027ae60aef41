-- name: SpansOfMonitors :many
-- Spans of a monitor do not overlap: those that touch the period are the last one that
-- began before it and those that began within.
SELECT s.monitor_id, s.started_at, s.ended_at, s.verdict, s.reason
FROM unnest(@ids::uuid[]) AS x (id)
CROSS JOIN LATERAL (
    -- Two looks into the index: a tenant's policy lets no sub-select into a condition of one.
    (SELECT l.monitor_id, l.started_at, l.ended_at, l.verdict, l.reason FROM span l
        WHERE l.monitor_id = x.id AND l.started_at <= @since::timestamptz AND l.started_at < @until
        ORDER BY l.started_at DESC LIMIT 1)
    UNION ALL
    SELECT c.monitor_id, c.started_at, c.ended_at, c.verdict, c.reason FROM span c
        WHERE c.monitor_id = x.id AND c.started_at > @since::timestamptz AND c.started_at < @until
) s
ORDER BY s.started_at, s.monitor_id;

-- name: FailuresOfMonitors :many
-- When regions saw monitors fail.
SELECT v.monitor_id, v.region, v.started_at, v.ended_at, v.reason
FROM vote_span v
WHERE v.monitor_id = ANY (@ids::uuid[]) AND v.outcome = 'fail'
    AND COALESCE(v.ended_at, 'infinity'::timestamptz) > @since AND v.started_at < @until
ORDER BY v.started_at, v.monitor_id, v.region;

-- name: OpenIncidentsOfMonitors :many
SELECT id, monitor_id, website_id FROM incident WHERE monitor_id = ANY (@ids::uuid[]) AND resolved_at IS NULL
ORDER BY id;

-- name: CountWebsites :many
-- How many websites of a tenant are in each state, as Website.Status has it.
WITH one AS (
    SELECT w.id, w.paused, count(m.id) AS monitors, count(m.id) FILTER (WHERE NOT m.paused) AS running,
        COALESCE(max(CASE s.verdict WHEN 'up' THEN 0 WHEN 'unknown' THEN 1 WHEN 'degraded' THEN 2 WHEN 'down' THEN 3 END)
            FILTER (WHERE NOT m.paused), -1) AS worst,
        COALESCE(bool_or(NOT w.paused AND NOT m.paused AND cardinality(s.advisory) > 0), false) AS advisory
    FROM website w LEFT JOIN monitor m ON m.website_id = w.id
    LEFT JOIN monitor_state s ON s.monitor_id = m.id AND s.revision >= m.target_revision
    WHERE w.org_id = @org_id AND w.tags @> @tags::text[]
    GROUP BY w.id
)
SELECT (CASE WHEN paused OR monitors > 0 AND running = 0 THEN 'paused' WHEN worst = -1 THEN 'pending' WHEN worst = 0 THEN 'up'
        WHEN worst = 1 THEN 'unknown' WHEN worst = 2 THEN 'degraded' ELSE 'down' END)::text AS status,
    count(*) AS websites, count(*) FILTER (WHERE advisory) AS advisories
FROM one GROUP BY 1;

-- name: MonitorsOfTagged :many
-- The monitors of all websites of a tenant that have all of the tags, oldest first.
SELECT m.id, m.website_id FROM website w JOIN monitor m ON m.website_id = w.id
WHERE w.org_id = @org_id AND w.tags @> @tags::text[]
ORDER BY m.website_id, m.id;

-- name: CountOpenIncidents :one
SELECT count(*) FROM incident i JOIN website w ON w.id = i.website_id
WHERE i.org_id = @org_id AND i.resolved_at IS NULL AND w.tags @> @tags::text[];

-- name: CountEnabledChannels :one
SELECT count(*) FROM channel WHERE org_id = @org_id AND enabled;

-- name: IncidentTimes :many
-- When websites had incidents that touch the period, newest first.
SELECT id, website_id, monitor_id, severity, opened_at, resolved_at, acknowledged_at, note FROM incident
WHERE website_id = ANY (@ids::uuid[]) AND opened_at < @until AND (resolved_at IS NULL OR resolved_at >= @since)
ORDER BY opened_at DESC, id DESC;

-- name: NoteIncident :execrows
UPDATE incident SET note = @note WHERE org_id = @org_id AND id = @id;

-- name: LockNote :one
SELECT note FROM incident WHERE org_id = @org_id AND id = @id FOR NO KEY UPDATE;

-- name: LockIncident :one
SELECT id FROM incident WHERE org_id = @org_id AND id = @id FOR SHARE;

-- name: JudgedUntil :one
-- Until when the verdicts hold: now while every shard is judged, else since its judge is gone.
SELECT LEAST(now(), min(expires_at))::timestamptz AS at FROM shard_lease WHERE role = 'aggregator';
