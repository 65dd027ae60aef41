package httpapi

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
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
	turn  chan struct{} // held by whoever finds it out
	asked atomic.Bool   // it is being found out for those who come later

	mu sync.Mutex
	at time.Time
	is T
	ok bool
}

// known returns what was found out if it is no older than the age.
func (one *recalled[T]) known(now time.Time, age time.Duration) (T, bool) {
	one.mu.Lock()
	defer one.mu.Unlock()
	since := now.Sub(one.at)
	return one.is, one.ok && since < age && since > -age
}

func (one *recalled[T]) keep(is T, now time.Time) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.is, one.at, one.ok = is, now, true
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
	if is, ok := one.known(now, age); ok {
		return is, nil
	}
	is, err := find(ctx)
	if err == nil {
		one.keep(is, now)
	}
	return is, err
}

// forget lets what is known under a key be found out anew. What is being found out at
// the moment may still be from before.
func (r *recall[T]) forget(key string) {
	one := r.of(key)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.ok = false
}

// refreshTime bounds for how long something is found out that nobody waits for.
const refreshTime = 30 * time.Second

// requestContext returns the context of a request without Gin's around it, which is
// another request's, and maybe another tenant's, as soon as this one is answered. What
// goes on behind an answer needs it.
func requestContext(ctx context.Context) context.Context {
	if c, ok := ctx.(*gin.Context); ok {
		return c.Request.Context()
	}
	return ctx
}

// soon is get for what may be up to ten times as old, if it is known: then it is found
// out anew behind the answer. The context has to be the request's own.
func (r *recall[T]) soon(ctx context.Context, key string, now time.Time, age time.Duration, find func(context.Context) (T, error)) (T, error) {
	one := r.of(key)
	one.mu.Lock()
	is, since, ok := one.is, now.Sub(one.at), one.ok
	one.mu.Unlock()
	switch {
	case !ok || since <= -age || since >= 10*age:
		return r.get(ctx, key, now, age, find)
	case since >= age && one.asked.CompareAndSwap(false, true):
		go func(ctx context.Context) {
			defer one.asked.Store(false)
			ctx, cancel := context.WithTimeout(ctx, refreshTime)
			defer cancel()
			_, _ = r.get(ctx, key, now, age, find) // The next to ask tries again.
		}(context.WithoutCancel(ctx))
	}
	return is, nil
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
