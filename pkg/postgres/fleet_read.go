package postgres

import (
	"context"
	"fmt"
	"time"
)

// RegionLateness is how late a region's checks were over the last window.
type RegionLateness struct {
	P50, P99        time.Duration
	Results, Failed int64
	UpdatedAt       time.Time
}

// RegionLatenesses returns the last window of each region that has one, by name. Of
// several shards it is the worst.
func (s *Store) RegionLatenesses(ctx context.Context) (map[string]RegionLateness, error) {
	rows, err := s.q.RegionStats(ctx)
	if err != nil {
		return nil, fmt.Errorf("region statistics: %w", err)
	}
	out := make(map[string]RegionLateness, len(rows))
	for _, r := range rows {
		out[r.Region] = RegionLateness{
			P50: time.Duration(r.LateP50Us) * time.Microsecond, P99: time.Duration(r.LateP99Us) * time.Microsecond,
			Results: r.Results, Failed: r.Failed, UpdatedAt: r.UpdatedAt,
		}
	}
	return out, nil
}

// ShardLease is who works on a shard.
type ShardLease struct {
	Role  string // pusher or aggregator
	Shard int
	Owner string
	Epoch int64
	Held  bool // not expired
}

// ShardLeases returns all leases, by role and shard.
func (s *Store) ShardLeases(ctx context.Context) ([]ShardLease, error) {
	rows, err := s.q.ShardLeases(ctx)
	if err != nil {
		return nil, fmt.Errorf("shard leases: %w", err)
	}
	out := make([]ShardLease, len(rows))
	for i, r := range rows {
		out[i] = ShardLease{Role: r.Role, Shard: int(r.Shard), Owner: r.Owner, Epoch: r.Epoch, Held: r.Held}
	}
	return out, nil
}
