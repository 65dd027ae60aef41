//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/region"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
	"github.com/probefleet/probefleet/scripts/stack/internal/tlsfront"
)

// door lets workers elsewhere reach the fleet's Redis and returns how they name it.
func door(t *testing.T) func(user, password string) (url, authority string, err error) {
	t.Helper()
	files, err := tlsfront.Ensure(t.TempDir(), []string{"127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	port, err := place.Free(1)
	if err != nil {
		t.Fatal(err)
	}
	opt, err := redis.ParseURL(fleet.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- tlsfront.Serve(ctx, tlsfront.Config{
			Listen: fmt.Sprintf("127.0.0.1:%d", port), To: opt.Addr, Files: files, Log: slog.New(slog.DiscardHandler),
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("door: %v", err)
		}
	})
	return func(user, password string) (string, string, error) {
		authority, err := files.OneLine()
		return stack.RegionRedisURL(stack.TLSSettings{Host: "127.0.0.1", Port: port}, user, password), authority, err
	}
}

func TestARegionElsewhereNeedsOneConnection(t *testing.T) {
	const name = "sao-paulo"
	root, err := place.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := region.Config{Name: name, Title: "São Paulo", Dir: dir, API: fleet.Client(), Redis: fleet.RedisURL, URL: door(t)}
	text, err := region.Add(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Client().Do(context.Background(), http.MethodDelete, "/v1/regions/"+name, nil, nil); err != nil {
			t.Error(err)
		}
	})
	if again, err := region.Add(t.Context(), cfg); err != nil || again != text {
		t.Errorf("adding it again changes its environment: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "regions", name+".env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the environment is not for its owner alone: %v, %v", info, err)
	}

	target := targets.New(t, nil)
	site := watch(t, target.URL+"/elsewhere", map[string]any{"regions": []string{name}})
	worker := exec.Command(filepath.Join(root, "bin", "worker"))
	worker.Env = append(strings.Split(strings.TrimSpace(text), "\n"), "WORKER_ID=far-1", "OPS_ADDR=off", "ALLOW_CIDRS=127.0.0.0/8", "CANARY_TARGETS=")
	var log strings.Builder
	worker.Stderr = &log
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := worker.Wait(); err != nil || t.Failed() {
			t.Errorf("the worker ended with %v:\n%s", err, &log)
		}
	})
	site.becomes(t, "up")
	// It has no way to InfluxDB: the core writes its ticks.
	eventually(t, "its ticks are there", func() bool {
		p, _ := tryCall[page[map[string]any]](t, http.MethodGet, "/v1/monitors/"+site.Monitors[0].ID+"/ticks?region="+name)
		return len(p.Items) > 0
	})
	confined(t, cfg)
}

// confined checks that the region's user reaches nothing of others.
func confined(t *testing.T, cfg region.Config) {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(cfg.Dir, "regions", cfg.Name+".redis"))
	if err != nil {
		t.Fatal(err)
	}
	opt, err := redis.ParseURL(fleet.RedisURL)
	if err != nil {
		t.Fatal(err)
	}
	opt.Username, opt.Password = "region-"+cfg.Name, strings.TrimSpace(string(password))
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	for _, command := range [][]any{
		{"XLEN", "pf:{us-east.0}:checks"}, {"XADD", "pf:{us-east.0}:results", "*", "b", "x"}, {"KEYS", "*"}, {"FLUSHALL"}, {"ACL", "LIST"}, {"CONFIG", "GET", "*"},
	} {
		if err := client.Do(t.Context(), command...).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
			t.Errorf("%v: %v, want no permission", command, err)
		}
	}
	if err := client.Do(t.Context(), "XLEN", "pf:{"+cfg.Name+".0}:checks").Err(); err != nil {
		t.Errorf("its own queue: %v", err)
	}
}
