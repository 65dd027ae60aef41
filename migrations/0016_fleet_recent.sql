-- The trouble of the fleet that is over is shown for some days, the latest end first.

-- +goose Up
CREATE INDEX fleet_event_resolved ON fleet_event (resolved_at, id) WHERE resolved_at IS NOT NULL;

-- +goose Down
DROP INDEX fleet_event_resolved;
