-- name: ClaimCall :one
-- Takes a key, if it is new, has been kept for long enough, or belongs to the
-- same call that nobody answers any more.
INSERT INTO idempotent_call (org_id, caller_id, key, operation, request)
VALUES (sqlc.narg(org_id), sqlc.arg(caller_id), sqlc.arg(key), sqlc.arg(operation), sqlc.arg(request))
ON CONFLICT (caller_id, key) DO UPDATE
SET org_id = EXCLUDED.org_id, operation = EXCLUDED.operation, request = EXCLUDED.request, status = NULL, answer = NULL, created_at = now()
WHERE idempotent_call.created_at < now() - sqlc.arg(kept_ms)::bigint * interval '1 millisecond'
   OR idempotent_call.status IS NULL AND idempotent_call.request = EXCLUDED.request
      AND idempotent_call.created_at < now() - sqlc.arg(abandoned_ms)::bigint * interval '1 millisecond'
RETURNING created_at;

-- name: GetCall :one
SELECT * FROM idempotent_call WHERE caller_id = @caller_id AND key = @key;

-- name: AnswerCall :execrows
-- Only by who claimed it last.
UPDATE idempotent_call SET status = @status::integer, answer = @answer
WHERE caller_id = @caller_id AND key = @key AND created_at = @claimed_at AND status IS NULL;

-- name: ReleaseCall :exec
DELETE FROM idempotent_call WHERE caller_id = @caller_id AND key = @key AND created_at = @claimed_at AND status IS NULL;

-- name: PurgeCalls :execrows
DELETE FROM idempotent_call WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM idempotent_call c WHERE c.created_at < @before
    ORDER BY c.created_at LIMIT @batch));
