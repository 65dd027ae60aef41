package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// DeliveryStatus is what became of a delivery.
type DeliveryStatus string

// The statuses; all but pending are final.
const (
	DeliveryPending    DeliveryStatus = "pending"
	DeliveryDelivered  DeliveryStatus = "delivered"
	DeliveryDead       DeliveryStatus = "dead"       // given up
	DeliverySuppressed DeliveryStatus = "suppressed" // not to be told: throttled, over already
	DeliveryCombined   DeliveryStatus = "combined"   // told in the message of another
)

// Delivery is one alert to one channel.
type Delivery struct {
	ID         uptime.ID
	OrgID      uptime.ID
	ChannelID  uptime.ID
	IncidentID uptime.ID // zero if it is about none
	WebsiteID  uptime.ID // zero if it is about none
	Event      alert.Event
	Key        string // idempotency key
	Seq        int64  // order per incident and channel
	Status     DeliveryStatus
	Attempts   int
	Refusals   int // how many of the last attempts were refused as if for good
	Message    alert.Message
	Answer     *alert.Answer // the other side's last one; nil if there was none
	Error      string        // of the last attempt, or why it was not told
	CreatedAt  time.Time
	FinishedAt time.Time // zero while pending
	RetryAt    time.Time // zero if it may be tried
	// ClaimedUntil is set while somebody sends it.
	ClaimedUntil time.Time
	// CauseKey is [alert.Message.CauseKey].
	CauseKey string
	// DigestID is the delivery whose message tells this one, too: its own, if it heads
	// a digest; zero if it goes by itself.
	DigestID uptime.ID
}

// DeliveryFilter narrows [Store.Deliveries]; zero fields do not.
type DeliveryFilter struct {
	IncidentID uptime.ID
	ChannelID  uptime.ID
	Status     DeliveryStatus
	Before     uptime.ID // cursor: the last id of the page before
	Limit      int       // 0: 100
}

// Deliveries returns the tenant's deliveries, newest first.
func (s *Store) Deliveries(ctx context.Context, org uptime.ID, f DeliveryFilter) ([]Delivery, error) {
	p := dbgen.ListDeliveriesParams{
		OrgID: org, Before: f.Before, IncidentID: f.IncidentID, ChannelID: f.ChannelID, MaxRows: 100,
	}
	if f.Status != "" {
		status := string(f.Status)
		p.Status = &status
	}
	if f.Limit > 0 {
		p.MaxRows = int32(f.Limit)
	}
	rows, err := s.q.ListDeliveries(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return deliveriesOf(rows)
}

// Delivery returns one delivery of the tenant, or ErrNotFound.
func (s *Store) Delivery(ctx context.Context, org, id uptime.ID) (Delivery, error) {
	row, err := s.q.GetDelivery(ctx, dbgen.GetDeliveryParams{OrgID: org, ID: id})
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %s: %w", id, classify(err))
	}
	return deliveryOf(row)
}

// AlertsReady tells whether the database answers and has the tables that alerts need,
// the job queue's among them.
func (s *Store) AlertsReady(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `-- name: AlertsReady
SELECT d.refusals, d.digest_id, c.hold_until, j.id, l.name FROM delivery d, channel c, river_job j, river_leader l LIMIT 0`)
	if err != nil {
		return fmt.Errorf("tables of alerts: %w", err)
	}
	return nil
}

// DeliveryBacklog returns how many deliveries are pending and the age of the oldest.
func (s *Store) DeliveryBacklog(ctx context.Context) (pending int64, oldest time.Duration, err error) {
	row, err := s.fleet.DeliveryBacklog(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("delivery backlog: %w", err)
	}
	return row.Pending, time.Duration(max(row.OldestSeconds, 0) * float64(time.Second)), nil
}

// OverdueDeliveries returns at most limit pending deliveries that should have been
// taken up at least grace ago and that no job is going to take up soon: the claim of
// a notifier that died, a job that got lost, or one put off by a clock that is wrong.
// What a digest tells needs none but its head's. (The job queue's table is the queue
// library's, so this query is not among the generated ones.)
func (s *Store) OverdueDeliveries(ctx context.Context, grace time.Duration, limit int) ([]uptime.ID, error) {
	// The jobs are gathered once: asked for each delivery by itself, ten thousand of them
	// took the queue's index seconds.
	const query = `-- name: OverdueDeliveries
WITH looked_after AS MATERIALIZED (
    SELECT (j.args ->> 'delivery_id')::uuid AS id FROM river_job j
    WHERE j.kind = $2 AND j.state IN ('available', 'pending', 'retryable', 'scheduled')
      AND j.scheduled_at < now() + interval '1 minute')
SELECT d.id FROM delivery d JOIN channel c ON c.id = d.channel_id
WHERE d.status = 'pending' AND (d.digest_id IS NULL OR d.digest_id = d.id) -- the head takes care of the others
  AND greatest(d.created_at, d.claimed_until, d.retry_at, c.hold_until) < now() - $1 * interval '1 millisecond'
  AND NOT EXISTS (SELECT FROM looked_after l WHERE l.id = d.id)
ORDER BY d.created_at
LIMIT $3`
	rows, err := s.pool.Query(ctx, query, grace.Milliseconds(), alert.DeliverArgs{}.Kind(), limit)
	if err != nil {
		return nil, fmt.Errorf("overdue deliveries: %w", err)
	}
	defer rows.Close()
	var ids []uptime.ID
	for rows.Next() {
		var id uptime.ID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("overdue deliveries: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("overdue deliveries: %w", err)
	}
	return ids, nil
}

func deliveriesOf(rows []dbgen.Delivery) ([]Delivery, error) {
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		d, err := deliveryOf(r)
		if err != nil {
			return nil, err
		}
		out[i] = d
	}
	return out, nil
}

func deliveryOf(r dbgen.Delivery) (Delivery, error) {
	d := Delivery{
		ID: r.ID, OrgID: r.OrgID, ChannelID: r.ChannelID, IncidentID: r.IncidentID, WebsiteID: r.WebsiteID,
		Event: alert.Event(r.Transition), Key: r.IdempotencyKey, Seq: deref(r.Seq), Status: DeliveryStatus(r.Status),
		Attempts: int(r.Attempts), Refusals: int(r.Refusals), Error: r.Error, CreatedAt: r.CreatedAt, FinishedAt: deref(r.FinishedAt),
		RetryAt: deref(r.RetryAt), ClaimedUntil: deref(r.ClaimedUntil), CauseKey: r.DigestKey, DigestID: r.DigestID,
	}
	if err := json.Unmarshal(r.Payload, &d.Message); err != nil {
		return Delivery{}, fmt.Errorf("payload of delivery %s: %w", r.ID, err)
	}
	if r.Response != nil {
		d.Answer = new(alert.Answer)
		if err := json.Unmarshal(r.Response, d.Answer); err != nil {
			return Delivery{}, fmt.Errorf("answer to delivery %s: %w", r.ID, err)
		}
	}
	return d, nil
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
