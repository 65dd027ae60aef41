//go:build integration

package deliver_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// TestAWarningNeitherThrottlesNorIsThrottled tells of an outage and of a certificate of
// one website on a channel that wants one alert in ten minutes.
func TestAWarningNeitherThrottlesNorIsThrottled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c := h.channel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	warn := func(days int) postgres.AlertRow {
		r := h.row(c, uptime.ID{}, alert.EventExpiry)
		r.Key, r.Message.MonitorID, r.Message.IncidentID, r.Message.Since = r.ID.String(), newID(), uptime.ID{}, time.Time{}
		r.Message.Expiry = &alert.Expiry{Subject: "certificate", EndsAt: time.Now().Add(time.Duration(days)*24*time.Hour - time.Minute), Days: days}
		h.enqueue(r)
		return r
	}
	first, second := h.incident(), h.incident()
	h.becomes(warn(14).ID, postgres.DeliveryDelivered)
	h.becomes(h.tell(c, first, alert.EventDown), postgres.DeliveryDelivered) // not throttled by the warning before it
	h.becomes(h.tell(c, second, alert.EventDown), postgres.DeliverySuppressed)
	h.becomes(warn(7).ID, postgres.DeliveryDelivered) // by the outage neither, nor by another warning
	if diff := cmp.Diff([]string{"expiry", "down", "expiry"}, h.endpoint.events()); diff != "" {
		t.Fatalf("told (-want +got):\n%s", diff)
	}
	told := h.endpoint.told()
	if got, want := told[2].body.Data.Title, "CERTIFICATE shop — ends in 7 days"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	if e := told[2].body.Data.Expiry; e.Subject != "certificate" || e.ThresholdDays != 7 || e.EndsAt == nil || e.DaysLeft != 7 {
		t.Errorf("the body says %+v", e)
	}
}
