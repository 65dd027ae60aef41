//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestWhatNobodyCanUseIsPurged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := postgres.NewStore(pgtest.Pool(t))
	org, err := s.EnsureOrg(ctx, postgres.DefaultOrg, "Default")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	a := postgres.Account{ID: uptime.NewID(now), Email: "ada@example.com", PasswordHash: "x"}
	if _, err := s.CreateFirstAccount(ctx, a, org.ID, ""); err != nil {
		t.Fatal(err)
	}
	for i, expires := range []time.Duration{-time.Minute, time.Hour} {
		made := now.Add(expires - 2*time.Hour)
		hash := []byte{byte(i)}
		_, err := s.CreateSession(ctx, postgres.Session{ID: uptime.NewID(made), AccountID: a.ID, Hash: hash, CreatedAt: made, ExpiresAt: now.Add(expires)})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Tx(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO password_reset (hash, account_id, expires_at) VALUES ($1, $2, $3)`, hash, a.ID, now.Add(expires))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.UpdateSignInFailures(ctx, []string{"b" + string(rune('0'+i)), "a" + string(rune('0'+i))}, func(all []postgres.SignInFailures) error {
			for j := range all {
				if all[j].Subject[0] != "ba"[j] || !all[j].Last.IsZero() || all[j].Failures != 0 {
					t.Errorf("got %+v", all[j])
				}
				all[j].Last, all[j].Failures = now.Add(time.Duration(i-1)*25*time.Hour), 1
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	broken := errors.New("broken")
	if err := s.UpdateSignInFailures(ctx, []string{"c"}, func([]postgres.SignInFailures) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if n, err := s.PurgeSignIns(ctx); n != 4 || err != nil {
		t.Errorf("purged %d, %v", n, err)
	}
	var sessions, resets, failures int
	err = s.Pool().QueryRow(ctx, `SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM password_reset), (SELECT count(*) FROM sign_in_failure)`).
		Scan(&sessions, &resets, &failures)
	if err != nil || sessions != 1 || resets != 1 || failures != 2 {
		t.Errorf("left: %d sessions, %d links, %d failures, %v", sessions, resets, failures, err)
	}
	if n, err := s.PurgeSignIns(ctx); n != 0 || err != nil {
		t.Errorf("purged again: %d, %v", n, err)
	}
}
