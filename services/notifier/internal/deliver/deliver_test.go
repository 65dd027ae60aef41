//go:build integration

package deliver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
)

// A predecessor sent a mail for every tick that found the website down.
func TestOneIncidentIsOneMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c, incident := h.channel(nil), h.incident()
	first := h.tell(c, incident, alert.EventDown)
	for range 5 {
		h.tell(c, incident, alert.EventDown)
	}
	d := h.becomes(first, postgres.DeliveryDelivered)
	h.resolve(incident)
	h.becomes(h.tell(c, incident, alert.EventRecovered), postgres.DeliveryDelivered)
	if diff := cmp.Diff([]string{"down", "recovered"}, h.endpoint.events()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if d.Attempts != 1 || d.Answer == nil || d.Answer.Code != 200 || d.FinishedAt.IsZero() {
		t.Errorf("recorded %+v", d)
	}
	got := h.endpoint.told()[0]
	if got.id != d.Key || !strings.HasSuffix(got.body.Data.Link, "/incidents/"+incident.String()) {
		t.Errorf("told %+v", got)
	}
	if n := h.count(`SELECT count(*) FROM incident_event WHERE incident_id = $1 AND kind = 'alerted' AND org_id = $2
	                 AND data->>'channel' = 'ops' AND (data->>'seconds')::float >= 0`, incident, h.org); n != 2 {
		t.Errorf("%d lines of history, want 2", n)
	}
	t.Logf("from the event to the delivered alert: %v", d.FinishedAt.Sub(d.CreatedAt))
}

func TestTheOrderIsKeptWhileTheDownIsBeingSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arrived, release := make(chan struct{}, 9), make(chan struct{})
	h.endpoint.answers(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	})
	h.start(nil)
	c, incident := h.channel(nil), h.incident()
	down := h.tell(c, incident, alert.EventDown)
	<-arrived
	h.resolve(incident)
	up := h.tell(c, incident, alert.EventRecovered)
	h.eventually("the recovery's job is put off", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE args->>'delivery_id' = $1 AND metadata ? 'snoozes'`, up.String()) == 1
	})
	if d := h.delivery(up); d.Attempts != 0 || len(h.endpoint.told()) != 1 {
		t.Errorf("the recovery overtakes: %+v", d)
	}
	close(release)
	h.becomes(up, postgres.DeliveryDelivered)
	h.becomes(down, postgres.DeliveryDelivered)
	if diff := cmp.Diff([]string{"down", "recovered"}, h.endpoint.events()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if h.endpoint.told()[1].body.Data.Combined {
		t.Error("the recovery says that the down was never told")
	}
}

func TestADownThatCouldNotBeToldIsCombinedWithItsRecovery(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.endpoint.answers(status(http.StatusBadGateway))
	h.start(func(c *deliver.Config) { c.Step = 60 }) // the first pause is about a minute
	c, incident := h.channel(nil), h.incident()
	down := h.tell(c, incident, alert.EventDown)
	h.eventually("the down fails", func() bool { return !h.delivery(down).RetryAt.IsZero() })
	h.endpoint.answers(nil)
	h.resolve(incident)
	up := h.becomes(h.tell(c, incident, alert.EventRecovered), postgres.DeliveryDelivered)
	h.becomes(down, postgres.DeliveryCombined)
	last := h.endpoint.told()[1]
	if last.id != up.Key || !last.body.Data.Combined || !strings.Contains(last.body.Data.Title, "was down") {
		t.Errorf("told %+v", last)
	}
}

func TestWhatIsToldOfAMonitorWithoutIncidentKeepsItsOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c, monitor := h.channel(nil), newID()
	tell := func(event alert.Event, ended bool) postgres.AlertRow {
		r := h.row(c, uptime.ID{}, event)
		r.Key, r.Message.MonitorID, r.Message.IncidentID = r.ID.String(), monitor, uptime.ID{}
		if r.Message.Until = (time.Time{}); ended {
			r.Message.Until = time.Now()
		}
		return r
	}
	advisory, degraded := tell(alert.EventAdvisory, false), tell(alert.EventDegraded, false)
	over, recovered := tell(alert.EventAdvisory, true), tell(alert.EventRecovered, true)
	again := tell(alert.EventDegraded, false)
	h.enqueue(advisory, degraded, over, recovered, again)
	h.start(nil)
	h.eventually("all are finished", func() bool { return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending'`) == 0 })
	var titles []string
	for _, one := range h.endpoint.told() {
		titles = append(titles, one.body.Data.Title)
	}
	want := []string{
		"OK shop — passes in every region again after 1 min", "UP shop — was degraded 1 min, is well again", "DEGRADED shop — unexpected status",
	}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, r := range []postgres.AlertRow{advisory, degraded} {
		if d := h.delivery(r.ID); d.Status != postgres.DeliveryCombined {
			t.Errorf("%s is %s, want combined", d.Event, d.Status)
		}
	}
}

