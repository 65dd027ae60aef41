//go:build integration

package deliver_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestSeveralMonitorsOfAWebsiteAreTwoMails(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	first := h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown)
	told := h.becomes(first, postgres.DeliveryDelivered)
	var waiting []uptime.ID
	var outages []outage
	for i, name := range []string{"API", "Checkout", "Mail"} {
		o := h.outage(shop, name, []uptime.Reason{uptime.ReasonDNS, uptime.ReasonTLS, uptime.ReasonStatus}[i])
		outages, waiting = append(outages, o), append(waiting, o.tell(c, alert.EventDown))
	}
	h.held(waiting...)
	for _, id := range waiting {
		if d := h.delivery(id); !d.RetryAt.Equal(told.FinishedAt.Add(time.Minute)) {
			t.Errorf("waits until %s, want a minute after %s", d.RetryAt, told.FinishedAt)
		}
	}
	h.aMinuteLater()
	h.allEnd()
	want := []string{"DOWN shop (Home) — unexpected status", "DOWN shop — 3 monitors: API, Checkout, Mail"}
	if diff := cmp.Diff(want, box.subjects()); diff != "" {
		t.Fatalf("told (-want +got):\n%s", diff)
	}
	digest := box.letters()[1]
	lines := []string{"API — DOWN: DNS failure", "Checkout — DOWN: TLS failure", "Mail — DOWN: unexpected status"}
	if diff := cmp.Diff(lines, digest.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	head := h.headOf(waiting...)
	if digest.id != head.Key || head.Attempts != 1 {
		t.Errorf("the digest has the id %s, its head is %+v", digest.id, head)
	}
	for _, o := range outages {
		n := h.count(`SELECT count(*) FROM incident_event WHERE incident_id = $1 AND kind = 'alerted' AND (data->>'digest')::int = 3`, o.id)
		if n != 1 {
			t.Errorf("%d lines in the history of %s, want 1", n, o.name)
		}
	}
	// What becomes of a member is told in the thread of the digest.
	h.becomes(outages[1].tell(c, alert.EventRecovered), postgres.DeliveryDelivered)
	if got := box.letters()[2]; got.replyTo != head.Key || !strings.HasPrefix(got.subject, "UP shop (Checkout) after") {
		t.Errorf("the recovery %q answers %q, want %q", got.subject, got.replyTo, head.Key)
	}
}

// headOf returns the one of a digest's deliveries that was sent; the others were told by it.
func (h *house) headOf(ids ...uptime.ID) (head postgres.Delivery) {
	h.t.Helper()
	heads := 0
	for _, id := range ids {
		if d := h.delivery(id); d.DigestID == d.ID {
			head = d
			heads++
		}
	}
	for _, id := range ids {
		if d := h.delivery(id); d.ID != head.ID && (d.Status != postgres.DeliveryCombined || d.DigestID != head.ID || d.Answer == nil) {
			h.t.Errorf("not told by the digest: %+v", d)
		}
	}
	if heads != 1 || head.Status != postgres.DeliveryDelivered {
		h.t.Fatalf("%d heads, %+v", heads, head)
	}
	return head
}

func TestOneThatWaitedAloneIsToldAsItself(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	api := h.outage(shop, "API", uptime.ReasonDNS).tell(c, alert.EventDown)
	h.held(api)
	h.aMinuteLater()
	if d := h.becomes(api, postgres.DeliveryDelivered); !d.DigestID.IsZero() {
		t.Errorf("recorded %+v", d)
	}
	if got := box.subjects()[1]; got != "DOWN shop (API) — DNS failure" {
		t.Errorf("told %q", got)
	}
}

