-- name: AddFailures :exec
-- Of a monitor that looks at something else by now, or is gone, nothing is added, and an
-- incident that was not opened is left out.
INSERT INTO failure (monitor_id, org_id, region, due, incident_id, outcome, reason, detail, code, ip, attempts, worker,
    dns_us, connect_us, tls_us, ttfb_us, transfer_us, total_us, evidence)
SELECT x.monitor_id, m.org_id, x.region, x.due, i.id, x.outcome, x.reason, x.detail, x.code, x.ip, x.attempts, x.worker,
    x.dns_us, x.connect_us, x.tls_us, x.ttfb_us, x.transfer_us, x.total_us, x.evidence
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@revisions::bigint[]) AS revision,
        unnest(@regions::text[]) AS region, unnest(@dues::timestamptz[]) AS due, unnest(@incident_ids::uuid[]) AS incident_id,
        unnest(@outcomes::text[]) AS outcome, unnest(@reasons::text[]) AS reason, unnest(@details::text[]) AS detail,
        unnest(@codes::integer[]) AS code, unnest(@ips::text[]) AS ip, unnest(@attempts::integer[]) AS attempts,
        unnest(@workers::text[]) AS worker, unnest(@dns_us::bigint[]) AS dns_us, unnest(@connect_us::bigint[]) AS connect_us,
        unnest(@tls_us::bigint[]) AS tls_us, unnest(@ttfb_us::bigint[]) AS ttfb_us,
        unnest(@transfer_us::bigint[]) AS transfer_us, unnest(@total_us::bigint[]) AS total_us,
        unnest(@evidences::jsonb[]) AS evidence) x
JOIN monitor m ON m.id = x.monitor_id AND m.target_revision <= x.revision
LEFT JOIN incident i ON i.id = x.incident_id AND i.monitor_id = x.monitor_id
ORDER BY x.monitor_id, x.region, x.due
ON CONFLICT (monitor_id, region, due) DO NOTHING;

-- name: LinkFailures :exec
-- The first failures of each region from the one that roused suspicion on belong to the incident.
UPDATE failure f SET incident_id = k.incident_id
FROM (SELECT f.monitor_id, f.region, f.due, x.incident_id,
        row_number() OVER (PARTITION BY f.monitor_id, f.region ORDER BY f.due) AS n
    FROM (SELECT unnest(@incident_ids::uuid[]) AS incident_id, unnest(@monitor_ids::uuid[]) AS monitor_id,
            unnest(@sinces::timestamptz[]) AS since, unnest(@untils::timestamptz[]) AS until) x
    JOIN failure f ON f.monitor_id = x.monitor_id AND f.due BETWEEN x.since AND x.until
        AND (f.incident_id IS NULL OR f.incident_id = x.incident_id)) k
WHERE k.n <= @per_region::integer AND f.incident_id IS NULL
    AND f.monitor_id = k.monitor_id AND f.region = k.region AND f.due = k.due;

-- name: TrimFailures :execrows
DELETE FROM failure f
USING (SELECT DISTINCT unnest(@monitor_ids::uuid[]) AS monitor_id) x
    CROSS JOIN LATERAL (SELECT l.due, l.region FROM failure l WHERE l.monitor_id = x.monitor_id AND l.incident_id IS NULL
        ORDER BY l.due DESC, l.region OFFSET @keep::integer) old
WHERE f.monitor_id = x.monitor_id AND f.region = old.region AND f.due = old.due;

-- name: ListFailures :many
SELECT * FROM failure f
WHERE f.monitor_id = @monitor_id AND f.org_id = @org_id
    AND (sqlc.narg('region')::text IS NULL OR f.region = sqlc.narg('region'))
    AND (sqlc.narg('incident_id')::uuid IS NULL OR f.incident_id = sqlc.narg('incident_id'))
    AND (sqlc.narg('before')::timestamptz IS NULL OR f.due <= sqlc.narg('before')
        AND (f.due < sqlc.narg('before') OR f.region > @after::text))
ORDER BY f.due DESC, f.region
LIMIT @most::integer;

-- name: FailuresOfIncident :many
SELECT * FROM failure f WHERE f.incident_id = @incident_id::uuid AND f.org_id = @org_id ORDER BY f.due, f.region;
