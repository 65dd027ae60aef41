package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
)

// PurgeVoteSpans deletes the spans of votes that ended longer than age ago, and
// returns how many.
func (s *Store) PurgeVoteSpans(ctx context.Context, age time.Duration) (int64, error) {
	n, err := s.purge(ctx, age, func(before time.Time) (int64, error) {
		return s.q.PurgeVoteSpans(ctx, dbgen.PurgeVoteSpansParams{Before: &before, Batch: purgeBatch})
	})
	if err != nil {
		return n, fmt.Errorf("purge vote spans: %w", err)
	}
	return n, nil
}

// PurgeDeliveries deletes the deliveries that were finished longer than age ago, and
// returns how many.
func (s *Store) PurgeDeliveries(ctx context.Context, age time.Duration) (int64, error) {
	n, err := s.purge(ctx, age, func(before time.Time) (int64, error) {
		return s.q.PurgeDeliveries(ctx, dbgen.PurgeDeliveriesParams{Before: &before, Batch: purgeBatch})
	})
	if err != nil {
		return n, fmt.Errorf("purge deliveries: %w", err)
	}
	return n, nil
}

// PurgeFleetEvents deletes the troubles of the fleet that ended longer than age ago, and
// returns how many.
func (s *Store) PurgeFleetEvents(ctx context.Context, age time.Duration) (int64, error) {
	n, err := s.purge(ctx, age, func(before time.Time) (int64, error) {
		return s.q.PurgeFleetEvents(ctx, dbgen.PurgeFleetEventsParams{Before: &before, Batch: purgeBatch})
	})
	if err != nil {
		return n, fmt.Errorf("purge fleet events: %w", err)
	}
	return n, nil
}

// purge deletes batch after batch of what is older than age by the database's clock.
func (s *Store) purge(ctx context.Context, age time.Duration, batch func(before time.Time) (int64, error)) (int64, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, err
	}
	for total := int64(0); ; {
		n, err := batch(now.Add(-age))
		total += n
		if err != nil || n < purgeBatch {
			return total, err
		}
	}
}
