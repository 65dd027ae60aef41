package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// MaxAnnounced is how many regions may announce themselves and wait to be known.
const MaxAnnounced = 1000

// EnsureLane makes the lane's streams and groups where they are missing. Groups begin
// at the stream's first entry: everything on a stream is work that nobody has done.
func (c *Client) EnsureLane(ctx context.Context, l Lane) error {
	cmds, err := c.cmd.Pipelined(ctx, func(p redis.Pipeliner) error {
		if l.checked() {
			p.XGroupCreateMkStream(ctx, l.checks(), string(GroupWorkers), "0")
			p.XGroupCreateMkStream(ctx, l.urgent(), string(GroupWorkers), "0")
		}
		p.XGroupCreateMkStream(ctx, l.results(), string(GroupAggregator), "0")
		p.XGroupCreateMkStream(ctx, l.results(), string(GroupTicks), "0")
		return nil
	})
	if len(cmds) == 0 && err != nil {
		return fmt.Errorf("make lane %v: %w", l, err)
	}
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
			return fmt.Errorf("make lane %v: %w", l, err)
		}
	}
	return nil
}

// Announce tells that a region exists, so that it can be enabled. Workers confined to
// their region's keys may not say so, and need not: whoever made their user made the
// region; so a refusal is no error.
func (c *Client) Announce(ctx context.Context, region string) error {
	if region == uptime.RegionHeartbeat {
		return fmt.Errorf("announce region: %w", ErrReserved)
	}
	out, err := c.run(ctx, scriptAnnounce, []string{keyRegions}, region, MaxAnnounced)
	if isNoPermission(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("announce region: %w", err)
	}
	if r := (&reply{rest: out}); r.int() == 0 {
		return fmt.Errorf("announce region: %d others wait to be known", MaxAnnounced)
	}
	return nil
}

// Announced returns the regions that announced themselves and were not taken note of
// yet, sorted.
func (c *Client) Announced(ctx context.Context) ([]string, error) {
	names, err := c.cmd.SMembers(ctx, keyRegions).Result()
	if err != nil {
		return nil, fmt.Errorf("announced regions: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// TakeNote removes regions from the announced ones.
func (c *Client) TakeNote(ctx context.Context, regions ...string) error {
	if len(regions) == 0 {
		return nil
	}
	members := make([]any, len(regions))
	for i, r := range regions {
		members[i] = r
	}
	if err := c.cmd.SRem(ctx, keyRegions, members...).Err(); err != nil {
		return fmt.Errorf("take note of regions: %w", err)
	}
	return nil
}

// SetRegionUser makes, or changes, the Redis user under which the workers of one
// region run elsewhere: see [ACLRules]. An empty password is refused.
func (c *Client) SetRegionUser(ctx context.Context, user, password, region string) error {
	if user == "" || password == "" || region == "" {
		return fmt.Errorf("redis user of region %q needs a name and a password", region)
	}
	args := []any{"ACL", "SETUSER", user}
	for _, rule := range ACLRules(region) {
		args = append(args, rule)
	}
	if err := c.cmd.Do(ctx, append(args, ">"+password)...).Err(); err != nil {
		return fmt.Errorf("set redis user of region %s: %w", region, err)
	}
	return nil
}

// DropRegionUser removes the user; one that does not exist is no error.
func (c *Client) DropRegionUser(ctx context.Context, user string) error {
	if err := c.cmd.Do(ctx, "ACL", "DELUSER", user).Err(); err != nil {
		return fmt.Errorf("drop redis user: %w", err)
	}
	return nil
}
