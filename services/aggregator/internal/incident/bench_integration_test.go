//go:build integration

package incident_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/incident"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// BenchmarkVerdicts writes changes of verdicts as a storm brings them, a thousand
// monitors at a time: down, which opens an incident, then up, which resolves it; with
// nobody to tell, and with one channel. An operation is one change.
func BenchmarkVerdicts(b *testing.B) {
	for _, channels := range []int{0, 1} {
		b.Run(map[int]string{0: "untold", 1: "told"}[channels], func(b *testing.B) {
			const wave = 1000
			store := postgres.NewStore(pgtest.Pool(b))
			org := fixture.Org(b, store.Pool())
			fixture.Regions(b, store.Pool(), org, "a", "b", "c")
			for range channels {
				fixture.Channel(b, store.Pool(), org, "down", "recovered")
			}
			lease, held, err := store.AcquireLease(b.Context(), postgres.RoleAggregator, 0, "bench", time.Hour)
			if err != nil || !held {
				b.Fatalf("lease: %v, %v", held, err)
			}
			jobs, err := postgres.NewJobs(store)
			if err != nil {
				b.Fatal(err)
			}
			w := incident.NewWriter(store, jobs, incident.Config{Lease: lease, Log: slog.New(slog.DiscardHandler)})
			monitors := many(b, store, org, wave)
			units := make([]unit.Unit, wave)
			b.ResetTimer()
			for n, round := 0, 0; n < b.N; n, round = n+wave, round+1 {
				turn := down
				if round%2 == 1 {
					turn = up
				}
				for i, m := range monitors {
					units[i] = turn(m, at(time.Duration(round)*time.Minute))
				}
				if refused, err := w.Record(b.Context(), units, nil); err != nil || len(refused) > 0 {
					b.Fatalf("%d are refused, %v", len(refused), err)
				}
			}
		})
	}
}

// many makes monitors at once.
func many(b *testing.B, store *postgres.Store, org uptime.ID, n int) []uptime.Monitor {
	b.Helper()
	monitors := make([]uptime.Monitor, n)
	for i := range monitors {
		monitors[i] = uptime.Monitor{ID: uptime.NewID(time.Now()), WebsiteID: uptime.NewID(time.Now()), OrgID: org, Revision: 1}
	}
	for _, t := range []struct {
		table   string
		columns []string
		row     func(m *uptime.Monitor) []any
	}{
		{"website", []string{"id", "org_id", "name", "url", "url_key"}, func(m *uptime.Monitor) []any {
			return []any{m.WebsiteID, org, "site", "https://example.test/", m.ID.String()}
		}},
		{"monitor", []string{"id", "org_id", "website_id", "kind", "target", "interval_ms", "timeout_ms", "policy"}, func(m *uptime.Monitor) []any {
			return []any{m.ID, org, m.WebsiteID, "http", "https://example.test/" + m.ID.String(), int32(60_000), int32(10_000), "{}"}
		}},
	} {
		_, err := store.Pool().CopyFrom(b.Context(), pgx.Identifier{t.table}, t.columns,
			pgx.CopyFromSlice(n, func(i int) ([]any, error) { return t.row(&monitors[i]), nil }))
		if err != nil {
			b.Fatal(err)
		}
	}
	return monitors
}
