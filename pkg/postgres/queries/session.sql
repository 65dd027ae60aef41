-- name: InsertSession :one
-- In the organisation asked for, or else in the one where the account was last, or the first it came to.
INSERT INTO session (id, account_id, org_id, hash, address, user_agent, remember, created_at, last_seen_at, expires_at)
VALUES (@id, @account_id, COALESCE(
        (SELECT m.org_id FROM membership m WHERE m.account_id = @account_id AND m.org_id = sqlc.narg(org_id)::uuid),
        (SELECT s.org_id FROM session s JOIN membership m ON m.account_id = s.account_id AND m.org_id = s.org_id
            WHERE s.account_id = @account_id ORDER BY s.last_seen_at DESC LIMIT 1),
        (SELECT m.org_id FROM membership m WHERE m.account_id = @account_id ORDER BY m.created_at, m.org_id LIMIT 1)),
    @hash, @address, @user_agent, @remember, @created_at, @created_at, @expires_at)
RETURNING *;

-- name: SessionByHash :one
SELECT sqlc.embed(s), a.email, a.name, COALESCE(m.role, '') AS role
FROM session s JOIN account a ON a.id = s.account_id LEFT JOIN membership m ON m.account_id = s.account_id AND m.org_id = s.org_id
WHERE s.hash = @hash;

-- name: TouchSession :exec
UPDATE session SET last_seen_at = @at, expires_at = @expires_at WHERE id = @id AND last_seen_at < @at;

-- name: SwitchSession :execrows
UPDATE session SET org_id = @org_id WHERE session.id = @id
    AND EXISTS (SELECT FROM membership m WHERE m.account_id = session.account_id AND m.org_id = @org_id);

-- name: ListSessions :many
SELECT * FROM session WHERE account_id = @account_id AND expires_at > @at ORDER BY id DESC LIMIT @max_rows;

-- name: EndSession :execrows
DELETE FROM session WHERE account_id = @account_id AND id = @id;

-- name: EndSessionByHash :exec
DELETE FROM session WHERE hash = @hash;

-- name: EndSessions :exec
-- Of the account, all but one.
DELETE FROM session WHERE account_id = @account_id AND (sqlc.narg(but)::uuid IS NULL OR id <> sqlc.narg(but)::uuid);

-- name: TrimSessions :exec
-- What an account has beyond a bound, the longest unused first.
DELETE FROM session WHERE id IN (
    SELECT s.id FROM session s WHERE s.account_id = @account_id ORDER BY s.last_seen_at DESC, s.id DESC OFFSET @most);

-- name: PurgeSessions :execrows
DELETE FROM session WHERE id IN (SELECT s.id FROM session s WHERE s.expires_at < @before LIMIT @batch);

-- name: InsertPasswordReset :exec
INSERT INTO password_reset (hash, account_id, created_at, expires_at) VALUES (@hash, @account_id, @created_at, @expires_at);

-- name: PasswordResetAccount :one
SELECT account_id FROM password_reset WHERE hash = @hash AND expires_at > @at;

-- name: TakePasswordReset :one
DELETE FROM password_reset WHERE hash = @hash AND expires_at > @at RETURNING account_id;

-- name: DropPasswordResets :exec
DELETE FROM password_reset WHERE account_id = @account_id;

-- name: PurgePasswordResets :execrows
DELETE FROM password_reset WHERE hash IN (SELECT p.hash FROM password_reset p WHERE p.expires_at < @before LIMIT @batch);

-- name: PurgeInvitations :execrows
DELETE FROM invitation WHERE id IN (SELECT i.id FROM invitation i WHERE i.expires_at < @before LIMIT @batch);

-- name: EnsureSignInFailure :exec
INSERT INTO sign_in_failure (subject, failures, updated_at) VALUES (@subject, 0, @at) ON CONFLICT (subject) DO NOTHING;

-- name: LockSignInFailure :one
SELECT * FROM sign_in_failure WHERE subject = @subject FOR UPDATE;

-- name: UpdateSignInFailure :exec
UPDATE sign_in_failure SET failures = @failures, blocked_until = sqlc.narg(blocked_until), updated_at = @at WHERE subject = @subject;

-- name: PurgeSignInFailures :execrows
DELETE FROM sign_in_failure WHERE subject IN (SELECT f.subject FROM sign_in_failure f WHERE f.updated_at < @before LIMIT @batch);
