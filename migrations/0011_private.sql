-- Regions belong to the fleet and look for everybody, unless one is kept for its organisation.

-- +goose Up
-- A private region looks only for monitors of its organisation that name it.
ALTER TABLE region ADD COLUMN private boolean NOT NULL DEFAULT false;
DROP TRIGGER region_notify ON region;
CREATE TRIGGER region_notify AFTER INSERT OR DELETE OR UPDATE OF enablement, name, private ON region
    FOR EACH ROW EXECUTE FUNCTION region_notify();

-- +goose Down
DROP TRIGGER region_notify ON region;
CREATE TRIGGER region_notify AFTER INSERT OR DELETE OR UPDATE OF enablement, name ON region
    FOR EACH ROW EXECUTE FUNCTION region_notify();
ALTER TABLE region DROP COLUMN private;
