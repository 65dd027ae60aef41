package watchdog

import (
	"context"
	"log/slog"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// signEvery is how often a stage says that it lives: often enough that a sign or two
// may be lost.
const signEvery = 10 * time.Second

// Sign says again and again that a stage lives which leaves no other trace, until ctx
// is cancelled, which it answers with nil.
func Sign(ctx context.Context, store *postgres.Store, stage string, log *slog.Logger) error {
	tick := time.NewTicker(signEvery)
	defer tick.Stop()
	for {
		if err := signOnce(ctx, store, stage); err != nil && ctx.Err() == nil {
			log.DebugContext(ctx, "cannot give a sign of life", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func signOnce(ctx context.Context, store *postgres.Store, stage string) error {
	ctx, cancel := context.WithTimeout(ctx, signEvery)
	defer cancel()
	return store.SignStage(ctx, stage)
}
