-- name: AcquireLease :one
INSERT INTO shard_lease AS l (role, shard, owner, epoch, expires_at)
VALUES (@role, @shard, @owner, @epoch, clock_timestamp() + make_interval(secs => @seconds::double precision))
ON CONFLICT (role, shard) DO UPDATE
    SET owner = excluded.owner, epoch = greatest(l.epoch + 1, excluded.epoch), expires_at = excluded.expires_at
    WHERE l.expires_at <= clock_timestamp() OR l.owner = excluded.owner
RETURNING epoch;

-- name: RenewLease :execrows
UPDATE shard_lease SET expires_at = clock_timestamp() + make_interval(secs => @seconds::double precision)
WHERE role = @role AND shard = @shard AND owner = @owner AND epoch = @epoch;

-- name: ReleaseLease :execrows
UPDATE shard_lease SET expires_at = clock_timestamp()
WHERE role = @role AND shard = @shard AND owner = @owner AND epoch = @epoch;

-- name: LockLease :one
SELECT epoch FROM shard_lease WHERE role = @role AND shard = @shard AND epoch = @epoch FOR SHARE;

-- name: Leases :many
SELECT role, shard, owner, epoch, expires_at, (expires_at > clock_timestamp())::boolean AS held FROM shard_lease
ORDER BY role, shard;
