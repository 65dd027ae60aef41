package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Defaults of [Config] and bounds of the connections.
const (
	DefaultBlock       = 2 * time.Second // go-redis cannot interrupt a blocking read, so stopping takes as long
	DefaultLivenessTTL = 5 * time.Second
	commandTimeout     = 5 * time.Second
	blockingPool       = 256 // one connection per blocked reader or waiting requester
)

// Config says how to reach Redis.
type Config struct {
	// URL is redis:// or, over TLS, rediss://, or unix:// for a socket. Several hosts
	// separated by commas, or the parameter cluster=true, mean Redis Cluster.
	URL         string
	CA          string        // trusted for TLS beside the system's: PEM, its base64 on one line, or the path of a file; empty: none
	Name        string        // shown in CLIENT LIST; empty: probefleet
	Block       time.Duration // how long a read waits for entries, at most; 0: DefaultBlock
	LivenessTTL time.Duration // a consumer silent for longer is dead; 0: DefaultLivenessTTL
	Log         *slog.Logger  // nil: slog.Default()
	Hooks       []redis.Hook  // see every command: tracing, and tests that break things
}

// Client is the fleet's Redis. It is safe for use by many goroutines.
//
// It holds two pools. One is for commands; go-redis' own retries are off, because not
// every command may be repeated. The other is for blocking reads, so that they never
// keep a command waiting for a connection.
type Client struct {
	cmd  redis.UniversalClient
	wait redis.UniversalClient
	cfg  Config
	log  *slog.Logger
}

// Open makes the pools without waiting for Redis: services start in any order.
func Open(_ context.Context, cfg Config) (*Client, error) {
	if cfg.Block <= 0 {
		cfg.Block = DefaultBlock
	}
	if cfg.LivenessTTL <= 0 {
		cfg.LivenessTTL = DefaultLivenessTTL
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Name == "" {
		cfg.Name = "probefleet"
	}
	opt, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if err := trust(opt, cfg.CA); err != nil {
		return nil, err
	}
	opt.ClientName = strings.Map(nameRune, cfg.Name)
	opt.MaxRetries = -1
	opt.ReadTimeout = cmp.Or(opt.ReadTimeout, commandTimeout)
	opt.WriteTimeout = cmp.Or(opt.WriteTimeout, commandTimeout)
	opt.ContextTimeoutEnabled = true
	opt.DisableIdentity = true // CLIENT SETINFO is unknown to Redis 7.0, and refused to regions' users
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	waiting := *opt
	waiting.PoolSize = blockingPool
	c := &Client{cmd: redis.NewUniversalClient(opt), wait: redis.NewUniversalClient(&waiting), cfg: cfg, log: cfg.Log}
	for _, h := range cfg.Hooks {
		c.cmd.AddHook(h)
		c.wait.AddHook(h)
	}
	return c, nil
}

// nameRune replaces what CLIENT SETNAME refuses.
func nameRune(r rune) rune {
	if r <= ' ' || r > '~' {
		return '_'
	}
	return r
}

// Close ends every connection.
func (c *Client) Close() error { return errors.Join(c.cmd.Close(), c.wait.Close()) }

// Ping tells whether Redis answers.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.cmd.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

// Time returns Redis' time: the reference of fleet time.
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	t, err := c.cmd.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("redis time: %w", err)
	}
	return t, nil
}

// Collect registers the pools' metrics with reg.
func (c *Client) Collect(reg prometheus.Registerer) error {
	gauge := func(kind string, f func(*redis.PoolStats) uint32, pool redis.UniversalClient) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "probefleet_redis_connections", Help: "Connections to Redis.",
			ConstLabels: prometheus.Labels{"kind": kind},
		}, func() float64 { return float64(f(pool.PoolStats())) })
	}
	total := func(s *redis.PoolStats) uint32 { return s.TotalConns }
	idle := func(s *redis.PoolStats) uint32 { return s.IdleConns }
	return errors.Join(
		reg.Register(gauge("command", total, c.cmd)), reg.Register(gauge("command_idle", idle, c.cmd)),
		reg.Register(gauge("blocking", total, c.wait)), reg.Register(gauge("blocking_idle", idle, c.wait)),
	)
}

// MemoryUse returns the bytes that Redis uses and its maxmemory, 0 for no limit; on
// a cluster those of the node that is fullest.
func (c *Client) MemoryUse(ctx context.Context) (used, limit int64, err error) {
	cluster, ok := c.cmd.(*redis.ClusterClient)
	if !ok {
		return memoryUse(ctx, c.cmd)
	}
	type use struct{ used, limit int64 }
	nodes := make(chan use, 1024)
	err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		u, l, err := memoryUse(ctx, node)
		nodes <- use{u, l}
		return err
	})
	close(nodes)
	worst := -1.0
	for n := range nodes {
		if share := float64(n.used) / float64(max(n.limit, 1)); n.limit > 0 && share > worst {
			worst, used, limit = share, n.used, n.limit
		} else if worst < 0 {
			used = max(used, n.used)
		}
	}
	return used, limit, err
}

func memoryUse(ctx context.Context, c redis.Cmdable) (used, limit int64, err error) {
	info, err := c.Info(ctx, "memory").Result()
	if err != nil {
		return 0, 0, fmt.Errorf("redis memory: %w", err)
	}
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "used_memory":
			used = parseInt(value)
		case "maxmemory":
			limit = parseInt(value)
		}
	}
	return used, limit, nil
}
