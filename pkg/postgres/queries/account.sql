-- name: CountAccounts :one
SELECT count(*) FROM account;

-- name: InsertAccount :exec
INSERT INTO account (id, email, name, password_hash) VALUES (@id, @email, @name, @password_hash);

-- name: InsertMembership :exec
INSERT INTO membership (account_id, org_id, role) VALUES (@account_id, @org_id, @role);

-- name: AccountByEmail :one
SELECT * FROM account WHERE lower(email) = lower(@email);
