-- What failed checks saw, and when certificates and registrations end.

-- +goose Up
CREATE TABLE failure (
    monitor_id  uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    org_id      uuid NOT NULL,
    region      text NOT NULL,
    due         timestamptz NOT NULL,
    incident_id uuid REFERENCES incident ON DELETE SET NULL, -- of the incident that it led to: kept as long
    outcome     text NOT NULL,
    reason      text NOT NULL,
    detail      text NOT NULL DEFAULT '',
    code        integer NOT NULL DEFAULT 0,
    ip          text NOT NULL DEFAULT '',
    attempts    integer NOT NULL DEFAULT 1,
    worker      text NOT NULL DEFAULT '',
    dns_us      bigint NOT NULL DEFAULT 0,
    connect_us  bigint NOT NULL DEFAULT 0,
    tls_us      bigint NOT NULL DEFAULT 0,
    ttfb_us     bigint NOT NULL DEFAULT 0,
    transfer_us bigint NOT NULL DEFAULT 0,
    total_us    bigint NOT NULL DEFAULT 0,
    evidence    jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (monitor_id, region, due)
);
CREATE INDEX failure_newest ON failure (monitor_id, due DESC, region);
CREATE INDEX failure_incident ON failure (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX failure_loose ON failure (monitor_id, due DESC, region) WHERE incident_id IS NULL; -- of which the newest are kept

-- The end of what a monitor's target needs to go on: the earliest that was seen of late,
-- and the last warning of it, one at each threshold.
CREATE TABLE expiry (
    monitor_id  uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    org_id      uuid NOT NULL,
    subject     text NOT NULL CHECK (subject IN ('certificate', 'domain')),
    target_revision bigint NOT NULL, -- of the monitor: an end of another target counts for nothing
    ends_at     timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    warned_days smallint, -- null: not warned of this end
    untold      boolean NOT NULL DEFAULT false, -- nobody heard of the last warning: the website was muted
    PRIMARY KEY (monitor_id, subject)
) WITH (fillfactor = 70);
CREATE INDEX expiry_untold ON expiry (monitor_id) WHERE untold;

-- +goose StatementBegin
CREATE FUNCTION expiry_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM expiry WHERE monitor_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER monitor_retarget_expiry AFTER UPDATE ON monitor
    FOR EACH ROW WHEN (NEW.target_revision <> OLD.target_revision) EXECUTE FUNCTION expiry_forget();

-- Whoever left the choice of events to the default goes on doing so.
UPDATE channel SET events = events || '{expiry}'
WHERE events @> '{down,recovered}' AND events <@ '{down,recovered}';

-- +goose Down
UPDATE channel SET events = array_remove(events, 'expiry') WHERE 'expiry' = ANY (events);
DROP TRIGGER monitor_retarget_expiry ON monitor;
DROP FUNCTION expiry_forget;
DROP TABLE expiry, failure;
