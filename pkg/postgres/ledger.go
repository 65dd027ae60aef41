package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
)

// LedgerKey says whose ledger it is.
type LedgerKey struct {
	Region string
	Shard  int
	Urgent bool // of the checks beside the schedule
}

// LedgerCounts is what became of checks: ever, or within a minute. Within one, counts
// are below zero where Redis came back with an older state, from which all is counted
// again.
type LedgerCounts struct {
	Scheduled, Done, Expired, Invalid, Dropped, Missed int64
	Waiting                                            int64 // at the end
}

// LedgerReading is a lane's ledger as it was read last.
type LedgerReading struct {
	LedgerKey
	Begun int64 // ms of Redis' clock; 0: not known
	LedgerCounts
}

// LedgerMinute is what became of a lane's checks within a minute of Redis' clock.
type LedgerMinute struct {
	LedgerKey
	Minute time.Time
	LedgerCounts
	Balance  int64 // what cannot be accounted for; 0, or something is wrong
	Restarts int   // how often the ledger began anew: Redis had lost its data
}

// SaveLedger replaces readings and minutes.
func SaveLedger(ctx context.Context, tx pgx.Tx, readings []LedgerReading, minutes []LedgerMinute) error {
	if len(readings) > 0 {
		var p dbgen.SaveLedgerReadingsParams
		for _, r := range readings {
			p.Regions, p.Shards = append(p.Regions, r.Region), append(p.Shards, int32(r.Shard))
			p.Urgents, p.BegunsMs = append(p.Urgents, r.Urgent), append(p.BegunsMs, r.Begun)
			p.Scheduleds, p.Dones = append(p.Scheduleds, r.Scheduled), append(p.Dones, r.Done)
			p.ExpiredOnes, p.Invalids = append(p.ExpiredOnes, r.Expired), append(p.Invalids, r.Invalid)
			p.Droppeds, p.Misseds = append(p.Droppeds, r.Dropped), append(p.Misseds, r.Missed)
			p.Waitings = append(p.Waitings, r.Waiting)
		}
		if err := dbgen.New(tx).SaveLedgerReadings(ctx, p); err != nil {
			return fmt.Errorf("save %d readings of the ledger: %w", len(readings), err)
		}
	}
	if len(minutes) == 0 {
		return nil
	}
	var p dbgen.SaveLedgerMinutesParams
	for i := range minutes {
		m := &minutes[i]
		p.Regions, p.Shards = append(p.Regions, m.Region), append(p.Shards, int32(m.Shard))
		p.Urgents, p.Minutes = append(p.Urgents, m.Urgent), append(p.Minutes, m.Minute)
		p.Scheduleds, p.Dones = append(p.Scheduleds, m.Scheduled), append(p.Dones, m.Done)
		p.ExpiredOnes, p.Invalids = append(p.ExpiredOnes, m.Expired), append(p.Invalids, m.Invalid)
		p.Droppeds, p.Misseds = append(p.Droppeds, m.Dropped), append(p.Misseds, m.Missed)
		p.Waitings, p.Balances = append(p.Waitings, m.Waiting), append(p.Balances, m.Balance)
		p.Restarts = append(p.Restarts, int32(m.Restarts))
	}
	if err := dbgen.New(tx).SaveLedgerMinutes(ctx, p); err != nil {
		return fmt.Errorf("save %d minutes of the ledger: %w", len(minutes), err)
	}
	return nil
}

// ForgetLedger deletes minutes before an instant, and all of lanes other than those of
// the regions and of the first so many shards.
func ForgetLedger(ctx context.Context, tx pgx.Tx, before time.Time, regions []string, shards int) error {
	if regions == nil {
		regions = []string{} // NULL would match nothing
	}
	q := dbgen.New(tx)
	err := q.ForgetLedgerMinutes(ctx, dbgen.ForgetLedgerMinutesParams{Before: before, Regions: regions, Shards: int32(shards)})
	if err == nil {
		err = q.ForgetLedgerReadings(ctx, dbgen.ForgetLedgerReadingsParams{Regions: regions, Shards: int32(shards)})
	}
	if err != nil {
		return fmt.Errorf("forget old minutes of the ledger: %w", err)
	}
	return nil
}

// LedgerReadings returns the last reading of every lane.
func (s *Store) LedgerReadings(ctx context.Context) ([]LedgerReading, error) {
	rows, err := s.q.LedgerReadings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	out := make([]LedgerReading, len(rows))
	for i, r := range rows {
		out[i] = LedgerReading{
			LedgerKey: LedgerKey{Region: r.Region, Shard: int(r.Shard), Urgent: r.Urgent}, Begun: r.BegunMs,
			LedgerCounts: LedgerCounts{
				Scheduled: r.Scheduled, Done: r.Done, Expired: r.Expired, Invalid: r.Invalid, Dropped: r.Dropped,
				Missed: r.Missed, Waiting: r.Waiting,
			},
		}
	}
	return out, nil
}

// LedgerMinutes returns the minutes of every lane that are kept, by lane and minute.
func (s *Store) LedgerMinutes(ctx context.Context) ([]LedgerMinute, error) {
	rows, err := s.q.LedgerMinutes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the minutes of the ledger: %w", err)
	}
	out := make([]LedgerMinute, len(rows))
	for i, r := range rows {
		out[i] = LedgerMinute{
			LedgerKey: LedgerKey{Region: r.Region, Shard: int(r.Shard), Urgent: r.Urgent}, Minute: r.Minute.UTC(),
			LedgerCounts: LedgerCounts{
				Scheduled: r.Scheduled, Done: r.Done, Expired: r.Expired, Invalid: r.Invalid, Dropped: r.Dropped,
				Missed: r.Missed, Waiting: r.Waiting,
			},
			Balance: r.Balance, Restarts: int(r.Restarts),
		}
	}
	return out, nil
}
