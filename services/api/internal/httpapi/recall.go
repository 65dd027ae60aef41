package httpapi

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// recallSize bounds how many answers of one sort are remembered.
const recallSize = 1000

// recall remembers for a while what takes long to find out. Callers that want the same
// thing at once wait for one of them to find it out. The zero value is ready.
type recall[T any] struct {
	mu    sync.Mutex
	known *lru.Cache[string, *recalled[T]]
}

type recalled[T any] struct {
	turn chan struct{} // held by whoever finds it out
	at   time.Time
	is   T
	ok   bool
}

// get returns what is known under a key if it is no older than the age, or what find
// returns. An error is not remembered.
func (r *recall[T]) get(ctx context.Context, key string, now time.Time, age time.Duration, find func(context.Context) (T, error)) (T, error) {
	one := r.of(key)
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	if since := now.Sub(one.at); one.ok && since < age && since > -age {
		return one.is, nil
	}
	is, err := find(ctx)
	if err == nil {
		one.is, one.at, one.ok = is, now, true
	}
	return is, err
}

func (r *recall[T]) of(key string) *recalled[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		known, err := lru.New[string, *recalled[T]](recallSize)
		if err != nil {
			panic(err) // Only of a size below 1.
		}
		r.known = known
	}
	one, ok := r.known.Get(key)
	if !ok {
		one = &recalled[T]{turn: make(chan struct{}, 1)}
		r.known.Add(key, one)
	}
	return one
}
