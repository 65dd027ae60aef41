-- name: CloseSpans :exec
UPDATE span s SET ended_at = GREATEST(x.at, s.started_at)
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@ats::timestamptz[]) AS at,
        unnest(@verdicts::text[]) AS verdict) x
WHERE s.monitor_id = x.monitor_id AND s.ended_at IS NULL AND s.verdict <> x.verdict;

-- name: OpenSpans :exec
INSERT INTO span (monitor_id, org_id, started_at, verdict, reason)
SELECT x.monitor_id, m.org_id, GREATEST(x.at, l.ended_at), x.verdict, x.reason
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@ats::timestamptz[]) AS at,
        unnest(@verdicts::text[]) AS verdict, unnest(@reasons::text[]) AS reason) x
JOIN monitor m ON m.id = x.monitor_id
LEFT JOIN LATERAL (SELECT s.started_at, s.ended_at FROM span s WHERE s.monitor_id = x.monitor_id
    ORDER BY s.started_at DESC LIMIT 1) l ON true
WHERE x.verdict <> '' AND (l.started_at IS NULL OR l.ended_at IS NOT NULL)
ON CONFLICT (monitor_id, started_at) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
    ended_at = NULL;

-- name: CloseVoteSpans :exec
UPDATE vote_span s SET ended_at = GREATEST(x.at, s.started_at)
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@regions::text[]) AS region,
        unnest(@ats::timestamptz[]) AS at, unnest(@outcomes::text[]) AS outcome) x
WHERE s.monitor_id = x.monitor_id AND (s.region = x.region OR x.region = '') AND s.ended_at IS NULL
    AND s.outcome <> x.outcome;

-- name: OpenVoteSpans :exec
INSERT INTO vote_span (monitor_id, org_id, region, started_at, outcome, reason)
SELECT x.monitor_id, m.org_id, x.region, GREATEST(x.at, l.ended_at), x.outcome, x.reason
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@regions::text[]) AS region,
        unnest(@ats::timestamptz[]) AS at, unnest(@outcomes::text[]) AS outcome,
        unnest(@reasons::text[]) AS reason) x
JOIN monitor m ON m.id = x.monitor_id
LEFT JOIN LATERAL (SELECT s.started_at, s.ended_at FROM vote_span s
    WHERE s.monitor_id = x.monitor_id AND s.region = x.region ORDER BY s.started_at DESC LIMIT 1) l ON true
WHERE x.outcome <> '' AND x.region <> '' AND (l.started_at IS NULL OR l.ended_at IS NOT NULL)
ON CONFLICT (monitor_id, region, started_at) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason,
    ended_at = NULL;