func TestWhatEndedWhileItWaitedIsToldAsOver(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	api, mail := h.outage(shop, "API", uptime.ReasonDNS), h.outage(shop, "Mail", uptime.ReasonDNS)
	downs := []uptime.ID{api.tell(c, alert.EventDown), mail.tell(c, alert.EventDown)}
	h.held(downs...)
	up := api.tell(c, alert.EventRecovered)
	h.held(up) // it does not overtake
	h.aMinuteLater()
	h.allEnd()
	want := []string{"Mail — DOWN: DNS failure", "API — was down 20 s, is up again"}
	if diff := cmp.Diff(want, box.letters()[1].lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	h.headOf(append(downs, up)...)
	if n := len(box.letters()); n != 2 {
		t.Errorf("%d mails, want 2", n)
	}
}

func TestAWindowDoesNotSlide(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	stop := h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	first := h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	a := h.outage(shop, "A", uptime.ReasonStatus).tell(c, alert.EventDown)
	h.held(a)
	stop()
	h.exec(`UPDATE delivery SET finished_at = finished_at - interval '40 seconds', retry_at = retry_at - interval '40 seconds'`)
	h.people(box, nil)
	b := h.outage(shop, "B", uptime.ReasonDNS).tell(c, alert.EventDown)
	h.held(b)
	if d := h.delivery(b); !d.RetryAt.Equal(first.FinishedAt.Add(20*time.Second)) || !d.RetryAt.Equal(h.delivery(a).RetryAt) {
		t.Errorf("waits until %s, want 20 s after %s", d.RetryAt, first.FinishedAt)
	}
	h.aMinuteLater()
	h.headOfAll(a, b)
	// The digest begins a new one.
	late := h.outage(shop, "C", uptime.ReasonDNS).tell(c, alert.EventDown)
	h.held(late)
	// Another kind of news is a story of its own.
	up := h.outage(shop, "D", uptime.ReasonDNS)
	h.becomes(up.tell(c, alert.EventRecovered), postgres.DeliveryDelivered)
}

func (h *house) headOfAll(ids ...uptime.ID) postgres.Delivery {
	h.t.Helper()
	h.eventually("they are told", func() bool {
		return h.count(`SELECT count(*) FROM delivery WHERE id = ANY ($1) AND status IN ('delivered', 'combined')`, texts(ids)) == len(ids)
	})
	return h.headOf(ids...)
}

// cpu is what this process has used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestAStormOfOneCauseIsTwoMessages(t *testing.T) {
	t.Parallel()
	const websites = 1000
	h, chat := newHouse(t), newChat(t)
	c := h.chatChannel(chat, nil)
	rows := make([]postgres.AlertRow, websites)
	outages := make([]outage, websites)
	for i := range rows {
		outages[i] = h.outage(h.site(fmt.Sprintf("site %d", i)), "", uptime.ReasonConnectTimeout)
		rows[i] = outages[i].row(c, alert.EventDown)
		for _, region := range []string{"eu-west", "us-east"} {
			rows[i].Message.Votes = append(rows[i].Message.Votes, alert.Vote{
				Region: region, Outcome: uptime.OutcomeFail, Reason: uptime.ReasonConnectTimeout, Counted: true,
			})
		}
	}
	h.people(nil, nil)
	began, used := time.Now(), cpu()
	h.enqueue(rows...)
	h.eventually("all but the first are held", func() bool {
		return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending' AND retry_at > now()`) == websites-1
	})
	h.eventually("no job runs", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE state IN ('available', 'running')`) == 0
	})
	t.Logf("%d downs: one told and the others held after %v, %v of CPU in the notifier", websites, time.Since(began), cpu()-used)
	began, used = time.Now(), cpu()
	h.aMinuteLater()
	h.allEnd()
	h.eventually("all jobs are done", func() bool { return h.count(`SELECT count(*) FROM river_job WHERE state <> 'completed'`) == 0 })
	t.Logf("all told and every job done after %v more, %v of CPU", time.Since(began), cpu()-used)
	texts := chat.texts()
	if want := fmt.Sprintf("DOWN %d websites — connect timeout from eu-west, us-east", websites-1); len(texts) != 2 || texts[1] != want {
		t.Errorf("told %d: %q, want 2, the last %q", len(texts), texts, want)
	}
	chat.mu.Lock()
	digest := chat.got[len(chat.got)-1].Attachments[0]
	chat.mu.Unlock()
	var lines []string
	for _, b := range digest.Blocks {
		if b.Text != nil && strings.HasPrefix(b.Text.Text, "• ") {
			lines = append(lines, strings.Split(b.Text.Text, "\n")...)
		}
	}
	if len(lines) != alert.MaxDigestLines+1 || !strings.HasPrefix(lines[alert.MaxDigestLines], "… and 979 more: site ") ||
		strings.Count(lines[alert.MaxDigestLines], "site ") != alert.MaxDigestNamed-alert.MaxDigestLines {
		t.Errorf("lists %d lines: %q", len(lines), lines)
	}
	// Its end is as quiet, and told of every one.
	h.exec(`UPDATE incident SET resolved_at = now()`)
	for i := range rows {
		rows[i] = outages[i].row(c, alert.EventRecovered)
	}
	h.enqueue(rows...)
	h.eventually("all but the first are held", func() bool {
		return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending' AND retry_at > now()`) == websites-1
	})
	h.aMinuteLater()
	h.allEnd()
	texts = chat.texts()
	if want := fmt.Sprintf("UP %d websites", websites-1); len(texts) != 4 || texts[3] != want {
		t.Errorf("told %d, want 4, the last %q: %q", len(texts), want, texts)
	}
	if n := h.count(`SELECT count(*) FROM incident_event WHERE kind = 'alerted'`); n != 2*websites {
		t.Errorf("%d lines of history, want %d", n, 2*websites)
	}
}

