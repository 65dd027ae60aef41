package probe

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Bounds of a [Memo]: some thousand monitors come round in one interval, and few have
// settings of more than a kilobyte.
const (
	maxRemembered      = 4096
	maxRememberedBytes = 4 << 10
)

// Memo remembers what settings came to, since those of a monitor are the same in each of
// its checks: to open and read them took half as long as the check itself. It goes by the
// very bytes, so that no other settings can be taken for them; what was asked for longest
// ago goes first.
type Memo[K comparable, V any] struct{ cache *lru.Cache[K, V] }

// NewMemo returns an empty one.
func NewMemo[K comparable, V any]() *Memo[K, V] {
	cache, err := lru.New[K, V](maxRemembered)
	if err != nil {
		panic(err) // of sizes below one only
	}
	return &Memo[K, V]{cache}
}

// Get returns what make did, or does, with settings; failures are not remembered, nor what
// came of large ones. What it returns is shared and must not be changed.
func (m *Memo[K, V]) Get(key K, bytes int, make func() (V, error)) (V, error) {
	if v, ok := m.cache.Get(key); ok {
		return v, nil
	}
	v, err := make()
	if err == nil && bytes <= maxRememberedBytes {
		m.cache.Add(key, v)
	}
	return v, err
}

// sealedKey is all that decides whether secrets open, and to what.
type sealedKey struct {
	monitor                uptime.ID
	kind                   uptime.Kind
	region, target, sealed string
}

// unseal returns the check with its secrets opened.
func (r *Runner) unseal(c *uptime.Check) (*uptime.Check, error) {
	if !monitorspec.Sealed(c.Settings) {
		return c, nil
	}
	var box monitorspec.Sealer
	if r.env.Box != nil {
		box = r.env.Box
	}
	key := sealedKey{c.Monitor, c.Kind, c.Region, c.Target, string(c.Settings)}
	settings, err := r.opened.Get(key, len(c.Settings), func() ([]byte, error) { return monitorspec.Receive(c, box) })
	if err != nil {
		return nil, err
	}
	opened := *c
	opened.Settings = settings
	return &opened, nil
}
