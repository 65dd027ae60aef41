// Package stream serves live events to clients: one reader per process follows the
// stream on Redis and hands each event to every client that may and wants to see it.
// A client has a queue of bounded length; one that does not keep up is let go rather
// than waited for, and told so. While somebody wants ticks, a second loop looks at the
// results of the lanes that hold them, without a place in their groups.
//
//	Redis ──reader──► Hub ──queue──► Subscription ──► client
//	results ─tail──────┘
//
// Nothing is kept here: a client that comes back reads what it missed from Redis, from
// whichever replica.
package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Defaults of [Config].
const (
	// DefaultPerKey is enough for the tabs and scripts of one user.
	DefaultPerKey = 20
	// DefaultPerOrg keeps one tenant with many keys from taking all.
	DefaultPerOrg = 200
	// DefaultMost bounds the memory of a process: a client costs some 40 KiB.
	DefaultMost = 1000
	// DefaultBuffer is how many events a client may be behind.
	DefaultBuffer = 512
)

// Why a client is refused or let go.
var (
	ErrFull     = errors.New("too many streams")
	ErrNotReady = errors.New("the live events cannot be read")
	ErrStopping = errors.New("the process stops")
	ErrSlow     = errors.New("the client does not keep up")
)

// Config of a [Hub]. Zero values are the defaults named.
type Config struct {
	Queue  *queue.Client
	Shards int // of the fleet
	// Regions names those whose results there may be ticks in; nil: none.
	Regions func(ctx context.Context) ([]string, error)

	PerKey, PerOrg, Most, Buffer int // DefaultPerKey, …

	TailEvery time.Duration         // how often results are looked at: tailEvery
	Metrics   prometheus.Registerer // nil: nowhere
	Log       *slog.Logger          // nil: slog.Default()
}

// Hub hands live events to clients.
type Hub struct {
	cfg     Config
	metrics *metrics

	mu       sync.Mutex
	position string // events up to it have been handed on; empty: not known yet
	stopping bool
	clients  map[*Subscription]struct{}
	keys     map[string]int
	orgs     map[uptime.ID]int
	watched  map[uptime.ID]map[*Subscription]struct{} // monitor → who wants its ticks
	wake     chan struct{}                            // somebody wants ticks
}

// New returns a hub that serves while Run runs.
func New(cfg Config) *Hub {
	for _, d := range []struct {
		at    *int
		value int
	}{{&cfg.PerKey, DefaultPerKey}, {&cfg.PerOrg, DefaultPerOrg}, {&cfg.Most, DefaultMost}, {&cfg.Buffer, DefaultBuffer}, {&cfg.Shards, 1}} {
		if *d.at <= 0 {
			*d.at = d.value
		}
	}
	if cfg.TailEvery <= 0 {
		cfg.TailEvery = tailEvery
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Hub{
		cfg: cfg, metrics: newMetrics(cfg.Metrics), clients: map[*Subscription]struct{}{}, keys: map[string]int{},
		orgs: map[uptime.ID]int{}, watched: map[uptime.ID]map[*Subscription]struct{}{}, wake: make(chan struct{}, 1),
	}
}

// Run serves until ctx is cancelled, which ends every stream at once, and returns nil
// when its last read is over.
func (h *Hub) Run(ctx context.Context) error {
	// A blocking read cannot be interrupted, so the streams do not wait for it.
	defer context.AfterFunc(ctx, h.stop)()
	return service.Group(ctx, h.read, h.tail)
}

func (h *Hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopping = true
	for s := range h.clients {
		h.release(s, ErrStopping)
	}
}

// Subscribe lets a client in. The error is ErrFull, ErrNotReady or ErrStopping.
func (h *Hub) Subscribe(w Wish) (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopping:
		return nil, ErrStopping
	case h.position == "":
		return nil, ErrNotReady
	case len(h.clients) >= h.cfg.Most || h.keys[w.Key] >= h.cfg.PerKey || h.orgs[w.Org] >= h.cfg.PerOrg:
		h.metrics.refused.Inc()
		return nil, ErrFull
	}
	s := &Subscription{hub: h, wish: w, from: h.position, after: w.After, events: make(chan Event, h.cfg.Buffer), done: make(chan struct{})}
	h.clients[s] = struct{}{}
	h.keys[w.Key]++
	h.orgs[w.Org]++
	for id := range w.Ticks {
		if h.watched[id] == nil {
			h.watched[id] = map[*Subscription]struct{}{}
		}
		h.watched[id][s] = struct{}{}
	}
	if len(w.Ticks) > 0 {
		select {
		case h.wake <- struct{}{}:
		default:
		}
	}
	h.metrics.clients.Set(float64(len(h.clients)))
	return s, nil
}

// release forgets a client, with h.mu held.
func (h *Hub) release(s *Subscription, why error) {
	if _, ok := h.clients[s]; !ok {
		return
	}
	delete(h.clients, s)
	if h.keys[s.wish.Key]--; h.keys[s.wish.Key] == 0 {
		delete(h.keys, s.wish.Key)
	}
	if h.orgs[s.wish.Org]--; h.orgs[s.wish.Org] == 0 {
		delete(h.orgs, s.wish.Org)
	}
	for id := range s.wish.Ticks {
		if delete(h.watched[id], s); len(h.watched[id]) == 0 {
			delete(h.watched, id)
		}
	}
	s.why = why
	close(s.done)
	h.metrics.clients.Set(float64(len(h.clients)))
}

// push hands an event to a client, or lets it go if its queue is full, with h.mu held.
func (h *Hub) push(s *Subscription, e Event) {
	select {
	case s.events <- e:
	default:
		h.metrics.slow.Inc()
		h.release(s, ErrSlow)
	}
}
