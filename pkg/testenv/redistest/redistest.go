// Package redistest gives each test an empty logical database of the private Redis.
package redistest

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/testenv"
)

// databases is how many logical databases the private engine is started with; a
// test gets the next one, so that one of them comes round again after all others.
const databases = 4000

// patience lets a stalled machine answer late: what is no outage must not look like one.
const patience = "dial_timeout=1m&read_timeout=1m&write_timeout=1m"

// URL returns the address of an empty logical database.
func URL(t testing.TB) string {
	t.Helper()
	base := testenv.Require(t, testenv.RedisURL)
	opt, err := redis.ParseURL(base)
	if err != nil {
		t.Fatalf("%s: %v", testenv.RedisURL, err)
	}
	ctx := context.Background()
	root := redis.NewClient(opt)
	defer root.Close()
	n, err := root.Incr(ctx, "redistest:next").Result()
	if err != nil {
		t.Fatalf("redis: %v", err)
	}
	opt.DB = int(n%databases) + 1
	own := redis.NewClient(opt)
	defer own.Close()
	if err := own.FlushDB(ctx).Err(); err != nil {
		t.Fatalf("empty database %d: %v", opt.DB, err)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("%s: %v", testenv.RedisURL, err)
	}
	u.Path = fmt.Sprintf("/%d", opt.DB)
	u.RawQuery = patience
	return u.String()
}

// Client returns a client on an empty logical database.
func Client(t testing.TB) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(URL(t))
	if err != nil {
		t.Fatalf("redis: %v", err)
	}
	c := redis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}
