//go:build integration

package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/testenv"
	"github.com/probefleet/probefleet/pkg/testenv/pgtest"
	"github.com/probefleet/probefleet/pkg/testenv/redistest"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

const (
	testKey  = "pf_testtest_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	sealKey  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	otherKey = "HxAPDg0MCwoJCAcGBQQDAgEAHxAPDg0MCwoJCAcGBQQ="
)

// emptyDatabase makes a database without the schema.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	base := testenv.Require(t, testenv.DatabaseURL)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t_api_%d", time.Now().UnixNano())
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func settings(t *testing.T, database string) Config {
	t.Helper()
	cfg, err := config.Load[Config](map[string]string{
		"DATABASE_URL": database, "REDIS_URL": redistest.URL(t), "INFLUXDB_URL": testenv.Require(t, testenv.InfluxURL), "SEAL_KEY": sealKey,
		"BOOTSTRAP_API_KEY": testKey, "ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "correct horse",
		"BOOTSTRAP_REGIONS": "us-east=" + sealKey + ",eu-west=" + otherKey, "PORT": "1",
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Port = 0 // any that is free
	return cfg
}

// start runs the api until stop is called.
func start(t *testing.T, cfg Config) (base string, log *bytes.Buffer, stop func()) {
	t.Helper()
	log = &bytes.Buffer{}
	env := &service.Env{Name: "api", Version: "test", Log: slog.New(slog.NewTextHandler(log, nil)), Metrics: prometheus.NewRegistry(), Health: service.NewHealth()}
	ctx, cancel := context.WithCancel(context.Background())
	runner, err := New(ctx, env, cfg)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
	t.Cleanup(stop)
	return "http://" + runner.(*App).Addr().String(), log, stop
}

func call(t *testing.T, method, at, key string, body string, out any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if out != nil {
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// listens waits until it is marked that jobs may call in.
func listens(t *testing.T, cfg Config) {
	t.Helper()
	q, err := queue.Open(t.Context(), queue.Config{URL: cfg.Redis.URL.Reveal(), Block: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	lane := queue.HeartbeatLane(0)
	if err := q.EnsureLane(t.Context(), lane); err != nil {
		t.Fatal(err)
	}
	reader := q.Results(lane, queue.GroupAggregator, "test")
	until(t, "it listens for heartbeats", func() bool {
		batches, err := reader.Read(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(batches) > 0 && time.Since(batches[0].Heard.Time()).Abs() < time.Minute
	})
}

func TestFromAnEmptyDatabaseToTheFirstCallAndAgain(t *testing.T) {
	database := emptyDatabase(t)
	cfg := settings(t, database)
	base, _, stop := start(t, cfg)
	var p struct{ Detail string }
	if code := call(t, "GET", base+"/v1/websites", testKey, "", &p); code != 503 || !strings.Contains(p.Detail, "api migrate") {
		t.Errorf("without a schema: %d %s", code, p.Detail)
	}
	if code := call(t, "GET", base+"/healthz", "", "", nil); code != 200 {
		t.Errorf("not alive: %d", code)
	}

	t.Setenv("DATABASE_URL", database)
	var out, errOut bytes.Buffer
	for range 2 { // a second time changes nothing
		if code, ok := Command(t.Context(), []string{"migrate"}, &out, &errOut); !ok || code != 0 {
			t.Fatalf("migrate: %d, %v: %s", code, ok, &errOut)
		}
	}
	until(t, "it serves", func() bool { return call(t, "GET", base+"/v1/websites", testKey, "", nil) == 200 })
	if code := call(t, "GET", base+"/v1/websites", strings.Replace(testKey, "0123", "0124", 1), "", nil); code != 401 {
		t.Errorf("a wrong secret: %d", code)
	}
	if code := call(t, "POST", base+"/v1/websites", testKey, `{"url":"a.example"}`, nil); code != 201 {
		t.Errorf("the first key may not write: %d", code)
	}
	listens(t, cfg)
	var regions struct {
		Items []struct {
			Name    string
			Enabled bool
		}
	}
	call(t, "GET", base+"/v1/regions", testKey, "", &regions)
	if len(regions.Items) != 2 || !regions.Items[0].Enabled || regions.Items[1].Name != "us-east" {
		t.Errorf("regions: %+v", regions)
	}
	if code := call(t, "GET", base+"/", "", "", nil); code != 200 {
		t.Errorf("web pages: %d", code)
	}

	out.Reset()
	if code, ok := Command(t.Context(), []string{"bootstrap", "-name", "ci"}, &out, &errOut); !ok || code != 0 {
		t.Fatalf("bootstrap: %d, %v: %s", code, ok, &errOut)
	}
	second := strings.TrimSpace(out.String())
	if code := call(t, "POST", base+"/v1/regions", second, `{"name":"extra"}`, nil); code != 201 {
		t.Errorf("a key made by hand: %d", code)
	}
	call(t, "PATCH", base+"/v1/regions/us-east", testKey, `{"enabled":false}`, nil)
	stop()

	// Again, with other words for what is there already: nothing is made a second time,
	// what was changed by hand stays, and the region's key follows the settings.
	cfg.AdminPassword, cfg.APIKey = "another horse", config.Secret(auth.NewKey())
	cfg.First.Regions = []config.Secret{"us-east=" + otherKey}
	base, log, stop := start(t, cfg)
	until(t, "it serves again", func() bool { return call(t, "GET", base+"/v1/websites", testKey, "", nil) == 200 })
	if code := call(t, "GET", base+"/v1/websites", cfg.APIKey.Reveal(), "", nil); code != 401 {
		t.Errorf("a second first key works: %d", code)
	}
	stop()
	if strings.Contains(log.String(), "horse") || strings.Contains(log.String(), testKey) || strings.Contains(log.String(), otherKey) {
		t.Errorf("a secret in the logs: %s", log)
	}
	store, err := postgres.Open(t.Context(), postgres.Config{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	account, err := store.AccountByEmail(t.Context(), "ADMIN@example.com")
	if err != nil {
		t.Fatal(err)
	}
	org, err := store.EnsureOrg(t.Context(), postgres.DefaultOrg, "Default")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := auth.CheckPassword("correct horse", account.PasswordHash); !ok || err != nil {
		t.Errorf("the first password: %v, %v", ok, err)
	}
	region, err := store.Region(t.Context(), org.ID, "us-east")
	if err != nil || region.Enabled() {
		t.Errorf("it was disabled by hand: %+v, %v", region, err)
	}
	sealed, err := box(cfg.Keys)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := keyBytes(otherKey)
	if got, err := sealed.Open(region.KeySealed, postgres.RegionKeyPlace(org.ID, "us-east")...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("its key: %x, %v", got, err)
	}
	key, err := store.APIKeyByPrefix(t.Context(), "testtest")
	if err != nil || key.LastUsedAt.IsZero() || bytes.Contains(key.Hash, []byte("0123")) {
		t.Errorf("the first key: %+v, %v", key, err)
	}
}

func TestTwoReplicasStartTogether(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	a, _, _ := start(t, cfg)
	b, _, _ := start(t, cfg)
	for _, base := range []string{a, b} {
		until(t, "it serves", func() bool { return call(t, "GET", base+"/v1/regions", testKey, "", nil) == 200 })
	}
}

func TestDeletedMonitorsAreCleaned(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	base, _, _ := start(t, cfg)
	until(t, "it serves", func() bool { return call(t, "GET", base+"/v1/websites", testKey, "", nil) == 200 })
	var w struct {
		ID       string
		Monitors []struct{ ID string }
	}
	call(t, "POST", base+"/v1/websites", testKey, `{"url":"a.example"}`, &w)
	call(t, "DELETE", base+"/v1/websites/"+w.ID, testKey, "", nil)
	store, err := postgres.Open(t.Context(), postgres.Config{URL: cfg.Database.URL.Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Pool().Exec(t.Context(), "UPDATE monitor_deleted SET deleted_at = now() - interval '1 hour'"); err != nil {
		t.Fatal(err)
	}
	// Another delete wakes the cleaner; it finds the old one due.
	call(t, "POST", base+"/v1/websites", testKey, `{"url":"b.example"}`, &w)
	call(t, "DELETE", base+"/v1/websites/"+w.ID, testKey, "", nil)
	until(t, "the first is cleaned", func() bool {
		left, err := store.UncleanMonitors(t.Context(), postgres.UncleanMonitor{}, 10)
		return err == nil && len(left) == 1 && left[0].ID.String() == w.Monitors[0].ID
	})
}

func TestARequestUnderWayEndsBeforeTheProcessDoes(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	base, _, stop := start(t, cfg)
	until(t, "it serves", func() bool { return call(t, "GET", base+"/v1/websites", testKey, "", nil) == 200 })
	var w struct{ ID string }
	call(t, "POST", base+"/v1/websites", testKey, `{"url":"a.example"}`, &w)

	// Somebody else holds the website, so that a change of it waits.
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, cfg.Database.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "SELECT FROM website FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	answered := make(chan int, 1)
	go func() {
		defer close(answered)
		answered <- call(t, "PATCH", base+"/v1/websites/"+w.ID, testKey, `{"name":"late"}`, nil)
	}()
	until(t, "the change waits", func() bool {
		var waiting bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waiting)
		return err == nil && waiting
	})
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	until(t, "no new connection is taken", func() bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		return err != nil
	})
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if code := <-answered; code != 200 {
		t.Errorf("status %d, want 200", code)
	}
	<-stopped
}

func TestPortThatIsTaken(t *testing.T) {
	cfg := settings(t, pgtest.URL(t))
	base, _, _ := start(t, cfg)
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Sscan(u.Port(), &cfg.Port)
	env := &service.Env{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Health: service.NewHealth()}
	if _, err := New(t.Context(), env, cfg); err == nil || !strings.Contains(err.Error(), "BIND, PORT") {
		t.Errorf("got %v", err)
	}
}
