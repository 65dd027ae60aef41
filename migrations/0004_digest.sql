-- Alerts that belong together are told together.

-- +goose Up
-- The cause that an alert tells of: alerts of one cause are one story to people. Empty:
-- none that another could share.
ALTER TABLE delivery ADD COLUMN digest_key text NOT NULL DEFAULT '';
-- The delivery whose message tells this one, too; its own id, if it heads a digest. While
-- both are pending, it is the head that is sent.
ALTER TABLE delivery ADD COLUMN digest_id uuid REFERENCES delivery ON DELETE SET NULL;
-- What a channel was told of a cause, what is being tried, and what waits.
CREATE INDEX delivery_cause ON delivery (channel_id, digest_key, finished_at) WHERE digest_key <> '';
CREATE INDEX delivery_trying ON delivery (channel_id, digest_key) WHERE status = 'pending' AND (attempts > 0 OR digest_id IS NOT NULL);
CREATE INDEX delivery_waiting ON delivery (channel_id, digest_key, retry_at)
    WHERE status = 'pending' AND attempts = 0 AND digest_id IS NULL AND digest_key <> '';
CREATE INDEX delivery_told_by ON delivery (digest_id) WHERE digest_id IS NOT NULL;

-- +goose Down
ALTER TABLE delivery DROP COLUMN digest_id, DROP COLUMN digest_key;
