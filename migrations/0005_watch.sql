-- What the watch over the fleet itself stands on: signs of life and the ledger by the
-- minute. Like leases and positions it concerns the fleet, no tenant.

-- +goose Up
-- When a stage that leaves no other trace was last seen at its work.
CREATE TABLE stage_sign (
    stage   text PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- The ledger of a lane as it was read last: what the next reading is compared with. A
-- ledger that was begun at another time is another one: Redis had lost its data.
CREATE TABLE ledger_reading (
    region    text NOT NULL,
    shard     integer NOT NULL,
    urgent    boolean NOT NULL, -- of the checks beside the schedule
    begun_ms  bigint NOT NULL,  -- by Redis' clock; 0: not known
    scheduled bigint NOT NULL,
    done      bigint NOT NULL,
    expired   bigint NOT NULL,
    invalid   bigint NOT NULL,
    dropped   bigint NOT NULL,
    missed    bigint NOT NULL,
    waiting   bigint NOT NULL,
    PRIMARY KEY (region, shard, urgent)
) WITH (fillfactor = 50);

-- What became of the checks of a lane, by the minute in which it was read; an hour of it.
CREATE TABLE ledger_minute (
    region    text NOT NULL,
    shard     integer NOT NULL,
    urgent    boolean NOT NULL,
    minute    timestamptz NOT NULL,
    scheduled bigint NOT NULL,
    done      bigint NOT NULL,
    expired   bigint NOT NULL,
    invalid   bigint NOT NULL,
    dropped   bigint NOT NULL,
    missed    bigint NOT NULL,
    waiting   bigint NOT NULL, -- at the last reading
    balance   bigint NOT NULL, -- what cannot be accounted for
    restarts  integer NOT NULL, -- how often the ledger began anew
    PRIMARY KEY (region, shard, urgent, minute)
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE ledger_minute, ledger_reading, stage_sign;
