package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/config"
)

type settings struct {
	config.Log
	Port int `env:"PORT" envDefault:"3002" desc:"where to listen"`
}

func TestFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		args    []string
		environ map[string]string
		code    int
		want    string
	}{
		{"version", []string{"-version"}, nil, ExitOK, "worker dev"},
		{"good settings", []string{"-check-config"}, map[string]string{"PORT": "1"}, ExitOK, "well-formed"},
		{"bad settings", []string{"-check-config"}, map[string]string{"PORT": "x", "OPS_ADDR": "off"}, ExitSettings, `PORT="x"`},
		{"bad common settings", nil, map[string]string{"OPS_ADDR": "nowhere"}, ExitSettings, "OPS_ADDR"},
		{"help", []string{"-h"}, nil, ExitOK, "PORT                   where to listen (whole number; 3002)"},
		{"settings", []string{"-settings"}, nil, ExitOK, `"Name": "PORT"`},
		{"argument", []string{"probe"}, nil, ExitSettings, `unknown argument "probe"`},
		{"flag", []string{"-x"}, nil, ExitSettings, "not defined: -x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			environ := tt.environ
			if environ == nil {
				environ = map[string]string{}
			}
			code := run("worker", tt.args, environ, &out, &out, func(context.Context, *Env, settings) (Runner, error) {
				t.Error("built, but the flags or settings forbid it")
				return nil, errors.New("not reached")
			})
			if code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit %d, want %d; output, want %q in:\n%s", code, tt.code, tt.want, &out)
			}
		})
	}
}

// Signals reach the whole process, so these are one test and not parallel.
func TestRunEndsOnSignals(t *testing.T) {
	environ := map[string]string{"OPS_ADDR": "off"}
	t.Run("drained after the first", func(t *testing.T) {
		drained := false
		code := run("worker", nil, environ, io.Discard, io.Discard, func(context.Context, *Env, settings) (Runner, error) {
			return RunFunc(func(ctx context.Context) error {
				if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
					return err
				}
				<-ctx.Done()
				drained = true
				return nil
			}), nil
		})
		if code != ExitOK || !drained {
			t.Errorf("exit %d, drained %v", code, drained)
		}
	})
	t.Run("at once after the second", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		code := run("worker", nil, environ, io.Discard, io.Discard, func(context.Context, *Env, settings) (Runner, error) {
			return RunFunc(func(ctx context.Context) error {
				_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
				<-ctx.Done()
				_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
				<-release
				return nil
			}), nil
		})
		if code != ExitFailed {
			t.Errorf("exit %d, want %d", code, ExitFailed)
		}
	})
}

func TestRunEndsWithItsError(t *testing.T) {
	t.Parallel()
	environ := map[string]string{"OPS_ADDR": "127.0.0.1:0"}
	var out bytes.Buffer
	code := run("worker", nil, environ, &out, &out, func(context.Context, *Env, settings) (Runner, error) {
		return RunFunc(func(context.Context) error { return errors.New("lost it") }), nil
	})
	if code != ExitFailed || !strings.Contains(out.String(), "lost it") {
		t.Errorf("exit %d, output:\n%s", code, &out)
	}
	out.Reset()
	code = run("worker", nil, environ, &out, &out, func(context.Context, *Env, settings) (Runner, error) {
		return nil, errors.New("no database")
	})
	if code != ExitFailed || !strings.Contains(out.String(), "start: no database") {
		t.Errorf("exit %d, output:\n%s", code, &out)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	env := &Env{Name: "worker", Log: slog.New(slog.DiscardHandler), Metrics: newRegistry("worker"), Health: NewHealth()}
	env.Health.Check("redis", func(context.Context) error { return nil })
	broken := errors.New("refused")
	env.Health.Check("postgres", func(context.Context) error { return broken })
	server := httptest.NewServer(env.Handler(false))
	defer server.Close()

	ask := func(path string) (int, Report) {
		t.Helper()
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var r Report
		if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, r
	}
	steps := []struct {
		name string
		do   func()
		code int
		want Report
	}{
		{"starting", func() {}, 503, Report{Phase: "starting", Checks: map[string]string{"redis": "ok", "postgres": "refused"}}},
		{"running, one fails", env.Health.start, 503, Report{Phase: "running", Checks: map[string]string{"redis": "ok", "postgres": "refused"}}},
		{"all pass", func() { env.Health.Check("postgres", func(context.Context) error { return nil }) }, 200,
			Report{Ready: true, Phase: "running", Checks: map[string]string{"redis": "ok", "postgres": "ok"}}},
		{"stopping", env.Health.stop, 503, Report{Phase: "stopping", Checks: map[string]string{"redis": "ok", "postgres": "ok"}}},
		{"a late start changes nothing", env.Health.start, 503, Report{Phase: "stopping", Checks: map[string]string{"redis": "ok", "postgres": "ok"}}},
	}
	for _, s := range steps {
		s.do()
		code, got := ask("/readyz")
		if diff := cmp.Diff(s.want, got); diff != "" || code != s.code {
			t.Errorf("%s: status %d, want %d; report (-want +got):\n%s", s.name, code, s.code, diff)
		}
		if code, _ := ask("/healthz"); code != 200 {
			t.Errorf("%s: /healthz answers %d", s.name, code)
		}
	}
	resp, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(body), `probefleet_build_info{service="worker",version="dev"} 1`) {
		t.Errorf("no build info in:\n%.400s", body)
	}
}

