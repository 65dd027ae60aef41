//go:build integration

package watchdog_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/watchdog"
)

// For each stage: pings come while all moves, end when it stops, people are told which
// it is and since when, and of its end; then pings come again.
func TestPingsComeOnlyWhileEveryStageMoves(t *testing.T) {
	t.Parallel()
	for stage, kind := range map[watchdog.Stage]string{
		watchdog.StagePusher: "stalled_pusher", watchdog.StageWorker: "stalled_worker eu-west", watchdog.StageAggregator: "stalled_aggregator",
		watchdog.StageNotifier: "stalled_notifier", watchdog.StageAPI: "stalled_api",
	} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.run()
			h.watch()
			h.pinged()
			if open := h.open(); open != "" {
				t.Errorf("although all moves: %s", open)
			}
			stopped := time.Now()
			h.stop(stage, true)
			h.await("the event "+kind, func() bool { return h.open() == kind })
			still := h.pings.Load()
			since := h.column("SELECT explanation FROM fleet_event WHERE opened_at BETWEEN $1 AND $2", stopped.Add(-5*time.Second), time.Now())
			if len(since) != 1 {
				t.Errorf("%d events that began when it stopped", len(since))
			}
			if took := time.Since(stopped); took < patience-time.Second {
				t.Errorf("after %v already", took)
			}
			alerts := h.column("SELECT payload->>'explanation' FROM delivery ORDER BY seq")
			if len(alerts) != 1 || alerts[0] == "" {
				t.Errorf("told %q, want one alert", alerts)
			}
			h.stop(stage, false)
			h.await("the end of it", func() bool { return h.open() == "" })
			h.pinged()
			if alerts := h.column("SELECT payload->>'explanation' FROM delivery ORDER BY seq"); len(alerts) != 2 || !strings.Contains(alerts[1], "again") {
				t.Errorf("told %q, want begin and end", alerts)
			}
			if still == 0 {
				t.Error("there was no ping before")
			}
		})
	}
}

// While something stands still no ping goes out, for as long as that lasts, and what it
// costs to look goes on.
func TestNoPingWhileSomethingStandsStill(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.run()
	m, _ := h.watch()
	h.pinged()
	h.stop(watchdog.StagePusher, true)
	h.await("the event", func() bool { return h.open() == "stalled_pusher" })
	withheld := func() float64 { return gauge(t, m, "probefleet_healthcheck_pings_total") - float64(h.pings.Load()) }
	before := withheld()
	h.await("the last ping to arrive", func() bool { return withheld() >= before+3 })
	still := h.pings.Load()
	h.await("pings that were withheld", func() bool { return withheld() >= before+20 })
	if n := h.pings.Load(); n != still {
		t.Errorf("%d pings although the pusher stands still", n-still)
	}
	if v := gauge(t, m, "probefleet_stage_stalled"); v != 1 {
		t.Errorf("%v stages stand still by the metric, want 1", v)
	}
	h.stop(watchdog.StagePusher, false)
	h.pinged()
}

func TestAFleetWithNothingToDoMoves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.exec("DELETE FROM website")
	h.stage(watchdog.StagePusher, func(ctx context.Context) error {
		if _, _, err := h.store.AcquireLease(ctx, postgres.RolePusher, 0, "p", 6*time.Second); err != nil {
			return err
		}
		return h.push(ctx, 0)
	})
	h.stage(watchdog.StageAggregator, func(ctx context.Context) error {
		_, _, err := h.store.AcquireLease(ctx, postgres.RoleAggregator, 0, "a", 6*time.Second)
		return err
	})
	for _, stage := range []string{postgres.StageNotifier, postgres.StageAPI} {
		h.stage(watchdog.Stage(stage), func(ctx context.Context) error { return h.store.SignStage(ctx, stage) })
	}
	h.watch()
	for end := time.Now().Add(2 * patience); time.Now().Before(end); {
		h.pinged()
	}
	if n := h.column("SELECT count(*) FROM fleet_event"); n[0] != "0" {
		t.Errorf("%s events", n[0])
	}
}

// An alert that is ready and that no notifier takes is a notifier that stands still,
// even if it says that it lives.
func TestAnAlertThatNobodyTakes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.leavesAlerts.Store(true)
	h.run()
	h.watch()
	h.pinged()
	h.ok(h.store.Tx(t.Context(), func(tx pgx.Tx) error {
		e := postgres.FleetEvent{Kind: "test", Explanation: "test"}
		return h.store.TellFleet(t.Context(), tx, h.jobs, &e, 0, "test")
	}))
	h.await("the event", func() bool { return h.open() == "stalled_notifier" })
	h.leavesAlerts.Store(false)
	h.await("its end", func() bool { return h.open() == "" })
	h.pinged()
}

// Of two that could, one watches; when it ends, the other goes on: nothing is told twice.
func TestAnotherTakesTheWatchOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.run()
	_, stop := h.watch()
	h.pinged()
	h.stop(watchdog.StageAPI, true)
	h.await("the event", func() bool { return h.open() == "stalled_api" })
	m, _ := h.watch()
	if n := gauge(t, m, "probefleet_stage_stalled"); n != 0 {
		t.Errorf("who does not watch has a gauge: %v", n)
	}
	stop()
	h.await("the other's look", func() bool { return gauge(t, m, "probefleet_stage_stalled") == 1 })
	h.stop(watchdog.StageAPI, false)
	h.await("the end", func() bool { return h.open() == "" })
	h.pinged()
	want := []string{"The api gives no sign of life", "The api is at work again"}
	if diff := cmp.Diff(want, h.column("SELECT payload->>'explanation' FROM delivery ORDER BY seq")); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"taken":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, ""},
		"refused":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "it answered 404"},
		"sent off": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, "it answered 302"},
		"cut off":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		server := httptest.NewServer(tt.answer)
		err := watchdog.NewPinger(config.Secret(server.URL+"/hunter2"), "1").Ping(t.Context())
		server.Close()
		if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d calls elsewhere", n)
	}
	err := watchdog.NewPinger("http://169.254.169.254/hunter2", "1").Ping(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "metadata") {
		t.Errorf("the metadata service: %v", err)
	}
	if watchdog.NewPinger("", "1") != nil {
		t.Error("there is a pinger without a URL")
	}
}

func (h *house) exec(sql string, args ...any) {
	h.Helper()
	_, err := h.store.Pool().Exec(context.Background(), sql, args...)
	h.ok(err)
}
