// Package engines owns the private PostgreSQL, Redis and InfluxDB of a stack or of the
// tests: it installs what is missing, lays out their directories and settings, says how
// to run them, and waits until they answer. They listen on the loopback address.
package engines

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// Names of the engines' processes.
const (
	Postgres = "postgres"
	Redis    = "redis"
	Influx   = "influxdb"
)

// Config says what engines to run.
type Config struct {
	Dir   string // each engine gets a directory in it
	Ports place.Ports
	Tell  func(format string, args ...any) // progress, one line each

	// Influxd is the program; Install builds it.
	Influxd string

	// An engine whose URL is given is somebody else's: it is not run.
	DatabaseURL, RedisURL, InfluxURL string

	// Throwaway engines are for tests: nothing is flushed to disk or kept, there are no
	// passwords, and there is room for many connections and logical databases.
	Throwaway bool

	RedisMemory string // bound of Redis' memory, as Redis writes it; default 512mb
}

// DefaultRedisMemory holds about 1.9 million results of 275 bytes, of which the first
// half may wait for InfluxDB before the oldest are dropped.
const DefaultRedisMemory = "512mb"

// Engines are prepared engines: their addresses, with passwords, and how to run them.
type Engines struct {
	DatabaseURL, RedisURL, InfluxURL string
	Specs                            []supervise.Spec

	cfg           Config
	adminURL      string // of PostgreSQL's superuser
	ownerPassword string
}

// Prepare lays out what the engines need on disk. It does not start anything.
func Prepare(ctx context.Context, cfg Config) (*Engines, error) {
	if cfg.RedisMemory == "" {
		cfg.RedisMemory = DefaultRedisMemory
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, err
	}
	e := &Engines{cfg: cfg, DatabaseURL: cfg.DatabaseURL, RedisURL: cfg.RedisURL, InfluxURL: cfg.InfluxURL}
	steps := []struct {
		given string
		do    func(context.Context) (supervise.Spec, error)
	}{
		{cfg.DatabaseURL, e.preparePostgres},
		{cfg.RedisURL, e.prepareRedis},
		{cfg.InfluxURL, e.prepareInflux},
	}
	for _, s := range steps {
		if s.given != "" {
			continue
		}
		spec, err := s.do(ctx)
		if err != nil {
			return nil, err
		}
		e.Specs = append(e.Specs, spec)
	}
	return e, nil
}

// Names returns the names of the engines that are run.
func (e *Engines) Names() []string {
	names := make([]string, len(e.Specs))
	for i, s := range e.Specs {
		names[i] = s.Name
	}
	return names
}

// Ready waits until every engine that is run answers, and makes the database that the
// fleet lives in. Recovery after a crash may take a while, so it is ctx that bounds it.
func (e *Engines) Ready(ctx context.Context) error {
	for _, s := range e.Specs {
		var try func(context.Context) error
		switch s.Name {
		case Postgres:
			try = e.readyPostgres
		case Redis:
			try = e.readyRedis
		default:
			try = e.readyInflux
		}
		if err := await(ctx, try); err != nil {
			return fmt.Errorf("%s does not answer: %w", s.Name, err)
		}
	}
	return nil
}

// await repeats try until it succeeds.
func await(ctx context.Context, try func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := try(attempt)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Remove deletes the engines' directories, wherever they are.
func Remove(dir string) error {
	var errs []error
	for _, name := range []string{Postgres, Redis, Influx} {
		path := filepath.Join(dir, name)
		if far, err := os.Readlink(path); err == nil {
			errs = append(errs, os.RemoveAll(filepath.Dir(far))) // the directory made for this checkout
		}
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// Secret returns the secret kept in a file that only its owner may read; the first
// time it is made of n random bytes, in hexadecimal.
func Secret(path string, n int) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(b))) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails
	secret := hex.EncodeToString(raw)
	return secret, WritePrivate(path, secret+"\n")
}

// WritePrivate replaces a file by one that only its owner may read.
func WritePrivate(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// environ is the environment of an engine: nothing of the user's but the path.
func environ(extra ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TZ=UTC"}, extra...)
}
