package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

const (
	// defaultTestWait is how long a test alert is waited for: one attempt of the notifier.
	defaultTestWait = 15 * time.Second
	// testPoll is how often its row is looked at.
	testPoll = 100 * time.Millisecond
)

// TestChannel implements [api.StrictServerInterface]. Only the notifier talks to the
// outside: this writes a delivery as any event does, and waits for its answer.
func (s *Server) TestChannel(ctx context.Context, r api.TestChannelRequestObject) (api.TestChannelResponseObject, error) {
	c, err := s.Store.Channel(ctx, callerOf(ctx).Org, r.ID)
	if err != nil {
		return nil, fromStore(err, "channel")
	}
	select {
	case s.tests <- struct{}{}:
		defer func() { <-s.tests }()
	default:
		return nil, busy("Too many test alerts are being waited for.")
	}
	now := s.Now()
	id := uptime.NewID(now)
	row := postgres.AlertRow{
		ID: id, OrgID: c.OrgID, ChannelID: c.ID, Event: alert.EventTest,
		Key: alert.Key(id.String(), alert.EventTest, c.ID, 0), Message: alert.Message{Event: alert.EventTest, Since: now},
	}
	err = s.Store.Tx(ctx, func(tx pgx.Tx) error { return postgres.EnqueueAlert(ctx, tx, s.Jobs, row) })
	if err != nil {
		return nil, err
	}
	d, err := s.awaitDelivery(ctx, c.OrgID, id)
	if err != nil {
		return nil, err
	}
	view, err := deliveryView(&d)
	if err != nil {
		return nil, err
	}
	return api.TestChannel200JSONResponse(view), nil
}

// awaitDelivery waits until the notifier has recorded what became of a delivery.
func (s *Server) awaitDelivery(ctx context.Context, org, id uptime.ID) (postgres.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, s.TestWait)
	defer cancel()
	poll := time.NewTicker(testPoll)
	defer poll.Stop()
	for {
		d, err := s.Store.Delivery(ctx, org, id)
		if err == nil && d.Status != postgres.DeliveryPending {
			return d, nil
		}
		if err != nil && ctx.Err() == nil {
			return d, fromStore(err, "channel") // deleted meanwhile, with its deliveries
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return d, &problem{
				status: http.StatusGatewayTimeout, kind: "no-answer", title: "No answer",
				detail:     fmt.Sprintf("The notifier has not delivered the test within %d s; delivery %s is still pending.", int(s.TestWait.Seconds()), id),
				retryAfter: 5, cause: ctx.Err(),
			}
		}
	}
}

// ListDeliveries implements [api.StrictServerInterface].
func (s *Server) ListDeliveries(ctx context.Context, r api.ListDeliveriesRequestObject) (api.ListDeliveriesResponseObject, error) {
	before, err := fromCursor(cursorDelivery, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(r.Params.Limit)
	deliveries, err := s.Store.Deliveries(ctx, callerOf(ctx).Org, postgres.DeliveryFilter{
		IncidentID: deref(r.Params.IncidentID), ChannelID: deref(r.Params.ChannelID),
		Status: postgres.DeliveryStatus(deref(r.Params.Status)), Before: before, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	deliveries, more := page(deliveries, limit)
	out := api.DeliveryPage{Items: make([]api.Delivery, len(deliveries)), NextCursor: null[string]()}
	for i := range deliveries {
		if out.Items[i], err = deliveryView(&deliveries[i]); err != nil {
			return nil, err
		}
	}
	if more {
		out.NextCursor = cursorOf(cursorDelivery, deliveries[limit-1].ID)
	}
	return api.ListDeliveries200JSONResponse(out), nil
}

func deliveryView(d *postgres.Delivery) (api.Delivery, error) {
	message, err := json.Marshal(d.Message)
	if err != nil {
		return api.Delivery{}, fmt.Errorf("encode message of delivery %s: %w", d.ID, err)
	}
	out := api.Delivery{
		ID: d.ID, ChannelID: d.ChannelID, IncidentID: unlessZero(d.IncidentID), WebsiteID: unlessZero(d.WebsiteID),
		Event: string(d.Event), IdempotencyKey: d.Key, Status: api.DeliveryStatus(d.Status), Attempts: d.Attempts,
		Message: message, Response: null[api.Answer](), Error: d.Error,
		DigestID: unlessZero(d.DigestID), CreatedAt: d.CreatedAt.UTC(), FinishedAt: nullTime(d.FinishedAt),
		RetryAt: null[time.Time](),
	}
	if d.Status == postgres.DeliveryPending {
		out.RetryAt = nullTime(d.RetryAt)
	}
	if d.DigestID == d.ID {
		out.DigestID = null[uptime.ID]()
	}
	if d.Answer != nil {
		out.Response = value(api.Answer{Code: d.Answer.Code, Text: d.Answer.Text})
	}
	return out, nil
}
