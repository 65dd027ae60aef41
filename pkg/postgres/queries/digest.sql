-- name: StoryFacts :one
-- When the website's last alert of this kind went to the channel (now, while one is on its
-- way), and since when or until when others wait; the epoch where there is none.
SELECT coalesce((SELECT max(t.at) FROM (
           SELECT d.finished_at AS at FROM delivery d
           WHERE d.channel_id = sqlc.arg(channel_id) AND d.website_id = sqlc.arg(website_id)
             AND d.finished_at > sqlc.arg(now)::timestamptz - sqlc.arg(window_ms)::bigint * interval '1 millisecond'
             AND d.status IN ('delivered', 'combined') AND d.transition = sqlc.arg(transition)::text
             AND (d.payload ? 'until') = sqlc.arg(ended)::boolean
             AND (sqlc.narg(except_incident)::uuid IS NULL OR d.incident_id IS DISTINCT FROM sqlc.narg(except_incident)::uuid)
           UNION ALL
           SELECT sqlc.arg(now)::timestamptz FROM delivery d
           WHERE d.channel_id = sqlc.arg(channel_id) AND d.website_id = sqlc.arg(website_id)
             AND d.finished_at IS NULL AND d.status = 'pending' AND (d.attempts > 0 OR d.digest_id IS NOT NULL)
             AND d.transition = sqlc.arg(transition)::text AND (d.payload ? 'until') = sqlc.arg(ended)::boolean) AS t), 'epoch')::timestamptz AS told,
       coalesce((SELECT min(d.retry_at) FROM delivery d
           WHERE d.channel_id = sqlc.arg(channel_id) AND d.website_id = sqlc.arg(website_id)
             AND d.finished_at IS NULL AND d.status = 'pending' AND d.attempts = 0 AND d.digest_id IS NULL
             AND d.transition = sqlc.arg(transition)::text AND (d.payload ? 'until') = sqlc.arg(ended)::boolean), 'epoch')::timestamptz AS held_of_website,
       coalesce((SELECT min(d.retry_at) FROM delivery d
           WHERE d.channel_id = sqlc.arg(channel_id) AND d.digest_key = sqlc.arg(digest_key)::text AND d.digest_key <> ''
             AND d.status = 'pending' AND d.attempts = 0 AND d.digest_id IS NULL AND d.retry_at IS NOT NULL), 'epoch')::timestamptz AS held_of_cause;

-- name: ToldOfCause :many
-- The newest alerts of a cause that the channel was told within the window, and those
-- that are on their way; by which message, and whether that told others, too.
(SELECT coalesce(d.digest_id, d.id)::uuid AS message, d.finished_at::timestamptz AS at,
        (d.digest_id IS NOT NULL AND EXISTS (SELECT FROM delivery h WHERE h.id = d.digest_id AND h.digest_id = h.id))::boolean AS grouped
 FROM delivery d
 WHERE d.channel_id = sqlc.arg(channel_id) AND d.digest_key = sqlc.arg(digest_key)::text AND d.digest_key <> ''
   AND d.finished_at > sqlc.arg(now)::timestamptz - sqlc.arg(window_ms)::bigint * interval '1 millisecond'
   AND d.status IN ('delivered', 'combined')
 ORDER BY d.finished_at DESC LIMIT sqlc.arg(max_rows))
UNION ALL
(SELECT coalesce(d.digest_id, d.id)::uuid, sqlc.arg(now)::timestamptz, (d.digest_id IS NOT NULL)::boolean FROM delivery d
 WHERE d.channel_id = sqlc.arg(channel_id) AND d.digest_key = sqlc.arg(digest_key)::text AND d.digest_key <> ''
   AND d.status = 'pending' AND (d.attempts > 0 OR d.digest_id IS NOT NULL)
 LIMIT sqlc.arg(max_rows));

