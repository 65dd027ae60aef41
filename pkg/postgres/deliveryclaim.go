package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// DeliveryGroup is all on which a decision about sending one delivery depends, locked
// until the transaction ends, with the database's time.
type DeliveryGroup struct {
	Now     time.Time
	Channel Channel
	// Pending are the unfinished deliveries of the same incident (of the same monitor,
	// where there is none) to the same channel in the order of telling; of a test, and
	// of what concerns the fleet, only itself. It is empty if the delivery asked for is
	// finished, held, or told by another's message.
	Pending []Delivery

	Opened, Resolved, Acknowledged time.Time // of the incident; zero if not, or without one
	Muted, Paused                  bool      // of the website

	// Told counts what the channel heard of the incident being bad; Suppressed and
	// Dead the openings that it never heard.
	Told, Suppressed, Dead int
	// OpeningKey is the idempotency key of the incident's first alert to the channel
	// that was not suppressed; empty without one.
	OpeningKey string
	// InFlight is how many deliveries of the channel are being sent right now.
	InFlight int
	// Waiting is how many of the channel's deliveries are unfinished, up to 1000.
	Waiting int
	// Held is for how much longer the delivery asked for waits for others of its story;
	// then nothing else is read.
	Held time.Duration
}

// LockDelivery reads and locks what a decision about a delivery depends on. It takes
// the channel's lock first, so decisions about one channel are made one after the
// other. ErrNotFound means that the delivery is gone, with its channel or website.
func LockDelivery(ctx context.Context, tx pgx.Tx, id uptime.ID) (*DeliveryGroup, error) {
	q := dbgen.New(tx)
	at, err := q.LocateDelivery(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("delivery %s: %w", id, classify(err))
	}
	switch {
	case at.Status != string(DeliveryPending), !at.DigestID.IsZero() && at.DigestID != id:
		return &DeliveryGroup{Now: at.Now}, nil // finished, or told by the message of another
	case at.Attempts == 0 && at.RetryAt != nil && at.RetryAt.After(at.Now):
		return &DeliveryGroup{Now: at.Now, Held: at.RetryAt.Sub(at.Now)}, nil
	}
	g, err := lockGroup(ctx, q, at.ChannelID, at.IncidentID, at.WebsiteID)
	if err != nil {
		return nil, err
	}
	rows, err := lockPending(ctx, q, id, at)
	if err != nil {
		return nil, fmt.Errorf("lock deliveries: %w", err)
	}
	if !slices.ContainsFunc(rows, func(r dbgen.Delivery) bool { return r.ID == id }) {
		return g, nil
	}
	g.Pending, err = deliveriesOf(rows)
	return g, err
}

// lockPending reads and locks what is unfinished of the same subject: the incident,
// or else the monitor. A test, and what is about neither, has no order.
func lockPending(ctx context.Context, q *dbgen.Queries, id uptime.ID, at dbgen.LocateDeliveryRow) ([]dbgen.Delivery, error) {
	switch {
	case at.Transition == string(alert.EventTest):
	case !at.IncidentID.IsZero():
		return q.LockPendingOfIncident(ctx, dbgen.LockPendingOfIncidentParams{ChannelID: at.ChannelID, IncidentID: at.IncidentID})
	case !at.WebsiteID.IsZero() && at.MonitorID != "":
		return q.LockPendingOfMonitor(ctx, dbgen.LockPendingOfMonitorParams{
			ChannelID: at.ChannelID, WebsiteID: at.WebsiteID, MonitorID: at.MonitorID,
		})
	}
	return q.LockPendingAlone(ctx, id)
}

// LockIncidentChannel is like [LockDelivery] for an incident and a channel, without
// the deliveries: for deciding about a reminder.
func LockIncidentChannel(ctx context.Context, tx pgx.Tx, incident, channel uptime.ID) (*DeliveryGroup, *Delivery, error) {
	q := dbgen.New(tx)
	row, err := q.FirstTold(ctx, dbgen.FirstToldParams{IncidentID: incident, ChannelID: channel})
	if err != nil {
		return nil, nil, fmt.Errorf("opening alert of incident %s: %w", incident, classify(err))
	}
	opening, err := deliveryOf(row)
	if err != nil {
		return nil, nil, err
	}
	g, err := lockGroup(ctx, q, channel, incident, opening.WebsiteID)
	return g, &opening, err
}