func TestFailuresAreRetriedUnderOneKeyAndInTheEndDelivered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var calls atomic.Int32
	h.endpoint.answers(func(w http.ResponseWriter, _ *http.Request) {
		switch calls.Add(1) {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			w.WriteHeader(http.StatusNotFound)
		case 3:
			panic(http.ErrAbortHandler)
		}
	})
	h.start(nil)
	d := h.becomes(h.tell(h.channel(nil), h.incident(), alert.EventDown), postgres.DeliveryDelivered)
	if d.Attempts != 4 || d.Error != "" {
		t.Errorf("recorded %+v", d)
	}
	for _, one := range h.endpoint.told() {
		if one.id != d.Key {
			t.Errorf("an attempt had the key %s, want %s", one.id, d.Key)
		}
	}
}

func TestRetryAfterHoldsTheWholeChannelButNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.endpoint.answers(status(http.StatusTooManyRequests, "Retry-After", "600"))
	h.start(func(c *deliver.Config) { c.Step = 1 })
	c, other := h.channel(nil), h.channelTo(newEndpoint(t).URL, nil)
	down := h.tell(c, h.incident(), alert.EventDown)
	h.eventually("the channel is held", func() bool {
		return h.count(`SELECT count(*) FROM channel WHERE id = $1 AND hold_until > now() + interval '9 minutes'`, c.ID) == 1
	})
	h.endpoint.answers(nil)
	second := h.tell(c, h.incident(), alert.EventDown)
	h.eventually("the second alert's job is put off", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE args->>'delivery_id' = $1 AND scheduled_at > now() + interval '9 minutes'`, second.String()) == 1
	})
	h.becomes(h.tell(other, h.incident(), alert.EventDown), postgres.DeliveryDelivered)
	// A test is for somebody who waits.
	h.becomes(h.tell(c, uptime.ID{}, alert.EventTest), postgres.DeliveryDelivered)
	if d := h.delivery(down); d.Attempts != 1 || d.Answer == nil || d.Answer.Code != 429 || time.Until(d.RetryAt) < 9*time.Minute {
		t.Errorf("recorded %+v", d)
	}
	if d := h.delivery(second); d.Attempts != 0 {
		t.Errorf("the second alert was tried: %+v", d)
	}
}

func TestARefusedAlertDiesWithAnAlarmButNotAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.endpoint.answers(status(http.StatusGone))
	h.start(func(c *deliver.Config) { c.Step = 0.0001 })
	c, incident := h.channel(nil), h.incident()
	d := h.becomes(h.tell(c, incident, alert.EventDown), postgres.DeliveryDead)
	if d.Attempts != attempt.MaxRefusals || d.Answer == nil || d.Answer.Code != 410 || d.Error == "" {
		t.Errorf("recorded %+v", d)
	}
	if n := h.count(`SELECT count(*) FROM incident_event WHERE incident_id = $1 AND kind = 'alert_failed' AND data->>'error' <> ''`, incident); n != 1 {
		t.Errorf("%d lines of history, want 1", n)
	}
	h.eventually("the metric counts it", func() bool {
		n, err := testutil.GatherAndCount(h.metrics, "probefleet_notifier_deliveries_total")
		return err == nil && n > 0 && h.metric("dead") == 1
	})
	if !strings.Contains(string(h.log.bytes()), "level=ERROR") {
		t.Error("the log has no error")
	}
	// Nobody was told that it is down, so its end tells both.
	h.endpoint.answers(nil)
	h.resolve(incident)
	h.becomes(h.tell(c, incident, alert.EventRecovered), postgres.DeliveryDelivered)
	told := h.endpoint.told()
	if last := told[len(told)-1]; !last.body.Data.Combined {
		t.Errorf("told %+v", last)
	}
}

// metric sums the deliveries of an outcome.
func (h *house) metric(outcome string) (n float64) {
	h.t.Helper()
	families, err := h.metrics.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "probefleet_notifier_deliveries_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "outcome" && l.GetValue() == outcome {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

// The throttle was a setting that a predecessor never read.
func TestThrottle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c := h.channel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	first, second := h.incident(), h.incident()
	h.becomes(h.tell(c, first, alert.EventDown), postgres.DeliveryDelivered)
	d := h.becomes(h.tell(c, second, alert.EventDown), postgres.DeliverySuppressed)
	if !strings.Contains(d.Error, "throttled") {
		t.Errorf("it does not say why: %q", d.Error)
	}
	h.resolve(second)
	h.becomes(h.tell(c, second, alert.EventRecovered), postgres.DeliverySuppressed)
	h.resolve(first)
	h.becomes(h.tell(c, first, alert.EventRecovered), postgres.DeliveryDelivered)

	h.website = h.newWebsite("another")
	h.becomes(h.tell(c, h.incident(), alert.EventDown), postgres.DeliveryDelivered)
	if diff := cmp.Diff([]string{"down", "recovered", "down"}, h.endpoint.events()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestOfTwoAtTheSameMomentTheThrottleLetsOneThrough(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.channel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	var rows []postgres.AlertRow
	for range 10 {
		rows = append(rows, h.row(c, h.incident(), alert.EventDown))
	}
	h.enqueue(rows...)
	h.start(nil)
	h.eventually("all are finished", func() bool { return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending'`) == 0 })
	if n := h.count(`SELECT count(*) FROM delivery WHERE status = 'suppressed'`); n != 9 || len(h.endpoint.told()) != 1 {
		t.Errorf("%d suppressed and %d told, want 9 and 1", n, len(h.endpoint.told()))
	}
}

