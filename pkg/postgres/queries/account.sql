-- name: CountAccounts :one
SELECT count(*) FROM account;

-- name: InsertAccount :exec
INSERT INTO account (id, org_id, email, password_hash, role) VALUES (@id, @org_id, @email, @password_hash, @role);

-- name: AccountByEmail :one
SELECT * FROM account WHERE lower(email) = lower(@email);
