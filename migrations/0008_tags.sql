-- Tags of websites, who keeps them as code, and calls that may be repeated.

-- +goose Up
ALTER TABLE website
    ADD COLUMN tags       text[] NOT NULL DEFAULT '{}', -- lower case, sorted, each once
    ADD COLUMN managed_by text NOT NULL DEFAULT '';     -- the source that it is kept in; empty: by hand
CREATE INDEX website_tags ON website USING gin (tags);
CREATE INDEX website_managed ON website (org_id, managed_by, id) WHERE managed_by <> '';
CREATE INDEX website_name ON website (org_id, lower(name), id);
ALTER TABLE channel ADD COLUMN managed_by text NOT NULL DEFAULT '';

-- The answers to calls with an Idempotency-Key, so that a repeated call does nothing.
CREATE TABLE idempotent_call (
    org_id     uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    caller_id  uuid NOT NULL, -- the key or the account
    key        text NOT NULL,
    operation  text NOT NULL,
    request    bytea NOT NULL, -- SHA-256 of path and body: another one under the same key is refused
    status     integer,        -- null: it is still being answered
    answer     bytea,          -- sealed under the fleet's key: it may show a secret once
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, caller_id, key)
);
CREATE INDEX idempotent_call_created ON idempotent_call (created_at);

-- +goose Down
DROP TABLE idempotent_call;
ALTER TABLE channel DROP COLUMN managed_by;
DROP INDEX website_name, website_managed, website_tags;
ALTER TABLE website DROP COLUMN tags, DROP COLUMN managed_by;
