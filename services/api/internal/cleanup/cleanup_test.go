package cleanup_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/cleanup"
)

// world is a store, queues and ticks that note what was removed.
type world struct {
	mu      sync.Mutex
	list    []postgres.UncleanMonitor
	lanes   []queue.Lane
	ticks   []uptime.ID
	away    error
	cleaned []uptime.ID
}

func (w *world) UncleanMonitors(_ context.Context, after postgres.UncleanMonitor, limit int) ([]postgres.UncleanMonitor, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	begin := 0
	for i, m := range w.list {
		if m.DeletedAt.Before(after.DeletedAt) || m.DeletedAt.Equal(after.DeletedAt) && m.ID.String() <= after.ID.String() {
			begin = i + 1
		}
	}
	return slices.Clone(w.list[begin:min(len(w.list), begin+limit)]), nil
}

func (w *world) MonitorCleaned(_ context.Context, id uptime.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleaned = append(w.cleaned, id)
	w.list = slices.DeleteFunc(w.list, func(m postgres.UncleanMonitor) bool { return m.ID == id })
	return nil
}

func (w *world) RegionNames(context.Context) ([]string, error) { return []string{"a", "b"}, nil }

func (w *world) DropMonitors(_ context.Context, l queue.Lane, _ ...uptime.ID) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lanes = append(w.lanes, l)
	return 0, nil
}

func (w *world) DeleteMonitor(_ context.Context, id uptime.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away != nil {
		return w.away
	}
	w.ticks = append(w.ticks, id)
	return nil
}

// counts returns how many ticks, lanes and notes there are.
func (w *world) counts() [3]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return [3]int{len(w.ticks), len(w.lanes), len(w.cleaned)}
}

func (w *world) add(m postgres.UncleanMonitor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, m)
}

func TestEachMonitorIsCleanedAtOnceAndWhenNothingCanComeInAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		c := cleanup.New(w, w, cleanup.Config{Ticks: w, Shards: 4, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		synctest.Wait()

		id := uptime.NewID(time.Now())
		w.add(postgres.UncleanMonitor{ID: id, DeletedAt: time.Now()})
		begun := time.Now()
		c.Wake()
		c.Wake() // a second one is not lost, and does no harm
		synctest.Wait()
		if got := w.counts(); got != [3]int{1, 2, 0} || time.Since(begun) != 0 {
			t.Errorf("right after: ticks, lanes, cleaned %v", got)
		}
		time.Sleep(119 * time.Second)
		synctest.Wait()
		if got := w.counts(); got != [3]int{1, 2, 0} {
			t.Errorf("before its checks can have ended: ticks, lanes, cleaned %v", got)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if got := w.counts(); got != [3]int{2, 4, 1} {
			t.Errorf("after: ticks, lanes, cleaned %v", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if l := w.lanes[0]; l != (queue.Lane{Region: "a", Shard: id.Shard(4)}) {
			t.Errorf("dropped from %v", l)
		}
	})
}

func TestWhatIsAwayIsTriedAgain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := &world{away: errors.New("InfluxDB away"), list: []postgres.UncleanMonitor{{ID: uptime.NewID(now), DeletedAt: now.Add(-time.Hour)}}}
	c := cleanup.New(w, w, cleanup.Config{Ticks: w})
	for range 3 {
		if err := c.Pass(t.Context()); !errors.Is(err, w.away) {
			t.Fatalf("got %v", err)
		}
	}
	if len(w.cleaned) != 0 {
		t.Error("noted as cleaned, with its ticks still there")
	}
	w.away = nil
	if err := c.Pass(t.Context()); err != nil || len(w.cleaned) != 1 || len(w.ticks) != 1 {
		t.Errorf("%v, cleaned %v, ticks %v", err, w.cleaned, w.ticks)
	}
	if err := c.Pass(t.Context()); err != nil || len(w.ticks) != 1 {
		t.Errorf("cleaned again: %v", err)
	}
}

func TestAFleetWithoutTicksIsCleanedToo(t *testing.T) {
	t.Parallel()
	w := &world{list: []postgres.UncleanMonitor{{ID: uptime.NewID(time.Now()), DeletedAt: time.Now().Add(-time.Hour)}}}
	if err := cleanup.New(w, w, cleanup.Config{}).Pass(t.Context()); err != nil || len(w.cleaned) != 1 {
		t.Errorf("%v, cleaned %v", err, w.cleaned)
	}
}

func TestManyDeletedAtOnceAreAllCleanedInOnePass(t *testing.T) {
	t.Parallel()
	w, now := &world{}, time.Now()
	for range 1234 {
		w.list = append(w.list, postgres.UncleanMonitor{ID: uptime.NewID(now), DeletedAt: now})
	}
	slices.SortFunc(w.list, func(a, b postgres.UncleanMonitor) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	c := cleanup.New(w, w, cleanup.Config{Ticks: w})
	for range 2 {
		if err := c.Pass(t.Context()); err != nil || len(w.ticks) != 1234 || len(w.cleaned) != 0 {
			t.Errorf("%v, %d of 1234, cleaned %d", err, len(w.ticks), len(w.cleaned))
		}
	}
}
