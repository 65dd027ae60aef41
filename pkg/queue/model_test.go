//go:build integration

package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// fleet is a lane with workers that crash and connections that break, driven at random.
type fleet struct {
	t       *rapid.T
	r       *rig
	workers [3]*queue.Consumer
	clients [3]*queue.Client
	held    [3][]queue.Entry
	next    int               // number of the next check; each is of a monitor of its own
	dropped map[uptime.ID]int // how many entries of it were dropped
	urgent  int
}

// ok fails on any error but the ones that the test itself causes.
func (f *fleet) ok(err error) bool {
	if err != nil && !errors.Is(err, errLost) {
		f.t.Fatal(err)
	}
	return err == nil
}

func (f *fleet) start(i int) {
	f.workers[i] = f.clients[i].Consumer(lane, queue.WorkerInfo{ID: fmt.Sprint("w", i)})
	f.held[i] = nil
}

func (f *fleet) push() {
	ctx := context.Background()
	_, cursor, err := f.r.sure.Cursor(ctx, lane)
	f.ok(err)
	p := queue.Push{Epoch: 1, Prev: cursor, Slot: max(cursor, base).Add(time.Second), Missed: rapid.IntRange(0, 2).Draw(f.t, "missed")}
	for range rapid.IntRange(0, 5).Draw(f.t, "n") {
		p.Checks = append(p.Checks, encode(f.next, p.Slot))
		f.next++
	}
	for { // as the pusher does: until it is told that the slot is there
		done, err := f.r.PushSlot(ctx, lane, p)
		if f.ok(err) && done.Cursor == p.Slot {
			return
		}
	}
}

func (f *fleet) pushUrgent() {
	f.ok(f.r.PushUrgent(context.Background(), lane, check(f.next, base+1)))
	f.next++
	f.urgent++ // an answer that is lost does not unsend the check
}

func (f *fleet) step(i int) {
	ctx := context.Background()
	w := f.workers[i]
	switch rapid.IntRange(0, 9).Draw(f.t, "step") {
	case 0, 1:
		f.push()
	case 2:
		f.pushUrgent()
	case 3, 4:
		entries, err := w.Read(ctx, rapid.IntRange(0, 4).Draw(f.t, "checks"), rapid.IntRange(0, 4).Draw(f.t, "urgent"))
		f.ok(err)
		f.held[i] = append(f.held[i], entries...)
	case 5, 6:
		n := rapid.IntRange(0, len(f.held[i])).Draw(f.t, "finished")
		outcome := rapid.SampledFrom([]uptime.Outcome{uptime.OutcomePass, uptime.OutcomeFail, uptime.OutcomeExpired, uptime.OutcomeInvalid}).Draw(f.t, "outcome")
		if _, err := w.Commit(ctx, finish(f.held[i][:n], outcome)); f.ok(err) {
			f.held[i] = f.held[i][n:]
		}
	case 7:
		f.start(i) // killed and restarted under its name
	case 8:
		f.ok(w.Beat(ctx))
		entries, err := w.Reclaim(ctx, 3)
		f.ok(err)
		f.held[i] = append(f.held[i], entries...)
	case 9:
		id := monitor(rapid.IntRange(1, f.next).Draw(f.t, "monitor"))
		n, err := f.r.sure.DropMonitor(ctx, lane, id)
		f.ok(err)
		f.dropped[id] += n
	}
}

// Whatever is lost, killed, repeated or taken over: each check ends in exactly one
// place, each result exists once, and the ledger says so at every moment.
func TestEveryCheckEndsOnceWhateverBreaks(t *testing.T) {
	t.Parallel()
	r := newRigTTL(t, 10*time.Millisecond)
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		if err := r.raw.FlushDB(ctx).Err(); err != nil {
			rt.Fatal(err)
		}
		if err := r.sure.EnsureLane(ctx, lane); err != nil {
			rt.Fatal(err)
		}
		f := &fleet{t: rt, r: r, next: 1, dropped: map[uptime.ID]int{}, clients: r.clients}
		for i := range f.workers {
			f.start(i)
		}
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			if rapid.IntRange(0, 4).Draw(rt, "trouble") == 0 {
				r.trip.loseNext(rapid.SampledFrom([]string{"eval", "x"}).Draw(rt, "which"), 1)
			}
			f.step(rapid.IntRange(0, 2).Draw(rt, "worker"))
			r.trip.loseNext("", 0)
			s := mustStats(rt, r)
			if s.Ledger.Balance() != 0 || s.Urgent.Balance() != 0 || s.Vanished != 0 {
				rt.Fatalf("the ledgers are off by %d and %d: %+v", s.Ledger.Balance(), s.Urgent.Balance(), s)
			}
		}
		f.drain(ctx)
		f.judge(t)
	})
}

// drain ends all workers but one, which takes everything over and finishes it.
func (f *fleet) drain(ctx context.Context) {
	last := f.workers[0]
	deadline := time.Now().Add(time.Minute)
	for {
		f.ok(last.Beat(ctx))
		entries, err := last.Read(ctx, 50, 50)
		f.ok(err)
		more, err := last.Reclaim(ctx, 50)
		f.ok(err)
		f.held[0] = append(append(f.held[0], entries...), more...)
		_, err = last.Commit(ctx, finish(f.held[0], uptime.OutcomePass))
		f.ok(err)
		f.held[0] = nil
		if s := mustStats(f.t, f.r); s.Checks.Length+s.UrgentQ.Length == 0 {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatal("checks are left that nobody can finish")
		}
	}
}

func (f *fleet) judge(t *testing.T) {
	seen := map[uptime.ID]int{}
	for _, res := range f.r.allResults(t) {
		seen[res.Monitor]++
	}
	for n := 1; n < f.next; n++ {
		if got := seen[monitor(n)] + f.dropped[monitor(n)]; got != 1 {
			f.t.Errorf("check %d has %d results and was dropped %d times, want one of either", n, seen[monitor(n)], f.dropped[monitor(n)])
		}
	}
	if s := mustStats(f.t, f.r); s.Urgent.Scheduled != int64(f.urgent) || s.Ledger.Scheduled != int64(f.next-1-f.urgent) {
		f.t.Errorf("scheduled %d and %d urgent, want %d and %d", s.Ledger.Scheduled, s.Urgent.Scheduled, f.next-1-f.urgent, f.urgent)
	}
}

func mustStats(t *rapid.T, r *rig) queue.LaneStats {
	s, err := r.sure.LaneStats(context.Background(), lane)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
