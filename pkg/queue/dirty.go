package queue

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Window is a stretch of ticks that must be rolled up again, because some came late.
type Window struct {
	Monitor uptime.ID     // zero: every monitor of the lane
	Start   time.Time     // whole seconds
	Width   time.Duration // whole seconds

	mark float64 // when it was marked last
}

func (w Window) member() string {
	return w.Monitor.String() + " " + strconv.FormatInt(int64(w.Width/time.Second), 10) + " " +
		strconv.FormatInt(w.Start.Unix(), 10)
}

func parseWindow(member string, mark float64) (Window, bool) {
	parts := strings.Split(member, " ")
	if len(parts) != 3 {
		return Window{}, false
	}
	id, err := uptime.ParseID(parts[0])
	if err != nil {
		return Window{}, false
	}
	return Window{
		Monitor: id, Width: time.Duration(parseInt(parts[1])) * time.Second,
		Start: time.Unix(parseInt(parts[2]), 0).UTC(), mark: mark,
	}, true
}

// MarkDirty remembers windows to roll up again.
func (c *Client) MarkDirty(ctx context.Context, l Lane, windows ...Window) error {
	if len(windows) == 0 {
		return nil
	}
	now, err := c.Time(ctx)
	if err != nil {
		return err
	}
	members := make([]redis.Z, len(windows))
	for i, w := range windows {
		members[i] = redis.Z{Score: float64(now.UnixMicro()), Member: w.member()}
	}
	if err := c.cmd.ZAdd(ctx, l.dirty(), members...).Err(); err != nil {
		return fmt.Errorf("mark windows of %v: %w", l, err)
	}
	return nil
}

// TakeDirty returns up to most windows, those that were marked first before others.
// They stay until [Client.ClearDirty].
func (c *Client) TakeDirty(ctx context.Context, l Lane, most int) ([]Window, error) {
	members, err := c.cmd.ZRangeWithScores(ctx, l.dirty(), 0, int64(most)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("dirty windows of %v: %w", l, err)
	}
	windows := make([]Window, 0, len(members))
	for _, m := range members {
		member, _ := m.Member.(string)
		if w, ok := parseWindow(member, m.Score); ok {
			windows = append(windows, w)
		}
	}
	return windows, nil
}

// ClearDirty forgets windows as [Client.TakeDirty] returned them, except those that
// were marked again since.
func (c *Client) ClearDirty(ctx context.Context, l Lane, windows ...Window) error {
	if len(windows) == 0 {
		return nil
	}
	args := make([]any, 0, 2*len(windows))
	for _, w := range windows {
		args = append(args, w.member(), strconv.FormatFloat(w.mark, 'f', -1, 64))
	}
	if _, err := c.run(ctx, scriptUndirty, []string{l.dirty()}, args...); err != nil {
		return fmt.Errorf("clear windows of %v: %w", l, err)
	}
	return nil
}
