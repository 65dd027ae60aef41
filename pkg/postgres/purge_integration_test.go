//go:build integration

package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
)

func TestTroublesOfTheFleetArePurgedOnceTheyAreLongOver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := pgtest.Pool(t)
	s := postgres.NewStore(pool)
	const events = `INSERT INTO fleet_event (id, kind, region, opened_at, resolved_at, explanation)
		SELECT gen_random_uuid(), 'silent', 'r' || n, now() - interval '90 days', now() - n * interval '10 days', '' FROM generate_series(1, 5) AS n
		UNION ALL SELECT gen_random_uuid(), 'silent', 'open', now() - interval '90 days', NULL, ''`
	if _, err := pool.Exec(ctx, events); err != nil {
		t.Fatal(err)
	}
	if n, err := s.PurgeFleetEvents(ctx, 25*24*time.Hour); err != nil || n != 3 {
		t.Errorf("purged %d, %v, want the 3 that ended before", n, err)
	}
	var left int
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM fleet_event").Scan(&left); err != nil || left != 3 {
		t.Errorf("%d are left, %v, want the open one, too", left, err)
	}
}
