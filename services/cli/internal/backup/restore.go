package backup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/migrations"
	"github.com/probefleet/probefleet/pkg/tsdb"
)

// RestoreOptions say how an archive comes back.
type RestoreOptions struct {
	Force      bool   // replace what the target holds
	SealKeyOut string // file to write the sealing key to, instead of comparing it with the setting
	// WithoutTicks leaves the archive's ticks out.
	WithoutTicks bool
}

// What keeps an archive from being restored.
var (
	ErrNotEmpty = errors.New("the target is not empty: --force replaces what it holds")
	ErrSealKey  = errors.New("the archive's sealing key is not SEAL_KEY: set that one, or write it to a file with --seal-key-out")
)

// Restore brings an archive back. Rows come in one transaction; when ticks fail behind it,
// it can be done again with Force.
func Restore(ctx context.Context, cfg Config, path string, opt RestoreOptions) (*Manifest, error) {
	cfg.tell("checking %s", path)
	m, err := verify(path, cfg.Passphrase)
	if err != nil {
		return nil, err
	}
	if m.Format != format {
		return nil, fmt.Errorf("%s has format %d, this program knows %d", path, m.Format, format)
	}
	if len(m.Ticks) > 0 && cfg.Ticks == nil && !opt.WithoutTicks {
		return nil, errors.New("the archive has ticks: set INFLUXDB_URL, or leave them out with --without-ticks")
	}
	key, err := sealKeyOf(path, cfg.Passphrase)
	if err != nil {
		return nil, err
	}
	if err := cfg.keepKey(key, opt); err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, cfg.Database)
	if err != nil {
		return nil, plainDatabase(err)
	}
	defer pool.Close()
	if err := cfg.prepare(ctx, pool, m, opt.Force); err != nil {
		return nil, err
	}
	client, err := cfg.openTicks()
	if err != nil {
		return nil, err
	}
	if client != nil {
		defer client.Close()
		if err := client.EnsureBuckets(ctx); err != nil {
			return nil, err
		}
	}
	r, err := openArchive(path, cfg.Passphrase)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := cfg.bringBack(ctx, pool, client, r, m); err != nil {
		return nil, err
	}
	if _, err := migrations.Up(ctx, pool); err != nil {
		return nil, err
	}
	return m, nil
}

