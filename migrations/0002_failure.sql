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

-- The end of what a monitor's target needs to go on, as it was seen last, and the last
-- warning of it: one at each threshold of one end.
CREATE TABLE expiry (
    monitor_id  uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    org_id      uuid NOT NULL,
    subject     text NOT NULL CHECK (subject IN ('certificate', 'domain')),
    ends_at     timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    warned_days smallint, -- null: not warned of this end
    PRIMARY KEY (monitor_id, subject)
);
CREATE INDEX expiry_org ON expiry (org_id, ends_at);

-- +goose Down
DROP TABLE expiry, failure;
