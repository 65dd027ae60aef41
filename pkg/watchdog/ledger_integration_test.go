//go:build integration

package watchdog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/watchdog"
)

// onlyLedger leaves the stages alone, which do not run.
func onlyLedger(c *watchdog.Config) { c.Patience = time.Hour }

// hours returns what the minutes in the database add up to, scheduled and urgent.
func (h *house) hours() (scheduled, urgent watchdog.Hour) {
	h.Helper()
	minutes, err := h.store.LedgerMinutes(h.Context())
	h.ok(err)
	var ours, theirs []postgres.LedgerMinute
	for _, m := range minutes {
		if m.Urgent {
			m.Urgent = false
			theirs = append(theirs, m)
		} else {
			ours = append(ours, m)
		}
	}
	return watchdog.Sum(ours)[h.lane.Region], watchdog.Sum(theirs)[h.lane.Region]
}

// awaitHours waits until the minutes say what became of all checks.
func (h *house) awaitHours(scheduled, urgent watchdog.Hour) {
	h.Helper()
	h.await("the hour", func() bool {
		s, u := h.hours()
		return cmp.Equal(s, scheduled) && cmp.Equal(u, urgent)
	})
}

// dead waits until a worker that stopped beating counts as dead.
func (h *house) dead(id string) {
	h.Helper()
	h.await("the death of "+id, func() bool {
		workers, err := h.queue.Workers(h.Context(), h.lane)
		h.ok(err)
		for _, w := range workers {
			if w.ID == id && w.Alive {
				return false
			}
		}
		return true
	})
}

// Whatever became of checks, the minutes account for each: done, repeated, too late,
// not to be read, left by a dead worker, dropped with their monitor, urgent.
func TestTheLedgerOfAnHourBalancesWhateverHappens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.watch(onlyLedger)
	h.await("the first reading", func() bool { return len(h.column("SELECT 1 FROM ledger_reading")) == 2 })
	ctx := t.Context()
	a := h.queue.Consumer(h.lane, queue.WorkerInfo{ID: "a"})
	b := h.queue.Consumer(h.lane, queue.WorkerInfo{ID: "b"})

	// Ordinary running, and a commit that is repeated after a lost answer.
	h.ok(a.Beat(ctx))
	h.ok(h.push(ctx, 5))
	entries, err := a.Read(ctx, 100, 100)
	h.ok(err)
	for range 2 {
		_, err = a.Commit(ctx, finish(entries, uptime.OutcomePass))
		h.ok(err)
	}
	want := watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 5, Done: 5, Missed: 1}}
	h.awaitHours(want, watchdog.Hour{})

	// Too late, and one that cannot be probed.
	h.ok(h.push(ctx, 3))
	entries, err = a.Read(ctx, 100, 100)
	h.ok(err)
	_, err = a.Commit(ctx, append(finish(entries[:2], uptime.OutcomeExpired), finish(entries[2:], uptime.OutcomeInvalid)...))
	h.ok(err)
	// Garbage that a pusher of another version sent.
	_, cursor, err := h.queue.Cursor(ctx, h.lane)
	h.ok(err)
	_, err = h.queue.PushSlot(ctx, h.lane, queue.Push{Epoch: 1, Prev: cursor, Slot: cursor + 1, Checks: [][]byte{[]byte("garbage")}})
	h.ok(err)
	entries, err = a.Read(ctx, 100, 100)
	h.ok(err)
	_, err = a.Commit(ctx, finish(entries, uptime.OutcomePass))
	h.ok(err)
	want.Scheduled, want.Expired, want.Invalid, want.Missed = 9, 2, 2, 2
	h.awaitHours(want, watchdog.Hour{})

	// A worker dies with checks in hand, its rescuer does them, and it comes back late.
	h.ok(h.push(ctx, 4))
	lost, err := a.Read(ctx, 100, 100)
	h.ok(err)
	want.Scheduled, want.Missed, want.Waiting = 13, 3, 4
	h.awaitHours(want, watchdog.Hour{})
	h.dead("a")
	var rescued []queue.Entry
	h.await("the rescue", func() bool {
		h.ok(b.Beat(ctx))
		some, err := b.Reclaim(ctx, 100)
		h.ok(err)
		rescued = append(rescued, some...)
		return len(rescued) == 4
	})
	_, err = b.Commit(ctx, finish(rescued, uptime.OutcomePass))
	h.ok(err)
	_, err = a.Commit(ctx, finish(lost, uptime.OutcomePass))
	h.ok(err)
	want.Done, want.Waiting = 9, 0
	h.awaitHours(want, watchdog.Hour{})

	// Urgent checks in their own ledger, nobody's in time, and a monitor that is removed.
	urgent := h.monitor.Check(h.lane.Region, uptime.InstantOf(time.Now()))
	h.ok(h.queue.PushUrgent(ctx, h.lane, urgent, urgent))
	h.ok(h.work(ctx, b, uptime.OutcomePass))
	h.ok(h.queue.PushUrgent(ctx, h.lane, urgent))
	h.ok(h.push(ctx, 2))
	h.await("what nobody takes to expire", func() bool {
		n, err := h.queue.ExpireChecks(ctx, h.lane, time.Hour, time.Millisecond)
		h.ok(err)
		return n == 1
	})
	_, err = h.queue.DropMonitor(ctx, h.lane, h.monitor.ID)
	h.ok(err)
	want.Scheduled, want.Dropped, want.Missed = 15, 2, 4
	h.awaitHours(want, watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 3, Done: 2, Expired: 1}})
	if n := h.column("SELECT count(*) FROM fleet_event"); n[0] != "0" {
		t.Errorf("%s events, want none", n[0])
	}
}

