-- name: SavePositions :exec
INSERT INTO stream_position (region, shard, last_id, folded, updated_at)
SELECT x.region, @shard::integer, x.last_id, x.folded, now()
FROM (SELECT unnest(@regions::text[]) AS region, unnest(@last_ids::text[]) AS last_id,
        unnest(@foldeds::bigint[]) AS folded) x
ORDER BY x.region
ON CONFLICT (region, shard) DO UPDATE SET last_id = excluded.last_id,
    folded = stream_position.folded + excluded.folded, updated_at = excluded.updated_at;

-- name: Positions :many
SELECT region, last_id, folded, updated_at FROM stream_position WHERE shard = @shard ORDER BY region;

-- name: SaveRegionStats :exec
INSERT INTO region_stat (region, shard, window_ms, results, failed, late_p50_us, late_p99_us, updated_at)
SELECT x.region, @shard::integer, @window_ms::integer, x.results, x.failed, x.late_p50_us, x.late_p99_us, now()
FROM (SELECT unnest(@regions::text[]) AS region, unnest(@results::bigint[]) AS results,
        unnest(@faileds::bigint[]) AS failed, unnest(@late_p50s_us::bigint[]) AS late_p50_us,
        unnest(@late_p99s_us::bigint[]) AS late_p99_us) x
ORDER BY x.region
ON CONFLICT (region, shard) DO UPDATE SET window_ms = excluded.window_ms, results = excluded.results,
    failed = excluded.failed, late_p50_us = excluded.late_p50_us, late_p99_us = excluded.late_p99_us,
    updated_at = excluded.updated_at;
