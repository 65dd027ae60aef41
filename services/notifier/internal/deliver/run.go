package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// How jobs are fetched. A job's insertion notifies, so polling is only for what was
// put off by less than the queue's own scheduler handles, and for notifications that
// got lost with a connection.
const (
	maxWorkers    = 64 // sends at the same time, of at least 16 channels (channelSends)
	fetchCooldown = 10 * time.Millisecond
	// fetchPoll is for notifications that were lost; who writes a job wakes us.
	fetchPoll = 2 * time.Second
	// DrainTime is how long sends that run may take to end when the process stops.
	DrainTime = 18 * time.Second
	// endTime is for ending them when they did not.
	endTime = 2 * time.Second
	// jobsKept is how long finished jobs stay: history is in the deliveries.
	jobsKept = time.Hour
)

// Run works on deliveries and reminders until ctx is cancelled and what is being sent
// then is through, or DrainTime is over.
func (d *Deliverer) Run(ctx context.Context) error {
	workers := river.NewWorkers()
	d.Register(workers)
	client, err := river.NewClient(riverpgxv5.New(d.store.Pool()), &river.Config{
		Queues:                      d.queues(),
		Workers:                     workers,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		JobTimeout:                  JobTimeout,
		RescueStuckJobsAfter:        RescueAfter,
		CompletedJobRetentionPeriod: jobsKept,
		Logger:                      d.cfg.Log,
	})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	working := context.WithoutCancel(ctx) // sends are drained, not cut off
	if err := client.Start(working); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	err = d.Sweep(ctx)
	d.stopping.Store(true)
	return errors.Join(err, d.drain(working, client))
}

// drain takes no new work and waits for what runs, then ends it.
func (d *Deliverer) drain(ctx context.Context, client *river.Client[pgx.Tx]) error {
	waiting, cancel := context.WithTimeout(ctx, DrainTime)
	defer cancel()
	err := client.Stop(waiting)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	d.cfg.Log.WarnContext(ctx, "alerts are still being sent, ending them", "after", DrainTime.String())
	ending, cancelEnding := context.WithTimeout(ctx, endTime)
	defer cancelEnding()
	return client.StopAndCancel(ending)
}