// Redis loses its data while checks wait: they are missing from the ledger, people
// are told, and an hour later it is over.
func TestALedgerThatLostItsDataIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m, stop := h.watch(onlyLedger)
	h.await("the first reading", func() bool { return len(h.column("SELECT 1 FROM ledger_reading")) == 2 })
	ctx := t.Context()
	h.ok(h.push(ctx, 7))
	h.awaitHours(watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 7, Missed: 1, Waiting: 7}}, watchdog.Hour{})
	h.ok(h.raw.FlushDB(ctx).Err())
	h.ok(h.queue.EnsureLane(ctx, h.lane))
	h.ok(h.push(ctx, 2))
	lost := watchdog.Hour{LedgerCounts: postgres.LedgerCounts{Scheduled: 9, Missed: 2, Waiting: 2}, Balance: 7, Restarts: 1}
	h.awaitHours(lost, watchdog.Hour{})
	h.await("the event", func() bool { return h.open() == "ledger eu-west" })
	told := h.column("SELECT payload->>'explanation' FROM delivery")
	if len(told) != 1 || !strings.Contains(told[0], "at least 7 checks") || !strings.Contains(told[0], "eu-west") {
		t.Errorf("told %q", told)
	}
	if v := gauge(t, m, "probefleet_ledger_balance"); v != 7 {
		t.Errorf("the metric says that %v are missing, want 7", v)
	}
	if v := gauge(t, m, "probefleet_ledger_restarts_total"); v != 1 {
		t.Errorf("the metric says %v restarts, want 1", v)
	}

	// Another one that takes the watch over knows of it, and of what came meanwhile.
	stop()
	h.ok(h.push(ctx, 1))
	_, stop = h.watch(onlyLedger)
	lost.Scheduled, lost.Missed, lost.Waiting = 10, 3, 3
	h.awaitHours(lost, watchdog.Hour{})
	stop()
	h.exec("UPDATE ledger_minute SET minute = minute - interval '1 hour' WHERE balance <> 0")
	h.watch(onlyLedger)
	h.await("the end", func() bool { return h.open() == "" })
	if told := h.column("SELECT payload->>'explanation' FROM delivery ORDER BY seq"); len(told) != 2 || !strings.Contains(told[1], "has balanced") {
		t.Errorf("told %q, want its end, too", told)
	}
}

// An hour is kept and no more, and nothing of regions that are no more.
func TestMinutesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.exec(`INSERT INTO ledger_minute SELECT r, s, false, date_trunc('minute', now()) - n * interval '1 minute', 1, 1, 0, 0, 0, 0, 0, 0, 0
		FROM unnest(ARRAY['eu-west', 'gone']) r, generate_series(0, 1) s, generate_series(0, 90) n`)
	h.watch(onlyLedger)
	h.await("60 minutes", func() bool {
		return h.column("SELECT count(*) FROM ledger_minute WHERE NOT urgent AND region = 'eu-west' AND shard = 0")[0] == "60"
	})
	if other := h.column("SELECT region FROM ledger_minute WHERE region <> 'eu-west' OR shard <> 0"); len(other) > 0 {
		t.Errorf("%d minutes of others", len(other))
	}
}
