package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
)

// ErrStaleLease is returned when somebody else has taken the lease over.
var ErrStaleLease = errors.New("the lease is somebody else's now")

// The roles that hold leases: one writer and one fold per shard, and one watch over all.
const (
	RolePusher     = "pusher"
	RoleAggregator = "aggregator"
	RoleWatchdog   = "watchdog"
)

// StaleEpochError is what the work under a lease returns when it is refused for its
// epoch although the lease may be its own: whoever refuses has seen a newer one, which
// the database does not know if it was restored from a backup. The lease is then taken
// at an epoch beyond that. It is an [ErrStaleLease].
type StaleEpochError struct{ Seen int64 }

// Error implements [error].
func (e *StaleEpochError) Error() string {
	return fmt.Sprintf("refused: epoch %d has been seen", e.Seen)
}

// Is makes it an [ErrStaleLease].
func (e *StaleEpochError) Is(target error) bool { return target == ErrStaleLease }

// Lease is the right to act for a shard in a role. Its epoch grows with every
// takeover, the same owner's included; whatever carries an older one is refused.
type Lease struct {
	Role  string
	Shard int
	Owner string
	Epoch int64
}

// AcquireLease takes a lease that is free, has expired by the database's clock, or is
// the same owner's (a process that was killed and is back). held is false if it is
// somebody else's.
func (s *Store) AcquireLease(ctx context.Context, role string, shard int, owner string, ttl time.Duration) (l Lease, held bool, err error) {
	return s.acquireBeyond(ctx, role, shard, owner, ttl, 0)
}

// acquireBeyond takes a lease at an epoch that is greater than another.
func (s *Store) acquireBeyond(ctx context.Context, role string, shard int, owner string, ttl time.Duration, beyond int64) (Lease, bool, error) {
	epoch, err := s.q.AcquireLease(ctx, dbgen.AcquireLeaseParams{
		Role: role, Shard: int32(shard), Owner: owner, Seconds: ttl.Seconds(), Epoch: beyond + 1,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Lease{}, false, nil
	}
	if err != nil {
		return Lease{}, false, fmt.Errorf("acquire lease %s.%d: %w", role, shard, err)
	}
	return Lease{Role: role, Shard: shard, Owner: owner, Epoch: epoch}, true, nil
}

// RenewLease prolongs a lease; [ErrStaleLease] if it was taken over.
func (s *Store) RenewLease(ctx context.Context, l Lease, ttl time.Duration) error {
	n, err := s.q.RenewLease(ctx, dbgen.RenewLeaseParams{
		Role: l.Role, Shard: int32(l.Shard), Owner: l.Owner, Epoch: l.Epoch, Seconds: ttl.Seconds(),
	})
	if err == nil && n == 0 {
		err = ErrStaleLease
	}
	if err != nil {
		return fmt.Errorf("renew lease %s.%d: %w", l.Role, l.Shard, err)
	}
	return nil
}

// ReleaseLease lets the next owner take the lease at once; one that was taken over
// already is no error.
func (s *Store) ReleaseLease(ctx context.Context, l Lease) error {
	_, err := s.q.ReleaseLease(ctx, dbgen.ReleaseLeaseParams{
		Role: l.Role, Shard: int32(l.Shard), Owner: l.Owner, Epoch: l.Epoch,
	})
	if err != nil {
		return fmt.Errorf("release lease %s.%d: %w", l.Role, l.Shard, err)
	}
	return nil
}

// LockLease makes sure, until the end of the transaction, that the lease is still the
// one of this epoch: nobody can take it over before the commit. [ErrStaleLease] if it is not.
func LockLease(ctx context.Context, tx pgx.Tx, role string, shard int, epoch int64) error {
	_, err := dbgen.New(tx).LockLease(ctx, dbgen.LockLeaseParams{Role: role, Shard: int32(shard), Epoch: epoch})
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrStaleLease
	}
	if err != nil {
		return fmt.Errorf("lock lease %s.%d: %w", role, shard, err)
	}
	return nil
}

// HeldLease is a lease as people are shown it.
type HeldLease struct {
	Lease
	ExpiresAt time.Time // by the database's clock
	Held      bool      // it has not expired
}

