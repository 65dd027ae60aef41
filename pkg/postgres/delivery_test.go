//go:build integration

package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func (h *house) jobs() postgres.Jobs {
	h.t.Helper()
	jobs, err := postgres.NewJobs(h.Store)
	if err != nil {
		h.t.Fatal(err)
	}
	return jobs
}

func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	if err := h.Pool().QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (h *house) row(c postgres.Channel, incident uptime.ID, event alert.Event) postgres.AlertRow {
	return postgres.AlertRow{
		ID: newID(), OrgID: h.org, ChannelID: c.ID, IncidentID: incident, WebsiteID: h.website, Event: event,
		Key:     alert.Key(incident.String(), event, c.ID, 0),
		Message: alert.Message{Event: event, IncidentID: incident, Website: "shop", Explanation: string(event)},
	}
}

func (h *house) enqueue(rows ...postgres.AlertRow) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) error { return postgres.EnqueueAlert(context.Background(), tx, h.jobs(), rows...) })
}

func TestAnAlertIsWrittenOnceWithItsJobAndWithTheEvent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	c := h.channel(nil)
	down, up := h.row(c, h.incident, alert.EventDown), h.row(c, h.incident, alert.EventRecovered)
	down.Message.Votes = []alert.Vote{{Region: "eu-west", Detail: "nul \x00 and \xff"}}

	fails := errors.New("the event did not happen")
	if err := h.Tx(ctx, func(tx pgx.Tx) error {
		if err := postgres.EnqueueAlert(ctx, tx, h.jobs(), down); err != nil {
			return err
		}
		return fails
	}); !errors.Is(err, fails) {
		t.Fatal(err)
	}
	if n := h.count(`SELECT (SELECT count(*) FROM delivery) + (SELECT count(*) FROM river_job)`); n != 0 {
		t.Fatalf("%d rows are left of an event that did not happen", n)
	}

	h.enqueue(down, up)
	again := down
	again.ID = newID()
	h.enqueue(again, h.row(c, h.incident, alert.EventDown))
	rows, err := h.Deliveries(ctx, h.org, postgres.DeliveryFilter{IncidentID: h.incident})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || h.count(`SELECT count(*) FROM river_job WHERE kind = 'deliver' AND queue = 'alerts'`) != 2 {
		t.Fatalf("%d deliveries and their jobs, want 2 of each", len(rows))
	}
	first, err := h.Delivery(ctx, h.org, down.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Delivery(ctx, h.org, up.ID)
	if err != nil {
		t.Fatal(err)
	}
	if first.Seq >= second.Seq || first.Status != postgres.DeliveryPending || first.Key != down.Key {
		t.Errorf("rows %+v and %+v are not in order and pending", first, second)
	}
	if got := first.Message.Votes[0].Detail; got != "nul  and �" {
		t.Errorf("detail %q", got)
	}
	if _, err := h.Delivery(ctx, newID(), down.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another tenant reads it: %v", err)
	}
	fleet := postgres.AlertRow{OrgID: h.org, ChannelID: c.ID, Event: alert.EventFleet, Key: "f", Message: alert.Message{}}
	h.enqueue(fleet)
	if n := h.count(`SELECT count(*) FROM delivery WHERE incident_id IS NULL AND website_id IS NULL`); n != 1 {
		t.Errorf("%d alerts of the fleet without incident, want 1", n)
	}
}

func TestOfAPrivateRegionItsOrganisationIsTold(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	other := newID()
	h.exec(`INSERT INTO org (id, slug, name) VALUES ($1, 'other', 'Other')`, other)
	h.exec(`INSERT INTO region (name, org_id, private) VALUES ('lan', $1, true), ('world', $1, false)`, other)
	fleet := func(c *postgres.Channel) { c.Events = []alert.Event{alert.EventFleet} }
	mine := h.channel(fleet)
	theirs := h.channel(func(c *postgres.Channel) { fleet(c); c.OrgID = other })
	for region, want := range map[string][]uptime.ID{"lan": {theirs.ID}, "world": {mine.ID, theirs.ID}, "": {mine.ID, theirs.ID}, "gone": {mine.ID, theirs.ID}} {
		e := postgres.FleetEvent{ID: newID(), Kind: postgres.FleetSick, Region: region, Explanation: "sick"}
		h.exec(`DELETE FROM delivery`)
		h.tx(func(tx pgx.Tx) error { return h.TellFleet(ctx, tx, h.jobs(), &e, 0, e.Explanation) })
		rows, err := h.Pool().Query(ctx, `SELECT channel_id FROM delivery ORDER BY channel_id`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[uptime.ID])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of region %q (-want +got):\n%s", region, diff)
		}
	}
}

