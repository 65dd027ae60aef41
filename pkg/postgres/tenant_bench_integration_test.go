//go:build integration

package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// BenchmarkTenant is what it costs that the database keeps a read, a page and a
// transaction to its tenant: beside none, to an organisation, and to some of its websites.
func BenchmarkTenant(b *testing.B) {
	s := postgres.NewStore(pgtest.Pool(b))
	org, err := s.EnsureOrg(b.Context(), postgres.DefaultOrg, "Default")
	if err != nil {
		b.Fatal(err)
	}
	var some uptime.ID
	for n := range 500 {
		w, first := newWebsite(org.ID, fmt.Sprintf("w%d.example", n))
		if w.Tags = []string{"all"}; n == 250 {
			some = w.ID
		}
		if _, err := s.CreateWebsite(b.Context(), w, first); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := s.Pool().Exec(b.Context(), "ANALYZE"); err != nil {
		b.Fatal(err)
	}
	for _, who := range []struct {
		name string
		ctx  context.Context
	}{
		{"nobody", b.Context()},
		{"organisation", postgres.WithTenant(b.Context(), postgres.Tenant{Org: org.ID})},
		{"tag", postgres.WithTenant(b.Context(), postgres.Tenant{Org: org.ID, Tags: []string{"all"}})},
	} {
		for _, what := range []struct {
			name string
			run  func(ctx context.Context) error
		}{
			{"known", func(ctx context.Context) error { _, err := s.KnownWebsites(ctx, org.ID, []uptime.ID{some}); return err }},
			{"website", func(ctx context.Context) error { _, err := s.Website(ctx, org.ID, some); return err }},
			{"page", func(ctx context.Context) error {
				_, err := s.Websites(ctx, org.ID, postgres.WebsiteFilter{Limit: 100})
				return err
			}},
			{"transaction", func(ctx context.Context) error {
				return s.Tx(ctx, func(tx pgx.Tx) error {
					_, err := tx.Exec(ctx, "UPDATE website SET updated_at = $1 WHERE id = $2", time.Now(), some)
					return err
				})
			}},
		} {
			b.Run(what.name+"/"+who.name, func(b *testing.B) {
				for b.Loop() {
					if err := what.run(who.ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
