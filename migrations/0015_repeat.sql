-- Calls that may be repeated are known by caller and key alone: a person who makes an
-- organisation is in another one afterwards, and may have been in none before.

-- +goose Up
ALTER TABLE idempotent_call
    DROP CONSTRAINT idempotent_call_pkey,
    ALTER COLUMN org_id DROP NOT NULL,
    ADD PRIMARY KEY (caller_id, key);
-- The other index of the organisation went with the key: its deletion looks for its calls.
CREATE INDEX idempotent_call_org ON idempotent_call (org_id);

-- +goose Down
DELETE FROM idempotent_call;
DROP INDEX idempotent_call_org;
ALTER TABLE idempotent_call
    DROP CONSTRAINT idempotent_call_pkey,
    ALTER COLUMN org_id SET NOT NULL,
    ADD PRIMARY KEY (org_id, caller_id, key);
