-- name: InsertHeartbeat :exec
INSERT INTO heartbeat (monitor_id, org_id, token_hash, token_sealed)
VALUES (@monitor_id, @org_id, @token_hash, @token_sealed);

-- name: RotateHeartbeat :one
-- It returns the hash that is no more.
WITH was AS (SELECT b.monitor_id, b.token_hash FROM heartbeat b
    WHERE b.org_id = @org_id AND b.monitor_id = @monitor_id FOR UPDATE)
UPDATE heartbeat h SET token_hash = @token_hash, token_sealed = @token_sealed
FROM was WHERE h.monitor_id = was.monitor_id
RETURNING was.token_hash;

-- name: HeartbeatByToken :one
SELECT m.id, m.revision FROM heartbeat h JOIN monitor m ON m.id = h.monitor_id WHERE h.token_hash = @token_hash;

-- name: Heartbeats :many
SELECT monitor_id, token_sealed, last_at, last_ok, last_message, duration_ms, started_at, late_at
FROM heartbeat WHERE monitor_id = ANY (@ids::uuid[]);

-- name: SavePulses :exec
UPDATE heartbeat h SET last_at = NULLIF(x.last_at, '0001-01-01 00:00:00+00'),
    last_ok = CASE WHEN x.last_at = '0001-01-01 00:00:00+00' THEN NULL ELSE x.last_ok END, last_message = x.last_message,
    duration_ms = NULLIF(x.duration_ms, 0), started_at = NULLIF(x.started_at, '0001-01-01 00:00:00+00'),
    late_at = NULLIF(x.late_at, '0001-01-01 00:00:00+00')
FROM (SELECT unnest(@monitor_ids::uuid[]) AS monitor_id, unnest(@last_ats::timestamptz[]) AS last_at,
        unnest(@last_oks::boolean[]) AS last_ok, unnest(@last_messages::text[]) AS last_message,
        unnest(@durations_ms::bigint[]) AS duration_ms, unnest(@started_ats::timestamptz[]) AS started_at,
        unnest(@late_ats::timestamptz[]) AS late_at) x
WHERE h.monitor_id = x.monitor_id;

-- name: Listening :one
SELECT since, until FROM heartbeat_listening WHERE shard = @shard;

-- name: SaveListening :exec
INSERT INTO heartbeat_listening (shard, since, until) VALUES (@shard, @since, @until)
ON CONFLICT (shard) DO UPDATE SET since = excluded.since, until = excluded.until;
