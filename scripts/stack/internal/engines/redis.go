package engines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

func (e *Engines) prepareRedis(context.Context) (supervise.Spec, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return supervise.Spec{}, errMissing
	}
	home := filepath.Join(e.cfg.Dir, Redis)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return supervise.Spec{}, err
	}
	e.RedisURL = fmt.Sprintf("redis://127.0.0.1:%d/0", e.cfg.Ports.Redis)
	acl := filepath.Join(home, "users.acl")
	if !e.cfg.Throwaway {
		password, err := Secret(filepath.Join(e.cfg.Dir, "redis.secret"), 24)
		if err != nil {
			return supervise.Spec{}, err
		}
		if err := writeACL(acl, password); err != nil {
			return supervise.Spec{}, err
		}
		e.RedisURL = fmt.Sprintf("redis://default:%s@127.0.0.1:%d/0", password, e.cfg.Ports.Redis)
	}
	conf := filepath.Join(home, "redis.conf")
	if err := os.WriteFile(conf, []byte(redisConf(e.cfg, home, acl)), 0o600); err != nil {
		return supervise.Spec{}, err
	}
	return supervise.Spec{Name: Redis, Path: program, Args: []string{conf}, Env: environ(), Dir: home}, nil
}

func redisConf(cfg Config, home, acl string) string {
	lines := []string{
		"daemonize no",
		"bind 127.0.0.1",
		fmt.Sprintf("port %d", cfg.Ports.Redis),
		fmt.Sprintf("dir %q", home),
		`save ""`,
		"maxmemory-policy noeviction", // a full queue is an error to see, not a check to lose
		"tcp-keepalive 30",
	}
	if cfg.Throwaway {
		// redistest takes a logical database a test.
		lines = append(lines, "databases 4096", "appendonly no", "enable-debug-command local")
		return strings.Join(lines, "\n") + "\n"
	}
	lines = append(lines,
		"maxmemory "+cfg.RedisMemory,
		"appendonly yes",
		"appendfsync everysec",
		"auto-aof-rewrite-min-size 32mb",
		fmt.Sprintf("aclfile %q", acl),
	)
	return strings.Join(lines, "\n") + "\n"
}

// writeACL makes sure that the file holds the stack's own user; the users of regions,
// which Redis adds to it, stay.
func writeACL(path, password string) error {
	sum := sha256.Sum256([]byte(password))
	own := "user default on sanitize-payload #" + hex.EncodeToString(sum[:]) + " ~* &* +@all"
	lines := []string{own}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(old)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "user default ") {
			lines = append(lines, line)
		}
	}
	return WritePrivate(path, strings.Join(lines, "\n")+"\n")
}

func (e *Engines) readyRedis(ctx context.Context) error {
	opt, err := redis.ParseURL(e.RedisURL)
	if err != nil {
		return err
	}
	c := redis.NewClient(opt)
	defer c.Close()
	return c.Ping(ctx).Err() // LOADING until the append-only file is read
}
