-- The fleet's configuration and what it found out. Every row of a tenant carries
-- its org_id. Times are timestamptz; durations are named with their unit.

-- +goose Up
CREATE TABLE org (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE account (
    id            uuid PRIMARY KEY,
    org_id        uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    email         text NOT NULL,
    password_hash text NOT NULL, -- argon2id in PHC form
    role          text NOT NULL DEFAULT 'viewer' CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX account_email ON account (lower(email));

CREATE TABLE api_key (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    name         text NOT NULL,
    prefix       text NOT NULL UNIQUE,  -- public part, by which the key is found
    hash         bytea NOT NULL,        -- SHA-256 of the whole key (256 random bits need no slow hash)
    scopes       text[] NOT NULL DEFAULT '{read}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX api_key_org ON api_key (org_id);

CREATE TABLE region (
    name         text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    org_id       uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    title        text NOT NULL DEFAULT '',
    latitude     double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude    double precision CHECK (longitude BETWEEN -180 AND 180),
    enablement   text NOT NULL DEFAULT 'pending' CHECK (enablement IN ('pending', 'enabled', 'disabled')),
    key_sealed   bytea,       -- the region's message key, sealed under the fleet's key
    last_seen_at timestamptz, -- a live worker was last seen
    sick_since   timestamptz,
    health       jsonb NOT NULL DEFAULT '{}', -- what the aggregator has learned of how the region does
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX region_org ON region (org_id);

CREATE TABLE website (
    id              uuid PRIMARY KEY,
    org_id          uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    name            text NOT NULL,
    url             text NOT NULL,
    url_key         text NOT NULL, -- the URL normalised, by which duplicates are found
    allow_duplicate boolean NOT NULL DEFAULT false,
    external_id     text,
    paused          boolean NOT NULL DEFAULT false,
    paused_until    timestamptz,
    muted           boolean NOT NULL DEFAULT false,
    muted_until     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX website_url ON website (org_id, url_key) WHERE NOT allow_duplicate;
CREATE INDEX website_url_again ON website (org_id, url_key) WHERE allow_duplicate;
CREATE UNIQUE INDEX website_external ON website (org_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX website_org ON website (org_id, id);
CREATE INDEX website_paused_until ON website (paused_until) WHERE paused_until IS NOT NULL;
CREATE INDEX website_muted_until ON website (muted_until) WHERE muted_until IS NOT NULL;

CREATE TABLE monitor (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    website_id  uuid NOT NULL REFERENCES website ON DELETE CASCADE,
    kind        text NOT NULL,
    name        text NOT NULL DEFAULT '',
    target      text NOT NULL,
    settings    jsonb NOT NULL DEFAULT '{}',   -- without secrets
    secrets_sealed bytea,                      -- the settings' secrets, sealed under the fleet's key
    secrets_sent   jsonb NOT NULL DEFAULT '{}', -- the same under the key of each region: a member of a check's settings
    interval_ms integer NOT NULL CHECK (interval_ms >= 5000),
    timeout_ms  integer NOT NULL CHECK (timeout_ms BETWEEN 100 AND interval_ms),
    regions     text[], -- null: every enabled region, later ones too
    policy      jsonb NOT NULL,
    paused      boolean NOT NULL DEFAULT false,
    revision    bigint NOT NULL DEFAULT 1, -- grows with every change that concerns checking or judging
    -- The revision since which kind, target, settings and secrets have been what they
    -- are: results of an older one speak of another target. A trigger keeps it.
    target_revision bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX monitor_website ON monitor (website_id, id);
CREATE INDEX monitor_org ON monitor (org_id, id);
CREATE INDEX monitor_updated ON monitor (updated_at);

-- Every change reaches the pusher and the aggregator by its monitor's id; a poll by
-- updated_at and monitor_deleted stands behind the notification.
CREATE TABLE monitor_deleted (
    id         uuid PRIMARY KEY,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    cleaned_at timestamptz -- its ticks and queue entries are gone, those of checks that were in flight included
);
CREATE INDEX monitor_deleted_at ON monitor_deleted (deleted_at);
CREATE INDEX monitor_deleted_unclean ON monitor_deleted (deleted_at) WHERE cleaned_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION monitor_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO monitor_deleted (id) VALUES (OLD.id) ON CONFLICT (id) DO NOTHING;
        PERFORM pg_notify('monitor_changed', OLD.id::text);
        RETURN OLD;
    END IF;
    PERFORM pg_notify('monitor_changed', NEW.id::text);
    RETURN NEW;
END $$;

-- A change of what is looked at always makes a new revision, whoever wrote it.
CREATE FUNCTION monitor_retarget() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION website_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.paused IS DISTINCT FROM OLD.paused THEN
        UPDATE monitor SET revision = revision + 1, updated_at = now() WHERE website_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION region_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('region_changed', COALESCE(NEW.name, OLD.name));
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER monitor_retarget BEFORE INSERT OR UPDATE ON monitor
    FOR EACH ROW EXECUTE FUNCTION monitor_retarget();
CREATE TRIGGER monitor_notify AFTER INSERT OR UPDATE OR DELETE ON monitor
    FOR EACH ROW EXECUTE FUNCTION monitor_notify();
CREATE TRIGGER website_notify AFTER UPDATE ON website
    FOR EACH ROW EXECUTE FUNCTION website_notify();
CREATE TRIGGER region_notify AFTER INSERT OR DELETE OR UPDATE OF enablement, name ON region
    FOR EACH ROW EXECUTE FUNCTION region_notify();

-- One writer (role pusher) and one fold (role aggregator) per shard; the database's
-- clock decides, epoch + 1 on takeover fences the one before.
CREATE TABLE shard_lease (
    role       text NOT NULL,
    shard      integer NOT NULL,
    owner      text NOT NULL,
    epoch      bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (role, shard)
);

-- The fold's checkpoint: votes, verdicts, and how far each results stream is folded.
CREATE TABLE vote (
    monitor_id  uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    region      text NOT NULL,
    revision    bigint NOT NULL,
    outcome     text NOT NULL,
    reason      text NOT NULL DEFAULT '',
    detail      text NOT NULL DEFAULT '',
    since       timestamptz NOT NULL, -- the outcome has not changed since
    due         timestamptz NOT NULL,
    latency_us  bigint NOT NULL,
    code        integer NOT NULL DEFAULT 0,
    ip          text NOT NULL DEFAULT '',
    site        text NOT NULL DEFAULT '',
    canary      smallint NOT NULL DEFAULT 0,
    exempt      boolean NOT NULL DEFAULT false,
    counted     boolean NOT NULL DEFAULT true, -- at the last judgement
    PRIMARY KEY (monitor_id, region)
) WITH (fillfactor = 70);

CREATE TABLE monitor_state (
    monitor_id uuid PRIMARY KEY REFERENCES monitor ON DELETE CASCADE,
    org_id     uuid NOT NULL,
    revision   bigint NOT NULL,
    verdict    text NOT NULL DEFAULT 'unknown',
    since      timestamptz NOT NULL,
    reason     text NOT NULL DEFAULT '',
    advisory   text[] NOT NULL DEFAULT '{}', -- regions failing below quorum
    advisory_since timestamptz,
    checkpoint jsonb NOT NULL DEFAULT '{}',  -- what the fold needs to go on: round, clean rounds, flap history
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

CREATE INDEX monitor_state_not_up ON monitor_state (org_id, verdict) WHERE verdict <> 'up';

CREATE TABLE stream_position (
    region     text NOT NULL,
    shard      integer NOT NULL,
    last_id    text NOT NULL,
    folded     bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, shard)
);

-- Lateness and counts per region as the aggregator saw them over its last window.
CREATE TABLE region_stat (
    region      text NOT NULL,
    shard       integer NOT NULL,
    window_ms   integer NOT NULL,
    results     bigint NOT NULL,
    failed      bigint NOT NULL,
    late_p50_us bigint NOT NULL,
    late_p99_us bigint NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (region, shard)
);

CREATE TABLE span (
    monitor_id uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    org_id     uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz, -- null: still so
    verdict    text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    PRIMARY KEY (monitor_id, started_at),
    CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX span_open ON span (monitor_id) WHERE ended_at IS NULL;

CREATE TABLE vote_span (
    monitor_id uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    org_id     uuid NOT NULL,
    region     text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text NOT NULL,
    reason     text NOT NULL DEFAULT '',
    PRIMARY KEY (monitor_id, region, started_at),
    CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX vote_span_open ON vote_span (monitor_id, region) WHERE ended_at IS NULL;
CREATE INDEX vote_span_ended ON vote_span (ended_at);

CREATE TABLE incident (
    id              uuid PRIMARY KEY,
    org_id          uuid NOT NULL,
    website_id      uuid NOT NULL REFERENCES website ON DELETE CASCADE,
    monitor_id      uuid NOT NULL REFERENCES monitor ON DELETE CASCADE,
    severity        text NOT NULL CHECK (severity IN ('down', 'degraded')),
    opened_at       timestamptz NOT NULL,
    resolved_at     timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    explanation     text NOT NULL, -- of the opening, in one sentence
    resolution      text NOT NULL DEFAULT '', -- of the end, in one sentence
    evidence        jsonb NOT NULL,
    damped          boolean NOT NULL DEFAULT false -- nobody was told: the monitor flapped, or was muted
);
CREATE UNIQUE INDEX incident_open ON incident (monitor_id) WHERE resolved_at IS NULL;
CREATE INDEX incident_untold ON incident (monitor_id) WHERE damped AND resolved_at IS NULL;
CREATE INDEX incident_unresolved ON incident (org_id, id DESC) WHERE resolved_at IS NULL;
CREATE INDEX incident_org ON incident (org_id, id DESC);
CREATE INDEX incident_website ON incident (website_id, id DESC);

CREATE TABLE incident_event (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    incident_id uuid NOT NULL REFERENCES incident ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    kind        text NOT NULL, -- first_failure, round, opened, alerted, acknowledged, resolved, ...
    data        jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_event_incident ON incident_event (incident_id, at, id);

-- What concerns the fleet itself: a blind fleet, a silent or sick region.
CREATE TABLE fleet_event (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    region      text NOT NULL DEFAULT '',
    opened_at   timestamptz NOT NULL,
    resolved_at timestamptz,
    explanation text NOT NULL
);
CREATE UNIQUE INDEX fleet_event_open ON fleet_event (kind, region) WHERE resolved_at IS NULL;

CREATE TABLE channel (
    id               uuid PRIMARY KEY,
    org_id           uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    name             text NOT NULL,
    kind             text NOT NULL,
    config           jsonb NOT NULL DEFAULT '{}', -- what may be shown
    secrets_sealed   bytea,                       -- JSON of the secret fields, sealed under the fleet's key
    enabled          boolean NOT NULL DEFAULT true,
    events           text[] NOT NULL,
    website_ids      uuid[], -- null: every website
    reminder_seconds integer NOT NULL DEFAULT 0 CHECK (reminder_seconds >= 0),
    throttle_seconds integer NOT NULL DEFAULT 0 CHECK (throttle_seconds >= 0),
    hold_until       timestamptz,             -- the other side asked to be left alone until then
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX channel_org ON channel (org_id, id);

-- One alert to one channel. The row is written in the transaction of the transition
-- that it tells of; the key makes a second row for the same transition impossible.
CREATE TABLE delivery (
    id              uuid PRIMARY KEY,
    org_id          uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    channel_id      uuid NOT NULL REFERENCES channel ON DELETE CASCADE,
    incident_id     uuid REFERENCES incident ON DELETE CASCADE,
    website_id      uuid REFERENCES website ON DELETE CASCADE,
    transition      text NOT NULL, -- down, recovered, degraded, advisory, fleet, reminder, test
    idempotency_key text NOT NULL UNIQUE,
    seq             bigint GENERATED ALWAYS AS IDENTITY, -- order per incident and channel
    status          text NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'delivered', 'dead', 'suppressed', 'combined')),
    attempts        integer NOT NULL DEFAULT 0,
    refusals        integer NOT NULL DEFAULT 0, -- of them in a row, refused as if for good
    payload         jsonb NOT NULL,
    response        jsonb, -- the other side's last answer
    error           text NOT NULL DEFAULT '',
    claimed_until   timestamptz, -- a notifier is sending it, and nobody else does before then
    retry_at        timestamptz, -- not to be tried again before then
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz
);
CREATE INDEX delivery_org ON delivery (org_id, id DESC);
CREATE INDEX delivery_order ON delivery (incident_id, channel_id, seq);
CREATE INDEX delivery_channel ON delivery (channel_id, id DESC);
CREATE INDEX delivery_finished ON delivery (finished_at);
CREATE INDEX delivery_pending ON delivery (channel_id, created_at) WHERE status = 'pending';
CREATE INDEX delivery_claimed ON delivery (channel_id) WHERE status = 'pending' AND claimed_until IS NOT NULL;
CREATE INDEX delivery_throttle ON delivery (channel_id, website_id, finished_at);

-- +goose Down
DROP TABLE delivery, channel, fleet_event, incident_event, incident, vote_span, span, region_stat,
    stream_position, monitor_state, vote, shard_lease, monitor_deleted, monitor, website, region, api_key,
    account, org;
DROP FUNCTION monitor_notify, monitor_retarget, website_notify, region_notify;
