-- name: InsertDeliveries :many
-- In the order given: seq is the order of telling.
INSERT INTO delivery (id, org_id, channel_id, incident_id, website_id, transition, idempotency_key, payload, digest_key)
SELECT r.id, r.org_id, r.channel_id, nullif(r.incident_id, '00000000-0000-0000-0000-000000000000'),
       nullif(r.website_id, '00000000-0000-0000-0000-000000000000'), r.transition, r.idempotency_key, r.payload, r.digest_key
FROM (SELECT unnest(sqlc.arg(ids)::uuid[]) AS id, unnest(sqlc.arg(org_ids)::uuid[]) AS org_id, unnest(sqlc.arg(channel_ids)::uuid[]) AS channel_id,
             unnest(sqlc.arg(incident_ids)::uuid[]) AS incident_id, unnest(sqlc.arg(website_ids)::uuid[]) AS website_id,
             unnest(sqlc.arg(transitions)::text[]) AS transition, unnest(sqlc.arg(idempotency_keys)::text[]) AS idempotency_key,
             unnest(sqlc.arg(payloads)::jsonb[]) AS payload, unnest(sqlc.arg(digest_keys)::text[]) AS digest_key,
             generate_series(1, cardinality(sqlc.arg(ids)::uuid[])) AS place) r
ORDER BY r.place
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id;

-- name: GetDelivery :one
SELECT * FROM delivery WHERE org_id = sqlc.arg(org_id) AND id = sqlc.arg(id);

-- name: ListDeliveries :many
SELECT * FROM delivery
WHERE org_id = sqlc.arg(org_id)
  AND (sqlc.narg(before)::uuid IS NULL OR id < sqlc.narg(before)::uuid)
  AND (sqlc.narg(incident_id)::uuid IS NULL OR incident_id = sqlc.narg(incident_id)::uuid)
  AND (sqlc.narg(channel_id)::uuid IS NULL OR channel_id = sqlc.narg(channel_id)::uuid)
  AND (sqlc.narg(status)::text IS NULL OR status = sqlc.narg(status)::text)
ORDER BY id DESC
LIMIT sqlc.arg(max_rows);

-- name: LocateDelivery :one
SELECT channel_id, incident_id, website_id, transition, coalesce(payload ->> 'monitor_id', '')::text AS monitor_id,
       status, attempts, retry_at, digest_id, clock_timestamp()::timestamptz AS now
FROM delivery WHERE id = sqlc.arg(id);

-- name: HoldWebsite :exec
-- Websites come before channels and deliveries, as in a delete of one, so that the
-- two wait for each other instead of blocking each other.
SELECT 1 FROM website WHERE id = sqlc.arg(id) FOR KEY SHARE;

-- name: LockChannel :one
SELECT * FROM channel WHERE id = sqlc.arg(id) FOR NO KEY UPDATE;

-- name: LockPendingOfIncident :many
SELECT * FROM delivery
WHERE channel_id = sqlc.arg(channel_id) AND incident_id = sqlc.arg(incident_id)
  AND status = 'pending' AND transition <> 'test'
ORDER BY seq
FOR UPDATE;

-- name: LockPendingOfMonitor :many
-- What is told of a monitor without an incident: degraded and advisories.
SELECT * FROM delivery
WHERE channel_id = sqlc.arg(channel_id) AND website_id = sqlc.arg(website_id) AND incident_id IS NULL
  AND payload ->> 'monitor_id' = sqlc.arg(monitor_id)::text
  AND status = 'pending' AND finished_at IS NULL AND transition <> 'test'
ORDER BY seq
FOR UPDATE;

-- name: LockPendingAlone :many
SELECT * FROM delivery WHERE id = sqlc.arg(id) AND status = 'pending' FOR UPDATE;

-- name: DeliveryFacts :one
-- What a decision about sending depends on, at one instant of the database's clock.
SELECT clock_timestamp()::timestamptz AS now,
       i.id AS incident_id, i.opened_at, i.resolved_at, i.acknowledged_at,
       (coalesce(w.muted, false) AND coalesce(w.muted_until > now(), true))::boolean AS muted,
       (coalesce(w.paused, false))::boolean AS paused,
       (SELECT count(*) FROM delivery d WHERE d.incident_id = i.id AND d.channel_id = sqlc.arg(channel_id)
           AND d.transition IN ('down', 'degraded', 'reminder') AND d.status IN ('delivered', 'combined'))::integer AS told,
       (SELECT count(*) FROM delivery d WHERE d.incident_id = i.id AND d.channel_id = sqlc.arg(channel_id)
           AND d.transition IN ('down', 'degraded') AND d.status = 'suppressed')::integer AS suppressed,
       (SELECT count(*) FROM delivery d WHERE d.incident_id = i.id AND d.channel_id = sqlc.arg(channel_id)
           AND d.transition IN ('down', 'degraded') AND d.status = 'dead')::integer AS dead,
       (SELECT count(*) FROM delivery d WHERE d.channel_id = sqlc.arg(channel_id) AND d.status = 'pending'
           AND d.claimed_until > now() AND (d.digest_id IS NULL OR d.digest_id = d.id))::integer AS in_flight,
       (SELECT count(*) FROM (SELECT FROM delivery d WHERE d.channel_id = sqlc.arg(channel_id) AND d.status = 'pending'
           LIMIT 1000) AS crowd)::integer AS waiting,
       coalesce((SELECT coalesce(h.idempotency_key, d.idempotency_key) FROM delivery d LEFT JOIN delivery h ON h.id = d.digest_id WHERE d.incident_id = i.id AND d.channel_id = sqlc.arg(channel_id)
           AND d.transition IN ('down', 'degraded') AND d.status <> 'suppressed' ORDER BY d.seq LIMIT 1), '')::text AS opening_key
