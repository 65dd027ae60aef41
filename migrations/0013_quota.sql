-- What an organisation uses, counted behind its back: whoever sees a part of it only is
-- held to the whole.

-- +goose Up
-- A website that is paused for a time counts as if it were not, or it would resume beyond
-- what is allowed.
-- +goose StatementBegin
CREATE FUNCTION org_usage(org uuid) RETURNS TABLE (websites bigint, monitors bigint, checks_per_minute double precision, channels bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT (SELECT count(*) FROM website w WHERE w.org_id = org),
        count(*),
        COALESCE(sum((CASE WHEN m.kind = 'heartbeat' OR m.paused OR w.paused AND w.paused_until IS NULL THEN 0
            WHEN m.regions IS NULL THEN (SELECT count(*) FROM region r WHERE r.enablement = 'enabled' AND NOT r.private)
            ELSE (SELECT count(*) FROM region r WHERE r.enablement = 'enabled' AND r.name = ANY (m.regions))
            END) * 60000.0 / m.interval_ms), 0)::double precision,
        (SELECT count(*) FROM channel c WHERE c.org_id = org)
    FROM monitor m JOIN website w ON w.id = m.website_id WHERE m.org_id = org
$$;
-- +goose StatementEnd
COMMENT ON COLUMN org.max_websites IS 'null: the fleet''s setting; 0: as many as one likes; so the others';

-- +goose Down
DROP FUNCTION org_usage;
