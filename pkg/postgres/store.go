package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
)

// Errors that callers act on. Functions wrap them with what was looked for.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflicts with what exists")
)

// Defaults of [Config]. A service of the fleet works in few, short transactions;
// more connections would cost the server memory and win nothing.
const (
	DefaultMaxConns       = 8
	DefaultConnectTimeout = 5 * time.Second
	maxConnIdle           = 5 * time.Minute
)

// Config says how to reach the database.
type Config struct {
	URL            string        // postgres:// or a keyword/value string
	AppName        string        // shown in pg_stat_activity; empty: probefleet
	MaxConns       int32         // 0: DefaultMaxConns
	ConnectTimeout time.Duration // of one connection; 0: DefaultConnectTimeout
}

// Store is the database. It is safe for use by many goroutines.
type Store struct {
	pool    *pgxpool.Pool
	tenants *tenancy
	db      scoped         // for everything that may be a tenant's
	q       *dbgen.Queries // over db
	fleet   *dbgen.Queries // over the pool: what concerns the fleet, whoever asks
	timing  *queryTiming
	quotas  Quotas // of tenants without their own; see LimitTenants
}

// Open makes a pool. It does not wait for the database: services start in any
// order, so ask [Store.Ping] for readiness.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	opt, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, errors.New("database URL cannot be read") // pgx's error would quote the password
	}
	opt.MaxConns = DefaultMaxConns
	if cfg.MaxConns > 0 {
		opt.MaxConns = cfg.MaxConns
	}
	opt.MaxConnIdleTime = maxConnIdle
	opt.ConnConfig.ConnectTimeout = DefaultConnectTimeout
	if cfg.ConnectTimeout > 0 {
		opt.ConnConfig.ConnectTimeout = cfg.ConnectTimeout
	}
	name := cfg.AppName
	if name == "" {
		name = "probefleet"
	}
	opt.ConnConfig.RuntimeParams["application_name"] = name
	timing := newQueryTiming()
	opt.ConnConfig.Tracer = timing
	pool, err := pgxpool.NewWithConfig(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	s := NewStore(pool)
	s.timing = timing
	return s, nil
}

// NewStore wraps a pool that somebody else made; its queries are not timed.
func NewStore(pool *pgxpool.Pool) *Store {
	tenants := &tenancy{pool: pool}
	db := scoped{pool, tenants}
	return &Store{pool: pool, tenants: tenants, db: db, q: dbgen.New(db), fleet: dbgen.New(pool)}
}

// Pool returns the pool, for libraries that want one.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Close ends every connection.
func (s *Store) Close() { s.pool.Close() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Tx runs f in a transaction that is committed if f returns nil and rolled back
// otherwise, a panic included. What it does is put down to the context's actor and kept to
// its tenant.
func (s *Store) Tx(ctx context.Context, f func(pgx.Tx) error) error {
	return s.db.tx(ctx, f)
}

// classify turns the driver's errors into the two that callers act on.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "23505" || pg.Code == "23P01") { // unique, exclusion violation
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// Violates tells whether an error is a violation of the named constraint or index.
func Violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}
