package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
)

// Position is how far a shard's results of one region are folded.
type Position struct {
	Region string
	LastID string // of the stream's entry
	// Folded counts results: since the last save when saving, ever when reading.
	Folded int64
	At     time.Time // of the save; set by the database
	// Heard, of the heartbeats' lane, is when calls could be taken, as far as it is folded.
	// It is only saved here; see [Store.Listening].
	Heard Listening
}

// SavePositions writes positions of one shard and adds to what they count.
func SavePositions(ctx context.Context, tx pgx.Tx, shard int, positions []Position) error {
	if len(positions) == 0 {
		return nil
	}
	n := len(positions)
	p := dbgen.SavePositionsParams{
		Shard: int32(shard), Regions: make([]string, n), LastIds: make([]string, n), Foldeds: make([]int64, n),
	}
	for i, at := range positions {
		p.Regions[i], p.LastIds[i], p.Foldeds[i] = at.Region, at.LastID, at.Folded
	}
	if err := dbgen.New(tx).SavePositions(ctx, p); err != nil {
		return fmt.Errorf("save %d positions: %w", n, err)
	}
	for i := range positions {
		if err := saveListening(ctx, tx, shard, positions[i].Heard); err != nil {
			return err
		}
	}
	return nil
}

// Positions returns the positions of a shard by region.
func (s *Store) Positions(ctx context.Context, shard int) ([]Position, error) {
	rows, err := s.fleet.Positions(ctx, int32(shard))
	if err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	out := make([]Position, len(rows))
	for i, r := range rows {
		out[i] = Position{Region: r.Region, LastID: r.LastID, Folded: r.Folded, At: r.UpdatedAt}
	}
	return out, nil
}

// RegionStat is what the aggregator saw of a region over its last window.
type RegionStat struct {
	Region           string
	Results, Failed  int64
	LateP50, LateP99 time.Duration
}

// SaveRegionStats replaces what is known of the regions of a shard.
func (s *Store) SaveRegionStats(ctx context.Context, shard int, window time.Duration, stats []RegionStat) error {
	if len(stats) == 0 {
		return nil
	}
	n := len(stats)
	p := dbgen.SaveRegionStatsParams{
		Shard: int32(shard), WindowMs: int32(window.Milliseconds()), Regions: make([]string, n), Results: make([]int64, n),
		Faileds: make([]int64, n), LateP50sUs: make([]int64, n), LateP99sUs: make([]int64, n),
	}
	for i, st := range stats {
		p.Regions[i], p.Results[i], p.Faileds[i] = st.Region, st.Results, st.Failed
		p.LateP50sUs[i], p.LateP99sUs[i] = st.LateP50.Microseconds(), st.LateP99.Microseconds()
	}
	if err := s.fleet.SaveRegionStats(ctx, p); err != nil {
		return fmt.Errorf("save region stats: %w", err)
	}
	return nil
}
