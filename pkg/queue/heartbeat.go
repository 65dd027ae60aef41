package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// ErrReserved is returned for a region that has the name of the heartbeats' lanes.
var ErrReserved = errors.New("the name " + uptime.RegionHeartbeat + " is reserved for the calls of heartbeats")

// HeartbeatLane returns the lane of a shard's heartbeats. It has results only: what the
// api writes there only the aggregator reads.
func HeartbeatLane(shard int) Lane { return Lane{Region: uptime.RegionHeartbeat, Shard: shard} }

// checked tells whether the lane has checks.
func (l Lane) checked() bool { return l.Region != uptime.RegionHeartbeat }

// WriteCall puts the call of a heartbeat among the results of its shard.
func (c *Client) WriteCall(ctx context.Context, shard int, r *uptime.Result) error {
	ticks := 0 // that are lost if the entry is
	if r.Outcome.Vote() {
		ticks = 1
	}
	err := c.cmd.XAdd(ctx, &redis.XAddArgs{
		Stream: HeartbeatLane(shard).results(), Values: []any{fieldBatch, wire.EncodeResult(nil, r), fieldCount, ticks},
	}).Err()
	if err != nil {
		return fmt.Errorf("write the call of a heartbeat: %w", err)
	}
	return nil
}

// MarkListening notes among the results of the heartbeats of every shard that calls can
// be taken at that instant; see Batch.Heard.
func (c *Client) MarkListening(ctx context.Context, shards int, at uptime.Instant) error {
	cmds, err := c.cmd.Pipelined(ctx, func(p redis.Pipeliner) error {
		for shard := range shards {
			p.XAdd(ctx, &redis.XAddArgs{
				Stream: HeartbeatLane(shard).results(), Values: []any{fieldHeard, strconv.FormatInt(int64(at), 10), fieldCount, 0},
			})
		}
		return nil
	})
	for _, cmd := range cmds {
		err = errors.Join(err, cmd.Err())
	}
	if err != nil {
		return fmt.Errorf("mark that heartbeats are listened for: %w", err)
	}
	return nil
}

// heardAt reads the instant of a mark, zero for other entries.
func heardAt(m redis.XMessage) uptime.Instant {
	text, _ := m.Values[fieldHeard].(string)
	return uptime.Instant(parseInt(text))
}