func TestAThrottledDownThatLastsIsToldWhenTheWindowEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c := h.channel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	h.becomes(h.tell(c, h.incident(), alert.EventDown), postgres.DeliveryDelivered)
	second := h.incident()
	h.becomes(h.tell(c, second, alert.EventDown), postgres.DeliverySuppressed)
	if n := h.count(`SELECT count(*) FROM river_job WHERE kind = 'remind' AND scheduled_at > now() + interval '9 minutes'`); n != 1 {
		t.Fatalf("%d jobs look again when the window ends, want 1", n)
	}
	h.exec(`UPDATE delivery SET finished_at = finished_at - interval '10 minutes'`)
	h.remindersAreDue()
	h.eventually("it is told", func() bool { return len(h.endpoint.told()) == 2 })
	if title := h.endpoint.told()[1].body.Data.Title; !strings.HasPrefix(title, "STILL DOWN shop for ") || strings.Contains(title, "reminder") {
		t.Errorf("told %q", title)
	}
	h.resolve(second)
	h.becomes(h.tell(c, second, alert.EventRecovered), postgres.DeliveryDelivered)
}

func (h *house) remindersAreDue() {
	h.t.Helper()
	h.exec(`UPDATE river_job SET scheduled_at = now(), state = 'available' WHERE kind = 'remind' AND state = 'scheduled'`)
}

