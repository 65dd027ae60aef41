//go:build integration

package queue_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

// liveEvents returns events numbered from one to another.
func liveEvents(from, to int) []queue.LiveEvent {
	var out []queue.LiveEvent
	for n := from; n <= to; n++ {
		out = append(out, queue.LiveEvent{Type: "config", Data: fmt.Appendf(nil, `{"n":%d}`, n)})
	}
	return out
}

func (r *rig) liveState(t *testing.T) queue.LiveState {
	t.Helper()
	s, err := r.LiveState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLiveEventsAreReadAsTheyWereAdded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	none, err := r.ReadLive(ctx, queue.LiveStart, 10)
	if s := r.liveState(t); err != nil || len(none) > 0 || s != (queue.LiveState{Last: queue.LiveStart, Whole: true}) {
		t.Fatalf("before the first event: %v, %v, %+v", none, err, s)
	}
	want := []queue.LiveEvent{
		{Org: uptime.NewID(time.Now()), Website: uptime.NewID(time.Now()), Type: "verdict", Data: []byte(`{"to":"down"}`)},
		{Type: "fleet", Data: []byte(`{"kind":"sick"}`)},
	}
	if err := r.AddLive(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, err := r.ReadLive(ctx, queue.LiveStart, 10)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d events, %v", len(got), err)
	}
	for i := range want {
		want[i].ID = got[i].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if queue.CompareIDs(got[0].ID, got[1].ID) >= 0 {
		t.Errorf("ids do not grow: %s, %s", got[0].ID, got[1].ID)
	}
	between, err := r.LiveRange(ctx, got[0].ID, got[1].ID, 10)
	if diff := cmp.Diff(want[1:], between); err != nil || diff != "" {
		t.Errorf("range, %v (-want +got):\n%s", err, diff)
	}
	before, err := r.LiveRange(ctx, queue.LiveStart, got[0].ID, 10)
	if diff := cmp.Diff(want[:1], before); err != nil || diff != "" {
		t.Errorf("range, %v (-want +got):\n%s", err, diff)
	}
}

func TestALiveEventWithAnOwnerThatCannotBeReadIsNobodys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, values := range [][]any{{"t", "verdict", "d", "{}", "o", "everybody"}, {"x", "y"}} {
		if err := r.raw.XAdd(t.Context(), &redis.XAddArgs{Stream: "pf:{live}:events", Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.ReadLive(t.Context(), queue.LiveStart, 10)
	if err != nil || len(got) != 2 || got[0].Type != "" || got[1].Type != "" || got[1].ID == "" {
		t.Errorf("read %+v, %v, want two entries without a type", got, err)
	}
}

func TestLiveEventsAreCappedAndSayWhatIsLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	if err := r.AddLive(ctx, liveEvents(1, 10)); err != nil {
		t.Fatal(err)
	}
	first, err := r.ReadLive(ctx, queue.LiveStart, 10)
	if err != nil {
		t.Fatal(err)
	}
	lost := func(what, after string, want bool) {
		t.Helper()
		if s := r.liveState(t); s.Lost(after) != want {
			t.Errorf("%s: lost after %s is %v, want %v: %+v", what, after, !want, want, s)
		}
	}
	lost("nothing dropped", queue.LiveStart, false)
	lost("the first", first[0].ID, false)
	lost("the last", first[9].ID, false)
	lost("from before a loss of data", "9999999999999-0", true)

	for n := 11; n <= queue.LiveKept+500; n += 500 {
		if err := r.AddLive(ctx, liveEvents(n, n+499)); err != nil {
			t.Fatal(err)
		}
	}
	length, err := r.raw.XLen(ctx, "pf:{live}:events").Result()
	if err != nil || length < queue.LiveKept || length > queue.LiveKept+200 {
		t.Errorf("%d events kept, %v, want about %d", length, err, queue.LiveKept)
	}
	s := r.liveState(t)
	lost("dropped", queue.LiveStart, true)
	lost("dropped", first[0].ID, true)
	lost("the oldest", s.First, false)
	lost("the newest", s.Last, false)

	if err := r.raw.Del(ctx, "pf:{live}:events").Err(); err != nil {
		t.Fatal(err)
	}
	lost("all gone", s.Last, true)
	if err := r.AddLive(ctx, liveEvents(1, 1)); err != nil {
		t.Fatal(err)
	}
	lost("all gone, and one came", s.Last, true)
}

func TestResultsCanBePeekedAtWithoutAGroup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	heart := queue.HeartbeatLane(0)
	end, err := r.ResultsEnd(ctx, heart)
	if err != nil || end != queue.LiveStart {
		t.Fatalf("the end of a stream that is not there: %s, %v", end, err)
	}
	call := &uptime.Result{Monitor: uptime.NewID(time.Now()), Region: heart.Region, Due: base, Outcome: uptime.OutcomePass}
	for range 3 {
		if err := r.WriteCall(ctx, 0, call); err != nil {
			t.Fatal(err)
		}
	}
	found, err := r.PeekResults(ctx, map[queue.Lane]string{heart: end, lane: queue.LiveStart}, 2)
	if err != nil || len(found) != 1 || len(found[heart]) != 2 {
		t.Fatalf("found %v, %v, want two of the three", found, err)
	}
	var got uptime.Result
	if err := wire.DecodeResults(found[heart][0].Payload, heart.Region, func(r *uptime.Result) { got = *r }); err != nil || got.Monitor != call.Monitor {
		t.Errorf("decoded %+v, %v", got, err)
	}
	rest, err := r.PeekResults(ctx, map[queue.Lane]string{heart: found[heart][1].ID}, 2)
	if err != nil || len(rest[heart]) != 1 {
		t.Errorf("after it %v, %v, want the third", rest, err)
	}
	if end, err = r.ResultsEnd(ctx, heart); err != nil || end != rest[heart][0].ID {
		t.Errorf("the end is %s, %v, want %s", end, err, rest[heart][0].ID)
	}
}
