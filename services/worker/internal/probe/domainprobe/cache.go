package domainprobe

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// maxDomains bounds the cache: about a kilobyte each.
const maxDomains = 20_000

// cache keeps what is known of domains; those asked for longest ago go first.
type cache struct {
	max int

	mu      sync.Mutex
	order   *list.List // of *entry, the last one asked for first
	entries map[string]*list.Element
}

func newCache(max int) *cache {
	return &cache{max: max, order: list.New(), entries: map[string]*list.Element{}}
}

// get returns the entry of a domain, a new one if need be.
func (c *cache) get(domain string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.entries[domain]; ok {
		c.order.MoveToFront(at)
		e, _ := at.Value.(*entry)
		return e
	}
	e := &entry{domain: domain, turn: make(chan struct{}, 1)}
	c.entries[domain] = c.order.PushFront(e)
	if c.order.Len() > c.max {
		oldest, _ := c.order.Remove(c.order.Back()).(*entry)
		delete(c.entries, oldest.domain)
	}
	return e
}

// entry is what is known of one domain. Whoever holds the lock may ask the registry, so
// that checks of the same domain at the same time ask once.
type entry struct {
	domain string
	turn   chan struct{}

	answer    *probe.Registration
	failed    *link.Failure // an answer, too: there is no such domain
	asked     time.Time     // when the registry answered
	excuse    error         // why it did not, the last time
	notBefore time.Time     // when it may be asked again after that
}

func (e *entry) lock(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *entry) unlock() { <-e.turn }

// say returns the last answer.
func (e *entry) say() (probe.Registration, error) {
	if e.failed != nil {
		return probe.Registration{}, e.failed
	}
	return *e.answer, nil
}

// stale returns the last answer if it is not too old, else the excuse.
func (e *entry) stale(now time.Time, excuse error) (probe.Registration, error) {
	if e.answer != nil && now.Sub(e.asked) < usable {
		return *e.answer, nil
	}
	return probe.Registration{}, excuse
}
