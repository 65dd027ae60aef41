package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Group runs all functions together until each has returned. The first that returns
// an error cancels the others; a service's loops are joined so. It returns all errors
// joined, without those that only say that the context was cancelled, and nil when
// there is no other.
func Group(ctx context.Context, runs ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := make(chan error, len(runs))
	for _, run := range runs {
		go func() {
			err := run(ctx)
			if err != nil {
				cancel()
			}
			ends <- err
		}()
	}
	var errs []error
	for range runs {
		if err := <-ends; err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Bounds of the pause between two tries of [Await].
const (
	awaitFirst = 100 * time.Millisecond
	awaitMost  = 2 * time.Second
	awaitQuiet = 10 * time.Second // at most one log line per this
)

// Await calls try until it succeeds, with growing pauses, so that services may start
// in any order. It gives up only when ctx ends, and says then what was last wrong.
func Await(ctx context.Context, log *slog.Logger, what string, try func(ctx context.Context) error) error {
	pause, told := awaitFirst, time.Time{}
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if time.Since(told) >= awaitQuiet {
			told = time.Now()
			log.WarnContext(ctx, "waiting", "for", what, "err", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (last: %w)", what, ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, awaitMost)
	}
}
