package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type remindWorker struct {
	river.WorkerDefaults[alert.RemindArgs]
	d *Deliverer
}

// Work implements river's Worker.
func (w *remindWorker) Work(ctx context.Context, job *river.Job[alert.RemindArgs]) error {
	return w.d.remind(ctx, job.Args)
}

// NextRetry implements river's Worker: jobs fail by the notifier's own fault only.
func (w *remindWorker) NextRetry(job *river.Job[alert.RemindArgs]) time.Time {
	return time.Now().Add(ownFault(job.Attempt))
}

// remind writes the delivery of a reminder that is due and wanted, and the job of the
// next one, in one transaction.
func (d *Deliverer) remind(ctx context.Context, args alert.RemindArgs) error {
	var plan ReminderPlan
	err := d.store.Tx(ctx, func(tx pgx.Tx) error {
		g, opening, err := postgres.LockIncidentChannel(ctx, tx, args.IncidentID, args.ChannelID)
		if err != nil {
			return err
		}
		var last time.Time
		if window := time.Duration(g.Channel.ThrottleSeconds) * time.Second; window > 0 && !opening.WebsiteID.IsZero() {
			last, err = postgres.LastAlert(ctx, tx, g.Channel.ID, opening.WebsiteID, uptime.ID{}, window,
				alert.EventDown, alert.EventDegraded, alert.EventReminder)
			if err != nil {
				return err
			}
		}
		plan = decideReminder(g, opening, last)
		if !plan.Tell {
			return nil
		}
		return d.writeReminder(ctx, tx, args, opening, plan, g.Now)
	})
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		return nil // deleted, with its channel or website
	case err != nil:
		return err
	case plan.Wait > 0:
		return river.JobSnooze(plan.Wait)
	}
	return nil
}

func (d *Deliverer) writeReminder(ctx context.Context, tx pgx.Tx, args alert.RemindArgs, opening *postgres.Delivery, plan ReminderPlan, now time.Time) error {
	message := opening.Message
	message.Event = alert.EventReminder
	if message.Number = args.Number; plan.First {
		message.Number = 0
	}
	err := postgres.EnqueueAlert(ctx, tx, d.jobs, postgres.AlertRow{
		OrgID: opening.OrgID, ChannelID: args.ChannelID, IncidentID: args.IncidentID, WebsiteID: opening.WebsiteID,
		Event: alert.EventReminder, Key: alert.Key(args.IncidentID.String(), alert.EventReminder, args.ChannelID, args.Number),
		Message: message,
	})
	if err != nil || plan.Next <= 0 {
		return err
	}
	args.Number++
	return postgres.EnqueueReminder(ctx, tx, d.jobs, args, now.Add(plan.Next))
}
