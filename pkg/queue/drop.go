package queue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// dropPage is how many entries one script looks at: some tenths of a millisecond, in
// which nothing else runs in Redis.
const dropPage = 500

// dropMonitors is how many monitors one pass looks for.
const dropMonitors = 1000

// DropMonitor removes what waits for, or is being done for, one monitor, and nothing
// else; see [Client.DropMonitors].
func (c *Client) DropMonitor(ctx context.Context, l Lane, id uptime.ID) (int, error) {
	return c.DropMonitors(ctx, l, id)
}

// DropMonitors removes all scheduled and urgent checks of some monitors from the lane,
// those that workers are at included: their results will not count. It returns how
// many there were; the ledger counts them as dropped.
func (c *Client) DropMonitors(ctx context.Context, l Lane, ids ...uptime.ID) (int, error) {
	dropped := 0
	for len(ids) > 0 {
		some := ids[:min(len(ids), dropMonitors)]
		ids = ids[len(some):]
		for _, urgent := range []bool{false, true} {
			n, err := c.dropFrom(ctx, l, urgent, some)
			dropped += n
			if err != nil {
				return dropped, err
			}
		}
	}
	return dropped, nil
}

func (c *Client) dropFrom(ctx context.Context, l Lane, urgent bool, ids []uptime.ID) (int, error) {
	dropped := 0
	for from := "-"; from != ""; {
		args := []any{string(GroupWorkers), from, dropPage, field(ledgerDropped, urgent)}
		for i := range ids {
			args = append(args, ids[i][:])
		}
		out, err := c.run(ctx, scriptDrop, []string{l.stream(urgent), l.ledger()}, args...)
		if err != nil {
			return dropped, fmt.Errorf("drop monitors from %v: %w", l, err)
		}
		r := &reply{rest: out}
		dropped += int(r.int())
		from = r.text()
		if r.err != nil {
			return dropped, r.err
		}
	}
	return dropped, nil
}

// FindMonitors returns the monitors of the lane's entries, taken ones included, that
// match accepts. Entries that cannot be read are left to the workers.
func (c *Client) FindMonitors(ctx context.Context, l Lane, match func(uptime.ID) bool) ([]uptime.ID, error) {
	found := map[uptime.ID]bool{}
	for _, urgent := range []bool{false, true} {
		for from := "-"; from != ""; {
			page, err := c.cmd.XRangeN(ctx, l.stream(urgent), from, "+", dropPage).Result()
			if err != nil {
				return nil, fmt.Errorf("look through %v: %w", l, err)
			}
			from = ""
			for _, m := range page {
				if id, ok := wire.MonitorOf(bodyOf(m)); ok && match(id) {
					found[id] = true
				}
			}
			if len(page) == dropPage {
				from = "(" + page[len(page)-1].ID
			}
		}
	}
	return slices.Collect(maps.Keys(found)), nil
}

// ExpireChecks removes checks that no worker took within age of their being pushed (a
// scheduled one must be started within a minute of its due instant) and counts them
// expired, so that a region without workers does not fill Redis. It removes at most
// some thousands and returns how many; call it regularly.
func (c *Client) ExpireChecks(ctx context.Context, l Lane, scheduled, urgent time.Duration) (int, error) {
	removed := 0
	for _, q := range []struct {
		urgent bool
		age    time.Duration
	}{{false, scheduled}, {true, urgent}} {
		for range expirePasses {
			out, err := c.run(ctx, scriptExpire, []string{l.stream(q.urgent), l.ledger()},
				string(GroupWorkers), q.age.Milliseconds(), expirePage, field(ledgerExpired, q.urgent))
			if err != nil {
				return removed, fmt.Errorf("expire checks of %v: %w", l, err)
			}
			r := &reply{rest: out}
			n := int(r.int())
			removed += n
			if r.err != nil {
				return removed, r.err
			}
			if n < expirePage {
				break
			}
		}
	}
	return removed, nil
}

// One script removes a page; a call, so many pages: several times what even a large
// region schedules in a second.
const (
	expirePage   = 1000
	expirePasses = 20
)

// field is a ledger's field for one of the two streams of checks.
func field(name string, urgent bool) string {
	if urgent {
		return urgentPrefix + name
	}
	return name
}

// bodyOf returns an entry's message, nil if it has none.
func bodyOf(m redis.XMessage) []byte {
	s, _ := m.Values[fieldBody].(string)
	return []byte(s)
}