// Different things go wrong on one machine: that is one story, too.
func TestWhatHasAPlaceInCommonIsToldTogether(t *testing.T) {
	t.Parallel()
	h, box, chat := newHouse(t), newPostbox(t), newChat(t)
	h.people(box, nil)
	mails, chats := h.mailChannel(nil), h.chatChannel(chat, nil)
	tell := func(name string, reason uptime.Reason, places ...alert.Place) (ids []uptime.ID) {
		o := h.outage(h.site(name), "", reason)
		for _, c := range []postgres.Channel{mails, chats} {
			r := o.row(c, alert.EventDown)
			r.Message.Places = places
			h.enqueue(r)
			ids = append(ids, r.ID)
		}
		return ids
	}
	const address, other = alert.Place("address 203.0.113.7"), alert.Place("address 203.0.113.8")
	for _, id := range tell("a", uptime.ReasonConnectTimeout, address, "host a.test") {
		h.becomes(id, postgres.DeliveryDelivered)
	}
	h.exec(`UPDATE delivery SET finished_at = finished_at - interval '20 seconds'`) // the first moment is over
	for _, id := range tell("elsewhere", uptime.ReasonTLS, other) {
		h.becomes(id, postgres.DeliveryDelivered)
	}
	waiting := append(tell("b", uptime.ReasonReset, address, "host b.test"), tell("c", uptime.ReasonTimeout, address)...)
	h.held(waiting...)
	h.aMinuteLater()
	h.allEnd()
	want := []string{"DOWN a — connect timeout", "DOWN elsewhere — TLS failure", "DOWN 2 websites on 203.0.113.7"}
	if diff := cmp.Diff(want, box.subjects()); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b — DOWN: connection reset", "c — DOWN: timeout"}, box.letters()[2].lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, chat.texts()); diff != "" {
		t.Errorf("chat (-want +got):\n%s", diff)
	}
}

// What only fails alike may have nothing to do with each other: nobody waits for a third
// in vain.
func TestTwoThatFailAlikeSomeTimeApartAreToldAtOnce(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c := h.mailChannel(nil)
	outage := func(name string) uptime.ID {
		return h.outage(h.site(name), "", uptime.ReasonDNS).tell(c, alert.EventDown)
	}
	first := h.becomes(outage("a"), postgres.DeliveryDelivered)
	soon := outage("b")
	h.held(soon)
	if d := h.delivery(soon); !d.RetryAt.Equal(first.FinishedAt.Add(10 * time.Second)) {
		t.Errorf("waits until %s, want 10 s after %s", d.RetryAt, first.FinishedAt)
	}
	h.aMinuteLater()
	h.becomes(soon, postgres.DeliveryDelivered)
	h.exec(`UPDATE delivery SET finished_at = finished_at - interval '20 seconds'`)
	second := h.becomes(outage("c"), postgres.DeliveryDelivered)
	h.exec(`UPDATE delivery SET finished_at = finished_at - interval '20 seconds'`)
	third := outage("d")
	h.held(third)
	if d := h.delivery(third); d.RetryAt.Sub(second.FinishedAt) > 40*time.Second {
		t.Errorf("waits until %s, want a minute after the first of the two before it", d.RetryAt)
	}
}

