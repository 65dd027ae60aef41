//go:build integration

package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
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

func TestAStormOfOneCauseIsAHandfulOfMessages(t *testing.T) {
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
		return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending' AND retry_at > now()`) == websites-3
	})
	h.eventually("no job runs", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE state IN ('available', 'running')`) == 0
	})
	t.Logf("%d downs: 3 told and the others held after %v, %v of CPU in the notifier", websites, time.Since(began), cpu()-used)
	began, used = time.Now(), cpu()
	h.aMinuteLater()
	h.allEnd()
	h.eventually("all jobs are done", func() bool { return h.count(`SELECT count(*) FROM river_job WHERE state <> 'completed'`) == 0 })
	t.Logf("all told and every job done after %v more, %v of CPU", time.Since(began), cpu()-used)
	texts := chat.texts()
	if want := fmt.Sprintf("DOWN %d websites — connect timeout from eu-west, us-east", websites-3); len(texts) != 4 || texts[3] != want {
		t.Errorf("told %d: %q, want 4, the last %q", len(texts), texts, want)
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
	if len(lines) != alert.MaxDigestLines+1 || lines[alert.MaxDigestLines] != "… and 977 more" {
		t.Errorf("lists %d lines: %q", len(lines), lines)
	}
	// Its end is as quiet, and told of every one.
	h.exec(`UPDATE incident SET resolved_at = now()`)
	for i := range rows {
		rows[i] = outages[i].row(c, alert.EventRecovered)
	}
	h.enqueue(rows...)
	h.eventually("all but the first are held", func() bool {
		return h.count(`SELECT count(*) FROM delivery WHERE status = 'pending' AND retry_at > now()`) == websites-3
	})
	h.aMinuteLater()
	h.allEnd()
	texts = chat.texts()
	if want := fmt.Sprintf("UP %d websites", websites-3); len(texts) != 8 || texts[7] != want {
		t.Errorf("told %d, want 8, the last %q: %q", len(texts), want, texts)
	}
	if n := h.count(`SELECT count(*) FROM incident_event WHERE kind = 'alerted'`); n != 2*websites {
		t.Errorf("%d lines of history, want %d", n, 2*websites)
	}
}

func TestADigestThatWasSentButNotRecordedIsSentAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	c, shop := h.mailChannel(nil), h.shop()
	stop := h.people(box, nil)
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	var waiting []uptime.ID
	for i := range 5 {
		waiting = append(waiting, h.outage(shop, fmt.Sprint(i), uptime.ReasonDNS).tell(c, alert.EventDown))
	}
	h.held(waiting...)
	stop()
	var killed atomic.Bool
	h.people(box, func(c *deliver.Config) {
		c.Lease = 500 * time.Millisecond
		c.AfterSend = func(context.Context, uptime.ID) error {
			if killed.CompareAndSwap(false, true) {
				return errors.New("killed")
			}
			return nil
		}
	})
	h.aMinuteLater()
	head := h.headOfAll(waiting...)
	letters := box.letters()
	if len(letters) != 3 || letters[1].id != head.Key || letters[2].id != head.Key || head.Attempts != 2 {
		t.Fatalf("told %+v, the head is %+v", letters, head)
	}
	if diff := cmp.Diff(letters[1].text, letters[2].text); diff != "" {
		t.Errorf("it says something else the second time:\n%s", diff)
	}
}

func TestADigestWhoseNotifierDiedIsFound(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	c, shop := h.mailChannel(nil), h.shop()
	head := h.outage(shop, "Head", uptime.ReasonDNS).tell(c, alert.EventDown)
	others := []uptime.ID{h.outage(shop, "A", uptime.ReasonDNS).tell(c, alert.EventDown), h.outage(shop, "B", uptime.ReasonTLS).tell(c, alert.EventDown)}
	free := h.outage(h.site("another"), "", uptime.ReasonDNS).tell(c, alert.EventDown)
	// As a notifier leaves it that was killed while sending.
	h.exec(`DELETE FROM river_job`)
	h.exec(`UPDATE delivery SET created_at = now() - interval '2 minutes'`)
	h.exec(`UPDATE delivery SET digest_id = $1, claimed_until = now() - interval '10 seconds', attempts = (id = $1)::int WHERE id <> $2`, head, free)
	h.people(box, nil)
	h.headOfAll(append(others, head)...)
	h.becomes(free, postgres.DeliveryDelivered)
	if n := len(box.letters()); n != 2 {
		t.Errorf("%d mails, want 2: %q", n, box.subjects())
	}
}

func TestADigestDiesAsAWholeWithAnAlarm(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, func(c *deliver.Config) { c.Step = 0.0001 })
	c, shop := h.mailChannel(nil), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	api, mail := h.outage(shop, "API", uptime.ReasonDNS), h.outage(shop, "Mail", uptime.ReasonDNS)
	downs := []uptime.ID{api.tell(c, alert.EventDown), mail.tell(c, alert.EventDown)}
	h.held(downs...)
	box.answers(func() error { return &smtp.SMTPError{Code: 550, Message: "no such mailbox"} })
	h.aMinuteLater()
	attempts := 0
	for _, id := range downs {
		d := h.becomes(id, postgres.DeliveryDead)
		if attempts += d.Attempts; !strings.Contains(d.Error, "no such mailbox") {
			t.Errorf("recorded %+v", d)
		}
	}
	if attempts != attempt.MaxRefusals {
		t.Errorf("%d attempts, want %d", attempts, attempt.MaxRefusals)
	}
	if n := h.count(`SELECT count(*) FROM incident_event WHERE kind = 'alert_failed' AND incident_id = ANY ($1)`, texts([]uptime.ID{api.id, mail.id})); n != 2 {
		t.Errorf("%d lines of history, want 2", n)
	}
	h.eventually("the metric counts them", func() bool { return h.metric("dead") == 2 })
	box.answers(nil)
	h.exec(`UPDATE channel SET hold_until = NULL`)
	h.becomes(api.tell(c, alert.EventRecovered), postgres.DeliveryDelivered)
	all := box.subjects()
	if last := all[len(all)-1]; !strings.Contains(last, "was down") {
		t.Errorf("told %q", last)
	}
}

// What ends something that a digest is about to tell comes after the digest.
func TestARecoveryDoesNotOvertakeADigest(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, func(c *deliver.Config) { c.Step = 60 })
	c, shop := h.mailChannel(nil), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	api, mail := h.outage(shop, "API", uptime.ReasonDNS), h.outage(shop, "Mail", uptime.ReasonDNS)
	downs := []uptime.ID{api.tell(c, alert.EventDown), mail.tell(c, alert.EventDown)}
	h.held(downs...)
	box.answers(func() error { return &smtp.SMTPError{Code: 450, Message: "busy"} })
	h.aMinuteLater()
	h.eventually("the digest fails", func() bool {
		return h.count(`SELECT count(*) FROM delivery WHERE attempts = 1 AND retry_at > now()`) == 1
	})
	box.answers(nil)
	ups := []uptime.ID{api.tell(c, alert.EventRecovered), mail.tell(c, alert.EventRecovered)}
	h.eventually("the recoveries' jobs are put off", func() bool {
		return h.count(`SELECT count(*) FROM river_job WHERE args->>'delivery_id' = ANY ($1) AND metadata ? 'snoozes'`, texts(ups)) == 2
	})
	if n := len(box.letters()); n != 2 {
		t.Fatalf("%d mails, want 2: %q", n, box.subjects())
	}
	h.aMinuteLater()
	h.headOfAll(downs...)
	h.eventually("a recovery is told", func() bool { return len(box.letters()) == 4 })
	h.aMinuteLater()
	h.allEnd()
	if all := box.subjects(); len(all) != 5 || all[1] != all[2] || !strings.HasPrefix(all[3], "UP shop") || !strings.HasPrefix(all[4], "UP shop") {
		t.Errorf("told %q", all)
	}
}

func TestWhatIsDeletedWhileItWaitsTakesNothingAlong(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c := h.mailChannel(nil)
	sites := make([]site, 7)
	var ids []uptime.ID
	for i := range sites {
		sites[i] = h.site(fmt.Sprint("site ", i))
		ids = append(ids, h.outage(sites[i], "", uptime.ReasonDNS).tell(c, alert.EventDown))
		if i < 3 {
			h.becomes(ids[i], postgres.DeliveryDelivered)
		}
	}
	h.held(ids[3:]...)
	h.exec(`DELETE FROM website WHERE id = $1`, sites[3].id)
	h.aMinuteLater()
	h.headOfAll(ids[4:]...)
	if got := box.subjects()[3]; got != "DOWN 3 websites — DNS failure" {
		t.Errorf("told %q", got)
	}
}

// The head of a digest that is tried again is deleted with its website: the others are
// told without it.
func TestTheHeadOfADigestIsDeleted(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	c := h.mailChannel(nil)
	shop := h.shop()
	head := h.outage(shop, "", uptime.ReasonDNS).tell(c, alert.EventDown)
	var others []uptime.ID
	for i := range 2 {
		others = append(others, h.outage(h.site(fmt.Sprint(i)), "", uptime.ReasonDNS).tell(c, alert.EventDown))
	}
	h.exec(`DELETE FROM river_job`) // theirs ended when they became part of the digest
	h.exec(`UPDATE delivery SET digest_id = $1, attempts = (id = $1)::int, created_at = now() - interval '1 minute'`, head)
	h.exec(`DELETE FROM website WHERE id = $1`, shop.id)
	h.people(box, nil)
	for _, id := range others {
		h.becomes(id, postgres.DeliveryDelivered)
	}
}

func TestADisabledChannelDropsWhatWaits(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c, shop := h.mailChannel(nil), h.shop()
	h.becomes(h.outage(shop, "Home", uptime.ReasonStatus).tell(c, alert.EventDown), postgres.DeliveryDelivered)
	api, mail := h.outage(shop, "API", uptime.ReasonDNS), h.outage(shop, "Mail", uptime.ReasonDNS)
	downs := []uptime.ID{api.tell(c, alert.EventDown), mail.tell(c, alert.EventDown)}
	h.held(downs...)
	h.exec(`UPDATE channel SET enabled = false`)
	h.aMinuteLater()
	for _, id := range downs {
		if d := h.becomes(id, postgres.DeliverySuppressed); d.Error != "the channel is disabled" {
			t.Errorf("recorded %+v", d)
		}
	}
}

func TestAThrottleCountsADigestAsOneAlert(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t), newPostbox(t)
	h.people(box, nil)
	c := h.mailChannel(func(c *postgres.Channel) { c.ThrottleSeconds = 600 })
	var told []uptime.ID
	for i := range 3 {
		told = append(told, h.outage(h.site(fmt.Sprint(i)), "", uptime.ReasonDNS).tell(c, alert.EventDown))
		h.becomes(told[i], postgres.DeliveryDelivered)
	}
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
	var waiting uptime.ID
	h.eventually("the other waits", func() bool {
		return h.Pool().QueryRow(context.Background(), `SELECT id FROM delivery WHERE transition = 'reminder' AND retry_at > now()`).Scan(&waiting) == nil
	})
	h.held(waiting)
	h.aMinuteLater()
	h.allEnd()
	for _, subject := range box.subjects()[2:] {
		if !strings.HasPrefix(subject, "STILL DOWN shop (") || strings.Contains(subject, "API") {
			t.Errorf("told %q", subject)
		}
	}
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
