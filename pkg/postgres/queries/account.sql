-- name: CountAccounts :one
SELECT count(*) FROM account;

-- name: InsertAccount :exec
INSERT INTO account (id, email, name, password_hash) VALUES (@id, @email, @name, @password_hash);

-- name: InsertMembership :exec
INSERT INTO membership (account_id, org_id, role) VALUES (@account_id, @org_id, @role);

-- name: AccountByEmail :one
SELECT * FROM account WHERE lower(email) = lower(@email);

-- name: GetAccount :one
SELECT * FROM account WHERE id = @id;

-- name: LockAccount :one
SELECT * FROM account WHERE id = @id FOR UPDATE;

-- name: UpdateAccount :one
UPDATE account SET email = @email, name = @name, password_hash = @password_hash, totp_sealed = @totp_sealed,
    totp_since = sqlc.narg(totp_since), totp_step = @totp_step, recovery_hashes = @recovery_hashes
WHERE id = @id RETURNING *;

-- name: DeleteAccount :execrows
DELETE FROM account WHERE id = @id;

-- name: ListAccounts :many
SELECT * FROM account WHERE sqlc.narg(after)::uuid IS NULL OR id > sqlc.narg(after)::uuid ORDER BY id LIMIT @max_rows;

-- name: NoteSignIn :exec
UPDATE account SET last_sign_in_at = @at WHERE id = @id;

-- name: TakeTOTPStep :execrows
-- No code works twice, nor one from before the last that did.
UPDATE account SET totp_step = @step WHERE id = @id AND totp_step < @step;

-- name: TakeRecoveryCode :execrows
UPDATE account SET recovery_hashes = array_remove(recovery_hashes, @hash::bytea) WHERE id = @id AND @hash::bytea = ANY (recovery_hashes);

-- name: ListMemberships :many
SELECT m.role, m.created_at AS since, o.id, o.slug, o.name FROM membership m JOIN org o ON o.id = m.org_id
WHERE m.account_id = @account_id ORDER BY lower(o.name), o.id LIMIT @max_rows;

-- name: LockMemberships :many
-- By organisation, as whoever changes several locks them.
SELECT o.id, m.role FROM membership m JOIN org o ON o.id = m.org_id WHERE m.account_id = @account_id ORDER BY o.id FOR NO KEY UPDATE OF o;

-- name: HasOtherOwner :one
SELECT EXISTS (SELECT FROM membership WHERE org_id = @org_id AND account_id <> @account_id AND role = 'owner');

-- name: SetPasswordHash :one
UPDATE account SET password_hash = @password_hash WHERE id = @id RETURNING *;

-- name: RenameOrg :exec
UPDATE org SET name = @name, updated_at = now() WHERE id = @id;