-- name: ToldOfPlaces :many
-- The newest messages of an event that the channel was told within the window, and those
-- that are on their way, with the places of what they are about.
(SELECT d.id AS message, d.digest_key, (d.digest_id IS NOT NULL)::boolean AS grouped, d.finished_at::timestamptz AS at,
        (d.payload -> 'places')::jsonb AS places
 FROM delivery d
 WHERE d.channel_id = sqlc.arg(channel_id) AND d.status = 'delivered' AND d.payload ? 'places' AND d.digest_key <> ''
   AND d.finished_at > sqlc.arg(now)::timestamptz - sqlc.arg(window_ms)::bigint * interval '1 millisecond'
   AND d.transition = sqlc.arg(transition)::text AND NOT d.payload ? 'until'
 ORDER BY d.finished_at DESC LIMIT sqlc.arg(max_rows))
UNION ALL
(SELECT d.id, d.digest_key, (d.digest_id IS NOT NULL)::boolean, sqlc.arg(now)::timestamptz, (d.payload -> 'places')::jsonb
 FROM delivery d
 WHERE d.channel_id = sqlc.arg(channel_id) AND d.payload ? 'places' AND d.digest_key <> ''
   AND d.status = 'pending' AND (d.attempts > 0 OR d.digest_id IS NOT NULL) AND (d.digest_id IS NULL OR d.digest_id = d.id)
   AND d.transition = sqlc.arg(transition)::text AND NOT d.payload ? 'until'
 LIMIT sqlc.arg(max_rows));

