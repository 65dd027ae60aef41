-- Rows are kept apart by the database, too, behind the api's own checks: what the api does
-- for a caller runs as a role that sees one organisation, or with a confined key, some of
-- its websites. The other services work as the owner of the tables, whom no policy binds.

-- +goose Up
-- What a key is confined to; both null: nothing.
ALTER TABLE api_key ADD COLUMN website_ids uuid[], ADD COLUMN tags text[];
ALTER TABLE api_key ADD CONSTRAINT api_key_confined CHECK (website_ids IS NULL AND tags IS NULL OR NOT 'admin' = ANY (scopes));

-- On whose behalf a transaction works, from its settings. Policies ask in sub-selects, so
-- that a statement asks once and not once a row.
-- +goose StatementBegin
CREATE FUNCTION tenant_org() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('probefleet.org', true), '')::uuid
$$;
CREATE FUNCTION tenant_unconfined() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE(current_setting('probefleet.websites', true), '') = '' AND COALESCE(current_setting('probefleet.tags', true), '') = ''
$$;
CREATE FUNCTION tenant_websites() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT jsonb_array_elements_text(NULLIF(current_setting('probefleet.websites', true), '')::jsonb))::uuid[]
$$;
CREATE FUNCTION tenant_tags() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT jsonb_array_elements_text(NULLIF(current_setting('probefleet.tags', true), '')::jsonb))
$$;

-- Whether the tenant sees an object. They look as the owner, and keep their plans: policies
-- of policies would make every statement several times as long to plan.
CREATE FUNCTION tenant_sees_website(website uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN EXISTS (SELECT FROM website w WHERE w.id = website AND w.org_id = tenant_org()
        AND (tenant_unconfined() OR w.id = ANY (tenant_websites()) OR w.tags && tenant_tags()));
END $$;
CREATE FUNCTION tenant_sees_monitor(monitor uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN tenant_sees_website((SELECT m.website_id FROM monitor m WHERE m.id = monitor));
END $$;
CREATE FUNCTION tenant_sees_incident(incident uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    RETURN tenant_sees_website((SELECT i.website_id FROM incident i WHERE i.id = incident));
END $$;
-- +goose StatementEnd

-- What belongs to an organisation as a whole.
ALTER TABLE org ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON org USING (id = (SELECT tenant_org()));
ALTER TABLE membership ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON membership USING (org_id = (SELECT tenant_org()));
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account USING (EXISTS (SELECT FROM membership m WHERE m.account_id = account.id));
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitation USING (org_id = (SELECT tenant_org()));
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key USING (org_id = (SELECT tenant_org()));
ALTER TABLE idempotent_call ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotent_call USING (org_id = (SELECT tenant_org()));
-- Whoever leaves an organisation goes on with a session that works in none.
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON session USING (org_id = (SELECT tenant_org())) WITH CHECK (org_id IS NULL OR org_id = (SELECT tenant_org()));
-- The fleet's regions look for everybody.
ALTER TABLE region ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON region FOR SELECT USING (NOT private OR org_id = (SELECT tenant_org()));
-- Only triggers write it, as its owner.
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit FOR SELECT USING (org_id = (SELECT tenant_org()) AND (SELECT tenant_unconfined()));
-- A page shows websites to everybody, so its keeper has to see all of them.
ALTER TABLE status_page ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON status_page USING (org_id = (SELECT tenant_org()) AND (SELECT tenant_unconfined()));

-- Websites, and what belongs to them: visible with the website, and written only below one
-- that is visible. (Foreign keys are checked as the owner, so they do not see to that.)
ALTER TABLE website ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON website USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined())
    OR id = ANY ((SELECT tenant_websites())::uuid[]) OR tags && (SELECT tenant_tags())::text[]));
ALTER TABLE monitor ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON monitor
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_website(website_id)))
    WITH CHECK (org_id = (SELECT tenant_org()) AND tenant_sees_website(website_id));
ALTER TABLE heartbeat ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON heartbeat
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_monitor(monitor_id)))
    WITH CHECK (org_id = (SELECT tenant_org()) AND tenant_sees_monitor(monitor_id));
ALTER TABLE incident ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON incident
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_website(website_id)))
    WITH CHECK (org_id = (SELECT tenant_org()) AND tenant_sees_website(website_id));
ALTER TABLE incident_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON incident_event
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_incident(incident_id)))
    WITH CHECK (org_id = (SELECT tenant_org()) AND tenant_sees_incident(incident_id));
ALTER TABLE status_page_website ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON status_page_website
    USING (org_id = (SELECT tenant_org()) AND (SELECT tenant_unconfined()))
    WITH CHECK (org_id = (SELECT tenant_org()) AND tenant_sees_website(website_id)
        AND EXISTS (SELECT FROM status_page p WHERE p.id = page_id));
