-- The record of who changed what covers organisations and accounts.

-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
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
    -- An organisation is its own; an account is of every organisation that it belongs to.
    INSERT INTO audit (org_id, actor_kind, actor_id, actor_name, address, request_id, operation, action, object_kind, object_id, before, after)
    SELECT o.id, actor ->> 'kind', (actor ->> 'id')::uuid, actor ->> 'name', actor ->> 'address', actor ->> 'request', actor ->> 'operation',
        CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'update' ELSE 'delete' END,
        TG_ARGV[0], COALESCE(is_now, was) ->> TG_ARGV[1], was - 'org_id', is_now - 'org_id'
    FROM (SELECT (COALESCE(is_now, was) ->> CASE TG_TABLE_NAME WHEN 'org' THEN 'id' ELSE 'org_id' END)::uuid AS id
        WHERE TG_TABLE_NAME <> 'account'
        UNION ALL
        SELECT m.org_id FROM membership m WHERE TG_TABLE_NAME = 'account' AND m.account_id = (COALESCE(is_now, was) ->> 'id')::uuid) o;
    RETURN NULL;
END $$;
-- +goose StatementEnd

DROP TRIGGER org_audit ON org;
CREATE TRIGGER org_audit AFTER INSERT OR UPDATE OR DELETE ON org
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('organisation', 'id', '{updated_at}', '{}');
-- That somebody is removed is a change of the members.
CREATE TRIGGER account_audit AFTER UPDATE ON account
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('account', 'id', '{totp_step,last_sign_in_at}', '{password_hash,totp_sealed,recovery_hashes}');

-- +goose Down
DROP TRIGGER account_audit ON account;
DROP TRIGGER org_audit ON org;
CREATE TRIGGER org_audit AFTER UPDATE OR DELETE ON org
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('organisation', 'id', '{updated_at}', '{}');
