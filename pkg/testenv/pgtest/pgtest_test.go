//go:build integration

package pgtest_test

import (
	"context"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
)

func TestEachDatabaseIsMigratedAndItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := pgtest.Pool(t), pgtest.Pool(t)
	if _, err := a.Exec(ctx, "INSERT INTO org (id, slug, name) VALUES (gen_random_uuid(), 'a', 'A')"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := b.QueryRow(ctx, "SELECT count(*) FROM org").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 0 {
		t.Errorf("the other test's database has %d rows, want none", n)
	}
}
