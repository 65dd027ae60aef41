-- name: GetOrg :one
SELECT * FROM org WHERE id = @id;

-- name: LockWholeOrg :one
SELECT * FROM org WHERE id = @id FOR UPDATE;

-- name: UpdateOrg :one
UPDATE org SET name = @name, slug = @slug, updated_at = now() WHERE id = @id RETURNING *;

-- name: MonitorsOfOrg :many
SELECT id FROM monitor WHERE org_id = @org_id;

-- name: DeleteOrg :execrows
DELETE FROM org WHERE id = @id;

-- name: ListMembers :many
SELECT a.id, a.email, a.name, m.role, (a.totp_since IS NOT NULL)::boolean AS totp, m.created_at AS since, a.last_sign_in_at
FROM membership m JOIN account a ON a.id = m.account_id
WHERE m.org_id = @org_id AND (sqlc.narg(after)::uuid IS NULL OR a.id > sqlc.narg(after)::uuid)
ORDER BY a.id LIMIT @max_rows;

-- name: GetMember :one
SELECT a.id, a.email, a.name, m.role, (a.totp_since IS NOT NULL)::boolean AS totp, m.created_at AS since, a.last_sign_in_at
FROM membership m JOIN account a ON a.id = m.account_id
WHERE m.org_id = @org_id AND m.account_id = @account_id;

-- name: SetMemberRole :exec
UPDATE membership SET role = @role WHERE org_id = @org_id AND account_id = @account_id;

-- name: DeleteMember :exec
DELETE FROM membership WHERE org_id = @org_id AND account_id = @account_id;

-- name: EndSessionsIn :exec
DELETE FROM session WHERE account_id = @account_id AND org_id = @org_id;

-- name: LeaveInSessions :exec
UPDATE session SET org_id = NULL WHERE account_id = @account_id AND org_id = @org_id;

-- name: ListInvitations :many
SELECT * FROM invitation WHERE org_id = @org_id AND (sqlc.narg(after)::uuid IS NULL OR id > sqlc.narg(after)::uuid)
ORDER BY id LIMIT @max_rows;

-- name: DropExpiredInvitation :exec
DELETE FROM invitation WHERE org_id = @org_id AND lower(email) = lower(@email) AND expires_at <= @at;

-- name: InsertInvitation :one
INSERT INTO invitation (id, org_id, email, role, hash, invited_by, created_at, expires_at)
VALUES (@id, @org_id, @email, @role, @hash, @invited_by, @created_at, @expires_at) RETURNING *;

-- name: InvitationOfEmail :one
SELECT id FROM invitation WHERE org_id = @org_id AND lower(email) = lower(@email);

-- name: GetInvitation :one
SELECT * FROM invitation WHERE org_id = @org_id AND id = @id;

-- name: RenewInvitation :one
UPDATE invitation SET hash = @hash, expires_at = @expires_at WHERE org_id = @org_id AND id = @id RETURNING *;

-- name: DeleteInvitation :execrows
DELETE FROM invitation WHERE org_id = @org_id AND id = @id;

-- name: InvitationByHash :one
SELECT sqlc.embed(i), o.name AS organisation,
    EXISTS (SELECT FROM account a WHERE lower(a.email) = lower(i.email))::boolean AS has_account
FROM invitation i JOIN org o ON o.id = i.org_id WHERE i.hash = @hash AND i.expires_at > @at;

-- name: TakeInvitation :one
DELETE FROM invitation WHERE hash = @hash AND expires_at > @at RETURNING *;

-- name: IsMember :one
SELECT EXISTS (SELECT FROM membership m JOIN account a ON a.id = m.account_id
    WHERE m.org_id = @org_id AND lower(a.email) = lower(@email));
