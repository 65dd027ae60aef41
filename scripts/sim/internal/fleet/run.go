package fleet

import (
	"context"
	"sync"

	"github.com/probefleet/probefleet/scripts/sim/internal/score"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// Pool bounds how many shards are simulated at once, of all worlds together.
type Pool chan struct{}

// NewPool returns a pool of n workers.
func NewPool(n int) Pool { return make(Pool, max(n, 1)) }

// do runs f when a worker is free, unless ctx ends before.
func (p Pool) do(ctx context.Context, f func()) {
	select {
	case p <- struct{}{}:
		defer func() { <-p }()
		if ctx.Err() == nil {
			f()
		}
	case <-ctx.Done():
	}
}

// Run simulates a world, its shards side by side as far as the pool allows; what comes
// out does not depend on how far that is. A cancelled context ends it.
func Run(ctx context.Context, c world.Config, pool Pool) (*score.Book, error) {
	w, err := world.New(c)
	if err != nil {
		return nil, err
	}
	books := make([]*score.Book, (c.Monitors+c.Shard-1)/c.Shard)
	pool.do(ctx, func() { books[0] = newShard(w, 0, nil).run(ctx) }) // it judges the regions for all
	var wg sync.WaitGroup
	for i := 1; i < len(books) && books[0] != nil; i++ {
		wg.Go(func() {
			pool.do(ctx, func() { books[i] = newShard(w, i*c.Shard, books[0].Changes).run(ctx) })
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sum := score.NewBook()
	for _, b := range books {
		sum.Add(b)
	}
	return sum, nil
}
