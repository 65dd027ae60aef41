-- Alerts that belong together are told together.

-- +goose Up
-- What makes alerts one story to people: those of one website, or of one cause. Empty:
-- it stands for itself.
ALTER TABLE delivery ADD COLUMN digest_key text NOT NULL DEFAULT '';
-- The delivery that told what this one says.
ALTER TABLE delivery ADD COLUMN digest_id uuid REFERENCES delivery ON DELETE SET NULL;
CREATE INDEX delivery_digest ON delivery (channel_id, digest_key, created_at) WHERE digest_key <> '';
CREATE INDEX delivery_told_by ON delivery (digest_id) WHERE digest_id IS NOT NULL;

-- +goose Down
ALTER TABLE delivery DROP COLUMN digest_id, DROP COLUMN digest_key;
