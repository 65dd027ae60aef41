-- Monitors that call in by themselves.

-- +goose Up
-- A job may run once a quarter: more milliseconds than an integer holds.
ALTER TABLE monitor ALTER COLUMN interval_ms TYPE bigint;

CREATE TABLE heartbeat (
    monitor_id   uuid PRIMARY KEY REFERENCES monitor ON DELETE CASCADE,
    org_id       uuid NOT NULL,
    token_hash   bytea NOT NULL UNIQUE, -- SHA-256 of the token (160 random bits need no slow hash)
    token_sealed bytea NOT NULL,        -- the token under the fleet's key: its owner may see it again
    -- What came last, as the fold knows it.
    last_at      timestamptz,           -- a finish, well or not
    last_ok      boolean,
    last_message text NOT NULL DEFAULT '',
    duration_ms  bigint,                -- of the last run
    started_at   timestamptz,           -- of a run that has not finished
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- Since when and until when the api was able to take pings without a gap: silence
-- proves something only then.
CREATE TABLE heartbeat_listening (
    shard       integer PRIMARY KEY,
    since       timestamptz NOT NULL,
    until       timestamptz NOT NULL,
    CHECK (until >= since)
);

-- +goose Down
DROP TABLE heartbeat_listening, heartbeat;
ALTER TABLE monitor ALTER COLUMN interval_ms TYPE integer;