// sealKeyOf returns the sealing key of an archive, empty if it has none.
func sealKeyOf(path, passphrase string) (string, error) {
	r, err := openArchive(path, passphrase)
	if err != nil {
		return "", err
	}
	defer r.close()
	var key []byte
	errFound := errors.New("found")
	err = r.each(func(name string, in io.Reader) error {
		if name == sealKeyName {
			if key, err = io.ReadAll(io.LimitReader(in, 64<<10)); err != nil {
				return err
			}
			return errFound
		}
		if strings.HasPrefix(name, rowsPrefix) {
			return errFound // it would have come before
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return "", err
	}
	return string(key), nil
}

// keepKey makes sure that what comes back can be opened.
func (c *Config) keepKey(key string, opt RestoreOptions) error {
	switch {
	case key == "":
		c.tell("the archive has no sealing key: secrets open only under the one of then")
		return nil
	case opt.SealKeyOut != "":
		f, err := os.OpenFile(opt.SealKeyOut, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("sealing key: %w", err)
		}
		_, err = f.WriteString(key + "\n")
		return errors.Join(err, f.Close())
	}
	have := strings.Split(c.SealKey, ",")
	for k := range strings.SplitSeq(key, ",") {
		if !slices.Contains(have, k) {
			return ErrSealKey
		}
	}
	return nil
}

// prepare makes sure that the target has the archive's schema, and nothing else.
func (c *Config) prepare(ctx context.Context, pool *pgxpool.Pool, m *Manifest, force bool) error {
	have, err := migrations.VersionOf(ctx, pool)
	if err != nil {
		return plainDatabase(err)
	}
	if have == (migrations.Version{}) {
		if err := migrations.To(ctx, pool, m.Schema); err != nil {
			return err
		}
	} else if have != m.Schema {
		return fmt.Errorf("the database has schema %d and the archive %d: name an empty database, which gets the archive's and then the newest", have.Schema, m.Schema.Schema)
	}
	if force {
		return nil
	}
	// The first rows of any fleet: whoever looks on, or is looked at.
	for _, table := range []string{"org", "account", "website", "region"} {
		if !slices.ContainsFunc(m.Tables, func(t Table) bool { return t.Name == table }) {
			continue
		}
		var any bool
		if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+pgx.Identifier{table}.Sanitize()+")").Scan(&any); err != nil {
			return plainDatabase(err)
		}
		if any {
			return fmt.Errorf("PostgreSQL: %w", ErrNotEmpty)
		}
	}
	return c.noTicks(ctx)
}

func (c *Config) noTicks(ctx context.Context) error {
	client, err := c.openTicks()
	if err != nil || client == nil {
		return err
	}
	defer client.Close()
	for _, l := range tsdb.Levels() {
		now := c.Now()
		err := client.Dump(ctx, l, now.Add(-client.Retention(l)), now.Add(1), func([]byte) error { return ErrNotEmpty })
		if err != nil {
			return fmt.Errorf("ticks: %w", err)
		}
	}
	return nil
}

// bringBack fills tables, and then ticks, in the order of the archive.
func (c *Config) bringBack(ctx context.Context, pool *pgxpool.Pool, client *tsdb.Client, r *reader, m *Manifest) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return plainDatabase(err)
	}
	defer tx.Rollback(ctx)
	if err := empty(ctx, tx, m); err != nil {
		return err
	}
	committed := false
	commit := func() error {
		if committed {
			return nil
		}
		committed = true
		return finish(ctx, tx, m)
	}
	err = r.each(func(name string, in io.Reader) error {
		if table, ok := strings.CutPrefix(name, rowsPrefix); ok {
			i := slices.IndexFunc(m.Tables, func(t Table) bool { return t.Name == table })
			if i < 0 {
				return fmt.Errorf("the manifest does not know the table %s", table)
			}
			done, err := tx.Conn().PgConn().CopyFrom(ctx, in, "COPY "+m.Tables[i].sql()+" FROM STDIN")
			if err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			c.tell("%s: %d rows", table, done.RowsAffected())
			return nil
		}
		if level, ok := strings.CutPrefix(name, ticksPrefix); ok && client != nil {
			if err := commit(); err != nil {
				return err
			}
			return c.load(ctx, client, level, in)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return commit()
}

// empty makes room. Triggers would write of every row that somebody has made it.
func empty(ctx context.Context, tx pgx.Tx, m *Manifest) error {
	names := make([]string, len(m.Tables))
	for i, t := range m.Tables {
		names[i] = t.ident()
		if _, err := tx.Exec(ctx, "ALTER TABLE "+names[i]+" DISABLE TRIGGER USER"); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	if _, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(names, ", ")); err != nil {
		return fmt.Errorf("empty the tables: %w", err)
	}
	return nil
}

// finish sets the sequences, lets triggers run again and commits.
func finish(ctx context.Context, tx pgx.Tx, m *Manifest) error {
	for name, last := range m.Sequences {
		if _, err := tx.Exec(ctx, "SELECT setval($1::text::regclass, $2)", pgx.Identifier{name}.Sanitize(), last); err != nil {
			return fmt.Errorf("sequence %s: %w", name, err)
		}
	}
	for _, t := range m.Tables {
		if _, err := tx.Exec(ctx, "ALTER TABLE "+t.ident()+" ENABLE TRIGGER USER"); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("PostgreSQL: %w", err)
	}
	return nil
}

const (
	loadBatch = 2 << 20 // bytes of lines in one request
	maxLine   = 1 << 20 // bytes: a sketch has some thousand
)

func (c *Config) load(ctx context.Context, client *tsdb.Client, level string, in io.Reader) error {
	i := slices.IndexFunc(tsdb.Levels(), func(l tsdb.Level) bool { return l.String() == level })
	if i < 0 {
		return fmt.Errorf("there is no level %q of ticks", level)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	var batch bytes.Buffer
	n := 0
	flush := func() error {
		err := client.Load(ctx, tsdb.Levels()[i], batch.Bytes())
		batch.Reset()
		return err
	}
	for lines.Scan() {
		n++
		batch.Write(lines.Bytes())
		batch.WriteByte('\n')
		if batch.Len() >= loadBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(lines.Err(), flush()); err != nil {
		return err
	}
	c.tell("ticks %s: %d values", level, n)
	return nil
}
