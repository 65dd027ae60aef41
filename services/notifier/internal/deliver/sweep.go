package deliver

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
)

// Intervals and bounds of the sweep.
const (
	sweepEvery    = 5 * time.Second
	remindersSlow = 12 // every how many sweeps lost reminders are looked for: a minute
	// overdueGrace is how long a delivery may be overdue before it gets another job:
	// longer than a busy queue takes, and short against the claim of a notifier that died.
	overdueGrace = 5 * time.Second
	sweepLimit   = 500 // rows of one sweep
)

// Sweep looks again and again for deliveries and reminders that no job takes care of
// (a notifier died while sending, a job got lost) and gives them one. It also
// measures the backlog and says that the notifier lives.
func (d *Deliverer) Sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		err := d.sweepOnce(ctx, n%remindersSlow == 0)
		if err == nil {
			err = d.sign(ctx)
		}
		if err != nil && ctx.Err() == nil {
			d.cfg.Log.WarnContext(ctx, "cannot look for overdue alerts", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sign says that the queue was looked at: without that the fleet tells that nobody does.
func (d *Deliverer) sign(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery)
	defer cancel()
	return d.store.SignStage(ctx, postgres.StageNotifier)
}

func (d *Deliverer) sweepOnce(ctx context.Context, reminders bool) error {
	ctx, cancel := context.WithTimeout(ctx, sweepEvery)
	defer cancel()
	pending, oldest, err := d.store.DeliveryBacklog(ctx)
	if err != nil {
		return err
	}
	d.cfg.Metrics.backlog(pending, oldest)
	overdue, err := d.store.OverdueDeliveries(ctx, overdueGrace, sweepLimit)
	if err != nil {
		return err
	}
	if len(overdue) > 0 {
		if err := d.store.RequeueDeliveries(ctx, d.jobs, overdue); err != nil {
			return err
		}
		d.cfg.Metrics.requeued(len(overdue))
		d.cfg.Log.WarnContext(ctx, "overdue alerts got a new job", "count", len(overdue))
	}
	if !reminders {
		return nil
	}
	lost, err := d.store.LostReminders(ctx, sweepLimit)
	if err != nil || len(lost) == 0 {
		return err
	}
	return d.store.Tx(ctx, func(tx pgx.Tx) error {
		for _, r := range lost {
			if err := postgres.EnqueueReminder(ctx, tx, d.jobs, r.RemindArgs, r.Due); err != nil {
				return err
			}
		}
		return nil
	})
}
