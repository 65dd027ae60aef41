//go:build integration

package deliver_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
)

func TestManyAlertsByTwoNotifiersAreSentOnceEachAndInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	channels := []postgres.Channel{h.channel(nil), h.channel(nil), h.channel(nil)}
	var rows []postgres.AlertRow
	for range 40 {
		incident := h.incident()
		for _, c := range channels {
			rows = append(rows, h.row(c, incident, alert.EventDown))
		}
	}
	h.start(nil)
	h.start(nil)
	h.enqueue(rows...)
	h.eventually("all downs are told", func() bool { return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending'`) == 0 })
	h.exec(`UPDATE incident SET resolved_at = now()`)
	var ups []postgres.AlertRow
	for _, r := range rows {
		ups = append(ups, h.row(postgres.Channel{ID: r.ChannelID}, r.IncidentID, alert.EventRecovered))
	}
	h.enqueue(ups...)
	h.eventually("all recoveries are told", func() bool { return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending'`) == 0 })
	times := map[string]int{}
	for _, one := range h.endpoint.told() {
		times[one.id]++
	}
	for _, r := range append(rows, ups...) {
		if times[r.Key] != 1 {
			t.Errorf("%s of %s was sent %d times", r.Event, r.IncidentID, times[r.Key])
		}
	}
	if n := h.count(`SELECT count(*) FROM delivery WHERE status <> 'delivered' OR attempts <> 1`); n != 0 {
		t.Errorf("%d deliveries are not delivered at the first attempt", n)
	}
}

func TestAnAlertWhoseJobGotLostIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.tell(h.channel(nil), h.incident(), alert.EventDown)
	// As a notifier leaves it that was killed while sending: claimed, the lease over.
	h.exec(`DELETE FROM river_job`)
	h.exec(`UPDATE delivery SET created_at = now() - interval '1 minute', attempts = 1, claimed_until = now() - interval '10 seconds'`)
	h.start(nil)
	if got := h.becomes(d, postgres.DeliveryDelivered); got.Attempts != 2 {
		t.Errorf("recorded %+v", got)
	}
}

func TestAReminderWhoseJobGotLostIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.channel(nil)
	stop := h.start(nil)
	h.becomes(h.tell(c, h.incident(), alert.EventDown), postgres.DeliveryDelivered)
	stop()
	h.exec(`UPDATE channel SET reminder_seconds = 60`) // turned on while the incident is open
	h.exec(`UPDATE delivery SET finished_at = finished_at - interval '1 minute'`)
	h.start(nil)
	h.eventually("the reminder is told", func() bool { return len(h.endpoint.told()) == 2 })
	if diff := cmp.Diff([]string{"down", "reminder"}, h.endpoint.events()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestADatabaseThatDropsEveryConnectionWhileSending(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var calls atomic.Int32
	h.endpoint.answers(func(http.ResponseWriter, *http.Request) {
		if calls.Add(1) == 1 {
			_, _ = h.Pool().Exec(context.Background(),
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()`)
		}
	})
	h.start(func(c *deliver.Config) { c.Lease = time.Second })
	id := h.tell(h.channel(nil), h.incident(), alert.EventDown)
	h.eventually("it is delivered", func() bool {
		d, err := h.Delivery(context.Background(), h.org, id) // the first reads may meet dead connections
		return err == nil && d.Status == postgres.DeliveryDelivered
	})
	key := h.delivery(id).Key
	for _, one := range h.endpoint.told() {
		if one.id != key {
			t.Errorf("told under the key %s, want %s", one.id, key)
		}
	}
}

func TestStoppingLetsWhatIsBeingSentGetThrough(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	h.endpoint.answers(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	stop := h.start(func(c *deliver.Config) {
		c.AfterSend = func(ctx context.Context, _ uptime.ID) error { return ctx.Err() }
	})
	d := h.tell(h.channel(nil), h.incident(), alert.EventDown)
	<-arrived
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	close(release)
	<-stopped
	if got := h.delivery(d); got.Status != postgres.DeliveryDelivered || got.Attempts != 1 {
		t.Errorf("after stopping: %+v", got)
	}
}

func TestAChannelThatHangsDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	release := make(chan struct{})
	var now, most atomic.Int32
	hanging := newEndpoint(t)
	hanging.answers(func(_ http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		select {
		case <-release:
		case <-r.Context().Done():
		}
		now.Add(-1)
	})
	stuck, fine := h.channelTo(hanging.URL, nil), h.channel(nil)
	var rows []postgres.AlertRow
	for range 100 {
		rows = append(rows, h.row(stuck, h.incident(), alert.EventDown))
	}
	h.start(nil)
	t.Cleanup(func() { close(release) }) // before the notifier and the endpoint end
	h.enqueue(rows...)
	h.eventually("the channel hangs", func() bool { return now.Load() > 0 })
	h.becomes(h.tell(fine, h.incident(), alert.EventDown), postgres.DeliveryDelivered)
	if most.Load() > 4 {
		t.Errorf("%d alerts of one channel at the same time, want at most 4", most.Load())
	}
}

func TestHostileMessagesAreDelivered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	r := h.row(h.channel(nil), h.incident(), alert.EventDown)
	r.Message.Website, r.Message.Explanation = "a\x00b\r\nc", fmt.Sprintf("%c%s", 0x202e, "\xff")
	r.Message.Votes = []alert.Vote{{Region: "eu-west", Detail: "\x00\x1b[31m\xff"}}
	h.enqueue(r)
	h.becomes(r.ID, postgres.DeliveryDelivered)
}
