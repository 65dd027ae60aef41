// Package targets provides web servers on loopback that behave as told, and as badly
// as told, for tests, end-to-end tests and the demo. What a path does can be changed
// while the server runs, by [Server.Set] or by a PUT to [ControlPath].
package targets

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// ControlPath is the prefix of the paths that set behaviours: a PUT of "status 503" to
// ControlPath + "shop" makes "/shop" answer with 503. See [Parse].
const ControlPath = "/-/set/"

// Config of a server. Zero values are the defaults named.
type Config struct {
	Addr    string       // 127.0.0.1 and a free port
	TLS     *Certificate // plain HTTP
	Control bool         // serve ControlPath
}

// Server is a web server whose paths have behaviours. A path without one behaves as
// "/" does, and that answers 200 until it is told otherwise.
type Server struct {
	URL string // without a path, as in http://127.0.0.1:4711

	http *http.Server
	done chan struct{}
	stop context.CancelFunc

	mu     sync.Mutex
	paths  map[string]Behaviour
	seen   map[string]int
	last   map[string]http.Header
	config Config
}

// Start starts a server. Close it.
func Start(cfg Config) (*Server, error) {
	addr := cfg.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		URL: "http://" + l.Addr().String(), done: make(chan struct{}), stop: cancel, config: cfg,
		paths: map[string]Behaviour{"/": Status(http.StatusOK)}, seen: map[string]int{}, last: map[string]http.Header{},
	}
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    quiet,
	}
	if cfg.TLS != nil {
		s.URL = "https://" + l.Addr().String()
		s.http.TLSConfig = cfg.TLS.config()
		s.http.TLSConfig.NextProtos = []string{"h2", "http/1.1"}
		if cfg.TLS.HTTP1 {
			s.http.TLSConfig.NextProtos = []string{"http/1.1"}
		}
		if err := configureHTTP2(s.http, cfg.TLS); err != nil {
			_ = l.Close()
			cancel()
			return nil, err
		}
		l = tls.NewListener(l, s.http.TLSConfig)
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l)
	}()
	return s, nil
}

// New starts a server for as long as a test runs; what "/" does may be nil for 200.
func New(t testing.TB, root Behaviour) *Server {
	t.Helper()
	return NewTLS(t, nil, root)
}

// NewTLS starts a server with a certificate for as long as a test runs.
func NewTLS(t testing.TB, c *Certificate, root Behaviour) *Server {
	t.Helper()
	s, err := Start(Config{TLS: c})
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	t.Cleanup(s.Close)
	if root != nil {
		s.Set("/", root)
	}
	return s
}

// Close ends the server and every request that hangs in it.
func (s *Server) Close() {
	s.stop()
	_ = s.http.Close()
	<-s.done
}

// Set changes what a path does, from the next request on.
func (s *Server) Set(path string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths["/"+strings.TrimPrefix(path, "/")] = b
}

// Requests returns how many requests a path has had.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[path]
}

// LastHeader returns the headers of a path's last request, with Host among them.
func (s *Server) LastHeader(path string) http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[path].Clone()
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, ControlPath); ok && s.config.Control {
		s.control(w, r, path)
		return
	}
	s.mu.Lock()
	s.seen[r.URL.Path]++
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	s.last[r.URL.Path] = header
	b, ok := s.paths[r.URL.Path]
	if !ok {
		b = s.paths["/"]
	}
	s.mu.Unlock()
	b(w, r)
}

// control sets a behaviour by its text.
func (s *Server) control(w http.ResponseWriter, r *http.Request, path string) {
	if r.Method != http.MethodPut {
		http.Error(w, "PUT a behaviour here", http.StatusMethodNotAllowed)
		return
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, 4096))
	if err == nil {
		var b Behaviour
		if b, err = Parse(string(text)); err == nil {
			s.Set(path, b)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
}

// Refused returns the URL of a port on which nobody listens.
func Refused(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// Raw serves connections by f, for what no HTTP server would say. It returns host:port.
func Raw(t testing.TB, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]struct{}{}
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					return
				}
				continue
			}
			mu.Lock()
			open[conn] = struct{}{}
			mu.Unlock()
			wg.Go(func() {
				defer conn.Close()
				f(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}
