//go:build integration

package queue_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// produce makes n results entries of one result each.
func (r *rig) produce(t testing.TB, n int) {
	t.Helper()
	w := r.Consumer(lane, queue.WorkerInfo{ID: "producer"})
	r.push(t, 1, n)
	for _, item := range finish(read(t, w, n), uptime.OutcomePass) {
		commit(t, w, []queue.Finished{item}, 1)
	}
}

func batches(t testing.TB, read func(context.Context, int) ([]queue.Batch, error), count, want int) []string {
	t.Helper()
	got, err := read(t.Context(), count)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(got))
	for i, b := range got {
		ids[i] = b.ID
		if len(b.Payload) == 0 {
			t.Errorf("batch %s is empty", b.ID)
		}
	}
	if len(ids) != want || !slices.IsSortedFunc(ids, queue.CompareIDs) {
		t.Fatalf("got batches %v, want %d in order", ids, want)
	}
	return ids
}

func TestBothGroupsSeeEveryResult(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, 5)
	for _, g := range []queue.Group{queue.GroupAggregator, queue.GroupTicks} {
		reader := r.Results(lane, g, "one")
		ids := batches(t, reader.Read, 3, 3)
		ids = append(ids, batches(t, reader.Read, 3, 2)...)
		if err := reader.Ack(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
		batches(t, reader.Pending, 10, 0)
		batches(t, reader.Read, 10, 0)
	}
	s := r.stats(t)
	for _, q := range []queue.QueueStats{s.Aggregator, s.Ticks} {
		if q.Length != 5 || q.Pending != 0 || q.OldestAge != 0 || q.StuckAge != 0 {
			t.Errorf("results %+v, want 5 entries and nothing to do", q)
		}
	}
}

func TestRestartedReaderBeginsWithItsPending(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, 5)
	first := batches(t, r.Results(lane, queue.GroupTicks, "a").Read, 4, 4)
	again := r.Results(lane, queue.GroupTicks, "a")
	got := batches(t, again.Read, 3, 3)
	got = append(got, batches(t, again.Read, 3, 1)...)
	if !slices.Equal(first, got) {
		t.Errorf("read %v again, want %v", got, first)
	}
	batches(t, again.Read, 3, 1)
}

func TestLostAnswerOfAResultsReadIsRepaired(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, 3)
	reader := r.Results(lane, queue.GroupAggregator, "a")
	mine := batches(t, reader.Read, 1, 1)
	r.trip.loseNext("xreadgroup", 1)
	if _, err := reader.Read(t.Context(), 10); !errors.Is(err, errLost) {
		t.Fatalf("got %v, want the lost connection", err)
	}
	got := batches(t, reader.Read, 10, 3) // a batch that is not acknowledged comes again
	if got[0] != mine[0] {
		t.Errorf("read %v, want to begin with %v", got, mine)
	}
}

func TestDeadReadersBatchesAreClaimed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, 4)
	dead := r.Results(lane, queue.GroupTicks, "dead")
	held := batches(t, dead.Read, 3, 3)
	heir := r.Results(lane, queue.GroupTicks, "heir")
	batches(t, heir.Read, 3, 1)
	var got []string
	waitFor(t, "the dead reader's batches", func() bool {
		claimed, err := heir.ClaimDead(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range claimed {
			got = append(got, b.ID)
		}
		return len(got) >= 3
	})
	if !slices.Equal(got, held) {
		t.Errorf("claimed %v, want %v", got, held)
	}
}

func TestNewLeaseHolderClaimsFromTheLiving(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.produce(t, 3)
	former := r.Results(lane, queue.GroupAggregator, "former")
	held := batches(t, former.Read, 3, 3)
	next := r.Results(lane, queue.GroupAggregator, "next")
	if err := former.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := batches(t, next.ClaimOthers, 10, 3); !slices.Equal(got, held) {
		t.Errorf("claimed %v, want %v", got, held)
	}
	if left, err := former.Leave(t.Context()); err != nil || left != 0 {
		t.Errorf("the former one leaves %d behind, %v", left, err)
	}
	if left, err := next.Leave(t.Context()); err != nil || left != 3 {
		t.Errorf("the next one leaves %d behind, %v", left, err)
	}
}

