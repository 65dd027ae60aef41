package targets

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Behaviour is what a path does with a request.
type Behaviour = http.HandlerFunc

// quiet swallows what the servers would log: failing is their business.
var quiet = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)

// Status answers with a status and a short page.
func Status(code int) Behaviour {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		if code >= 200 && code != http.StatusNoContent && code != http.StatusNotModified {
			fmt.Fprintf(w, "<!doctype html><title>%d %s</title>\n", code, http.StatusText(code))
		}
	}
}

// Body answers with a page of n bytes.
func Body(n int) Behaviour {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(n))
		line := bytes.Repeat([]byte("x"), 4096)
		for n := n; n > 0; n -= len(line) {
			if _, err := w.Write(line[:min(n, len(line))]); err != nil {
				return
			}
		}
	}
}

// Delay waits before it behaves.
func Delay(d time.Duration, then Behaviour) Behaviour {
	return func(w http.ResponseWriter, r *http.Request) {
		if wait(r, d) {
			then(w, r)
		}
	}
}

// Hang never answers.
func Hang() Behaviour {
	return func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
}

// HangBody answers with the beginning of a page and never ends it.
func HangBody() Behaviour {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<!doctype html>")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// Drip sends a page of n bytes, one every so often.
func Drip(n int, every time.Duration) Behaviour {
	return func(w http.ResponseWriter, r *http.Request) {
		for range n {
			_, _ = io.WriteString(w, ".")
			_ = http.NewResponseController(w).Flush()
			if !wait(r, every) {
				return
			}
		}
	}
}

// Reset breaks the connection instead of answering.
func Reset() Behaviour { return func(w http.ResponseWriter, _ *http.Request) { breakOff(w, "") } }

// Cut breaks the connection in the middle of a page.
func Cut() Behaviour {
	return func(w http.ResponseWriter, _ *http.Request) {
		breakOff(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf a pa")
	}
}

// Garbage answers with something that is not HTTP.
func Garbage() Behaviour {
	return func(w http.ResponseWriter, _ *http.Request) { breakOff(w, "220 mail.example.com ESMTP\r\n") }
}

// breakOff says something of its own and drops the connection; with nothing to say it
// resets it.
func breakOff(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok && text == "" {
		_ = tcp.SetLinger(0)
	}
	_, _ = io.WriteString(conn, text)
}

// GzipBomb answers with n zero bytes, compressed a thousand to one.
func GzipBomb(n int) Behaviour {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.CopyN(z, zeros{}, int64(n))
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// HeaderFlood answers with n bytes of headers.
func HeaderFlood(n int) Behaviour {
	return func(w http.ResponseWriter, _ *http.Request) {
		value := strings.Repeat("y", 1000)
		for i := range n/1010 + 1 {
			w.Header().Set("X-Flood-"+strconv.Itoa(i), value)
		}
		w.WriteHeader(http.StatusOK)
	}
}

// Redirect sends elsewhere.
func Redirect(code int, to string) Behaviour {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(code)
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// RedirectLoop sends back to the same page, for ever.
func RedirectLoop() Behaviour {
	return func(w http.ResponseWriter, r *http.Request) { Redirect(http.StatusFound, r.URL.Path)(w, r) }
}

// Flap behaves one way for a period, then another, and so on, by the clock.
func Flap(period time.Duration, first, second Behaviour) Behaviour {
	start := time.Now()
	return func(w http.ResponseWriter, r *http.Request) {
		if time.Since(start)/period%2 == 0 {
			first(w, r)
			return
		}
		second(w, r)
	}
}

// After behaves one way until d has passed since it was made, then another.
func After(d time.Duration, before, then Behaviour) Behaviour {
	start := time.Now()
	return func(w http.ResponseWriter, r *http.Request) {
		if time.Since(start) < d {
			before(w, r)
			return
		}
		then(w, r)
	}
}

// Sequence behaves differently from request to request; the last one stays.
func Sequence(all ...Behaviour) Behaviour {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		b := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		mu.Unlock()
		b(w, r)
	}
}

// InRegion behaves one way towards the workers of a region, which say where they are
// in their User-Agent, and another towards everybody else.
func InRegion(region string, there, elsewhere Behaviour) Behaviour {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.UserAgent(), "("+region+")") {
			there(w, r)
			return
		}
		elsewhere(w, r)
	}
}

// wait tells whether the client is still there afterwards.
func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-t.C:
		return true
	}
}