func TestReadyAsksTheRunningService(t *testing.T) {
	t.Parallel()
	env := &Env{Name: "worker", Log: slog.New(slog.DiscardHandler), Metrics: newRegistry("worker"), Health: NewHealth()}
	server := httptest.NewServer(env.Handler(false))
	defer server.Close()
	ask := func(addr string) (int, string) {
		var out bytes.Buffer
		return run("worker", []string{"-ready"}, map[string]string{"OPS_ADDR": addr}, &out, &out, func(context.Context, *Env, settings) (Runner, error) {
			return nil, errors.New("not reached")
		}), out.String()
	}
	addr := strings.TrimPrefix(server.URL, "http://")
	if code, out := ask(addr); code != ExitFailed || !strings.Contains(out, `"phase":"starting"`) {
		t.Errorf("starting: exit %d, %s", code, out)
	}
	env.Health.start()
	if code, out := ask(strings.Replace(addr, "127.0.0.1", "0.0.0.0", 1)); code != ExitOK {
		t.Errorf("running: exit %d, %s", code, out)
	}
	server.Close()
	if code, _ := ask(addr); code != ExitFailed {
		t.Errorf("gone: exit %d", code)
	}
	if code, out := ask("off"); code != ExitFailed || !strings.Contains(out, "OPS_ADDR") {
		t.Errorf("off: exit %d, %s", code, out)
	}
}

func TestReadinessDoesNotWaitForACheckThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth()
		h.start()
		release := make(chan struct{})
		h.Check("deaf", func(context.Context) error { <-release; return nil })
		begun := time.Now()
		r := h.Report(t.Context())
		if r.Ready || r.Checks["deaf"] == "ok" || time.Since(begun) != checkTime {
			t.Errorf("after %v: %+v", time.Since(begun), r)
		}
		close(release)
	})
}

func TestGroup(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first"), errors.New("second")
	err := Group(t.Context(),
		func(context.Context) error { return first },
		func(ctx context.Context) error { <-ctx.Done(); return second },
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		func(context.Context) error { return nil })
	if !errors.Is(err, first) || !errors.Is(err, second) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want both errors and no cancellation", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Group(ctx, func(ctx context.Context) error { return ctx.Err() }); err != nil {
		t.Errorf("a cancelled group ends with %v, want nil", err)
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		tries := 0
		err := Await(t.Context(), log, "redis", func(context.Context) error {
			if tries++; tries < 5 {
				return errors.New("refused")
			}
			return nil
		})
		if err != nil || tries != 5 {
			t.Errorf("%d tries, %v", tries, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		refused := errors.New("refused")
		if err := Await(ctx, log, "redis", func(context.Context) error { return refused }); !errors.Is(err, refused) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLoggerKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		log := NewLogger(&out, config.Log{Level: slog.LevelInfo, Format: format})
		log.Info("x", "url", config.Secret("hunter2"))
		log.Debug("hidden")
		if s := out.String(); strings.Contains(s, "hunter2") || strings.Contains(s, "hidden") || !strings.Contains(s, "***") {
			t.Errorf("%s: %s", format, s)
		}
	}
}