func lockGroup(ctx context.Context, q *dbgen.Queries, channel, incident, website uptime.ID) (*DeliveryGroup, error) {
	if !website.IsZero() {
		if err := q.HoldWebsite(ctx, website); err != nil {
			return nil, fmt.Errorf("lock website %s: %w", website, err)
		}
	}
	row, err := q.LockChannel(ctx, channel)
	if err != nil {
		return nil, fmt.Errorf("lock channel %s: %w", channel, classify(err))
	}
	f, err := q.DeliveryFacts(ctx, dbgen.DeliveryFactsParams{ChannelID: channel, IncidentID: incident, WebsiteID: website})
	if err != nil {
		return nil, fmt.Errorf("facts of incident %s and channel %s: %w", incident, channel, err)
	}
	return &DeliveryGroup{
		Now: f.Now, Channel: channelOf(row),
		Opened: deref(f.OpenedAt), Resolved: deref(f.ResolvedAt), Acknowledged: deref(f.AcknowledgedAt),
		Muted: f.Muted, Paused: f.Paused,
		Told: int(f.Told), Suppressed: int(f.Suppressed), Dead: int(f.Dead), InFlight: int(f.InFlight), Waiting: int(f.Waiting),
		OpeningKey: f.OpeningKey,
	}, nil
}