FROM (SELECT 1) AS one
LEFT JOIN incident i ON i.id = sqlc.narg(incident_id)::uuid
LEFT JOIN website w ON w.id = sqlc.narg(website_id)::uuid;

-- name: LastAlert :one
-- When the channel last told of the website, by one of the given transitions: now,
-- while one is on its way.
SELECT (CASE WHEN d.status = 'pending' THEN now() ELSE d.finished_at END)::timestamptz AS at
FROM delivery d
WHERE d.channel_id = sqlc.arg(channel_id) AND d.website_id = sqlc.arg(website_id)
  AND d.transition = ANY (sqlc.arg(transitions)::text[])
  AND (sqlc.narg(except_incident)::uuid IS NULL OR d.incident_id IS DISTINCT FROM sqlc.narg(except_incident)::uuid)
  AND ((d.status IN ('delivered', 'combined') AND d.finished_at > now() - sqlc.arg(window_ms)::bigint * interval '1 millisecond')
       OR (d.status = 'pending' AND (d.attempts > 0 OR d.digest_id IS NOT NULL)))
ORDER BY at DESC
LIMIT 1;

-- name: ClaimDeliveries :one
WITH claimed AS (
    UPDATE delivery
    SET claimed_until = statement_timestamp() + sqlc.arg(lease_ms)::bigint * interval '1 millisecond',
        attempts = attempts + CASE WHEN id = sqlc.arg(head) THEN 1 ELSE 0 END, retry_at = NULL,
        digest_id = CASE WHEN sqlc.arg(digest)::boolean THEN sqlc.arg(head)::uuid ELSE digest_id END
    WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND status = 'pending'
    RETURNING id, claimed_until
)
SELECT claimed_until::timestamptz FROM claimed WHERE id = sqlc.arg(head);

-- name: SuppressDeliveries :exec
-- With the head of a digest, all of it.
UPDATE delivery
SET status = 'suppressed', error = sqlc.arg(why), finished_at = clock_timestamp(), claimed_until = NULL, retry_at = NULL
WHERE (id = ANY (sqlc.arg(ids)::uuid[]) OR digest_id = ANY (sqlc.arg(ids)::uuid[])) AND status = 'pending';

-- name: DeliverDelivery :one
-- A delivered alert is recorded as such whoever holds the claim by now: it was sent.
UPDATE delivery
SET status = 'delivered', response = sqlc.arg(response), error = '', finished_at = clock_timestamp(),
    claimed_until = NULL, retry_at = NULL
WHERE id = sqlc.arg(id) AND status = 'pending'
RETURNING finished_at::timestamptz;

-- name: CombineDeliveries :exec
UPDATE delivery
SET status = 'combined', digest_id = sqlc.arg(head)::uuid, response = sqlc.arg(response), error = '', finished_at = clock_timestamp(), claimed_until = NULL, retry_at = NULL
WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND status = 'pending';

-- name: RetryDelivery :execrows
UPDATE delivery
SET response = sqlc.arg(response), error = sqlc.arg(error), refusals = sqlc.arg(refusals), claimed_until = NULL,
    retry_at = clock_timestamp() + sqlc.arg(after_ms)::bigint * interval '1 millisecond'
WHERE id = sqlc.arg(id) AND status = 'pending' AND claimed_until = sqlc.arg(claim)::timestamptz;

-- name: BuryDelivery :execrows
UPDATE delivery
SET status = 'dead', response = sqlc.arg(response), error = sqlc.arg(error), finished_at = clock_timestamp(),
    claimed_until = NULL, retry_at = NULL
WHERE id = sqlc.arg(id) AND status = 'pending' AND claimed_until = sqlc.arg(claim)::timestamptz;

-- name: BuryOthers :exec
UPDATE delivery
SET status = 'dead', error = sqlc.arg(error), finished_at = clock_timestamp(), claimed_until = NULL, retry_at = NULL
WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND status = 'pending';

-- name: ReleaseDeliveries :exec
-- What a digest tells is not tried before the digest is.
UPDATE delivery
SET claimed_until = NULL,
    retry_at = CASE WHEN digest_id IS NOT NULL THEN clock_timestamp() + sqlc.arg(after_ms)::bigint * interval '1 millisecond' END
WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND status = 'pending' AND claimed_until = sqlc.arg(claim)::timestamptz;

-- name: FirstTold :one
-- The opening alert of an incident to a channel, whose payload a reminder repeats.
SELECT * FROM delivery
WHERE incident_id = sqlc.arg(incident_id) AND channel_id = sqlc.arg(channel_id) AND transition IN ('down', 'degraded')
ORDER BY seq DESC
LIMIT 1;

-- name: NextDeliveries :many
-- What could be sent to the channel now, oldest first.
SELECT id FROM delivery
WHERE channel_id = sqlc.arg(channel_id) AND status = 'pending'
  AND (claimed_until IS NULL OR claimed_until < now()) AND (retry_at IS NULL OR retry_at <= now())
  AND (digest_id IS NULL OR digest_id = id)
ORDER BY created_at
LIMIT sqlc.arg(max_rows);

-- name: DeliveryBacklog :one
SELECT count(*)::bigint AS pending,
       coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::double precision AS oldest_seconds
FROM delivery WHERE status = 'pending';
