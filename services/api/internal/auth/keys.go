package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// ErrDenied is returned for a key that may not call: unknown, wrong, expired or
// revoked. Which of them is for the logs, not for the caller.
var ErrDenied = errors.New("no such key")

const (
	// cacheTime is how long a key that was looked up is believed: so long may a
	// revoked key still work.
	cacheTime = 15 * time.Second
	// missTime is the same for one that was not found: it may be made any moment.
	missTime = time.Second
	// cacheSize bounds the memory that callers with made-up prefixes can take.
	cacheSize = 10_000
	// touchEvery is how often a key's use is written.
	touchEvery = time.Minute
)

// KeyStore is where keys are kept.
type KeyStore interface {
	APIKeyByPrefix(ctx context.Context, prefix string) (postgres.APIKey, error)
	TouchAPIKey(ctx context.Context, id uptime.ID, at time.Time) error
}

// Keys checks keys. It is safe for concurrent use.
type Keys struct {
	store KeyStore
	now   func() time.Time

	mu    sync.Mutex
	cache map[string]*cached
}

// cached is what is known of a prefix; key is nil if there is none of it.
type cached struct {
	key     *postgres.APIKey
	fetched time.Time
	touched time.Time
}

func (c *cached) lasts() time.Duration {
	if c.key == nil {
		return missTime
	}
	return cacheTime
}

// NewKeys returns a checker over a store; a nil clock is the wall's.
func NewKeys(store KeyStore, now func() time.Time) *Keys {
	if now == nil {
		now = time.Now
	}
	return &Keys{store: store, now: now, cache: map[string]*cached{}}
}

// Check returns the key that the text is. Errors are ErrDenied, or the store's.
func (k *Keys) Check(ctx context.Context, text string) (postgres.APIKey, error) {
	prefix, err := ParseKey(text)
	if err != nil {
		return postgres.APIKey{}, fmt.Errorf("%w: shape", ErrDenied)
	}
	now := k.now()
	key, err := k.lookUp(ctx, prefix, cacheTime)
	if err == nil && key != nil && !fits(key, text, now) {
		// It may have been rotated since, by another replica.
		key, err = k.lookUp(ctx, prefix, missTime)
	}
	if err != nil {
		return postgres.APIKey{}, err
	}
	switch {
	case key == nil:
		return postgres.APIKey{}, fmt.Errorf("%w: prefix", ErrDenied)
	case !fits(key, text, now):
		return postgres.APIKey{}, fmt.Errorf("%w: secret", ErrDenied)
	case !key.RevokedAt.IsZero():
		return postgres.APIKey{}, fmt.Errorf("%w: revoked", ErrDenied)
	case !key.Usable(now):
		return postgres.APIKey{}, fmt.Errorf("%w: expired", ErrDenied)
	}
	k.touch(ctx, prefix, key, now)
	return *key, nil
}

// fits tells whether text is the key, or the one that it took the place of and overlaps with.
func fits(key *postgres.APIKey, text string, now time.Time) bool {
	hash := Hash(text)
	if subtle.ConstantTimeCompare(key.Hash, hash) == 1 {
		return true
	}
	return now.Before(key.PreviousUntil) && subtle.ConstantTimeCompare(key.PreviousHash, hash) == 1
}

// Forget makes a change of a key known here at once. Other replicas hear of it when
// what they remember is too old to be believed.
func (k *Keys) Forget(prefix string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.cache[prefix]; c != nil {
		c.fetched = time.Time{}
	}
}

// lookUp returns the key with a prefix, nil if there is none, from memory if it was
// looked up a moment ago: at most so long.
func (k *Keys) lookUp(ctx context.Context, prefix string, most time.Duration) (*postgres.APIKey, error) {
	now := k.now()
	k.mu.Lock()
	if c := k.cache[prefix]; c != nil && now.Sub(c.fetched) < min(most, c.lasts()) {
		k.mu.Unlock()
		return c.key, nil
	}
	k.mu.Unlock()

	found, err := k.store.APIKeyByPrefix(ctx, prefix)
	key := &found
	if errors.Is(err, postgres.ErrNotFound) {
		key, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.cache) >= cacheSize {
		clear(k.cache)
	}
	c := &cached{key: key, fetched: now}
	if before := k.cache[prefix]; before != nil {
		c.touched = before.touched
	}
	k.cache[prefix] = c
	return key, nil
}

// touch writes that the key was used, at most once a minute. That it cannot be
// written is no reason to refuse the call.
func (k *Keys) touch(ctx context.Context, prefix string, key *postgres.APIKey, now time.Time) {
	k.mu.Lock()
	c := k.cache[prefix]
	due := c != nil && now.Sub(c.touched) >= touchEvery && now.Sub(key.LastUsedAt) >= touchEvery
	if due {
		c.touched = now
	}
	k.mu.Unlock()
	if due {
		_ = k.store.TouchAPIKey(ctx, key.ID, now)
	}
}
