package assertion

import (
	"container/list"
	"crypto/sha256"
	"sync"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Cache keeps compiled sets by the text that they were compiled from, up to a number
// of bytes; the least recently used go first. It is safe for concurrent use.
type Cache struct {
	max int

	mu      sync.Mutex
	bytes   int
	order   *list.List // of *cached, most recently used first
	entries map[[sha256.Size]byte]*list.Element
}

type cached struct {
	key [sha256.Size]byte
	set *Set
}

// DefaultCacheBytes holds the sets of some ten thousand monitors with a few
// assertions each.
const DefaultCacheBytes = 32 << 20

// NewCache returns a cache that holds about maxBytes of sets ([Set.Bytes]);
// [DefaultCacheBytes] if that is not positive.
func NewCache(maxBytes int) *Cache {
	if maxBytes <= 0 {
		maxBytes = DefaultCacheBytes
	}
	return &Cache{max: maxBytes, order: list.New(), entries: map[[sha256.Size]byte]*list.Element{}}
}

// Compile returns the set for the JSON of a monitor's assertions, compiled now or
// before. Mistakes are [Errors], which are not kept.
func (c *Cache) Compile(kind uptime.Kind, raw []byte) (*Set, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	// A digest that nobody can forge: tenants share the cache.
	h := sha256.New()
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write(raw)
	var key [sha256.Size]byte
	h.Sum(key[:0])
	if set, ok := c.get(key); ok {
		return set, nil
	}
	all, errs := decode(raw)
	if len(errs) > 0 {
		return nil, errs
	}
	set, err := Compile(kind, all)
	if err != nil {
		return nil, err
	}
	c.put(key, set)
	return set, nil
}

// Bytes returns what the cached sets hold.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// Len returns how many sets are cached.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

func (c *Cache) get(key [sha256.Size]byte) (*Set, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).set, true
}

func (c *Cache) put(key [sha256.Size]byte, set *Set) {
	if set.Bytes() > c.max {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; ok {
		return // compiled twice at once
	}
	c.entries[key] = c.order.PushFront(&cached{key, set})
	c.bytes += set.Bytes()
	for c.bytes > c.max {
		e := c.order.Back()
		old := c.order.Remove(e).(*cached)
		delete(c.entries, old.key)
		c.bytes -= old.set.Bytes()
	}
}
