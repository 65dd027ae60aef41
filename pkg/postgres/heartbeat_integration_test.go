//go:build integration

package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestHeartbeatRows(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := postgres.NewStore(pgtest.Pool(t))
	org, other := fixture.Org(t, s.Pool()), fixture.Org(t, s.Pool())
	m := fixture.Monitor(t, s.Pool(), uptime.Monitor{OrgID: org, Kind: uptime.KindHeartbeat, Interval: 366 * 24 * time.Hour})
	plain := fixture.Monitor(t, s.Pool(), uptime.Monitor{OrgID: org})

	if _, err := s.RotateHeartbeat(ctx, other, m.ID, []byte("new"), []byte("sealed")); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another tenant rotates: %v", err)
	}
	if _, err := s.RotateHeartbeat(ctx, org, plain.ID, []byte("new"), []byte("sealed")); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("what is no heartbeat is rotated: %v", err)
	}
	old, err := s.RotateHeartbeat(ctx, org, m.ID, []byte("first"), []byte("sealed"))
	if err != nil || len(old) != 32 {
		t.Fatalf("rotated from %x, %v", old, err)
	}
	if old, err = s.RotateHeartbeat(ctx, org, m.ID, []byte("second"), []byte("sealed")); err != nil || string(old) != "first" {
		t.Fatalf("rotated from %q, %v", old, err)
	}
	if _, err := s.HeartbeatByToken(ctx, []byte("first")); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("found by what was replaced: %v", err)
	}
	called, err := s.HeartbeatByToken(ctx, []byte("second"))
	if err != nil || called != (postgres.Called{Monitor: m.ID, Revision: 1}) {
		t.Errorf("found %+v, %v", called, err)
	}

	at := uptime.InstantOf(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	pulses := []postgres.Pulse{
		{Monitor: m.ID, Started: at},
		{Monitor: m.ID, Last: at, OK: true, Message: "42 files", Run: 5 * time.Hour, Late: at.Add(time.Hour)},
		{Monitor: m.ID, Last: at.Add(time.Minute), Message: "bad \xff", Started: at.Add(time.Hour), Late: at.Add(2 * time.Hour)},
	}
	for _, want := range pulses {
		if err := s.Tx(ctx, func(tx pgx.Tx) error { return postgres.SavePulses(ctx, tx, []postgres.Pulse{want}) }); err != nil {
			t.Fatal(err)
		}
		got, err := s.Monitor(ctx, org, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want.Message == "bad \xff" {
			want.Message = postgres.PlainText(want.Message)
		}
		if diff := cmp.Diff(want, got.Heartbeat.Pulse); diff != "" {
			t.Errorf("pulse (-saved +read):\n%s", diff)
		}
	}
	w, err := s.Website(ctx, org, m.WebsiteID)
	if err != nil || len(w.Monitors) != 1 || w.Monitors[0].Heartbeat == nil || string(w.Monitors[0].Heartbeat.TokenSealed) != "sealed" {
		t.Errorf("website %+v, %v", w, err)
	}
	if got, err := s.Monitor(ctx, org, plain.ID); err != nil || got.Heartbeat != nil {
		t.Errorf("another kind has heartbeat %+v, %v", got.Heartbeat, err)
	}
	if err := s.DeleteMonitor(ctx, org, m.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.HeartbeatByToken(ctx, []byte("second")); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("found after its deletion: %v", err)
	}
}

func TestListeningGoesWithThePositions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := postgres.NewStore(pgtest.Pool(t))
	at := uptime.InstantOf(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	for _, want := range []postgres.Listening{{}, {Since: at, Until: at}, {Since: at, Until: at.Add(time.Minute)}, {Since: at.Add(time.Hour), Until: at.Add(time.Hour)}} {
		err := s.Tx(ctx, func(tx pgx.Tx) error {
			return postgres.SavePositions(ctx, tx, 1, []postgres.Position{
				{Region: "eu-west", LastID: "1-0"}, {Region: uptime.RegionHeartbeat, LastID: "2-0", Heard: want},
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Listening(ctx, 1)
		if err != nil || got != want {
			t.Errorf("saved %+v, read %+v, %v", want, got, err)
		}
	}
	if got, err := s.Listening(ctx, 0); err != nil || got != (postgres.Listening{}) {
		t.Errorf("another shard has %+v, %v", got, err)
	}
}

func TestTheDatabaseKeepsTheReservedName(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	org := fixture.Org(t, s.Pool())
	if _, err := s.Pool().Exec(t.Context(), "INSERT INTO region (name, org_id) VALUES ('heartbeat', $1)", org); err == nil {
		t.Error("a region is called heartbeat")
	}
	for kind, timeout := range map[string]int{"heartbeat": 100, "http": 0} {
		if _, err := s.Pool().Exec(t.Context(), `WITH w AS (INSERT INTO website (id, org_id, name, url, url_key) VALUES (gen_random_uuid(), $1, '', '', $2) RETURNING id)
			INSERT INTO monitor (id, org_id, website_id, kind, target, interval_ms, timeout_ms, policy)
			SELECT gen_random_uuid(), $1, id, $2, '', 60000, $3, '{}' FROM w`, org, kind, timeout); err == nil {
			t.Errorf("a timeout of %d goes with %s", timeout, kind)
		}
	}
}
