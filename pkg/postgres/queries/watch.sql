-- name: SignStage :exec
INSERT INTO stage_sign (stage, seen_at) VALUES (@stage, clock_timestamp())
ON CONFLICT (stage) DO UPDATE SET seen_at = excluded.seen_at;

-- name: StageSigns :many
SELECT stage, extract(epoch FROM clock_timestamp() - seen_at)::double precision AS age_seconds FROM stage_sign;

-- name: LastCheckpoints :many
SELECT shard, max(updated_at)::timestamptz AS updated_at FROM stream_position GROUP BY shard;

-- name: AnyProbedMonitor :one
SELECT EXISTS (SELECT FROM monitor m JOIN website w ON w.id = m.website_id
    WHERE NOT m.paused AND NOT w.paused AND m.kind <> 'heartbeat');

-- name: SaveLedgerReadings :exec
INSERT INTO ledger_reading (region, shard, urgent, begun_ms, scheduled, done, expired, invalid, dropped, missed, waiting)
SELECT unnest(@regions::text[]), unnest(@shards::integer[]), unnest(@urgents::boolean[]), unnest(@beguns_ms::bigint[]),
    unnest(@scheduleds::bigint[]), unnest(@dones::bigint[]), unnest(@expired_ones::bigint[]), unnest(@invalids::bigint[]),
    unnest(@droppeds::bigint[]), unnest(@misseds::bigint[]), unnest(@waitings::bigint[])
ON CONFLICT (region, shard, urgent) DO UPDATE SET begun_ms = excluded.begun_ms, scheduled = excluded.scheduled,
    done = excluded.done, expired = excluded.expired, invalid = excluded.invalid, dropped = excluded.dropped,
    missed = excluded.missed, waiting = excluded.waiting;

-- name: SaveLedgerMinutes :exec
INSERT INTO ledger_minute (region, shard, urgent, minute, scheduled, done, expired, invalid, dropped, missed, waiting, balance, restarts)
SELECT unnest(@regions::text[]), unnest(@shards::integer[]), unnest(@urgents::boolean[]), unnest(@minutes::timestamptz[]),
    unnest(@scheduleds::bigint[]), unnest(@dones::bigint[]), unnest(@expired_ones::bigint[]), unnest(@invalids::bigint[]),
    unnest(@droppeds::bigint[]), unnest(@misseds::bigint[]), unnest(@waitings::bigint[]), unnest(@balances::bigint[]),
    unnest(@restarts::integer[])
ON CONFLICT (region, shard, urgent, minute) DO UPDATE SET scheduled = excluded.scheduled, done = excluded.done,
    expired = excluded.expired, invalid = excluded.invalid, dropped = excluded.dropped, missed = excluded.missed,
    waiting = excluded.waiting, balance = excluded.balance, restarts = excluded.restarts;

-- name: ForgetLedgerMinutes :exec
DELETE FROM ledger_minute WHERE minute < @before OR region <> ALL (@regions::text[]) OR shard >= @shards;

-- name: ForgetLedgerReadings :exec
DELETE FROM ledger_reading WHERE region <> ALL (@regions::text[]) OR shard >= @shards;

-- name: LedgerReadings :many
SELECT * FROM ledger_reading ORDER BY region, shard, urgent;

-- name: LedgerMinutes :many
SELECT * FROM ledger_minute ORDER BY region, shard, urgent, minute;
