package queue

import (
	"context"
	"fmt"
)

const (
	// Above this share of maxmemory charts lose before checks do: results that are
	// judged but not yet in InfluxDB are dropped.
	dropAbovePercent = 50
	// dropEntries is how many results entries one script drops: with their bodies
	// (some 30 KiB each when full) it must stay short.
	dropEntries = 50
	dropPasses  = 20
)

// Trimmed is what [Client.TrimResults] did.
type Trimmed struct {
	Entries   int64 // removed because both groups are done with them
	TicksLost int64 // results dropped although InfluxDB has not got them; see LaneStats
}

// TrimResults removes results that both groups have acknowledged and, while Redis is
// over half of its maxmemory, the oldest that only the aggregator has, in steps; call
// it every second or so.
func (c *Client) TrimResults(ctx context.Context, l Lane) (Trimmed, error) {
	var sum Trimmed
	if _, err := c.trim(ctx, l, 0, &sum); err != nil {
		return sum, err
	}
	for range dropPasses {
		used, limit, err := c.MemoryUse(ctx)
		if err != nil || limit == 0 || used*100 <= limit*dropAbovePercent {
			return sum, err
		}
		if dropped, err := c.trim(ctx, l, dropEntries, &sum); err != nil || dropped == 0 {
			return sum, err
		}
	}
	return sum, nil
}

func (c *Client) trim(ctx context.Context, l Lane, drop int, sum *Trimmed) (dropped int64, err error) {
	out, err := c.run(ctx, scriptTrim, []string{l.results(), l.ledger()},
		string(GroupAggregator), string(GroupTicks), drop, fieldCount)
	if err != nil {
		return 0, fmt.Errorf("trim results of %v: %w", l, err)
	}
	r := &reply{rest: out}
	sum.Entries += r.int()
	dropped = r.int()
	sum.TicksLost += r.int()
	return dropped, r.err
}
