//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
)

const longTTL = time.Hour

func acquire(t *testing.T, s *postgres.Store, owner string, ttl time.Duration) (postgres.Lease, bool) {
	t.Helper()
	l, held, err := s.AcquireLease(t.Context(), postgres.RolePusher, 0, owner, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return l, held
}

func TestLeaseHasOneOwnerAndEveryTakeoverANewEpoch(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	ctx := t.Context()
	first, held := acquire(t, s, "a", longTTL)
	if !held || first.Epoch != 1 {
		t.Fatalf("free lease: held %v at epoch %d, want epoch 1", held, first.Epoch)
	}
	if _, held := acquire(t, s, "b", longTTL); held {
		t.Error("b took a lease that a holds")
	}
	again, held := acquire(t, s, "a", longTTL)
	if !held || again.Epoch != 2 {
		t.Errorf("a after its restart: held %v at epoch %d, want epoch 2", held, again.Epoch)
	}
	if err := s.RenewLease(ctx, first, longTTL); !errors.Is(err, postgres.ErrStaleLease) {
		t.Errorf("renewing epoch 1: %v, want ErrStaleLease", err)
	}
	if err := s.ReleaseLease(ctx, first); err != nil {
		t.Errorf("releasing a lease that was taken over: %v", err)
	}
	if _, held := acquire(t, s, "b", longTTL); held {
		t.Error("releasing the old epoch freed the new one")
	}
	if err := s.ReleaseLease(ctx, again); err != nil {
		t.Fatal(err)
	}
	taken, held := acquire(t, s, "b", longTTL)
	if !held || taken.Epoch != 3 {
		t.Errorf("b after the release: held %v at epoch %d, want epoch 3", held, taken.Epoch)
	}
}

func TestExpiredLeaseIsTakenOverButNotBefore(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	short, _ := acquire(t, s, "a", time.Millisecond)
	deadline := time.Now().Add(time.Minute)
	for {
		l, held := acquire(t, s, "b", longTTL)
		if held {
			if l.Epoch != short.Epoch+1 {
				t.Errorf("epoch %d, want %d", l.Epoch, short.Epoch+1)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("an expired lease is not taken over")
		}
	}
}

func TestLockLeaseHoldsOffATakeoverUntilCommit(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	ctx := t.Context()
	mine, _ := acquire(t, s, "a", time.Nanosecond) // expired at once, and nobody has noticed yet
	taken := make(chan int64, 1)
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		if err := postgres.LockLease(ctx, tx, mine.Role, mine.Shard, mine.Epoch); err != nil {
			return err
		}
		go func() {
			l, _, _ := s.AcquireLease(context.WithoutCancel(ctx), postgres.RolePusher, 0, "b", longTTL)
			taken <- l.Epoch
		}()
		waitFor(t, "the takeover to wait for the lock", func() bool {
			var waiting int
			err := s.Pool().QueryRow(ctx, "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.database IS NULL WHERE NOT l.granted AND d.datname = current_database()").Scan(&waiting)
			return err == nil && waiting > 0
		})
		select {
		case <-taken:
			t.Error("the lease was taken over before the commit")
		default:
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if epoch := <-taken; epoch != mine.Epoch+1 {
		t.Errorf("epoch %d after the takeover, want %d", epoch, mine.Epoch+1)
	}
	err = s.Tx(ctx, func(tx pgx.Tx) error {
		return postgres.LockLease(ctx, tx, mine.Role, mine.Shard, mine.Epoch)
	})
	if !errors.Is(err, postgres.ErrStaleLease) {
		t.Errorf("locking the old epoch: %v, want ErrStaleLease", err)
	}
}

func TestHoldLeaseEndsWorkWhenSomebodyElseTakesOver(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	epochs := make(chan int64, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- s.HoldLease(ctx, postgres.LeaseConfig{Role: postgres.RolePusher, Owner: "a", TTL: 300 * time.Millisecond},
			func(ctx context.Context, l postgres.Lease) error {
				epochs <- l.Epoch
				<-ctx.Done()
				return ctx.Err()
			})
	}()
	if e := <-epochs; e != 1 {
		t.Fatalf("first epoch %d, want 1", e)
	}
	// Somebody with the same name takes over, then lets go.
	l, held := acquire(t, s, "a", time.Millisecond)
	if !held || l.Epoch < 2 {
		t.Fatalf("takeover: held %v, epoch %d", held, l.Epoch)
	}
	for e := range epochs { // on a slow machine it has lost the lease by itself before
		if e == l.Epoch {
			t.Errorf("work began at epoch %d, which is another's", e)
		}
		if e > l.Epoch {
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("HoldLease returned %v", err)
	}
	if _, held := acquire(t, s, "b", longTTL); !held {
		t.Error("the lease was not released at the end")
	}
}

// A database that was restored from a backup hands out epochs that others have seen.
func TestHoldLeaseGoesBeyondAnEpochThatWasSeen(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	enough := errors.New("enough")
	var epochs []int64
	err := s.HoldLease(t.Context(), postgres.LeaseConfig{Role: postgres.RolePusher, Owner: "a", TTL: 100 * time.Millisecond},
		func(_ context.Context, l postgres.Lease) error {
			if epochs = append(epochs, l.Epoch); len(epochs) == 2 {
				return enough
			}
			return &postgres.StaleEpochError{Seen: 57}
		})
	if !errors.Is(err, enough) || !slices.Equal(epochs, []int64{1, 58}) {
		t.Errorf("epochs %v, %v, want 1 and 58", epochs, err)
	}
}

func TestHoldLeaseReturnsTheErrorOfItsWork(t *testing.T) {
	t.Parallel()
	s := postgres.NewStore(pgtest.Pool(t))
	broken := errors.New("broken")
	err := s.HoldLease(t.Context(), postgres.LeaseConfig{Role: postgres.RolePusher, Owner: "a"},
		func(context.Context, postgres.Lease) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the work", err)
	}
}

func TestHoldLeaseWhileTheDatabaseIsSilent(t *testing.T) {
	t.Parallel()
	for _, fenced := range []bool{false, true} {
		pool := pgtest.Pool(t)
		s := postgres.NewStore(pool)
		ctx, cancel := context.WithCancel(t.Context())
		started, stopped, ended := make(chan struct{}, 9), make(chan struct{}, 9), make(chan error, 1)
		go func() {
			ended <- s.HoldLease(ctx, postgres.LeaseConfig{
				Role: postgres.RolePusher, Owner: "a", TTL: 150 * time.Millisecond, Fenced: fenced,
			}, func(ctx context.Context, _ postgres.Lease) error {
				started <- struct{}{}
				<-ctx.Done()
				stopped <- struct{}{}
				return nil
			})
		}()
		<-started
		blocker, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := blocker.Exec(t.Context(), "LOCK TABLE shard_lease IN ACCESS EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
		if fenced {
			select {
			case <-stopped:
				t.Error("fenced work ended because the database was silent")
			case <-time.After(time.Second): // several times the TTL
			}
		} else {
			<-stopped
		}
		if err := blocker.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("fenced %v: HoldLease returned %v", fenced, err)
		}
	}
}

// waitFor polls a condition until it holds.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
