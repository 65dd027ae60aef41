-- name: SpansOfWebsite :many
SELECT s.monitor_id, s.started_at, s.ended_at, s.verdict, s.reason
FROM monitor m JOIN span s ON s.monitor_id = m.id
WHERE m.org_id = @org_id AND m.website_id = @website_id
    AND s.started_at < @until AND (s.ended_at IS NULL OR s.ended_at > @since)
ORDER BY s.started_at, s.monitor_id;

-- name: FailuresOfWebsite :many
-- When one region saw a website's monitors fail.
SELECT v.monitor_id, v.region, v.started_at, v.ended_at, v.reason
FROM monitor m JOIN vote_span v ON v.monitor_id = m.id
WHERE m.org_id = @org_id AND m.website_id = @website_id AND v.region = @region AND v.outcome = 'fail'
    AND v.started_at < @until AND (v.ended_at IS NULL OR v.ended_at > @since)
ORDER BY v.started_at, v.monitor_id;