// LastAlert returns when, within the window before now, the channel was last told of
// the website by one of the events: now, while such an alert is on its way. Zero
// means that it was not. Alerts of the given incident do not count; zero leaves none out.
func LastAlert(ctx context.Context, tx pgx.Tx, channel, website, except uptime.ID, window time.Duration, events ...alert.Event) (time.Time, error) {
	at, err := dbgen.New(tx).LastAlert(ctx, dbgen.LastAlertParams{
		ChannelID: channel, WebsiteID: website, ExceptIncident: except, WindowMs: window.Milliseconds(), Transitions: eventNames(events),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("last alert of website %s: %w", website, err)
	}
	return at, nil
}

// ClaimDeliveries takes deliveries for sending: head is the one whose message goes
// out and counts the attempt, others are told by it. Nobody else takes them until
// the lease is over. The others of a digest are told by no other message from then on.
// The claim returned fences what is recorded about a failure.
func ClaimDeliveries(ctx context.Context, tx pgx.Tx, head uptime.ID, others []uptime.ID, digest bool, lease time.Duration) (claim time.Time, err error) {
	ids := append([]uptime.ID{head}, others...)
	claim, err = dbgen.New(tx).ClaimDeliveries(ctx, dbgen.ClaimDeliveriesParams{Head: head, Ids: ids, Digest: digest, LeaseMs: lease.Milliseconds()})
	if err != nil {
		return claim, fmt.Errorf("claim delivery %s: %w", head, classify(err))
	}
	return claim, nil
}

// NextDeliveries returns at most limit deliveries of a channel that may be sent now,
// oldest first.
func (s *Store) NextDeliveries(ctx context.Context, channel uptime.ID, limit int) ([]uptime.ID, error) {
	ids, err := s.q.NextDeliveries(ctx, dbgen.NextDeliveriesParams{ChannelID: channel, MaxRows: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("next deliveries of channel %s: %w", channel, err)
	}
	return ids, nil
}

// SuppressDeliveries ends deliveries that are not to be told, and says why; with the
// head of a digest all that it was to tell.
func SuppressDeliveries(ctx context.Context, tx pgx.Tx, why string, ids ...uptime.ID) error {
	if err := dbgen.New(tx).SuppressDeliveries(ctx, dbgen.SuppressDeliveriesParams{Why: why, Ids: ids}); err != nil {
		return fmt.Errorf("suppress deliveries: %w", err)
	}
	return nil
}

// Sending is a claim and what came of it.
type Sending struct {
	Head   uptime.ID
	Others []uptime.ID // told by the same message
	Claim  time.Time
	Answer *alert.Answer // nil if the other side gave none
	Error  string        // without secrets; at most 1 KiB is kept
	// Refusals is how many of the last attempts, this one included, were refused.
	Refusals int
}

// maxError bounds what is kept of an error, in bytes.
const maxError = 1 << 10

// DeliveredDeliveries records that the message went out, and when; first is false if
// that was recorded before. Whoever holds the claim by now: it was sent.
func DeliveredDeliveries(ctx context.Context, tx pgx.Tx, s Sending) (at time.Time, first bool, err error) {
	q := dbgen.New(tx)
	if err := lockSending(ctx, q, &s); err != nil {
		return at, false, err
	}
	answer, err := encodeAnswer(s.Answer)
	if err != nil {
		return at, false, err
	}
	at, err = q.DeliverDelivery(ctx, dbgen.DeliverDeliveryParams{ID: s.Head, Response: answer})
	if errors.Is(err, pgx.ErrNoRows) {
		return at, false, nil
	}
	if err == nil && len(s.Others) > 0 {
		err = q.CombineDeliveries(ctx, dbgen.CombineDeliveriesParams{Ids: s.Others, Head: s.Head, Response: answer})
	}
	if err != nil {
		return at, false, fmt.Errorf("record delivery %s: %w", s.Head, err)
	}
	return at, true, nil
}

// RetryDeliveries records a failure after which the message is tried again no sooner
// than after the pause. It does nothing if the claim is not held any more.
func RetryDeliveries(ctx context.Context, tx pgx.Tx, s Sending, pause time.Duration) (held bool, err error) {
	q := dbgen.New(tx)
	if err := lockSending(ctx, q, &s); err != nil {
		return false, err
	}
	answer, err := encodeAnswer(s.Answer)
	if err != nil {
		return false, err
	}
	n, err := q.RetryDelivery(ctx, dbgen.RetryDeliveryParams{
		ID: s.Head, Claim: s.Claim, Response: answer, Error: bounded(s.Error), AfterMs: pause.Milliseconds(),
		Refusals: int32(s.Refusals),
	})
	if err == nil && len(s.Others) > 0 {
		err = q.ReleaseDeliveries(ctx, dbgen.ReleaseDeliveriesParams{Ids: s.Others, Claim: s.Claim, AfterMs: pause.Milliseconds()})
	}
	if err != nil {
		return false, fmt.Errorf("record failure of delivery %s: %w", s.Head, err)
	}
	return n > 0, nil
}

// BuryDeliveries gives a message up, and with it what it was to tell besides. It does
// nothing if the claim is not held any more.
func BuryDeliveries(ctx context.Context, tx pgx.Tx, s Sending) (held bool, err error) {
	q := dbgen.New(tx)
	if err := lockSending(ctx, q, &s); err != nil {
		return false, err
	}
	answer, err := encodeAnswer(s.Answer)
	if err != nil {
		return false, err
	}
	n, err := q.BuryDelivery(ctx, dbgen.BuryDeliveryParams{ID: s.Head, Claim: s.Claim, Response: answer, Error: bounded(s.Error)})
	if err == nil && n > 0 && len(s.Others) > 0 {
		err = q.BuryOthers(ctx, dbgen.BuryOthersParams{Ids: s.Others, Error: bounded(s.Error)})
	}
	if err != nil {
		return false, fmt.Errorf("give up delivery %s: %w", s.Head, err)
	}
	return n > 0, nil
}

// lockSending locks the deliveries of a message of several.
func lockSending(ctx context.Context, q *dbgen.Queries, s *Sending) error {
	if len(s.Others) == 0 {
		return nil
	}
	if err := q.LockSending(ctx, append([]uptime.ID{s.Head}, s.Others...)); err != nil {
		return fmt.Errorf("lock what was sent: %w", err)
	}
	return nil
}

func encodeAnswer(a *alert.Answer) ([]byte, error) {
	if a == nil {
		return nil, nil
	}
	b, err := json.Marshal(alert.Answer{Code: a.Code, Text: PlainText(a.Text)})
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b, nil
}

func bounded(s string) string {
	if len(s) > maxError {
		s = s[:maxError]
	}
	return PlainText(s)
}
