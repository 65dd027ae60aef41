//go:build integration

package httpapi_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// The fleet's page shows each region's hour by the minute, all shards together, and
// whether it balances.
func TestFleetShowsTheLedgerByTheMinute(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	f.addRegions("us-east", "eu-west")
	type minute struct {
		Minute                                                                time.Time
		Scheduled, Done, Expired, Invalid, Missed, Waiting, Balance, Restarts int64
	}
	type fleetView struct {
		Balanced bool
		Regions  []struct {
			Region   string
			Balanced bool
			Minutes  []minute `json:"ledger_minutes"`
			Urgent   []minute `json:"urgent_ledger_minutes"`
		}
	}
	look := func() (got fleetView) {
		t.Helper()
		f.call("GET", "/v1/fleet", nil).want(200, &got)
		if len(got.Regions) != 2 || got.Regions[1].Region != "us-east" {
			t.Fatalf("regions: %+v", got.Regions)
		}
		return got
	}
	if got := look(); !got.Balanced || !got.Regions[0].Balanced || len(got.Regions[0].Minutes) != 0 {
		t.Errorf("before anything was read: %+v", got)
	}

	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	row := func(shard int, urgent bool, after time.Duration, c postgres.LedgerCounts, balance int64) postgres.LedgerMinute {
		return postgres.LedgerMinute{
			LedgerKey: postgres.LedgerKey{Region: "us-east", Shard: shard, Urgent: urgent}, Minute: at.Add(after), LedgerCounts: c, Balance: balance,
		}
	}
	save := func(minutes ...postgres.LedgerMinute) {
		t.Helper()
		f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error { return postgres.SaveLedger(ctx, tx, nil, minutes) }))
	}
	save(
		row(0, false, 0, postgres.LedgerCounts{Scheduled: 10, Done: 6, Expired: 1, Invalid: 1, Dropped: 1, Missed: 2, Waiting: 1}, 0),
		row(0, false, time.Minute, postgres.LedgerCounts{Scheduled: 3, Done: 4}, 0),
		row(1, false, 0, postgres.LedgerCounts{Scheduled: 5, Done: 5}, 0),
		row(0, true, 0, postgres.LedgerCounts{}, 0),
		row(0, true, time.Minute, postgres.LedgerCounts{Scheduled: 2, Done: 2}, 0),
	)
	got := look()
	want := []minute{
		{Minute: at, Scheduled: 14, Done: 11, Expired: 1, Invalid: 1, Missed: 3, Waiting: 1}, {Minute: at.Add(time.Minute), Scheduled: 3, Done: 4},
	}
	if diff := cmp.Diff(want, got.Regions[1].Minutes); diff != "" {
		t.Errorf("minutes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]minute{{Minute: at.Add(time.Minute), Scheduled: 2, Done: 2}}, got.Regions[1].Urgent); diff != "" {
		t.Errorf("urgent minutes (-want +got):\n%s", diff)
	}
	if !got.Balanced || !got.Regions[1].Balanced {
		t.Error("it balances")
	}

	save(row(1, true, 0, postgres.LedgerCounts{Scheduled: 3, Done: 1}, 2))
	if got := look(); got.Balanced || got.Regions[1].Balanced || !got.Regions[0].Balanced {
		t.Errorf("two urgent checks are missing: %+v", got)
	}
	save(row(1, true, 0, postgres.LedgerCounts{Scheduled: 3, Done: 3}, 0))
	if got := look(); !got.Balanced {
		t.Errorf("all is accounted for: %+v", got)
	}
}
