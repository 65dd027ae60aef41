package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// scoped runs statements on a pool as their context says: put down to its actor (see
// [WithActor]), on behalf of its tenant (see [WithTenant]). A single statement goes out
// together with the settings that say so and is a transaction with them, so it takes one
// round trip as it does without.
type scoped struct {
	pool    *pgxpool.Pool
	tenants *tenancy
}

// send sends a statement behind its settings and returns the results from the
// statement's on; nil if there are no settings to go before it.
func (p scoped) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	settings, err := p.tenants.settings(ctx)
	if err != nil || settings == nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	batch.Queue(settingsSQL, settings...)
	batch.Queue(sql, args...)
	results := p.pool.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close() // It says the same.
		return nil, err
	}
	return results, nil
}

// Exec runs a statement without an answer.
func (p scoped) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := p.send(ctx, sql, args)
	switch {
	case err != nil:
		return pgconn.CommandTag{}, err
	case results == nil:
		return p.pool.Exec(ctx, sql, args...)
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil { // it holds only once it is committed
		err = closed
	}
	return tag, err
}

// Query runs a statement that answers with rows. What it changes holds once they are
// read to their end without an error.
func (p scoped) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := p.send(ctx, sql, args)
	switch {
	case err != nil:
		return nil, err
	case results == nil:
		return p.pool.Query(ctx, sql, args...)
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // It says the same.
		return nil, err
	}
	return &scopedRows{Rows: rows, results: results}, nil
}

// QueryRow runs a statement that answers with a row when that is scanned.
func (p scoped) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return rowFunc(func(to ...any) error {
		results, err := p.send(ctx, sql, args)
		switch {
		case err != nil:
			return err
		case results == nil:
			return p.pool.QueryRow(ctx, sql, args...).Scan(to...)
		}
		err = results.QueryRow().Scan(to...)
		if closed := results.Close(); err == nil {
			err = closed
		}
		return err
	})
}

// SendBatch sends statements as one transaction.
func (p scoped) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	settings, err := p.tenants.settings(ctx)
	switch {
	case err != nil:
		return pgx.FailedBatchResults(b, err)
	case settings == nil:
		return p.pool.SendBatch(ctx, b)
	}
	behind := &pgx.Batch{}
	behind.Queue(settingsSQL, settings...)
	behind.QueuedQueries = append(behind.QueuedQueries, b.QueuedQueries...)
	results := p.pool.SendBatch(ctx, behind)
	if _, err := results.Exec(); err != nil {
		_ = results.Close() // It says the same.
		return pgx.FailedBatchResults(b, err)
	}
	return results
}

// CopyFrom copies rows into a table. PostgreSQL does not do so for a tenant into tables
// with policies: insert them in a batch.
func (p scoped) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (n int64, err error) {
	err = p.tx(ctx, func(tx pgx.Tx) error {
		n, err = tx.CopyFrom(ctx, table, columns, rows)
		return err
	})
	return n, err
}

// tx runs f in a transaction.
func (p scoped) tx(ctx context.Context, f func(pgx.Tx) error) error {
	settings, err := p.tenants.settings(ctx)
	if err != nil {
		return err
	}
	if settings == nil {
		return pgx.BeginFunc(ctx, p.pool, f)
	}
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return pgx.BeginFunc(ctx, settled{conn.Conn(), settings}, f)
}

// settled begins transactions with settings, in one round trip.
type settled struct {
	conn     *pgx.Conn
	settings []any
}

// Begin begins a transaction.
func (b settled) Begin(ctx context.Context) (pgx.Tx, error) {
	batch := &pgx.Batch{}
	batch.BeginTx(pgx.TxOptions{})
	batch.Queue(settingsSQL, b.settings...)
	results := b.conn.SendBatch(ctx, batch)
	tx := results.Tx()
	if err := results.Close(); err != nil {
		_ = tx.Rollback(ctx) // It may not have begun.
		return nil, fmt.Errorf("begin: %w", err)
	}
	return tx, nil
}

// scopedRows are the rows of a statement behind its settings.
type scopedRows struct {
	pgx.Rows
	results pgx.BatchResults
	closed  bool
	err     error // of the commit
}

// Next implements [pgx.Rows].
func (r *scopedRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close implements [pgx.Rows].
func (r *scopedRows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.Rows.Close()
	r.err = r.results.Close()
}

// Err implements [pgx.Rows].
func (r *scopedRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

type rowFunc func(to ...any) error

// Scan implements [pgx.Row].
func (f rowFunc) Scan(to ...any) error { return f(to...) }
