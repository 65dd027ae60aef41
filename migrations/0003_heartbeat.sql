-- Monitors that call in by themselves.

-- +goose Up
-- A job may run once a quarter: more milliseconds than an integer holds.
ALTER TABLE monitor ALTER COLUMN interval_ms TYPE bigint;

-- Nobody probes a heartbeat, so it has no timeout.
ALTER TABLE monitor DROP CONSTRAINT monitor_check;
ALTER TABLE monitor ADD CONSTRAINT monitor_timeout
    CHECK (CASE kind WHEN 'heartbeat' THEN timeout_ms = 0 ELSE timeout_ms BETWEEN 100 AND interval_ms END);

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
    late_at      timestamptz,           -- silence begins to count
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

-- No region may take the name of the heartbeats' lane.
ALTER TABLE region ADD CONSTRAINT region_reserved CHECK (name <> 'heartbeat');

-- The settings of a heartbeat say how it is judged, not what is looked at: a change of
-- them makes a new revision, as for others, but what the job said goes on to hold.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION monitor_retarget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.target_revision := NEW.revision;
    ELSIF (NEW.kind, NEW.target, NEW.settings, NEW.secrets_sealed)
        IS DISTINCT FROM (OLD.kind, OLD.target, OLD.settings, OLD.secrets_sealed) THEN
        NEW.revision := GREATEST(NEW.revision, OLD.revision + 1);
        IF NEW.kind <> 'heartbeat' OR OLD.kind <> 'heartbeat' THEN
            NEW.target_revision := NEW.revision;
        END IF;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION monitor_retarget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.target_revision := NEW.revision;
    ELSIF (NEW.kind, NEW.target, NEW.settings, NEW.secrets_sealed)
        IS DISTINCT FROM (OLD.kind, OLD.target, OLD.settings, OLD.secrets_sealed) THEN
        NEW.revision := GREATEST(NEW.revision, OLD.revision + 1);
        NEW.target_revision := NEW.revision;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TABLE heartbeat_listening, heartbeat;
ALTER TABLE region DROP CONSTRAINT region_reserved;
-- An older release cannot judge what calls in by itself.
DELETE FROM monitor WHERE kind = 'heartbeat';
ALTER TABLE monitor DROP CONSTRAINT monitor_timeout;
ALTER TABLE monitor ADD CONSTRAINT monitor_check CHECK (timeout_ms BETWEEN 100 AND interval_ms);
ALTER TABLE monitor ALTER COLUMN interval_ms TYPE integer;
