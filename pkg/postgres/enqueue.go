package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Jobs is what writes jobs in a transaction: river's client.
type Jobs interface {
	InsertManyTx(ctx context.Context, tx pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
}

// notifyCooldown is how long one process does not wake the notifier again after it
// did; what is written in between waits for the notifier's poll at most.
const notifyCooldown = 5 * time.Millisecond

// NewJobs returns a client that writes jobs and works on none, for whoever calls
// [EnqueueAlert] beside the notifier.
func NewJobs(s *Store) (Jobs, error) {
	client, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{FetchCooldown: notifyCooldown})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return ownedJobs{client}, nil
}

// ownedJobs writes jobs as the owner of the queue's tables: they are no tenant's, and a
// library's.
type ownedJobs struct{ Jobs }

// InsertManyTx implements [Jobs].
func (j ownedJobs) InsertManyTx(ctx context.Context, tx pgx.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	if tenantOf(ctx) == nil {
		return j.Jobs.InsertManyTx(ctx, tx, params)
	}
	var role string
	if err := tx.QueryRow(ctx, "SELECT current_setting('role'), set_config('role', 'none', true)").Scan(&role, nil); err != nil {
		return nil, err
	}
	results, err := j.Jobs.InsertManyTx(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, "SELECT set_config('role', $1, true)", role)
	return results, err
}

// AlertRow is one alert to one channel, about to be written.
type AlertRow struct {
	ID         uptime.ID // of the delivery; zero: a fresh one
	OrgID      uptime.ID
	ChannelID  uptime.ID
	IncidentID uptime.ID // zero if it is about none
	WebsiteID  uptime.ID // zero if it is about none
	Event      alert.Event
	Key        string // see [alert.Key]
	Message    alert.Message
}

// EnqueueAlert writes deliveries and their jobs in the transaction of the event that
// they tell of: either all of it happens or nothing. A row whose key exists is left
// out. The order of the rows is the order of telling per incident and channel.
func EnqueueAlert(ctx context.Context, tx pgx.Tx, jobs Jobs, rows ...AlertRow) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	p := dbgen.InsertDeliveriesParams{
		Ids: make([]uptime.ID, n), OrgIds: make([]uptime.ID, n), ChannelIds: make([]uptime.ID, n),
		IncidentIds: make([]uptime.ID, n), WebsiteIds: make([]uptime.ID, n), Transitions: make([]string, n),
		IdempotencyKeys: make([]string, n), Payloads: make([][]byte, n), DigestKeys: make([]string, n),
	}
	now := time.Now()
	for i, r := range rows {
		if r.ID.IsZero() {
			r.ID = uptime.NewID(now)
		}
		payload, err := json.Marshal(plainMessage(r.Message))
		if err != nil {
			return fmt.Errorf("encode alert: %w", err)
		}
		p.Ids[i], p.OrgIds[i], p.ChannelIds[i] = r.ID, r.OrgID, r.ChannelID
		p.IncidentIds[i], p.WebsiteIds[i] = r.IncidentID, r.WebsiteID
		p.Transitions[i], p.IdempotencyKeys[i], p.Payloads[i] = string(r.Event), r.Key, payload
		p.DigestKeys[i] = r.Message.CauseKey()
	}
	ids, err := dbgen.New(tx).InsertDeliveries(ctx, p)
	if err != nil {
		return fmt.Errorf("write %d deliveries: %w", n, err)
	}
	return enqueueDeliveries(ctx, tx, jobs, ids)
}

// enqueueDeliveries writes the jobs of deliveries.
func enqueueDeliveries(ctx context.Context, tx pgx.Tx, jobs Jobs, ids []uptime.ID) error {
	if len(ids) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(ids))
	for i, id := range ids {
		params[i] = river.InsertManyParams{Args: alert.DeliverArgs{DeliveryID: id}, InsertOpts: jobOpts()}
	}
	if _, err := jobs.InsertManyTx(ctx, tx, params); err != nil {
		return fmt.Errorf("write %d jobs: %w", len(ids), err)
	}
	return nil
}

// RequeueDeliveries writes fresh jobs for deliveries that have lost theirs.
func (s *Store) RequeueDeliveries(ctx context.Context, jobs Jobs, ids []uptime.ID) error {
	return s.Tx(ctx, func(tx pgx.Tx) error { return enqueueDeliveries(ctx, tx, jobs, ids) })
}

// EnqueueReminder writes the job that looks at the given time whether an incident
// wants its n-th reminder. A reminder that has its job gets no second.
func EnqueueReminder(ctx context.Context, tx pgx.Tx, jobs Jobs, args alert.RemindArgs, at time.Time) error {
	return EnqueueReminders(ctx, tx, jobs, at, args)
}

// EnqueueReminders is [EnqueueReminder] for several incidents.
func EnqueueReminders(ctx context.Context, tx pgx.Tx, jobs Jobs, at time.Time, all ...alert.RemindArgs) error {
	if len(all) == 0 {
		return nil
	}
	opts := jobOpts()
	opts.ScheduledAt = at
	opts.UniqueOpts = river.UniqueOpts{ByArgs: true}
	params := make([]river.InsertManyParams, len(all))
	for i, args := range all {
		params[i] = river.InsertManyParams{Args: args, InsertOpts: opts}
	}
	if _, err := jobs.InsertManyTx(ctx, tx, params); err != nil {
		return fmt.Errorf("write %d reminders' jobs: %w", len(all), err)
	}
	return nil
}

// jobOpts puts a job on the alerts' own queue. Its attempts are without practical
// bound, because they only count the notifier's own failures (no database, say):
// how often an alert is sent is counted in the delivery.
func jobOpts() *river.InsertOpts {
	return &river.InsertOpts{Queue: alert.Queue, MaxAttempts: alert.JobAttempts}
}

// plainMessage cleans what users and targets wrote of what jsonb refuses.
func plainMessage(m alert.Message) alert.Message {
	m.Website, m.Monitor, m.URL, m.Explanation = PlainText(m.Website), PlainText(m.Monitor), PlainText(m.URL), PlainText(m.Explanation)
	votes := make([]alert.Vote, len(m.Votes))
	for i, v := range m.Votes {
		v.Detail = PlainText(v.Detail)
		votes[i] = v
	}
	m.Votes = votes
	places := make([]alert.Place, len(m.Places))
	for i, p := range m.Places {
		places[i] = alert.Place(PlainText(string(p)))
	}
	m.Places = places
	return m
}