-- name: HoldDeliveries :execrows
-- Makes what waits of a story wait until the same moment. What is about to be deleted is
-- passed over, so that nobody waits for each other. What joins the story of another cause
-- is of that one from now on; what ends it is not.
WITH of_cause AS (
    SELECT d.id FROM delivery d
    WHERE sqlc.arg(by_cause)::boolean AND d.channel_id = sqlc.arg(channel_id)
      AND d.digest_key = sqlc.arg(digest_key)::text AND d.digest_key <> ''
      AND d.status = 'pending' AND d.attempts = 0 AND d.digest_id IS NULL AND d.retry_at IS NULL AND d.claimed_until IS NULL
    LIMIT sqlc.arg(max_rows)
    FOR UPDATE OF d SKIP LOCKED
), of_website AS (
    SELECT d.id FROM delivery d
    WHERE sqlc.arg(by_website)::boolean AND d.channel_id = sqlc.arg(channel_id) AND d.website_id = sqlc.arg(website_id)
      AND d.finished_at IS NULL AND d.status = 'pending' AND d.attempts = 0 AND d.digest_id IS NULL
      AND d.retry_at IS NULL AND d.claimed_until IS NULL
      AND d.transition = sqlc.arg(transition)::text AND (d.payload ? 'until') = sqlc.arg(ended)::boolean
    LIMIT sqlc.arg(max_rows)
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE delivery SET retry_at = sqlc.arg(until)::timestamptz,
    digest_key = CASE WHEN sqlc.arg(joins)::boolean AND id = ANY (sqlc.arg(ids)::uuid[]) AND transition = sqlc.arg(transition)::text
        AND (payload ? 'until') = sqlc.arg(ended)::boolean THEN sqlc.arg(digest_key)::text ELSE digest_key END
WHERE id = ANY (sqlc.arg(ids)::uuid[]) OR id IN (SELECT id FROM of_cause) OR id IN (SELECT id FROM of_website);

-- name: WaitingOfStory :many
-- What was never tried of a story, and what else waits of the same incidents (of the same
-- monitors, where there are none). "apart" is what a digest does not tell without a look
-- of its own: the end of what was not told, what is throttled, reminders of what is over.
WITH picked AS (
    (SELECT d.incident_id, d.website_id, d.payload ->> 'monitor_id' AS monitor_id FROM delivery d
     WHERE d.channel_id = sqlc.arg(channel_id) AND d.digest_key = sqlc.arg(digest_key)::text AND d.digest_key <> ''
       AND d.status = 'pending' AND d.attempts = 0 AND d.digest_id IS NULL
     ORDER BY d.seq LIMIT sqlc.arg(max_rows))
    UNION
    (SELECT d.incident_id, d.website_id, d.payload ->> 'monitor_id' FROM delivery d
     WHERE d.channel_id = sqlc.arg(channel_id) AND d.website_id = sqlc.arg(website_id)
       AND d.finished_at IS NULL AND d.status = 'pending' AND d.attempts = 0 AND d.digest_id IS NULL
       AND d.transition = sqlc.arg(transition)::text AND (d.payload ? 'until') = sqlc.arg(ended)::boolean
     ORDER BY d.seq LIMIT sqlc.arg(max_rows))
), found AS (
    SELECT d.id FROM picked p JOIN delivery d ON d.incident_id = p.incident_id AND d.channel_id = sqlc.arg(channel_id)
    WHERE d.status = 'pending' AND d.transition <> 'test'
    UNION
    SELECT d.id FROM picked p JOIN delivery d ON d.channel_id = sqlc.arg(channel_id) AND d.website_id = p.website_id
      AND d.finished_at IS NULL AND d.payload ->> 'monitor_id' = p.monitor_id
    WHERE p.incident_id IS NULL AND d.incident_id IS NULL AND d.status = 'pending' AND d.transition <> 'test'
)
SELECT d.id, d.incident_id, d.website_id, coalesce(d.payload ->> 'monitor_id', '')::text AS monitor_id, d.transition,
       (d.payload ? 'until')::boolean AS ended, d.seq, d.attempts, d.claimed_until, d.retry_at, d.digest_id, d.digest_key, d.created_at,
       coalesce(d.payload ->> 'reason', '')::text AS reason, coalesce(d.payload -> 'places', '[]')::jsonb AS places,
       (CASE d.transition
            WHEN 'recovered' THEN
                EXISTS (SELECT FROM delivery o WHERE o.incident_id = d.incident_id AND o.channel_id = d.channel_id
                        AND o.transition IN ('down', 'degraded') AND o.status IN ('suppressed', 'dead'))
                AND NOT EXISTS (SELECT FROM delivery o WHERE o.incident_id = d.incident_id AND o.channel_id = d.channel_id
                        AND o.transition IN ('down', 'degraded', 'reminder') AND o.status IN ('delivered', 'combined'))
            WHEN 'reminder' THEN
                EXISTS (SELECT FROM incident i WHERE i.id = d.incident_id
                        AND (i.resolved_at IS NOT NULL OR i.acknowledged_at IS NOT NULL))
            ELSE sqlc.arg(throttle_ms)::bigint > 0 AND NOT d.payload ? 'until' AND EXISTS (
                SELECT FROM delivery o WHERE o.channel_id = d.channel_id AND o.website_id = d.website_id
                AND o.finished_at > now() - sqlc.arg(throttle_ms)::bigint * interval '1 millisecond'
                AND o.status IN ('delivered', 'combined') AND o.transition = ANY (sqlc.arg(throttlers)::text[])
                AND (d.incident_id IS NULL OR o.incident_id IS DISTINCT FROM d.incident_id))
        END)::boolean AS apart
FROM found f JOIN delivery d ON d.id = f.id
ORDER BY d.seq;

-- name: LockWaiting :many
-- Passes over what is about to be deleted.
SELECT id FROM delivery WHERE id = ANY (sqlc.arg(ids)::uuid[]) AND status = 'pending' FOR UPDATE SKIP LOCKED;

-- name: LockSending :exec
-- In the order in which deciding locks, so that the two wait for each other one way only.
SELECT id FROM delivery WHERE id = ANY (sqlc.arg(ids)::uuid[]) ORDER BY seq FOR UPDATE;

-- name: DigestMembers :many
-- What the message of a head tells, the head among it.
SELECT d.id, d.incident_id, d.website_id, coalesce(d.payload ->> 'monitor_id', '')::text AS monitor_id, d.transition,
       (d.payload ? 'until')::boolean AS ended, d.seq, d.attempts, d.claimed_until, d.retry_at, d.digest_id, d.digest_key, d.created_at,
       coalesce(d.payload ->> 'reason', '')::text AS reason, coalesce(d.payload -> 'places', '[]')::jsonb AS places,
       false AS apart
FROM delivery d
WHERE d.digest_id = sqlc.arg(head) AND d.status = 'pending'
ORDER BY d.seq;

-- name: DeliveryPayloads :many
SELECT id, payload FROM delivery WHERE id = ANY (sqlc.arg(ids)::uuid[]);
