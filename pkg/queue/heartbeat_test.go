//go:build integration

package queue_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/pkg/wire"
)

func TestCallsAndMarksComeInTheirOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := queue.HeartbeatLane(1)
	if err := r.EnsureLane(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	at := uptime.InstantOf(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	call := uptime.Result{
		Monitor: uptime.ID{7}, Revision: 3, Region: l.Region, Due: at.Add(time.Second), Started: at.Add(time.Second),
		Outcome: uptime.OutcomeFail, Reason: uptime.ReasonReported, Detail: "disk full", Phases: uptime.Phases{Total: 5 * time.Hour},
	}
	begin := uptime.Result{Monitor: uptime.ID{7}, Revision: 3, Region: l.Region, Due: at.Add(3 * time.Second), Begins: true}
	for _, do := range []func() error{
		func() error { return r.MarkListening(t.Context(), 2, at) },
		func() error { return r.WriteCall(t.Context(), 1, &call) },
		func() error { return r.WriteCall(t.Context(), 1, &begin) },
		func() error { return r.MarkListening(t.Context(), 2, at.Add(5*time.Second)) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range []queue.Group{queue.GroupAggregator, queue.GroupTicks} {
		reader := r.Results(l, g, "one")
		got, err := reader.Read(t.Context(), 10)
		if err != nil || len(got) != 4 {
			t.Fatalf("%s reads %d entries, %v, want four", g, len(got), err)
		}
		var heard []uptime.Instant
		var results []uptime.Result
		ids := make([]string, len(got))
		for i, b := range got {
			ids[i] = b.ID
			heard = append(heard, b.Heard)
			if err := wire.DecodeResults(b.Payload, l.Region, func(x *uptime.Result) { results = append(results, *x) }); err != nil {
				t.Error(err)
			}
		}
		if want := []uptime.Instant{at, 0, 0, at.Add(5 * time.Second)}; !slices.Equal(heard, want) {
			t.Errorf("%s hears %v, want %v", g, heard, want)
		}
		if diff := cmp.Diff([]uptime.Result{call, begin}, results); diff != "" {
			t.Errorf("%s (-want +got):\n%s", g, diff)
		}
		if err := reader.Ack(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
	}
	if trimmed, err := r.TrimResults(t.Context(), l); err != nil || trimmed.Entries != 4 || trimmed.TicksLost != 0 {
		t.Errorf("trimmed %+v, %v, want all four", trimmed, err)
	}
	// The other shard's stream was made by the mark, without a group: reading makes that.
	other, err := r.Results(queue.HeartbeatLane(0), queue.GroupAggregator, "one").Read(t.Context(), 10)
	if err != nil || len(other) != 2 {
		t.Errorf("%d entries of another shard, %v, want its two marks", len(other), err)
	}
	if workers, err := r.Workers(t.Context(), l); err != nil || len(workers) != 0 {
		t.Errorf("workers %+v, %v", workers, err)
	}
	stats, err := r.LaneStats(t.Context(), l)
	if err != nil || stats.Checks.Length != 0 || stats.Ledger.Balance() != 0 {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

func TestNoRegionIsCalledHeartbeat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Announce(t.Context(), uptime.RegionHeartbeat); !errors.Is(err, queue.ErrReserved) {
		t.Errorf("announced: %v", err)
	}
	if names, err := r.Announced(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("announced %v, %v", names, err)
	}
}
