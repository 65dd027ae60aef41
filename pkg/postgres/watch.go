package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
)

// The stages that leave no other trace of their work than a sign of life.
const (
	StageNotifier = "notifier" // looked at the queue of alerts
	StageAPI      = "api"      // could serve
)

// SignStage notes that a stage was at its work just now.
func (s *Store) SignStage(ctx context.Context, stage string) error {
	if err := s.q.SignStage(ctx, stage); err != nil {
		return fmt.Errorf("sign of life of the %s: %w", stage, err)
	}
	return nil
}

// StageSigns returns how long ago each stage that gives signs of life did so.
func (s *Store) StageSigns(ctx context.Context) (map[string]time.Duration, error) {
	rows, err := s.q.StageSigns(ctx)
	if err != nil {
		return nil, fmt.Errorf("signs of life: %w", err)
	}
	out := make(map[string]time.Duration, len(rows))
	for _, r := range rows {
		out[r.Stage] = seconds(r.AgeSeconds)
	}
	return out, nil
}

// LastCheckpoints returns when each shard's fold last made results durable; a shard
// that never had any is missing.
func (s *Store) LastCheckpoints(ctx context.Context) (map[int]time.Time, error) {
	rows, err := s.q.LastCheckpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("last checkpoints: %w", err)
	}
	out := make(map[int]time.Time, len(rows))
	for _, r := range rows {
		out[int(r.Shard)] = r.UpdatedAt
	}
	return out, nil
}

// AnyProbedMonitor tells whether there is a monitor for workers to check.
func (s *Store) AnyProbedMonitor(ctx context.Context) (bool, error) {
	found, err := s.q.AnyProbedMonitor(ctx)
	if err != nil {
		return false, fmt.Errorf("look for monitors: %w", err)
	}
	return found, nil
}

// OldestAlertJob returns for how long a job of the alerts' queue has been ready that no
// notifier took; 0 without one. What waits on purpose (a retry, a digest) is not ready.
// (The table is the queue library's, so this query is not among the generated ones.)
func (s *Store) OldestAlertJob(ctx context.Context) (time.Duration, error) {
	const query = `-- name: OldestAlertJob
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(scheduled_at)), 0)::double precision
FROM river_job WHERE queue = $1 AND state = 'available'`
	var age float64
	if err := s.pool.QueryRow(ctx, query, alert.Queue).Scan(&age); err != nil {
		return 0, fmt.Errorf("oldest job of alerts: %w", err)
	}
	return seconds(age), nil
}

func seconds(s float64) time.Duration {
	return time.Duration(max(s, 0) * float64(time.Second))
}
