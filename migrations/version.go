package migrations

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Version is the state of a schema. The zero value is that of an empty database.
type Version struct {
	Schema int64 `json:"schema"` // number of the last file
	Jobs   int   `json:"jobs"`   // of the job queue's tables
}

// ErrUnknownVersion is returned for a version that is newer than the program.
var ErrUnknownVersion = errors.New("the schema is newer than this program")

// VersionOf returns the state of a database. It changes nothing.
func VersionOf(ctx context.Context, pool *pgxpool.Pool) (Version, error) {
	var v Version
	var there bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there); err != nil || !there {
		return v, err
	}
	const last = "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied"
	if err := pool.QueryRow(ctx, last).Scan(&v.Schema); err != nil {
		return v, fmt.Errorf("look for the schema's version: %w", err)
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return v, fmt.Errorf("read job queue migrations: %w", err)
	}
	applied, err := jobs.ExistingVersions(ctx)
	if err != nil {
		return v, fmt.Errorf("look for the job queue's version: %w", err)
	}
	for _, m := range applied {
		v.Jobs = max(v.Jobs, m.Version)
	}
	return v, nil
}

// To brings an empty database to a version that it may have had before, so that what was
// stored then fits; [Up] goes on from there.
func To(ctx context.Context, pool *pgxpool.Pool, v Version) error {
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return fmt.Errorf("read job queue migrations: %w", err)
	}
	known := provider.ListSources()
	if v.Schema > known[len(known)-1].Version || v.Jobs > len(jobs.AllVersions()) {
		return ErrUnknownVersion
	}
	if _, err := provider.UpTo(ctx, v.Schema); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if v.Jobs == 0 {
		return nil
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: v.Jobs}); err != nil {
		return fmt.Errorf("migrate job queue: %w", err)
	}
	return nil
}
