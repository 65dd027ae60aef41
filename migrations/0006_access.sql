-- Keys that are managed over the API, and the record of who changed what.

-- +goose Up
-- While a rotation overlaps, the secret before works, too.
ALTER TABLE api_key ADD COLUMN previous_hash bytea, ADD COLUMN previous_until timestamptz;
ALTER TABLE api_key ADD CONSTRAINT api_key_previous CHECK ((previous_hash IS NULL) = (previous_until IS NULL));
DROP INDEX api_key_org;
CREATE INDEX api_key_org ON api_key (org_id, id);

CREATE TABLE audit (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id      uuid NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    actor_kind  text NOT NULL,            -- api_key, or system for a command of the operator
    actor_id    uuid,                     -- of the key
    actor_name  text NOT NULL,            -- as it was called then
    address     text NOT NULL,            -- of the client; empty for none
    request_id  text NOT NULL,
    operation   text NOT NULL,            -- of the API's document
    action      text NOT NULL CHECK (action IN ('create', 'update', 'delete')),
    object_kind text NOT NULL,
    object_id   text NOT NULL,            -- a region has a name
    before      jsonb,                    -- null: it was made
    after       jsonb                     -- null: it was removed
);
CREATE INDEX audit_org ON audit (org_id, id DESC);
CREATE INDEX audit_object ON audit (org_id, object_kind, object_id, id DESC);
CREATE INDEX audit_actor ON audit (org_id, actor_id, id DESC);
CREATE INDEX audit_at ON audit (at);

-- Writes down a change in the transaction that makes it. The transaction says who acts
-- in the setting probefleet.actor; changes that the fleet makes by itself have none and
-- cost nothing here. Arguments: the kind of the object, the column of its id, columns
-- whose changes are nobody's doing, and columns that are shown as *** if they are set.
-- +goose StatementBegin
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor  jsonb := current_setting('probefleet.actor')::jsonb;
    was    jsonb;
    is_now jsonb;
    secret text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := to_jsonb(OLD) - TG_ARGV[2]::text[];
    END IF;
    IF TG_OP <> 'DELETE' THEN
        is_now := to_jsonb(NEW) - TG_ARGV[2]::text[];
    END IF;
    IF TG_OP = 'UPDATE' AND was = is_now THEN
        RETURN NULL;
    END IF;
    FOREACH secret IN ARRAY TG_ARGV[3]::text[] LOOP
        IF was ->> secret IS NOT NULL THEN
            was := was || jsonb_build_object(secret, '***');
        END IF;
        IF is_now ->> secret IS NOT NULL THEN
            is_now := is_now || jsonb_build_object(secret, '***');
        END IF;
    END LOOP;
    INSERT INTO audit (org_id, actor_kind, actor_id, actor_name, address, request_id, operation, action, object_kind, object_id, before, after)
    VALUES (
        (COALESCE(is_now, was) ->> 'org_id')::uuid, actor ->> 'kind', (actor ->> 'id')::uuid, actor ->> 'name',
        actor ->> 'address', actor ->> 'request', actor ->> 'operation',
        CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'update' ELSE 'delete' END,
        TG_ARGV[0], COALESCE(is_now, was) ->> TG_ARGV[1], was - 'org_id', is_now - 'org_id'
    );
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER website_audit AFTER INSERT OR UPDATE OR DELETE ON website
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('website', 'id', '{url_key,updated_at}', '{}');
CREATE TRIGGER monitor_audit AFTER INSERT OR UPDATE OR DELETE ON monitor
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('monitor', 'id', '{secrets_sent,revision,target_revision,updated_at}', '{secrets_sealed}');
CREATE TRIGGER heartbeat_audit AFTER UPDATE OF token_hash ON heartbeat
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('monitor', 'monitor_id',
        '{last_at,last_ok,last_message,duration_ms,started_at,late_at,created_at}', '{token_hash,token_sealed}');
CREATE TRIGGER region_audit AFTER INSERT OR UPDATE OR DELETE ON region
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('region', 'name', '{last_seen_at,sick_since,health,updated_at}', '{key_sealed}');
CREATE TRIGGER channel_audit AFTER INSERT OR UPDATE OR DELETE ON channel
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('channel', 'id', '{hold_until,updated_at}', '{secrets_sealed}');
CREATE TRIGGER incident_audit AFTER UPDATE OF acknowledged_at ON incident
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('incident', 'id', '{evidence,damped}', '{}');
CREATE TRIGGER api_key_audit AFTER INSERT OR UPDATE OR DELETE ON api_key
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('api_key', 'id', '{last_used_at}', '{hash,previous_hash}');

-- +goose Down
DROP TRIGGER api_key_audit ON api_key;
DROP TRIGGER incident_audit ON incident;
DROP TRIGGER channel_audit ON channel;
DROP TRIGGER region_audit ON region;
DROP TRIGGER heartbeat_audit ON heartbeat;
DROP TRIGGER monitor_audit ON monitor;
DROP TRIGGER website_audit ON website;
DROP FUNCTION audit_change;
DROP TABLE audit;
DROP INDEX api_key_org;
CREATE INDEX api_key_org ON api_key (org_id);
ALTER TABLE api_key DROP COLUMN previous_hash, DROP COLUMN previous_until;
