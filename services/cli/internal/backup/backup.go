// Package backup keeps all of a fleet in one archive and brings it back: the rows of
// PostgreSQL as of one instant, the ticks of InfluxDB, and the sealing key, without which
// secrets do not open. It is written whole or not at all, and nothing is restored from an
// archive that is not whole.
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/migrations"
	"github.com/probefleet/probefleet/pkg/tsdb"
)

// Config says where the engines are.
type Config struct {
	Database   string
	Ticks      *tsdb.Config // nil: without ticks
	SealKey    string       // as SEAL_KEY has it; empty: without
	Passphrase string       // empty: the archive is readable by whoever has it
	Version    string       // of the program
	Now        func() time.Time
	// Tell is told what is being done; nil: nobody.
	Tell func(format string, args ...any)
}

func (c *Config) tell(format string, args ...any) {
	if c.Tell != nil {
		c.Tell(format, args...)
	}
}

const (
	format       = 1
	manifestName = "manifest"
	sealKeyName  = "seal-key"
	rowsPrefix   = "postgres/"
	ticksPrefix  = "ticks/"
	requestTime  = 10 * time.Minute // for a stretch of ticks
)

// Manifest says what an archive holds.
type Manifest struct {
	Format    int                `json:"format"`
	CreatedAt time.Time          `json:"created_at"`
	Program   string             `json:"program"`
	Schema    migrations.Version `json:"schema"`
	Tables    []Table            `json:"tables"` // in the order in which they can be filled
	Sequences map[string]int64   `json:"sequences"`
	Ticks     []string           `json:"ticks"` // levels
	SealKey   bool               `json:"seal_key"`
}

// Table is a table and its columns.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// Create writes an archive, which only its owner may read.
func Create(ctx context.Context, cfg Config, path string) (*Manifest, error) {
	draft, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // with mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(draft.Name()) // after the rename there is nothing
	w, err := newWriter(draft, cfg.Passphrase, cfg.Now())
	if err != nil {
		return nil, errors.Join(err, draft.Close())
	}
	m, err := cfg.write(ctx, w)
	if err == nil {
		err = w.close()
	}
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return nil, err
	}
	return m, os.Rename(draft.Name(), path)
}

func (c *Config) write(ctx context.Context, w *writer) (*Manifest, error) {
	pool, err := pgxpool.New(ctx, c.Database)
	if err != nil {
		return nil, plainDatabase(err)
	}
	defer pool.Close()
	m := &Manifest{Format: format, CreatedAt: c.Now().UTC(), Program: c.Version, SealKey: c.SealKey != "", Ticks: []string{}}
	if m.Schema, err = migrations.VersionOf(ctx, pool); err != nil {
		return nil, plainDatabase(err)
	}
	if m.Schema.Schema == 0 {
		return nil, errors.New("DATABASE_URL: this is no database of a fleet")
	}
	if c.Ticks != nil {
		for _, l := range tsdb.Levels() {
			m.Ticks = append(m.Ticks, l.String())
		}
	}
	// One instant for all tables. Row-level security must not hide rows in silence.
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, plainDatabase(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, "SET LOCAL row_security = off"); err != nil {
		return nil, err
	}
	if m.Tables, err = tables(ctx, tx); err != nil {
		return nil, err
	}
	if m.Sequences, err = sequences(ctx, tx); err != nil {
		return nil, err
	}
	err = w.stream(manifestName, func(out io.Writer) error { return json.NewEncoder(out).Encode(m) })
	if err != nil {
		return nil, err
	}
	if c.SealKey != "" {
		if err := w.stream(sealKeyName, func(out io.Writer) error { _, err := io.WriteString(out, c.SealKey); return err }); err != nil {
			return nil, err
		}
	}
	for _, t := range m.Tables {
		err := w.stream(rowsPrefix+t.Name, func(out io.Writer) error {
			done, err := tx.Conn().PgConn().CopyTo(ctx, out, "COPY "+t.sql()+" TO STDOUT")
			if err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
			c.tell("%s: %d rows", t.Name, done.RowsAffected())
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return m, c.writeTicks(ctx, w)
}

func (c *Config) writeTicks(ctx context.Context, w *writer) error {
	client, err := c.openTicks()
	if err != nil || client == nil {
		return err
	}
	defer client.Close()
	for _, l := range tsdb.Levels() {
		n := 0
		err := w.stream(ticksPrefix+l.String(), func(out io.Writer) error {
			// A day ahead: ticks stand at the instant that they were due, by another clock.
			now := c.Now()
			return client.Dump(ctx, l, now.Add(-client.Retention(l)), now.Add(24*time.Hour), func(lines []byte) error {
				n += strings.Count(string(lines), "\n")
				_, err := out.Write(lines)
				return err
			})
		})
		if err != nil {
			return err
		}
		c.tell("ticks %s: %d values", l, n)
	}
	return nil
}

// openTicks returns a client, nil without ticks.
func (c *Config) openTicks() (*tsdb.Client, error) {
	if c.Ticks == nil {
		return nil, nil
	}
	cfg := *c.Ticks
	cfg.Timeout = requestTime
	return tsdb.Open(cfg)
}

// plainDatabase keeps the address of the database, which has its password, out of errors.
func plainDatabase(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("DATABASE_URL is not of the form postgres://user:password@host:port/name")
	}
	return fmt.Errorf("PostgreSQL: %w", err)
}
