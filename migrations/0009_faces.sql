-- What people write down of incidents, and the pages that the public sees.

-- +goose Up
ALTER TABLE incident ADD COLUMN note text NOT NULL DEFAULT ''; -- what was learned, by a person

-- When regions saw monitors fail, which is seldom, without reading when they did not.
CREATE INDEX vote_span_failed ON vote_span (monitor_id, (COALESCE(ended_at, 'infinity'::timestamptz))) WHERE outcome = 'fail';

CREATE TABLE status_page (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    slug        text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    title       text NOT NULL,
    description text NOT NULL DEFAULT '',
    link        text NOT NULL DEFAULT '', -- of whoever keeps it
    published   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX status_page_org ON status_page (org_id, id);

CREATE TABLE status_page_website (
    page_id    uuid NOT NULL REFERENCES status_page ON DELETE CASCADE,
    website_id uuid NOT NULL REFERENCES website ON DELETE CASCADE,
    org_id     uuid NOT NULL REFERENCES org ON DELETE CASCADE,
    position   integer NOT NULL,
    title      text NOT NULL DEFAULT '', -- as the public knows it; empty: the website's name
    section    text NOT NULL DEFAULT '',
    PRIMARY KEY (page_id, website_id)
);
CREATE INDEX status_page_website_website ON status_page_website (website_id);
CREATE INDEX status_page_website_order ON status_page_website (page_id, position);

DROP TRIGGER incident_audit ON incident;
CREATE TRIGGER incident_audit AFTER UPDATE OF acknowledged_at, note ON incident
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('incident', 'id', '{evidence,damped}', '{}');
CREATE TRIGGER incident_event_audit AFTER INSERT ON incident_event
    FOR EACH ROW WHEN (NEW.kind = 'comment' AND current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('incident', 'incident_id', '{}', '{}');
CREATE TRIGGER status_page_audit AFTER INSERT OR UPDATE OR DELETE ON status_page
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('status_page', 'id', '{}', '{}');

-- +goose Down
DROP TRIGGER incident_event_audit ON incident_event;
DROP TRIGGER incident_audit ON incident;
CREATE TRIGGER incident_audit AFTER UPDATE OF acknowledged_at ON incident
    FOR EACH ROW WHEN (current_setting('probefleet.actor', true) <> '')
    EXECUTE FUNCTION audit_change('incident', 'id', '{evidence,damped}', '{}');
DROP TABLE status_page_website, status_page;
DROP INDEX vote_span_failed;
ALTER TABLE incident DROP COLUMN note;
