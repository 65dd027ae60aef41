//go:build integration

package engines_test

import (
	"context"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// prepared returns durable engines of their own in dir, which are not running yet.
func prepared(t *testing.T, dir string, ports place.Ports) *engines.Engines {
	t.Helper()
	root, err := place.Root()
	if err != nil {
		t.Fatal(err)
	}
	cfg := engines.Config{Dir: dir, Ports: ports, Tell: t.Logf, Influxd: filepath.Join(root, ".data", "bin", "influxd")}
	if err := engines.Install(t.Context(), root, cfg); err != nil {
		t.Fatal(err)
	}
	e, err := engines.Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// start runs the engines until the test ends and waits until they answer.
func start(t *testing.T, e *engines.Engines, dir string) {
	t.Helper()
	for _, spec := range e.Specs {
		if err := supervise.Once(spec, filepath.Join(dir, "run"), filepath.Join(dir, "log")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := e.Ready(ctx); err != nil {
		for _, spec := range e.Specs {
			t.Logf("%s: %s", spec.Name, supervise.Tail(filepath.Join(dir, "log", spec.Name+".log"), 2000))
		}
		t.Fatal(err)
	}
}

func redisClient(t *testing.T, raw, user, password string) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(raw)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		opt.Username, opt.Password = user, password
	}
	c := redis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A directory of a test is one that PostgreSQL's account cannot reach, if root runs it.
func TestDurableEnginesKeepWhatTheyHoldOverACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Cleanup(func() { _ = engines.Remove(dir) })
	ports, err := place.FreePorts(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engines.End(supervise.Leftovers(filepath.Join(dir, "run"))) })
	first := prepared(t, dir, ports)
	start(t, first, dir)

	ctx := t.Context()
	db, err := pgx.Connect(ctx, first.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	var super bool
	if err := db.QueryRow(ctx, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&super); err != nil || super {
		t.Errorf("the fleet's role is a superuser (%v), for whom row-level security does not hold: %v", super, err)
	}
	if _, err := db.Exec(ctx, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	r := redisClient(t, first.RedisURL, "", "")
	if err := r.Set(ctx, "kept", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]any{{"ACL", "SETUSER", "region-x", "on", ">secret", "~pf:{x.*}:*", "+@all"}, {"ACL", "SAVE"}} {
		if err := r.Do(ctx, args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.ConfigGet(ctx, "maxmemory*").Result(); err != nil || got["maxmemory-policy"] != "noeviction" || got["maxmemory"] != "536870912" {
		t.Errorf("memory: %v, %v", got, err)
	}
	// The append-only file is flushed each second; wait until it is.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		info, err := r.Info(ctx, "persistence").Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "aof_pending_bio_fsync:0\r") && strings.Contains(info, "aof_buffer_length:0\r") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never flushed:\n%s", info)
		}
	}
	for name, id := range supervise.Leftovers(filepath.Join(dir, "run")) {
		if err := id.Signal(syscall.SIGKILL); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	db.Close(ctx)

	second := prepared(t, dir, ports)
	if second.DatabaseURL != first.DatabaseURL || second.RedisURL != first.RedisURL {
		t.Error("the passwords changed")
	}
	for _, id := range supervise.Leftovers(filepath.Join(dir, "run")) {
		if err := id.End(syscall.SIGKILL, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	start(t, second, dir)
	if db, err = pgx.Connect(ctx, second.DatabaseURL); err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	var n int
	if err := db.QueryRow(ctx, "SELECT n FROM kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("PostgreSQL kept %d, %v", n, err)
	}
	if v, err := redisClient(t, second.RedisURL, "", "").Get(ctx, "kept").Result(); err != nil || v != "1" {
		t.Errorf("Redis kept %q, %v", v, err)
	}
	confined := redisClient(t, second.RedisURL, "region-x", "secret")
	if err := confined.Set(ctx, "pf:{x.0}:k", "1", 0).Err(); err != nil {
		t.Errorf("a region's user did not outlive the restart: %v", err)
	}
	if err := confined.Get(ctx, "kept").Err(); err == nil {
		t.Error("a region's user reads what is not its own")
	}
}

func TestDurableEnginesWantPasswords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Cleanup(func() { _ = engines.Remove(dir) })
	ports, err := place.FreePorts(0)
	if err != nil {
		t.Fatal(err)
	}
	ports.Postgres, ports.Redis, ports.Influx = ports.Ops, ports.Ops+1, ports.Ops+2 // apart from the other test's
	t.Cleanup(func() { _ = engines.End(supervise.Leftovers(filepath.Join(dir, "run"))) })
	e := prepared(t, dir, ports)
	start(t, e, dir)
	u, err := url.Parse(e.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []*url.Userinfo{url.User("probefleet"), url.UserPassword("postgres", "postgres")} {
		u.User = login
		if db, err := pgx.Connect(t.Context(), u.String()); err == nil {
			_ = db.Close(t.Context())
			t.Errorf("PostgreSQL lets %s in", login.Username())
		}
	}
	if err := redisClient(t, "redis://"+mustHost(t, e.RedisURL), "", "").Ping(t.Context()).Err(); err == nil {
		t.Error("Redis lets anybody in")
	}
}

func mustHost(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
