package browser

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// control lets the browser's program break the fleet, by process: POST /halt/<name>
// stops one until POST /again/<name>; GET /pids tells the numbers of those that run. POST
// /history gives websites a past.
type control struct {
	url    string
	server *http.Server
	done   chan struct{}
}

func serveControl(fleet *stack.Stack) (*control, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	change := func(f func(ctx context.Context, name string) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			name := r.PathValue("name")
			if !slices.Contains(fleet.Names(), name) {
				http.Error(w, "no process is named "+name, http.StatusNotFound)
				return
			}
			if err := f(r.Context(), name); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	}
	mux.HandleFunc("POST /halt/{name}", change(func(_ context.Context, name string) error { return fleet.Halt(name) }))
	mux.HandleFunc("POST /again/{name}", change(func(ctx context.Context, name string) error { return again(ctx, fleet, name) }))
	mux.HandleFunc("POST /history", func(w http.ResponseWriter, r *http.Request) {
		if err := history(r.Context(), fleet, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /pids", func(w http.ResponseWriter, _ *http.Request) {
		pids := map[string]int{}
		for _, name := range fleet.Names() {
			if pid := fleet.Pid(name); pid != 0 {
				pids[name] = pid
			}
		}
		_ = json.NewEncoder(w).Encode(pids) // a client that is gone needs no answer
	})
	c := &control{
		url: "http://" + l.Addr().String(), done: make(chan struct{}),
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() {
		defer close(c.done)
		_ = c.server.Serve(l) // ends when it is closed
	}()
	return c, nil
}

// again starts a halted process, and waits until it is ready where it can tell.
func again(ctx context.Context, fleet *stack.Stack, name string) error {
	if err := fleet.Again(name); err != nil {
		return err
	}
	if fleet.OpsURL(name) == "" { // an engine
		return nil
	}
	return fleet.Ready(ctx, name)
}

func (c *control) close() {
	_ = c.server.Close()
	<-c.done
}
