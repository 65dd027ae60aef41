package roster

import (
	"context"
	"fmt"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// packMost is how many monitors share a piece of memory; see [pack].
const packMost = 4000

// Differences is what a full reading found that the roster did not know.
type Differences struct {
	Added, Changed, Removed int
}

// changes collects what a number of monitors' new states ask for.
type changes struct {
	s     *Syncer
	check map[int][]uptime.ID
	diff  Differences
}

func newChanges(s *Syncer) *changes { return &changes{s: s, check: map[int][]uptime.ID{}} }

func (c *changes) set(m *uptime.Monitor, template string) {
	shard, done := c.s.roster.set(m, template)
	if done.check {
		c.check[shard] = append(c.check[shard], m.ID)
	}
	switch {
	case done.added:
		c.diff.Added++
	case done.differs:
		c.diff.Changed++
	}
	if len(done.drop) > 0 {
		c.s.react.Drop(shard, m.ID, done.drop)
	}
}

func (c *changes) remove(id uptime.ID) {
	shard, done := c.s.roster.remove(id)
	if !done.differs {
		return
	}
	c.diff.Removed++
	if len(done.drop) > 0 {
		c.s.react.Drop(shard, id, done.drop)
	}
}

// tell asks for the checks and counts the changes.
func (c *changes) tell(kind string) {
	for shard, ids := range c.check {
		c.s.react.CheckNow(shard, ids)
	}
	c.s.changes.WithLabelValues(kind).Add(float64(c.diff.Added + c.diff.Changed + c.diff.Removed))
}

// Reconcile reads the whole roster again, repairs what differs and returns how much
// that was: zero unless notifications and polls failed.
func (s *Syncer) Reconcile(ctx context.Context) (Differences, error) { return s.read(ctx, false) }

// read reads regions and monitors. The first time it asks for no checks: a restart is
// no reason to look at everything at once.
func (s *Syncer) read(ctx context.Context, first bool) (Differences, error) {
	now, err := s.store.Now(ctx)
	if err != nil {
		return Differences{}, fmt.Errorf("read time: %w", err)
	}
	if err := s.readRegions(ctx); err != nil {
		return Differences{}, err
	}
	for _, shard := range s.roster.shards {
		shard.beginRead()
	}
	all := newChanges(s)
	page := make([]uptime.Monitor, 0, packMost)
	flush := func() {
		for i, template := range pack(page) {
			all.set(&page[i], template)
		}
		page = page[:0]
	}
	err = s.store.Roster(ctx, func(m *postgres.Scheduled) error {
		if page = append(page, m.Monitor); len(page) == packMost {
			flush()
		}
		return nil
	})
	flush()
	var unseen []uptime.ID
	for _, shard := range s.roster.shards {
		unseen = append(unseen, shard.endRead()...)
	}
	if err != nil {
		return all.diff, err
	}
	if first {
		s.polled = now
		return all.diff, nil
	}
	all.tell("reconciled")
	removed, err := s.removeUnseen(ctx, unseen)
	all.diff.Removed += removed
	return all.diff, err
}

// removeUnseen asks again for monitors that were not read: they may be newer than the
// page on which they would have been.
func (s *Syncer) removeUnseen(ctx context.Context, unseen []uptime.ID) (int, error) {
	before := s.roster.Len()
	if err := s.fetch(ctx, unseen, "reconciled"); err != nil {
		return 0, err
	}
	return max(before-s.roster.Len(), 0), nil
}
