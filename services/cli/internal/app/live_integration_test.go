//go:build integration

package app

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
)

func TestProbeAndCheck(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.start("worker", "REDIS_URL="+f.redis, "REGION_NAME=here", "REGION_KEY="+f.regionKey, "WORKER_ID=w", "ALLOW_CIDRS=127.0.0.0/8")
	until(t, "the region has a worker", func() bool {
		return strings.Contains(f.run("get", "regions", "-o", "json").out, `"live_workers": 1`)
	})
	var ill atomic.Bool
	web := targets.New(t, func(w http.ResponseWriter, _ *http.Request) {
		if ill.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	f.run("probe", web.URL).want(t, ExitOK, "UP", "here", "200")
	f.run("probe", strings.Replace(web.URL, "http://", "tcp://", 1), "-o", "json").want(t, ExitOK, `"ok": true`)
	f.run("probe", "--settings", `{"expected_status": ["404"]}`, web.URL).want(t, ExitFailed, "DOWN", "status")
	f.run("probe", "--settings", "nonsense", web.URL).want(t, ExitUsage, "not a JSON object")
	f.run("probe", "--kind", "carrier-pigeon", web.URL).want(t, ExitFailed, "422")

	file := f.file("fleet.yaml", "websites:\n  - name: Here\n    url: "+web.URL+"\n    tags: [x]\n")
	f.run("apply", "-f", file, "--yes").want(t, ExitOK)
	f.run("check", "Here").want(t, ExitOK, "UP")
	ill.Store(true)
	f.run("check", web.URL).want(t, ExitFailed, "DOWN", "503")
	f.run("check", "-o", "json", "Nobody").want(t, ExitFailed, "there is no website")
	f.run("status").want(t, ExitOK, "STAGE", "here", "pusher")
	f.run("status", "-o", "json").want(t, ExitOK, `"stages"`)
	f.run("status", "--check").want(t, ExitFailed) // it has no pusher, aggregator and notifier
}

func TestTail(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.run("apply", "--yes", "-f", f.file("fleet.yaml", "websites:\n  - {name: Here, url: 'https://a.example'}\n")).want(t, ExitOK)
	done := make(chan ran, 1)
	go func() { done <- f.run("tail", "--count", "2", "--types", "config", "-o", "json") }()
	var r ran
	until(t, "two events", func() bool {
		f.run("pause", "Here").want(t, ExitOK, "paused Here")
		f.run("resume", "Here").want(t, ExitOK, "resumed Here")
		select {
		case r = <-done:
			return true
		default:
			return false
		}
	})
	lines := strings.Split(strings.TrimSpace(r.want(t, ExitOK).out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), r.out)
	}
	for _, line := range lines {
		var e struct {
			ID, Event string
			Data      struct{ At string }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Event != "config" || e.ID == "" || e.Data.At == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
	f.run("tail", "--types", "nonsense").want(t, ExitFailed, "422")
	f.run("PROBEFLEET_API_KEY=pf_wrong", "tail").want(t, ExitFailed, "does not know this key")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := program(ctx, f.home, map[string]string{"PROBEFLEET_URL": f.url, "PROBEFLEET_API_KEY": testKey}, "", false, "tail"); r.code != ExitOK {
		t.Errorf("interrupted: %+v", r)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	nobody := map[string]string{}
	program(t.Context(), f.home, nobody, "", false, "whoami").want(t, ExitUsage, "log in")
	program(t.Context(), f.home, nobody, "wrong\n", false, "login", f.url).want(t, ExitFailed, "does not know this key")
	program(t.Context(), f.home, nobody, "", false, "whoami").want(t, ExitUsage, "log in")
	r := program(t.Context(), f.home, nobody, testKey+"\n", false, "login", f.url).want(t, ExitOK, "stored as default", "may")
	if strings.Contains(r.out+r.err, testKey) {
		t.Error("shows the key")
	}
	info, err := os.Stat(filepath.Join(f.home, "probefleet", "profiles.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode: %v, %v", info, err)
	}
	program(t.Context(), f.home, nobody, "", false, "whoami").want(t, ExitOK, "admin")
	program(t.Context(), f.home, nobody, "", false, "whoami", "--profile", "other").want(t, ExitUsage, `profile "other"`)
	program(t.Context(), f.home, map[string]string{"PROBEFLEET_URL": "http://127.0.0.1:1"}, "", false, "whoami").want(t, ExitUsage, "PROBEFLEET_API_KEY is not")
	program(t.Context(), f.home, map[string]string{"PROBEFLEET_API_KEY": "wrong"}, "", false, "whoami").want(t, ExitFailed, "does not know this key")
	program(t.Context(), f.home, nobody, testKey, false, "login", "ftp://x").want(t, ExitUsage, "not a URL")
	program(t.Context(), f.home, nobody, "", false, "nonsense").want(t, ExitUsage, "unknown command")
	program(t.Context(), f.home, nobody, "", false, "get").want(t, ExitUsage)
	program(t.Context(), f.home, nobody, "", false, "completion", "bash").want(t, ExitOK, "bash completion")
	program(t.Context(), f.home, map[string]string{"PROBEFLEET_URL": "http://127.0.0.1:" + freePort(t), "PROBEFLEET_API_KEY": "x"}, "", false, "whoami").want(t, ExitFailed, "does not answer")
}