func TestAThrottleCountsADigestAsOneAlert(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c := h.mailChannel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	h.becomes(h.outage(h.site("first"), "", uptime.ReasonDNS).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	shop := h.shop()
	api, mail := h.outage(shop, "API", uptime.ReasonDNS), h.outage(shop, "Mail", uptime.ReasonDNS)
	downs := []uptime.ID{api.tell(c, alert.EventDown), mail.tell(c, alert.EventDown)}
	h.held(downs...)
	h.aMinuteLater()
	h.headOfAll(downs...)
	// Another minute later the throttle still holds.
	h.aMinuteLater()
	late := h.outage(shop, "Late", uptime.ReasonDNS)
	if d := h.becomes(late.tell(c, alert.EventDown), postgres.DeliverySuppressed); !strings.Contains(d.Error, "throttled") {
		t.Errorf("recorded %+v", d)
	}
	h.becomes(late.tell(c, alert.EventRecovered), postgres.DeliverySuppressed)
	h.becomes(mail.tell(c, alert.EventRecovered), postgres.DeliveryDelivered)
}

func TestAnAcknowledgedDownThatWaitsIsTold(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(func(c *postgres.Channel) { c.ReminderSeconds = 300 }), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	api, mail := h.outage(shop, "API", uptime.ReasonDNS), h.outage(shop, "Mail", uptime.ReasonDNS)
	downs := []uptime.ID{api.tell(c, alert.EventDown), mail.tell(c, alert.EventDown)}
	h.held(downs...)
	h.exec(`UPDATE incident SET acknowledged_at = now() WHERE id = $1`, api.id)
	h.aMinuteLater()
	h.headOfAll(downs...)
	if n := h.count(`SELECT count(*) FROM river_job WHERE kind = 'remind' AND state = 'scheduled'`); n != 3 {
		t.Errorf("%d reminders are due some day, want 3", n)
	}
	h.remindersAreDue()
	h.eventually("a reminder is told, another waits", func() bool {
		return h.count(`SELECT count(*) FROM delivery WHERE transition = 'reminder'`) == 2 && len(box.letters()) == 3
	})
	h.oneHeld(alert.EventReminder)
	h.aMinuteLater()
	h.allEnd()
	for _, subject := range box.subjects()[2:] {
		if !strings.HasPrefix(subject, "STILL DOWN shop (") || strings.Contains(subject, "API") {
			t.Errorf("told %q", subject)
		}
	}
}

// Degraded and advisories have no incident: what holds of an incident holds of a monitor.
func TestWhatIsDegradedIsOneStoryWithoutIncidents(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	tell := func(name string, event alert.Event, ended bool) uptime.ID {
		r := outage{h: h, site: shop, name: name, monitor: monitorNamed(name), reason: uptime.ReasonAssertion}.row(c, event)
		r.Key, r.IncidentID, r.Message.IncidentID = r.ID.String(), uptime.ID{}, uptime.ID{}
		if r.Message.Until = (time.Time{}); ended {
			r.Message.Until = r.Message.Since.Add(20 * time.Second)
		}
		h.enqueue(r)
		return r.ID
	}
	h.becomes(tell("Home", alert.EventDegraded, false), postgres.DeliveryDelivered)
	h.becomes(tell("Home", alert.EventAdvisory, false), postgres.DeliveryDelivered) // is another story
	waiting := []uptime.ID{tell("API", alert.EventDegraded, false), tell("Mail", alert.EventDegraded, false)}
	h.held(waiting...)
	end := tell("API", alert.EventRecovered, true)
	h.held(end)
	advisory := tell("Mail", alert.EventAdvisory, false)
	h.eventually("the advisory waits for its turn", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE args->>'delivery_id' = $1 AND metadata ? 'snoozes'`, advisory.String()) == 1
	})
	h.aMinuteLater()
	h.headOfAll(append(waiting, end)...)
	h.becomes(advisory, postgres.DeliveryDelivered)
	subjects := box.subjects()
	if len(subjects) != 4 || subjects[2] != "DEGRADED shop — 2 monitors: Mail, API" || !strings.HasPrefix(subjects[3], "PARTLY DOWN shop (Mail)") {
		t.Fatalf("told %q", subjects)
	}
	want := []string{"Mail — DOWN: assertion failed", "API — was degraded 20 s, is well again"}
	if diff := cmp.Diff(want, box.letters()[2].lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestAThrottleCountsWhatHasNoIncident(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start(nil)
	c := h.channel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	tell := func(name string) uptime.ID {
		r := outage{h: h, site: h.shop(), name: name, monitor: monitorNamed(name), reason: uptime.ReasonAssertion}.row(c, alert.EventDegraded)
		r.Key, r.IncidentID, r.Message.IncidentID = r.ID.String(), uptime.ID{}, uptime.ID{}
		h.enqueue(r)
		return r.ID
	}
	h.becomes(tell("API"), postgres.DeliveryDelivered)
	h.becomes(tell("Mail"), postgres.DeliverySuppressed)
	h.becomes(h.outage(h.shop(), "API", uptime.ReasonDNS).tell(c, alert.EventDown), postgres.DeliveryDelivered) // is worse
}

// monitorNamed is the same monitor for the same name.
func monitorNamed(name string) (id uptime.ID) {
	copy(id[1:], name)
	return id
}

// Who mutes a website keeps new alerts from being written; what was written is told.
func TestWhatWaitsIsToldThoughItsWebsiteIsMutedOrPaused(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	downs := []uptime.ID{h.outage(shop, "A", uptime.ReasonDNS).tell(c, alert.EventDown), h.outage(shop, "B", uptime.ReasonDNS).tell(c, alert.EventDown)}
	h.held(downs...)
	h.exec(`UPDATE website SET muted = true, paused = true`)
	h.aMinuteLater()
	h.headOfAll(downs...)
}

func TestMachinesHearOfEveryIncidentAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.people(nil, nil)
	c := h.channel(nil)
	for range 5 {
		h.becomes(h.outage(h.site(fmt.Sprint(newID())), "", uptime.ReasonDNS).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	}
	if n := len(h.endpoint.told()); n != 5 {
		t.Errorf("told %d times, want 5", n)
	}
}
