//go:build integration

package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/testenv/fixture"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// influx takes ticks and has none: the shared engine's buckets are others'.
func influx(t *testing.T) (url string, written *atomic.Int64) {
	t.Helper()
	written = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/write" {
			written.Add(1)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(server.Close)
	return server.URL, written
}

// TestTheServiceStartsStopsAndStartsAgain runs the whole service as main does, twice
// on the same engines, with two shards, and with an InfluxDB that no worker has.
func TestTheServiceStartsStopsAndStartsAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "ap-south", "eu-west", "us-east")
	fixture.Channel(t, f.store.Pool(), f.org, "down", "recovered")
	// One shard's lanes have workers; its monitors are those that are checked.
	var m uptime.Monitor
	for m = f.add(); m.ID.Shard(2) != 0; m = f.add() {
		f.exec("DELETE FROM website WHERE id = $1", m.WebsiteID)
	}
	influxURL, written := influx(t)
	var pings atomic.Int64
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	t.Cleanup(outside.Close)
	cfg, err := config.Load[Config](map[string]string{
		"DATABASE_URL": f.store.Pool().Config().ConnString(), "REDIS_URL": f.url, "SHARDS": "2", "INSTANCE_ID": "one",
		"INFLUXDB_URL": influxURL, "HEALTHCHECK_PING_URL": outside.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		finds   answer
		verdict string
	}{{pass, "up"}, {fail, "down"}} {
		env := &service.Env{Name: "aggregator", Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Health: service.NewHealth()}
		ctx, cancel := context.WithCancel(t.Context())
		pinged := pings.Load()
		app, err := New(ctx, env, cfg)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- app.Run(ctx) }()
		f.await("readiness of both shards", func() bool {
			a := app.(*App)
			if len(a.folds.held()) != 2 {
				return false
			}
			for name, answer := range env.Health.Report(t.Context()).Checks {
				if answer != "ok" {
					t.Logf("%s: %s", name, answer)
					return false
				}
			}
			return true
		})
		f.answer(part.finds)
		f.slot([]uptime.Monitor{m})
		f.await("verdict "+part.verdict, func() bool { return f.verdict(m) == part.verdict })
		f.settled()
		f.await("that it is told to who looks on", func() bool {
			told, err := f.queue.LiveRange(t.Context(), queue.LiveStart, "+", 1000)
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(told, func(e queue.LiveEvent) bool {
				return e.Org == f.org && e.Type == "verdict" && strings.Contains(string(e.Data), `"to":"`+part.verdict+`"`)
			})
		})
		f.await("ticks written for the regions", func() bool { return written.Load() > 0 })
		f.await("a ping, since all moves", func() bool { return pings.Load() > pinged })
		metrics, err := env.Metrics.Gather()
		if err != nil || len(metrics) < 10 {
			t.Errorf("%d metrics, %v", len(metrics), err)
		}
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run = %v", err)
			}
		case <-time.After(patience):
			t.Fatal("the service does not stop")
		}
		if held := f.column("SELECT 1 FROM shard_lease WHERE role IN ('aggregator', 'watchdog') AND expires_at > now()"); len(held) > 0 {
			t.Errorf("%d leases are still held after the stop", len(held))
		}
	}
	f.consistent()
}

func TestSettings(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"DATABASE_URL": "postgres://h/d", "REDIS_URL": "redis://h:1/0", "INSTANCE_ID": "a b"}
	if _, err := config.Load[Config](environ); err == nil {
		t.Error("a name with a space is taken")
	}
	cfg := Config{}
	if name, err := cfg.instance(); err != nil || name == "" {
		t.Errorf("the instance is called %q, %v, want the host's name", name, err)
	}
}
