package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Stats is what the websites were asked since the mark.
type Stats struct {
	Mark      time.Time `json:"mark"`
	Requests  int64     `json:"requests"`
	PerSecond []int64   `json:"per_second"` // whole seconds since the mark, the running one left out
	Sites     int       `json:"sites"`      // that were asked at least once
	LastFirst time.Time `json:"last_first"` // when the last of those was asked for the first time
}

func (s *server) stats(now time.Time) Stats {
	mark := s.mark.Load()
	out := Stats{Mark: time.Unix(0, mark), Requests: s.total.Load(), PerSecond: []int64{}}
	for i := range min((now.UnixNano()-mark)/int64(time.Second), seconds) {
		out.PerSecond = append(out.PerSecond, s.counts[i].Load())
	}
	var last int64
	for i := range s.first {
		if at := s.first[i].Load(); at != 0 {
			out.Sites++
			last = max(last, at)
		}
	}
	out.LastFirst = time.Unix(0, last)
	return out
}

func (s *server) serveControl(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.stats(time.Now())) // the client has gone away
	})
	mux.HandleFunc("POST /mark", func(w http.ResponseWriter, _ *http.Request) {
		s.reset(time.Now())
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /mode", func(w http.ResponseWriter, r *http.Request) {
		var n [3]int
		for i, name := range []string{"from", "to", "mode"} {
			v, err := strconv.Atoi(r.FormValue(name))
			if err != nil {
				http.Error(w, name+": "+err.Error(), http.StatusBadRequest)
				return
			}
			n[i] = v
		}
		if n[0] < 0 || n[1] > MaxSites {
			http.Error(w, "there are no such sites", http.StatusBadRequest)
			return
		}
		for i := n[0]; i < n[1]; i++ {
			s.modes[i].Store(int32(n[2]))
		}
		w.WriteHeader(http.StatusNoContent)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: requestTime, BaseContext: func(net.Listener) context.Context { return ctx }}
	return server.Serve(l)
}

// Client controls the websites on a port.
type Client struct{ Port int }

var httpClient = &http.Client{Timeout: 10 * time.Second}

func (c Client) do(ctx context.Context, method, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d%s", c.Port, path), nil)
	if err != nil {
		return err
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return errors.New("the target answers " + resp.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// Stats returns what the websites were asked since the mark.
func (c Client) Stats(ctx context.Context) (s Stats, err error) {
	return s, c.do(ctx, http.MethodGet, "/stats", &s)
}

// Mark begins to count anew.
func (c Client) Mark(ctx context.Context) error { return c.do(ctx, http.MethodPost, "/mark", nil) }

// SetMode changes how the sites from (inclusive) to (exclusive) answer.
func (c Client) SetMode(ctx context.Context, from, to, mode int) error {
	return c.do(ctx, http.MethodPost, fmt.Sprintf("/mode?from=%d&to=%d&mode=%d", from, to, mode), nil)
}
