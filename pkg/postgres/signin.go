package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
)

// SignInFailures is how often somebody has failed to show who they are.
type SignInFailures struct {
	Subject      string // see the api's auth.Subject
	Failures     int
	BlockedUntil time.Time // zero: not blocked
	Last         time.Time // zero: never
}

// UpdateSignInFailures changes what is known of some subjects at once; change gets them
// in the order in which they are named. What it returns as an error is returned as it is,
// and then nothing is changed.
func (s *Store) UpdateSignInFailures(ctx context.Context, subjects []string, change func([]SignInFailures) error) error {
	return s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		all := make([]SignInFailures, len(subjects))
		// Always in one order, so that two attempts do not wait for each other.
		order := slices.Sorted(slices.Values(subjects))
		for _, subject := range order {
			f, err := lockSignInFailures(ctx, q, subject)
			if err != nil {
				return fmt.Errorf("failures to sign in: %w", err)
			}
			all[slices.Index(subjects, subject)] = f
		}
		if err := change(all); err != nil {
			return err
		}
		for _, f := range all {
			err := q.UpdateSignInFailure(ctx, dbgen.UpdateSignInFailureParams{
				Subject: f.Subject, Failures: int32(f.Failures), BlockedUntil: timePtr(f.BlockedUntil), At: f.Last,
			})
			if err != nil {
				return fmt.Errorf("count a failure to sign in: %w", err)
			}
		}
		return nil
	})
}

func lockSignInFailures(ctx context.Context, q *dbgen.Queries, subject string) (SignInFailures, error) {
	if err := q.EnsureSignInFailure(ctx, dbgen.EnsureSignInFailureParams{Subject: subject}); err != nil {
		return SignInFailures{}, err
	}
	r, err := q.LockSignInFailure(ctx, subject)
	if err != nil {
		return SignInFailures{}, err
	}
	return SignInFailures{Subject: r.Subject, Failures: int(r.Failures), BlockedUntil: deref(r.BlockedUntil), Last: r.UpdatedAt}, nil
}

// How long it is kept what nobody can use any more: failures for as long as any throttle
// remembers them, invitations so long that they can be sent again.
const (
	keepFailures    = 24 * time.Hour
	keepInvitations = 30 * 24 * time.Hour
)

// PurgeSignIns deletes sessions and links that have ended, old failures to sign in, and
// invitations that nobody has accepted, and returns how many.
func (s *Store) PurgeSignIns(ctx context.Context) (int64, error) {
	total := int64(0)
	for _, one := range []struct {
		age   time.Duration
		batch func(before time.Time) (int64, error)
	}{
		{0, func(before time.Time) (int64, error) {
			return s.q.PurgeSessions(ctx, dbgen.PurgeSessionsParams{Before: before, Batch: purgeBatch})
		}},
		{0, func(before time.Time) (int64, error) {
			return s.q.PurgePasswordResets(ctx, dbgen.PurgePasswordResetsParams{Before: before, Batch: purgeBatch})
		}},
		{keepFailures, func(before time.Time) (int64, error) {
			return s.q.PurgeSignInFailures(ctx, dbgen.PurgeSignInFailuresParams{Before: before, Batch: purgeBatch})
		}},
		{keepInvitations, func(before time.Time) (int64, error) {
			return s.q.PurgeInvitations(ctx, dbgen.PurgeInvitationsParams{Before: before, Batch: purgeBatch})
		}},
	} {
		n, err := s.purge(ctx, one.age, one.batch)
		total += n
		if err != nil {
			return total, fmt.Errorf("purge sign-ins: %w", err)
		}
	}
	return total, nil
}
