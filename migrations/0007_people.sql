-- People: who they are, where they belong, how they sign in, and what an organisation may use.

-- +goose Up
-- A person may belong to several organisations, with a role in each.
CREATE TABLE membership (
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    org_id     uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    role       text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, org_id)
);
CREATE INDEX membership_org ON membership (org_id, account_id);
INSERT INTO membership (account_id, org_id, role, created_at) SELECT id, org_id, role, created_at FROM account;
ALTER TABLE account DROP COLUMN org_id, DROP COLUMN role;

ALTER TABLE account
    ADD COLUMN name            text NOT NULL DEFAULT '',
    ADD COLUMN totp_sealed     bytea,             -- the second factor's secret, sealed under the fleet's key
    ADD COLUMN totp_since      timestamptz,       -- it is asked for; null with a secret: not confirmed yet
    ADD COLUMN totp_step       bigint NOT NULL DEFAULT 0, -- of the last code taken: none works twice
    ADD COLUMN recovery_hashes bytea[] NOT NULL DEFAULT '{}', -- SHA-256 of the recovery codes that are left
    ADD COLUMN last_sign_in_at timestamptz;

-- The cookie holds 256 random bits; here is their SHA-256.
CREATE TABLE session (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    org_id       uuid REFERENCES org ON DELETE SET NULL, -- that it works in
    hash         bytea NOT NULL UNIQUE,
    address      text NOT NULL DEFAULT '',
    user_agent   text NOT NULL DEFAULT '',
    remember     boolean NOT NULL DEFAULT false,         -- it lasts longer without use
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX session_account ON session (account_id, id);
CREATE INDEX session_org ON session (org_id);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE password_reset (
    hash       bytea PRIMARY KEY, -- SHA-256 of the token in the mail
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX password_reset_account ON password_reset (account_id);
CREATE INDEX password_reset_expires ON password_reset (expires_at);

CREATE TABLE invitation (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    email      text NOT NULL,
    role       text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    hash       bytea NOT NULL UNIQUE, -- SHA-256 of the token in the mail
    invited_by text NOT NULL,         -- as who invited was called then
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX invitation_email ON invitation (org_id, lower(email));
CREATE INDEX invitation_org ON invitation (org_id, id);
CREATE INDEX invitation_expires ON invitation (expires_at);

-- Failed attempts to sign in, per account and per address.
CREATE TABLE sign_in_failure (
    subject    text PRIMARY KEY, -- SHA-256 of what was tried: an e-mail address, a client's address
    failures   integer NOT NULL,
    blocked_until timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_failure_updated ON sign_in_failure (updated_at);

-- What an organisation may use; null: the fleet's setting.
ALTER TABLE org
    ADD COLUMN max_websites          integer CHECK (max_websites >= 0),
    ADD COLUMN max_monitors          integer CHECK (max_monitors >= 0),
    ADD COLUMN max_checks_per_minute integer CHECK (max_checks_per_minute >= 0),
    ADD COLUMN max_channels          integer CHECK (max_channels >= 0),
    ADD COLUMN updated_at            timestamptz NOT NULL DEFAULT now();

CREATE TRIGGER org_audit AFTER UPDATE OR DELETE ON org
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('organisation', 'id', '{updated_at}', '{}');
CREATE TRIGGER membership_audit AFTER INSERT OR UPDATE OR DELETE ON membership
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('member', 'account_id', '{}', '{}');
CREATE TRIGGER invitation_audit AFTER INSERT OR UPDATE OR DELETE ON invitation
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('invitation', 'id', '{}', '{hash}');

-- +goose Down
DROP TRIGGER invitation_audit ON invitation;
DROP TRIGGER membership_audit ON membership;
DROP TRIGGER org_audit ON org;
ALTER TABLE org DROP COLUMN max_websites, DROP COLUMN max_monitors, DROP COLUMN max_checks_per_minute, DROP COLUMN max_channels, DROP COLUMN updated_at;
DROP TABLE sign_in_failure, invitation, password_reset, session;
ALTER TABLE account DROP COLUMN name, DROP COLUMN totp_sealed, DROP COLUMN totp_since, DROP COLUMN totp_step, DROP COLUMN recovery_hashes, DROP COLUMN last_sign_in_at;
ALTER TABLE account ADD COLUMN org_id uuid REFERENCES org ON DELETE CASCADE, ADD COLUMN role text NOT NULL DEFAULT 'viewer' CHECK (role IN ('owner', 'admin', 'editor', 'viewer'));
UPDATE account SET (org_id, role) = (SELECT org_id, role FROM membership WHERE account_id = id ORDER BY membership.created_at LIMIT 1);
DELETE FROM account WHERE org_id IS NULL;
ALTER TABLE account ALTER COLUMN org_id SET NOT NULL;
DROP TABLE membership;
