//go:build integration

package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/probefleet/probefleet/pkg/fleettime"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/services/api/internal/heartbeat"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// lossy is a database that can be away.
type lossy struct {
	heartbeat.Store
	away atomic.Bool
}

func (l *lossy) HeartbeatByToken(ctx context.Context, hash []byte) (postgres.Called, error) {
	if l.away.Load() {
		return postgres.Called{}, errors.New("the database is away")
	}
	return l.Store.HeartbeatByToken(ctx, hash)
}

// desk replaces where calls come in.
func desk(t testing.TB, change func(*heartbeat.Config)) func(*httpapi.Config) {
	t.Helper()
	return func(c *httpapi.Config) {
		clock := fleettime.New(c.Queue.Time, fleettime.Config{})
		if err := clock.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		cfg := heartbeat.Config{Store: c.Store, Queue: c.Queue, Clock: clock, Shards: 2}
		change(&cfg)
		var err error
		if c.Desk, err = heartbeat.New(cfg); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACallOutlivesAShortLossOfTheDatabase(t *testing.T) {
	t.Parallel()
	db := &lossy{}
	f := newFleet(t, desk(t, func(c *heartbeat.Config) { db.Store, c.Store = c.Store, db }))
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, known := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	_, unknown := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	if status, _, _ := f.ping("GET", known, nil); status != 200 {
		t.Fatalf("status %d", status)
	}
	db.away.Store(true)
	if status, body, _ := f.ping("GET", known, nil); status != 200 || body != "ok\n" {
		t.Errorf("without the database %d %q, want it recorded", status, body)
	}
	f.as("").call("GET", unknown, nil).problem(503)
	db.away.Store(false)
	if status, _, _ := f.ping("GET", unknown, nil); status != 200 {
		t.Errorf("afterwards %d", status)
	}
	if n := len(f.calls(m.ID)); n != 2 {
		t.Errorf("%d calls recorded, want 2", n)
	}
}

func TestACallWithoutRedisIsToBeTriedAgain(t *testing.T) {
	t.Parallel()
	gone, err := queue.Open(t.Context(), queue.Config{URL: "redis://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	f := newFleet(t, desk(t, func(c *heartbeat.Config) { c.Queue = gone }))
	w := f.addWebsite(map[string]any{"url": "a.example"})
	_, at := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	if a := f.as("").call("POST", at, ""); a.problem(503).Type != "urn:probefleet:problem:unavailable" || a.header.Get("Retry-After") == "" {
		t.Errorf("refused with %s, Retry-After %q", a.body, a.header.Get("Retry-After"))
	}
}

// output is a log that many write.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func TestNoLogShowsAToken(t *testing.T) {
	t.Parallel()
	log := &output{}
	db := &lossy{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f := newFleet(t, desk(t, func(c *heartbeat.Config) {
		db.Store, c.Store = c.Store, db
		c.Log = logger
	}), func(c *httpapi.Config) { c.Log = logger })
	w := f.addWebsite(map[string]any{"url": "a.example"})
	m, at := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	_, other := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT"} {
		for _, path := range []string{at, at + "?status=fail&msg=x", at + "?status=no", at + "/", at + "x"} {
			f.ping(method, path, nil)
		}
	}
	db.away.Store(true)
	f.ping("GET", other, nil)
	f.call("POST", "/v1/monitors/"+m.ID+"/heartbeat/rotate", nil).want(200, nil)
	log.mu.Lock()
	defer log.mu.Unlock()
	text := log.buf.String()
	if n := strings.Count(text, "path=/v1/heartbeats/:token"); n < 10 {
		t.Errorf("%d calls in the log:\n%s", n, text)
	}
	for _, path := range []string{at, other} {
		if token := strings.TrimPrefix(path, "/v1/heartbeats/"); strings.Contains(text, token[:20]) {
			t.Errorf("the log shows a token:\n%s", text)
		}
	}
	if strings.Contains(text, "hb_") {
		t.Error("the log shows an address")
	}
}

// The address of a heartbeat is gone with it, and with its website, though it was in use
// a moment ago.
func TestADeletedHeartbeatIsNotCalled(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	one, first := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	_, second := f.addHeartbeat(w.ID, `{"kind":"heartbeat"}`)
	called := func(when string, want ...int) {
		t.Helper()
		for i, path := range []string{first, second} {
			if status, body, _ := f.ping("GET", path, nil); status != want[i] {
				t.Errorf("%s, heartbeat %d: %d %s, want %d", when, i, status, body, want[i])
			}
		}
	}
	called("at first", 200, 200)
	f.call("DELETE", "/v1/monitors/"+one.ID, nil).want(204, nil)
	called("without the first", 404, 200)
	f.call("DELETE", "/v1/websites/"+w.ID, nil).want(204, nil)
	called("without their website", 404, 404)
}