// Leases returns every lease there ever was, sorted by role and shard.
func (s *Store) Leases(ctx context.Context) ([]HeldLease, error) {
	rows, err := s.q.Leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("read leases: %w", err)
	}
	leases := make([]HeldLease, len(rows))
	for i, r := range rows {
		leases[i] = HeldLease{
			Lease:     Lease{Role: r.Role, Shard: int(r.Shard), Owner: r.Owner, Epoch: r.Epoch},
			ExpiresAt: r.ExpiresAt, Held: r.Held,
		}
	}
	return leases, nil
}

// DefaultLeaseTTL is after how long a dead owner's lease is taken over. It is renewed
// three times as often.
const DefaultLeaseTTL = 6 * time.Second

// LeaseConfig says which lease [Store.HoldLease] holds.
type LeaseConfig struct {
	Role  string
	Shard int
	Owner string        // unique among the processes that run at one time
	TTL   time.Duration // 0: DefaultLeaseTTL
	// Fenced says that whatever work does is refused elsewhere at an old epoch: then it
	// goes on while the database is silent and ends only when somebody else is known to
	// have taken over.
	Fenced bool
	Log    *slog.Logger // nil: slog.Default()
}

// HoldLease runs work whenever it holds the lease, until ctx is cancelled, which it answers with nil,
// or work returns an error other than [ErrStaleLease] and cancellation. The context of work is
// cancelled as soon as the lease is lost, or may be because the database has not been
// heard for a TTL. After the end of work the lease is released.
func (s *Store) HoldLease(ctx context.Context, cfg LeaseConfig, work func(context.Context, Lease) error) error {
	if cfg.TTL <= 0 {
		cfg.TTL = DefaultLeaseTTL
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	log := cfg.Log.With("role", cfg.Role, "shard", cfg.Shard)
	cfg.Log = log
	var beyond int64
	for ctx.Err() == nil {
		asked := time.Now()
		lease, held, err := s.acquireBeyond(ctx, cfg.Role, cfg.Shard, cfg.Owner, cfg.TTL, beyond)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "cannot ask for the lease", "err", err)
		}
		if held {
			log.InfoContext(ctx, "lease taken", "epoch", lease.Epoch)
			err := s.workUnderLease(ctx, cfg, lease, asked.Add(cfg.TTL), work)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil && !errors.Is(err, ErrStaleLease) && !errors.Is(err, context.Canceled) {
				return err
			}
			var stale *StaleEpochError
			if errors.As(err, &stale) {
				beyond = max(beyond, stale.Seen)
			}
			log.WarnContext(ctx, "lease lost", "epoch", lease.Epoch, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(cfg.TTL / 6):
		}
	}
	return nil
}

// workUnderLease runs work beside the renewing, each ending the other.
func (s *Store) workUnderLease(ctx context.Context, cfg LeaseConfig, lease Lease, until time.Time, work func(context.Context, Lease) error) error {
	held, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		err := work(held, lease)
		cancel(nil)
		done <- err
	}()
	lost := s.keepRenewing(held, cfg, lease, until)
	cancel(lost)
	err := <-done
	// The caller's context may be the reason for leaving.
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer stop()
	if released := s.ReleaseLease(last, lease); released != nil {
		cfg.Log.WarnContext(ctx, "the lease could not be released and will expire", "err", released)
	}
	if lost != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return lost
	}
	return err
}

// keepRenewing returns when ctx ends (nil) or the lease is not ours any more. until is
// by the machine's monotonic clock and no later than the end by the database's.
func (s *Store) keepRenewing(ctx context.Context, cfg LeaseConfig, lease Lease, until time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(cfg.TTL / 3):
		}
		asked := time.Now()
		patience := until
		if cfg.Fenced {
			patience = asked.Add(cfg.TTL)
		}
		trying, cancel := context.WithDeadline(ctx, patience)
		err := s.RenewLease(trying, lease, cfg.TTL)
		cancel()
		switch {
		case err == nil:
			until = asked.Add(cfg.TTL)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrStaleLease):
			return err
		case time.Now().After(until) && !cfg.Fenced:
			return fmt.Errorf("%w: not renewed for %v", ErrStaleLease, cfg.TTL)
		default:
			cfg.Log.WarnContext(ctx, "cannot renew the lease", "err", err)
		}
	}
}