func TestAGroupIsWhatIsPendingOfTheIncidentAndChannel(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	a, b := h.channel(nil), h.channel(nil)
	down, up := h.row(a, h.incident, alert.EventDown), h.row(a, h.incident, alert.EventRecovered)
	test := h.row(a, h.incident, alert.EventTest)
	elsewhere := h.row(b, h.incident, alert.EventDown)
	h.enqueue(down, elsewhere, test, up)

	group := func(id uptime.ID) (ids []uptime.ID) {
		h.tx(func(tx pgx.Tx) error {
			g, err := postgres.LockDelivery(ctx, tx, id)
			if err != nil {
				return err
			}
			for _, d := range g.Pending {
				ids = append(ids, d.ID)
			}
			return nil
		})
		return ids
	}
	if diff := cmp.Diff([]uptime.ID{down.ID, up.ID}, group(up.ID)); diff != "" {
		t.Errorf("of the recovery (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uptime.ID{test.ID}, group(test.ID)); diff != "" {
		t.Errorf("of the test (-want +got):\n%s", diff)
	}
	h.tx(func(tx pgx.Tx) error { return postgres.SuppressDeliveries(ctx, tx, "throttled", down.ID) })
	if diff := cmp.Diff([]uptime.ID{up.ID}, group(up.ID)); diff != "" {
		t.Errorf("of the recovery after the down is finished (-want +got):\n%s", diff)
	}
	if ids := group(down.ID); ids != nil {
		t.Errorf("a finished delivery has a group: %v", ids)
	}
	h.tx(func(tx pgx.Tx) error {
		g, err := postgres.LockDelivery(ctx, tx, up.ID)
		if err == nil && (g.Suppressed != 1 || g.Told != 0 || g.Dead != 0 || g.Opened.IsZero() || !g.Resolved.IsZero()) {
			t.Errorf("facts %+v", g)
		}
		return err
	})
}

func TestAStaleClaimRecordsSuccessOnly(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	c := h.channel(nil)
	down, up := h.row(c, h.incident, alert.EventDown), h.row(c, h.incident, alert.EventRecovered)
	h.enqueue(down, up)
	claim := func() (at time.Time) {
		h.tx(func(tx pgx.Tx) (err error) {
			at, err = postgres.ClaimDeliveries(ctx, tx, up.ID, []uptime.ID{down.ID}, false, time.Minute)
			return err
		})
		return at
	}
	old := claim()
	current := claim()
	sending := postgres.Sending{Head: up.ID, Others: []uptime.ID{down.ID}, Claim: old, Error: "refused"}
	h.tx(func(tx pgx.Tx) error {
		if held, err := postgres.RetryDeliveries(ctx, tx, sending, time.Minute); err != nil || held {
			t.Errorf("a stale claim records a failure: %v, %v", held, err)
		}
		if held, err := postgres.BuryDeliveries(ctx, tx, sending); err != nil || held {
			t.Errorf("a stale claim gives up: %v, %v", held, err)
		}
		return nil
	})
	sending.Claim = current
	sending.Answer = &alert.Answer{Code: 503, Text: "busy\x00"}
	h.tx(func(tx pgx.Tx) error {
		if held, err := postgres.RetryDeliveries(ctx, tx, sending, time.Minute); err != nil || !held {
			t.Errorf("the claim records no failure: %v, %v", held, err)
		}
		return nil
	})
	got, err := h.Delivery(ctx, h.org, up.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Attempts != 2 || got.Error != "refused" || got.Answer == nil || *got.Answer != (alert.Answer{Code: 503, Text: "busy"}) ||
		time.Until(got.RetryAt) < 20*time.Second || !got.ClaimedUntil.IsZero() {
		t.Errorf("after a failure: %+v", got)
	}
	sending.Claim = old
	for _, want := range []bool{true, false} {
		h.tx(func(tx pgx.Tx) error {
			at, first, err := postgres.DeliveredDeliveries(ctx, tx, sending)
			if first != want || first == at.IsZero() {
				t.Errorf("delivered: first = %v at %v, want %v", first, at, want)
			}
			return err
		})
	}
	if n := h.count(`SELECT count(*) FROM delivery WHERE (id, status) IN (($1, 'delivered'), ($2, 'combined'))`, up.ID, down.ID); n != 2 {
		t.Errorf("%d of 2 have their final status", n)
	}
}

func TestLastAlert(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	c := h.channel(nil)
	down := h.row(c, h.incident, alert.EventDown)
	h.enqueue(down)
	last := func(except uptime.ID, events ...alert.Event) (at time.Time) {
		h.tx(func(tx pgx.Tx) (err error) {
			at, err = postgres.LastAlert(ctx, tx, c.ID, h.website, except, time.Minute, events...)
			return err
		})
		return at
	}
	if at := last(uptime.ID{}, alert.EventDown); !at.IsZero() {
		t.Errorf("an alert that nobody has begun to send counts: %v", at)
	}
	h.tx(func(tx pgx.Tx) error {
		_, err := postgres.ClaimDeliveries(ctx, tx, down.ID, nil, false, time.Minute)
		return err
	})
	if at := last(uptime.ID{}, alert.EventDown); at.IsZero() {
		t.Error("an alert on its way does not count")
	}
	h.tx(func(tx pgx.Tx) error {
		_, _, err := postgres.DeliveredDeliveries(ctx, tx, postgres.Sending{Head: down.ID})
		return err
	})
	if at := last(uptime.ID{}, alert.EventDown); at.IsZero() {
		t.Error("a delivered alert does not count")
	}
	if at := last(h.incident, alert.EventDown); !at.IsZero() {
		t.Error("an alert of the incident itself counts")
	}
	if at := last(uptime.ID{}, alert.EventAdvisory); !at.IsZero() {
		t.Error("an alert of another event counts")
	}
	h.exec(`UPDATE delivery SET finished_at = now() - interval '61 seconds'`)
	if at := last(uptime.ID{}, alert.EventDown); !at.IsZero() {
		t.Error("an alert before the window counts")
	}
}

func TestOverdueDeliveries(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	c := h.channel(nil)
	down := h.row(c, h.incident, alert.EventDown)
	h.enqueue(down)
	overdue := func() int {
		ids, err := h.OverdueDeliveries(ctx, 10*time.Second, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	h.exec(`UPDATE delivery SET created_at = now() - interval '1 minute'`)
	if n := overdue(); n != 0 {
		t.Errorf("%d overdue that have a job", n)
	}
	h.exec(`DELETE FROM river_job`)
	if n := overdue(); n != 1 {
		t.Errorf("%d overdue without a job, want 1", n)
	}
	h.exec(`UPDATE delivery SET retry_at = now() + interval '1 minute'`)
	if n := overdue(); n != 0 {
		t.Errorf("%d overdue that are not due", n)
	}
	h.exec(`UPDATE delivery SET retry_at = NULL, claimed_until = now() - interval '11 seconds'`)
	if err := h.RequeueDeliveries(ctx, h.jobs(), []uptime.ID{down.ID}); err != nil {
		t.Fatal(err)
	}
	if n := overdue(); n != 0 {
		t.Errorf("%d overdue that have a fresh job", n)
	}
	pending, oldest, err := h.DeliveryBacklog(ctx)
	if err != nil || pending != 1 || oldest < 59*time.Second {
		t.Errorf("backlog %d, %v, %v", pending, oldest, err)
	}
}

func TestWhoIsToldOfAnEnd(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	told, throttled, late := h.channel(nil), h.channel(nil), h.channel(nil)
	rows := []postgres.AlertRow{
		h.row(told, h.incident, alert.EventDown), h.row(throttled, h.incident, alert.EventDown),
		h.row(late, h.incident, alert.EventDown), h.row(late, h.incident, alert.EventReminder),
	}
	h.enqueue(rows...)
	h.tx(func(tx pgx.Tx) error {
		return postgres.SuppressDeliveries(ctx, tx, "throttled", rows[1].ID, rows[2].ID)
	})
	h.tx(func(tx pgx.Tx) error {
		channels, err := postgres.ChannelsTold(ctx, tx, string(alert.EventDown), []uptime.ID{h.incident})
		got := map[uptime.ID]bool{}
		for _, id := range channels[h.incident] {
			got[id] = true
		}
		if diff := cmp.Diff(map[uptime.ID]bool{told.ID: true, late.ID: true}, got); diff != "" {
			t.Errorf("told of the end (-want +got):\n%s", diff)
		}
		return err
	})
}

func TestLostReminders(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t)
	c := h.channel(func(c *postgres.Channel) { c.ReminderSeconds = 60 })
	h.channel(func(c *postgres.Channel) { c.ReminderSeconds = 60 }) // was never told
	down := h.row(c, h.incident, alert.EventDown)
	h.enqueue(down)
	lost := func() []postgres.LostReminder {
		list, err := h.LostReminders(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := lost(); len(list) != 0 {
		t.Errorf("lost before the down was told: %+v", list)
	}
	h.tx(func(tx pgx.Tx) error {
		_, _, err := postgres.DeliveredDeliveries(ctx, tx, postgres.Sending{Head: down.ID})
		return err
	})
	list := lost()
	if len(list) != 1 || list[0].RemindArgs != (alert.RemindArgs{IncidentID: h.incident, ChannelID: c.ID, Number: 1}) ||
		time.Until(list[0].Due) < 20*time.Second {
		t.Fatalf("lost: %+v, want the first in a minute", list)
	}
	for range 2 { // the second is one too many, and left out
		h.tx(func(tx pgx.Tx) error {
			return postgres.EnqueueReminder(ctx, tx, h.jobs(), list[0].RemindArgs, list[0].Due)
		})
	}
	if n := h.count(`SELECT count(*) FROM river_job WHERE kind = 'remind'`); n != 1 {
		t.Errorf("%d jobs for one reminder", n)
	}
	if list := lost(); len(list) != 0 {
		t.Errorf("lost with a job: %+v", list)
	}
	h.exec(`DELETE FROM river_job`)
	h.exec(`UPDATE incident SET acknowledged_at = now()`)
	if list := lost(); len(list) != 0 {
		t.Errorf("lost after the incident was acknowledged: %+v", list)
	}
}
