package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/probefleet/probefleet/pkg/letter"
)

// EnqueueLetter writes the job of a letter in the transaction of what it tells of.
func EnqueueLetter(ctx context.Context, tx pgx.Tx, jobs Jobs, args letter.Args) error {
	opts := jobOpts()
	opts.Queue = letter.Queue
	if _, err := jobs.InsertManyTx(ctx, tx, []river.InsertManyParams{{Args: args, InsertOpts: opts}}); err != nil {
		return fmt.Errorf("write the job of a letter: %w", err)
	}
	return nil
}
