package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/probefleet/probefleet/pkg/config"
)

// opsPorts are the defaults of OPS_ADDR on the loopback address.
var opsPorts = map[string]string{
	"api": "9100", "pusher": "9101", "aggregator": "9102", "notifier": "9103", "worker": "9104",
}

// version is set when a release is built: -X …/pkg/service.version=v1.2.3.
var version string

// Version returns the version that the binary was built as, else the commit, else
// "dev".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return s.Value[:12]
			}
		}
	}
	return "dev"
}

// NewLogger returns the logger that the settings ask for. The level was checked when
// they were loaded.
func NewLogger(w io.Writer, cfg config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.Level}
	if cfg.Format == "text" {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}

func newRegistry(name string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "probefleet_build_info",
		Help: "1, labelled with the service and the version that runs.",
	}, []string{"service", "version"})
	build.WithLabelValues(name, Version()).Set(1)
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build)
	return reg
}

// Handler serves what operators ask: /metrics, /healthz, /readyz, and Go's profiles if
// wanted.
func (e *Env) Handler(profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(e.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.Handle("GET /healthz", e.Health.Live())
	mux.Handle("GET /readyz", e.Health.Ready())
	if profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// opsAddr returns where a service's listener is; a name without a port of its own gets
// a free one.
func opsAddr(name string, ops config.Ops) string {
	if ops.Addr != "" {
		return ops.Addr
	}
	return "127.0.0.1:" + opsPorts[name]
}

// readyTime bounds the question of -ready; the checks themselves end a little sooner.
const readyTime = 2 * time.Second

// askReady asks the running service; containers without a shell have no other way.
func askReady(name string, ops config.Ops, out, errOut io.Writer) int {
	host, port, err := net.SplitHostPort(opsAddr(name, ops))
	if err != nil {
		fmt.Fprintf(errOut, "%s: it has no listener for operators (OPS_ADDR)\n", name)
		return ExitFailed
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		fmt.Fprintf(errOut, "%s: %v\n", name, err)
		return ExitFailed
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintf(errOut, "%s: %v\n", name, err)
		return ExitFailed
	}
	defer resp.Body.Close()
	const most = 64 << 10 // a report is a line or two
	if _, err := io.Copy(out, io.LimitReader(resp.Body, most)); err != nil || resp.StatusCode != http.StatusOK {
		return ExitFailed
	}
	return ExitOK
}

// opsServer is the operators' listener; it outlives the drain.
type opsServer struct {
	server *http.Server
	done   chan struct{}
}

func listenOps(env *Env, ops config.Ops) (*opsServer, error) {
	addr := opsAddr(env.Name, ops)
	if addr == "off" {
		return &opsServer{}, nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("operators' listener: %w", err)
	}
	s := &opsServer{
		server: &http.Server{
			Handler:           env.Handler(ops.Pprof),
			ReadHeaderTimeout: 5 * time.Second, // nobody but operators asks; slow ones are not served
			IdleTimeout:       time.Minute,
			ErrorLog:          slog.NewLogLogger(env.Log.Handler(), slog.LevelDebug),
		},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		if err := s.server.Serve(listener); err != nil && err != http.ErrServerClosed {
			env.Log.ErrorContext(context.Background(), "operators' listener ended", "err", err)
		}
	}()
	return s, nil
}

// Close ends the listener and waits for it.
func (s *opsServer) Close() {
	if s.server != nil {
		_ = s.server.Close()
		<-s.done
	}
}
