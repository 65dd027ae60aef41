//go:build integration

package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
	"github.com/probefleet/probefleet/services/notifier/internal/deliver"
)

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
		c.AfterSend = func(context.Context, uptime.ID) error {
			if killed.CompareAndSwap(false, true) {
				return errors.New("killed")
			}
			return nil
		}
	})
	h.aMinuteLater()
	h.leasesEnd(&killed)
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
	free := h.outage(h.site("another"), "", uptime.ReasonStatus).tell(c, alert.EventDown)
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
	h.oneHeld(alert.EventRecovered)
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
	sites := make([]site, 5)
	var ids []uptime.ID
	for i := range sites {
		sites[i] = h.site(fmt.Sprint("site ", i))
		ids = append(ids, h.outage(sites[i], "", uptime.ReasonDNS).tell(c, alert.EventDown))
		if i < 1 {
			h.becomes(ids[i], postgres.DeliveryDelivered)
		}
	}
	h.held(ids[1:]...)
	h.exec(`DELETE FROM website WHERE id = $1`, sites[1].id)
	h.aMinuteLater()
	h.headOfAll(ids[2:]...)
	if got := box.subjects()[1]; got != "DOWN 3 websites — DNS failure" {
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
