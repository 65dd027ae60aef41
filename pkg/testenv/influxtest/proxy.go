package influxtest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands in front of the private InfluxDB and fails as told.
type Proxy struct {
	URL string // to be put into [tsdb.Config]

	mu   sync.Mutex
	fail http.HandlerFunc
	seen atomic.Int64
}

// NewProxy returns a proxy in front of the server at target that lives as long as
// the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatalf("influxtest: %v", err)
	}
	forward := httputil.NewSingleHostReverseProxy(u)
	p := &Proxy{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.seen.Add(1)
		p.mu.Lock()
		fail := p.fail
		p.mu.Unlock()
		if fail != nil {
			fail(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p.URL = srv.URL
	return p
}

// Fail makes every request get this answer; nil ends it.
func (p *Proxy) Fail(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = h
}

// Seen returns how many requests came.
func (p *Proxy) Seen() int64 { return p.seen.Load() }

// Status is an answer with nothing but a status, as an overloaded server gives it.
func Status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// Gone breaks the connection, as a server that is not there.
func Gone(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
