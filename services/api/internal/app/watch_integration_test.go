//go:build integration

package app

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
)

// The api says that it lives, and, where nobody else does, watches the fleet and says
// outside that all moves; not before there is a schema.
func TestTheAPIWatchesTheFleet(t *testing.T) {
	var pings atomic.Int64
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	t.Cleanup(outside.Close)
	cfg := settings(t, emptyDatabase(t))
	cfg.PingURL = config.Secret(outside.URL + "/hunter2")
	_, log, stop := start(t, cfg)
	if pings.Load() != 0 {
		t.Error("pinged without a schema")
	}
	pool, err := pgxpool.New(t.Context(), cfg.Database.URL.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var out, wrong bytes.Buffer
	t.Setenv("DATABASE_URL", cfg.Database.URL.Reveal())
	if code, ok := Command(t.Context(), []string{"migrate"}, &out, &wrong); !ok || code != 0 {
		t.Fatalf("migrate: %d, %v: %s", code, ok, &wrong)
	}
	until(t, "a ping", func() bool { return pings.Load() > 0 })
	until(t, "a sign of life", func() bool {
		signs, err := postgres.NewStore(pool).StageSigns(t.Context())
		_, ok := signs[postgres.StageAPI]
		return err == nil && ok
	})
	stop()
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the URL is in the log:\n%s", log)
	}
}