// Repeating was a setting that a predecessor never read, too.
func TestReminders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c := h.channel(func(c *postgres.Channel) { c.ReminderSeconds = 300 })
	incident := h.incident()
	h.becomes(h.tell(c, incident, alert.EventDown), postgres.DeliveryDelivered)
	for n := 1; n <= 2; n++ {
		if jobs := h.count(`SELECT count(*) FROM river_job WHERE kind = 'remind' AND state = 'scheduled'
		    AND (args->>'number')::int = $1 AND scheduled_at BETWEEN now() + interval '4 minutes' AND now() + interval '5 minutes'`, n); jobs != 1 {
			t.Fatalf("%d jobs of reminder %d, want 1 in five minutes", jobs, n)
		}
		h.remindersAreDue()
		h.eventually("the reminder is delivered", func() bool {
			return h.count(`SELECT count(*) FROM delivery WHERE transition = 'reminder' AND status = 'delivered'`) == n
		})
		if got := h.endpoint.told()[n]; got.body.Data.Number != n || got.body.Data.Event != "reminder" ||
			got.id != alert.Key(incident.String(), alert.EventReminder, c.ID, n) {
			t.Errorf("reminder %d: %+v", n, got)
		}
	}
	h.exec(`UPDATE incident SET acknowledged_at = now()`)
	h.remindersAreDue()
	h.eventually("the last job looks, and ends", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE kind = 'remind' AND state <> 'completed'`) == 0
	})
	if n := len(h.endpoint.told()); n != 3 {
		t.Errorf("%d told, want 3: nobody is reminded of what was acknowledged", n)
	}
}

func TestAReminderThatWaitsIsDroppedWhenTheIncidentEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.channel(nil)
	incident := h.incident()
	stop := h.start(nil)
	h.becomes(h.tell(c, incident, alert.EventDown), postgres.DeliveryDelivered)
	stop()
	reminder := h.tell(c, incident, alert.EventReminder)
	h.resolve(incident)
	up := h.tell(c, incident, alert.EventRecovered)
	h.start(nil)
	h.becomes(reminder, postgres.DeliverySuppressed)
	h.becomes(up, postgres.DeliveryDelivered)
	if diff := cmp.Diff([]string{"down", "recovered"}, h.endpoint.events()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestADisabledChannelHearsNothingAndADeletedOneLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.channel(func(c *postgres.Channel) { c.Enabled = false })
	gone := h.channel(nil)
	d := h.tell(c, h.incident(), alert.EventDown)
	h.tell(gone, h.incident(), alert.EventDown)
	if err := h.DeleteChannel(context.Background(), h.org, gone.ID); err != nil {
		t.Fatal(err)
	}
	h.start(nil)
	h.becomes(d, postgres.DeliverySuppressed)
	h.eventually("all jobs are done", func() bool { return h.count(`SELECT count(*) FROM river_job WHERE state <> 'completed'`) == 0 })
	if n := len(h.endpoint.told()); n != 0 {
		t.Errorf("%d told, want none", n)
	}
}

func TestATestIsTriedOnceAndTellsTheAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c := h.channel(func(c *postgres.Channel) { c.Enabled = false })
	test := func() uptime.ID {
		r := h.row(c, uptime.ID{}, alert.EventTest)
		r.WebsiteID, r.Key, r.Message = uptime.ID{}, r.ID.String(), alert.Message{Event: alert.EventTest}
		h.enqueue(r)
		return r.ID
	}
	h.becomes(test(), postgres.DeliveryDelivered)
	if got := h.endpoint.told()[0].body.Data.Explanation; !strings.Contains(got, "test of the channel") {
		t.Errorf("told %q", got)
	}
	h.endpoint.answers(status(http.StatusInternalServerError))
	d := h.becomes(test(), postgres.DeliveryDead)
	if d.Attempts != 1 || d.Answer == nil || d.Answer.Code != 500 || !strings.Contains(d.Error, "500") {
		t.Errorf("recorded %+v", d)
	}
	if h.metric("dead") != 0 {
		t.Error("a failed test is an alarm")
	}
}

func TestSecretsThatDoNotOpenAreAFailureThatSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	key, _ := seal.NewKey()
	other, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	h.start(func(c *deliver.Config) { c.Box, c.Step = other, 0.0001 })
	d := h.becomes(h.tell(h.channel(nil), h.incident(), alert.EventDown), postgres.DeliveryDead)
	if !strings.Contains(d.Error, seal.ErrUnknownKey.Error()) || d.Attempts != attempt.MaxRefusals {
		t.Errorf("recorded %+v", d)
	}
}

func TestAKindThatThisNotifierDoesNotKnow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(func(c *deliver.Config) { c.Senders, c.Step = map[channelspec.Kind]deliver.Sender{}, 0.0001 })
	d := h.becomes(h.tell(h.channel(nil), h.incident(), alert.EventDown), postgres.DeliveryDead)
	if !strings.Contains(d.Error, `"webhook"`) {
		t.Errorf("recorded %+v", d)
	}
}

func TestWhatWasSentButNotRecordedIsSentAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var crashed atomic.Bool
	h.start(func(c *deliver.Config) {
		c.AfterSend = func(context.Context, uptime.ID) error {
			if crashed.CompareAndSwap(false, true) {
				return errors.New("killed")
			}
			return nil
		}
	})
	id := h.tell(h.channel(nil), h.incident(), alert.EventDown)
	h.leasesEnd(&crashed)
	d := h.becomes(id, postgres.DeliveryDelivered)
	told := h.endpoint.told()
	if len(told) != 2 || told[0].id != d.Key || told[1].id != d.Key || d.Attempts != 2 {
		t.Errorf("told %+v, recorded %+v", told, d)
	}
}
