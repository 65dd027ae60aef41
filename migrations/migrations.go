// Package migrations holds the numbered SQL of the database and brings a database
// to the newest version, the job queue's tables and the role of tenants included.
package migrations

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

// FS returns the numbered files, for tests of their names.
func FS() fs.FS { return files }

// Up applies what is missing, under an advisory lock, so that services which start
// together do not collide. It returns the version that the database then has.
func Up(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return 0, fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return 0, fmt.Errorf("read job queue migrations: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return 0, fmt.Errorf("migrate job queue: %w", err)
	}
	// Of tables that were added, too. Without the role the api keeps tenants apart by itself.
	if _, err := pool.Exec(ctx, "SELECT tenant_role()"); err != nil {
		return 0, fmt.Errorf("role of tenants: %w", err)
	}
	return provider.GetDBVersion(ctx)
}

// Current tells whether the database has all that [Up] would apply. It changes nothing.
func Current(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return false, fmt.Errorf("read migrations: %w", err)
	}
	var there bool
	const tables = "SELECT to_regclass('goose_db_version') IS NOT NULL AND to_regclass('river_migration') IS NOT NULL"
	if err := pool.QueryRow(ctx, tables).Scan(&there); err != nil {
		return false, fmt.Errorf("look for the schema: %w", err)
	}
	if !there {
		return false, nil
	}
	var applied int
	const versions = "SELECT count(DISTINCT version_id) FROM goose_db_version WHERE is_applied AND version_id > 0"
	if err := pool.QueryRow(ctx, versions).Scan(&applied); err != nil {
		return false, fmt.Errorf("look for the schema's version: %w", err)
	}
	jobs, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return false, fmt.Errorf("read job queue migrations: %w", err)
	}
	valid, err := jobs.Validate(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("look for the job queue's version: %w", err)
	}
	return applied >= len(names) && valid.OK, nil
}