func TestResultsAreTrimmedBehindTheSlowerGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	r.produce(t, 6)
	judge, ticks := r.Results(lane, queue.GroupAggregator, "j"), r.Results(lane, queue.GroupTicks, "t")
	trim := func(want, left int64) {
		t.Helper()
		got, err := r.TrimResults(ctx, lane)
		if err != nil || got.Entries != want || got.TicksLost != 0 {
			t.Errorf("trimmed %+v, %v, want %d", got, err, want)
		}
		if n := r.stats(t).Aggregator.Length; n != left {
			t.Errorf("%d entries are left, want %d", n, left)
		}
	}
	trim(0, 6) // nobody has read anything
	judged := batches(t, judge.Read, 10, 6)
	trim(0, 6)
	if err := judge.Ack(ctx, judged...); err != nil {
		t.Fatal(err)
	}
	trim(0, 6) // ticks has not read anything
	written := batches(t, ticks.Read, 5, 5)
	if err := ticks.Ack(ctx, written[0], written[1], written[3]); err != nil {
		t.Fatal(err)
	}
	trim(2, 4) // the third is pending
	if err := ticks.Ack(ctx, written[2], written[4]); err != nil {
		t.Fatal(err)
	}
	trim(3, 1) // the sixth is not read
	if err := ticks.Ack(ctx, batches(t, ticks.Read, 5, 1)...); err != nil {
		t.Fatal(err)
	}
	trim(1, 0)
	r.produce(t, 1)
	trim(0, 1)
}

// memory pretends that Redis uses so much of 100 bytes.
type memory struct{ used int }

func (m *memory) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (m *memory) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if info, ok := cmd.(*redis.StringCmd); ok && cmd.Name() == "info" {
			info.SetVal(fmt.Sprintf("# Memory\r\nused_memory:%d\r\nmaxmemory:100\r\n", m.used))
		}
		return err
	}
}

func (m *memory) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestOverHalfOfTheMemoryChartsLoseBeforeChecks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	mem := &memory{used: 50}
	full := r.open(t, mem)
	r.produce(t, 6)
	judge, ticks := r.Results(lane, queue.GroupAggregator, "j"), r.Results(lane, queue.GroupTicks, "t")
	written := batches(t, ticks.Read, 3, 3)
	if err := ticks.Ack(ctx, written[1]); err != nil { // the second is in InfluxDB, the first and third are under way
		t.Fatal(err)
	}
	if err := judge.Ack(ctx, batches(t, judge.Read, 5, 5)...); err != nil { // the sixth is not judged
		t.Fatal(err)
	}
	if got, err := full.TrimResults(ctx, lane); err != nil || got != (queue.Trimmed{}) {
		t.Errorf("at 50 %%: %+v, %v, want nothing", got, err)
	}
	mem.used = 51
	got, err := full.TrimResults(ctx, lane)
	if err != nil || got.TicksLost != 4 {
		t.Errorf("at 51 %%: %+v, %v, want 4 ticks lost: 1, 3, 4 and 5", got, err)
	}
	s := r.stats(t)
	if s.TicksLost != 4 || s.Aggregator.Length != 1 || s.Ticks.Pending != 0 {
		t.Errorf("ledger says %d lost, %d entries are left, %d pending", s.TicksLost, s.Aggregator.Length, s.Ticks.Pending)
	}
	batches(t, r.Results(lane, queue.GroupTicks, "t").Read, 10, 1)
	batches(t, judge.Read, 10, 1)
}

func TestMemoryUseIsRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	used, limit, err := r.MemoryUse(t.Context())
	if err != nil || used < 1<<16 || limit < 0 {
		t.Errorf("used %d of %d, %v", used, limit, err)
	}
}

func TestDirtyWindowsStayUntilTheyAreClear(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	hour := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	a := queue.Window{Monitor: monitor(1), Start: hour, Width: 5 * time.Minute}
	b := queue.Window{Start: hour, Width: time.Hour}
	for _, w := range []queue.Window{a, b, a} {
		if err := r.MarkDirty(ctx, lane, w); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := r.TakeDirty(ctx, lane, 10)
	if err != nil || len(taken) != 2 {
		t.Fatalf("took %v, %v, want both windows once", taken, err)
	}
	for _, w := range taken {
		if w.Start != hour || w.Monitor == a.Monitor != (w.Width == a.Width) {
			t.Errorf("took %+v", w)
		}
	}
	if err := r.MarkDirty(ctx, lane, b); err != nil { // while it was being rolled up
		t.Fatal(err)
	}
	if err := r.ClearDirty(ctx, lane, taken...); err != nil {
		t.Fatal(err)
	}
	left, err := r.TakeDirty(ctx, lane, 10)
	if err != nil || len(left) != 1 || left[0].Width != time.Hour {
		t.Errorf("left %+v, %v, want the window that was marked again", left, err)
	}
}
