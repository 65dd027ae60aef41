-- name: PurgeVoteSpans :execrows
DELETE FROM vote_span WHERE ctid = ANY (ARRAY(SELECT v.ctid FROM vote_span v WHERE v.ended_at < @before
    ORDER BY v.ended_at LIMIT @batch));

-- name: PurgeDeliveries :execrows
DELETE FROM delivery WHERE id IN (SELECT d.id FROM delivery d WHERE d.finished_at < @before
    ORDER BY d.finished_at LIMIT @batch);

-- name: PurgeAudit :execrows
DELETE FROM audit WHERE id = ANY (ARRAY(SELECT a.id FROM audit a WHERE a.at < @before ORDER BY a.at LIMIT @batch));

-- name: PurgeFleetEvents :execrows
DELETE FROM fleet_event WHERE id IN (SELECT e.id FROM fleet_event e WHERE e.resolved_at < @before
    ORDER BY e.resolved_at LIMIT @batch);
