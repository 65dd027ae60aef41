-- name: RegionStats :many
-- Of several shards the worst: a median of medians would say nothing.
SELECT s.region, max(s.late_p50_us)::bigint AS late_p50_us, max(s.late_p99_us)::bigint AS late_p99_us,
    sum(s.results)::bigint AS results, sum(s.failed)::bigint AS failed, max(s.updated_at)::timestamptz AS updated_at
FROM region_stat s GROUP BY s.region ORDER BY s.region;

-- name: ShardLeases :many
SELECT role, shard, owner, epoch, (expires_at > now())::boolean AS held FROM shard_lease ORDER BY role, shard;