-- A confined key sees the channels that tell of nothing but what it sees.
ALTER TABLE channel ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON channel USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined())
    OR website_ids <@ ARRAY(SELECT w.id FROM website w)));
ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON delivery
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_website(website_id)))
    WITH CHECK (org_id = (SELECT tenant_org()) AND EXISTS (SELECT FROM channel c WHERE c.id = channel_id)
        AND (website_id IS NULL OR tenant_sees_website(website_id))
        AND (incident_id IS NULL OR tenant_sees_incident(incident_id)));

-- What the engine finds out of monitors: the api reads it.
ALTER TABLE vote ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vote FOR SELECT USING (EXISTS (SELECT FROM monitor m WHERE m.id = monitor_id));
ALTER TABLE monitor_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON monitor_state FOR SELECT
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_monitor(monitor_id)));
ALTER TABLE span ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON span FOR SELECT
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_monitor(monitor_id)));
ALTER TABLE vote_span ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vote_span FOR SELECT
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_monitor(monitor_id)));
ALTER TABLE failure ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON failure FOR SELECT
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_monitor(monitor_id)));
ALTER TABLE expiry ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON expiry FOR SELECT
    USING (org_id = (SELECT tenant_org()) AND ((SELECT tenant_unconfined()) OR tenant_sees_monitor(monitor_id)));

-- What triggers write beside a change, they write as the owner. Without a policy and a
-- grant of its own nobody else writes there.
-- +goose StatementBegin
DO $$
DECLARE
    f text;
BEGIN
    FOR f IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        AND prorettype = 'trigger'::regtype AND (proname LIKE 'audit\_%' OR proname IN ('monitor_notify', 'expiry_forget')) LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path FROM CURRENT', f);
    END LOOP;
END $$;

-- Makes the role, gives it what it needs, and tells whether there is one that this
-- connection may work as. Roles belong to the server, not to the database, so this is asked
-- for after every migration and at each start; what is there already stays as it is.
CREATE FUNCTION tenant_role() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    may   text := CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
    needs record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('probefleet_tenant'));
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'probefleet_tenant') THEN
            BEGIN
                CREATE ROLE probefleet_tenant NOLOGIN;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- somebody in another database was first
            END;
        END IF;
        IF NOT pg_has_role(current_user, 'probefleet_tenant', may) THEN
            BEGIN
                GRANT probefleet_tenant TO CURRENT_USER;
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT has_schema_privilege('probefleet_tenant', current_schema(), 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO probefleet_tenant', current_schema());
        END IF;
        FOR needs IN
            SELECT c.oid, c.oid::regclass AS name, CASE
                WHEN c.relname IN ('audit', 'region', 'vote', 'monitor_state', 'span', 'vote_span', 'failure', 'expiry') THEN 'SELECT'
                WHEN c.relname IN ('account', 'org') THEN 'SELECT, UPDATE'
                WHEN c.relrowsecurity THEN 'SELECT, INSERT, UPDATE, DELETE'
                -- How the fleet does is no secret of anybody.
                WHEN c.relname IN ('fleet_event', 'region_stat', 'shard_lease', 'stream_position', 'stage_sign',
                    'ledger_reading', 'ledger_minute', 'heartbeat_listening') THEN 'SELECT'
                END AS rights
            FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
        LOOP
            CONTINUE WHEN needs.rights IS NULL OR NOT EXISTS (SELECT FROM unnest(string_to_array(needs.rights, ', ')) AS r
                WHERE NOT has_table_privilege('probefleet_tenant', needs.oid, r));
            EXECUTE format('GRANT %s ON %s TO probefleet_tenant', needs.rights, needs.name);
        END LOOP;
    EXCEPTION WHEN insufficient_privilege THEN
        RETURN false;
    END;
    RETURN true;
END $$;
-- +goose StatementEnd
SELECT tenant_role();

-- +goose Down
-- +goose StatementBegin
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT polrelid::regclass AS name FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        WHERE polname = 'tenant' AND c.relnamespace = current_schema()::regnamespace LOOP
        EXECUTE format('DROP POLICY tenant ON %s', t.name);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t.name);
    END LOOP;
    FOR t IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        AND prorettype = 'trigger'::regtype AND prosecdef LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY INVOKER RESET search_path', t.name);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'probefleet_tenant') THEN
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM probefleet_tenant', current_schema());
    END IF;
END $$;
-- +goose StatementEnd
DROP FUNCTION tenant_role, tenant_sees_incident, tenant_sees_monitor, tenant_sees_website, tenant_tags, tenant_websites, tenant_unconfined, tenant_org;
ALTER TABLE api_key DROP COLUMN website_ids, DROP COLUMN tags;
