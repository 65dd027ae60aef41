-- name: UpsertVotes :exec
INSERT INTO vote AS v (monitor_id, region, revision, outcome, reason, detail, since, due, latency_us, code, ip, site,
    canary, exempt, counted)
SELECT x.monitor_id, x.region, x.revision, x.outcome, x.reason, x.detail, x.since, x.due, x.latency_us, x.code, x.ip,
    x.site, x.canary, x.exempt, x.counted
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@regions::text[]) AS region,
        unnest(@revisions::bigint[]) AS revision, unnest(@outcomes::text[]) AS outcome,
        unnest(@reasons::text[]) AS reason, unnest(@details::text[]) AS detail,
        unnest(@sinces::timestamptz[]) AS since, unnest(@dues::timestamptz[]) AS due,
        unnest(@latencies_us::bigint[]) AS latency_us, unnest(@codes::integer[]) AS code, unnest(@ips::text[]) AS ip,
        unnest(@sites::text[]) AS site, unnest(@canaries::smallint[]) AS canary,
        unnest(@exempts::boolean[]) AS exempt, unnest(@counteds::boolean[]) AS counted) x
JOIN monitor m ON m.id = x.monitor_id
ORDER BY x.monitor_id, x.region
ON CONFLICT (monitor_id, region) DO UPDATE SET revision = excluded.revision, outcome = excluded.outcome,
    reason = excluded.reason, detail = excluded.detail, since = excluded.since, due = excluded.due,
    latency_us = excluded.latency_us, code = excluded.code, ip = excluded.ip, site = excluded.site,
    canary = excluded.canary, exempt = excluded.exempt, counted = excluded.counted;

-- name: DeleteVotes :exec
DELETE FROM vote v
USING (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@regions::text[]) AS region) x
WHERE v.monitor_id = x.monitor_id AND (x.region = '' OR v.region = x.region);

-- name: Votes :many
SELECT * FROM vote WHERE monitor_id = ANY (@ids::uuid[]) ORDER BY monitor_id, region;
