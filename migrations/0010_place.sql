-- Alerts about one host, address or certificate are told together, too.

-- +goose Up
-- What a channel was told lately, whatever its cause.
CREATE INDEX delivery_told ON delivery (channel_id, finished_at) WHERE status = 'delivered' AND payload ? 'places';

-- +goose Down
DROP INDEX delivery_told;
