package deliver

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// world is a channel's deliveries in memory, and what its people heard. It reads them as
// the queries do, and decides by the notifier's own functions.
type world struct {
	t        *rapid.T
	now      time.Time
	rows     []*postgres.Delivery
	resolved map[uptime.ID]bool
	sent     []sending
}

// sending is a message that arrived.
type sending struct {
	at   time.Time
	head uptime.ID // one key per head
	told []uptime.ID
}

const simLease = 20 * time.Second

func (w *world) row(id uptime.ID) *postgres.Delivery {
	for _, d := range w.rows {
		if d.ID == id {
			return d
		}
	}
	w.t.Fatalf("no delivery %v", id)
	return nil
}

func (w *world) pending(want func(*postgres.Delivery) bool) (out []*postgres.Delivery) {
	for _, d := range w.rows {
		if d.Status == postgres.DeliveryPending && want(d) {
			out = append(out, d)
		}
	}
	return out
}

func (w *world) group(incident uptime.ID) *postgres.DeliveryGroup {
	g := people(&postgres.DeliveryGroup{Now: w.now, Channel: postgres.Channel{Enabled: true}, Opened: noon})
	for _, d := range w.rows {
		if d.IncidentID != incident {
			continue
		}
		switch d.Status {
		case postgres.DeliveryPending:
			g.Pending = append(g.Pending, *d)
		case postgres.DeliveryDelivered, postgres.DeliveryCombined:
			if d.Event == alert.EventDown {
				g.Told++
			}
		}
	}
	if w.resolved[incident] {
		g.Resolved = w.now
	}
	return g
}

func of(s *postgres.Story, d *postgres.Delivery) (website, cause bool) {
	website = d.WebsiteID == s.Website && classOf(d) == class{s.Event, s.Ended}
	return website, s.CauseKey != "" && d.CauseKey == s.CauseKey
}

// message is by whose message an alert was or is being told, and whether that told others.
func (w *world) message(d *postgres.Delivery) (id uptime.ID, grouped bool) {
	if d.DigestID.IsZero() {
		return d.ID, false
	}
	return d.DigestID, w.row(d.DigestID).DigestID == d.DigestID
}

func (w *world) facts(s *postgres.Story) *postgres.StoryFacts {
	f := &postgres.StoryFacts{Cause: w.told(s)}
	for _, d := range w.rows {
		website, cause := of(s, d)
		if !website && !cause {
			continue
		}
		at, told := w.toldAt(d)
		switch {
		case told && website && d.IncidentID != s.Incident && at.After(f.Website):
			f.Website = at
		case !told && d.Status == postgres.DeliveryPending && !d.RetryAt.IsZero() && (f.Held.IsZero() || d.RetryAt.Before(f.Held)):
			f.Held = d.RetryAt
		}
	}
	return f
}

// toldAt is when an alert was told within the window, which is now while it is on its way.
func (w *world) toldAt(d *postgres.Delivery) (at time.Time, told bool) {
	if d.Status == postgres.DeliveryPending {
		return w.now, d.Attempts > 0 || !d.DigestID.IsZero()
	}
	return d.FinishedAt, d.FinishedAt.After(w.now.Add(-StoryWindow))
}

// told returns what was told of a cause, and of places that it shares, and lets the story
// join that of another cause.
func (w *world) told(s *postgres.Story) (all []postgres.Told) {
	for _, d := range w.rows {
		if _, cause := of(s, d); cause {
			if at, told := w.toldAt(d); told {
				id, grouped := w.message(d)
				all = append(all, postgres.Told{Message: id, At: at, Grouped: grouped})
			}
		}
	}
	for _, d := range w.rows {
		id, grouped := w.message(d)
		at, told := w.toldAt(d)
		if !told || id != d.ID || d.CauseKey == "" || s.CauseKey == "" || classOf(d) != (class{s.Event, s.Ended}) ||
			len(alert.CommonPlaces(s.Places, d.Message.Places)) == 0 {
			continue
		}
		if len(all) == 0 {
			s.CauseKey, s.Joined = d.CauseKey, d.CauseKey != s.CauseKey
		}
		all = append(all, postgres.Told{Message: id, At: at, Grouped: grouped, Placed: true})
	}
	return all
}

func (w *world) waiting(s *postgres.Story) (rows []postgres.Waiting) {
	incidents := map[uptime.ID]bool{}
	for _, d := range w.pending(func(d *postgres.Delivery) bool { return d.Attempts == 0 && d.DigestID.IsZero() }) {
		if website, cause := of(s, d); website || cause {
			incidents[d.IncidentID] = true
		}
	}
	for _, d := range w.pending(func(d *postgres.Delivery) bool { return incidents[d.IncidentID] }) {
		rows = append(rows, asWaiting(d))
	}
	return rows
}

func asWaiting(d *postgres.Delivery) postgres.Waiting {
	return postgres.Waiting{
		ID: d.ID, IncidentID: d.IncidentID, WebsiteID: d.WebsiteID, Event: d.Event, Ended: !d.Message.Until.IsZero(), Seq: d.Seq,
		Attempts: d.Attempts, Claimed: d.ClaimedUntil, RetryAt: d.RetryAt, DigestID: d.DigestID, CauseKey: d.CauseKey,
	}
}

// work does what a job of a delivery does, and lets the sending end as told.
func (w *world) work(id uptime.ID, end string) {
	d := w.row(id)
	if d.Status != postgres.DeliveryPending || bound(d) || d.Attempts == 0 && d.RetryAt.After(w.now) {
		return
	}
	g := w.group(d.IncidentID)
	g.Pending = inTurn(g.Pending)
	p := decide(g, time.Time{}, 0)
	if p.Send == nil {
		return
	}
	var together []subject
	if leads(p.Send) {
		var rows []postgres.Waiting
		for _, m := range w.pending(func(m *postgres.Delivery) bool { return m.DigestID == p.Send.ID }) {
			rows = append(rows, asWaiting(m))
		}
		together = subjectsOf(rows)
	} else if s, ok := storyOf(&p, g); ok {
		f := w.facts(&s)
		p, together, _ = join(p, g, f, StoryWindow, func() ([]subject, error) { return gather(&p, g, w.waiting(&s), maxDigest), nil })
		if p.Hold != nil {
			w.hold(&p, &s)
			return
		}
	}
	told := append(slices.Clone(p.Others), p.Send.ID)
	if len(together) > 1 {
		told = nil
		for _, s := range together {
			for _, one := range s {
				told = append(told, one.ID)
			}
		}
	}
	w.send(p.Send.ID, told, len(together) > 1, end)
}

func (w *world) hold(p *Plan, s *postgres.Story) {
	first := w.row(append(slices.Clone(p.Others), p.Send.ID)[0])
	if first.RetryAt.IsZero() && !w.mayHold(first) {
		w.t.Fatalf("%s is the first of its story, and is held", name(first))
	}
	if p.Wait <= 0 || p.Wait > StoryWindow {
		w.t.Fatalf("%s is held for %s", name(first), p.Wait)
	}
	w.t.Logf("%s: %s waits until %s", w.now.Sub(noon), name(first), p.Hold.Until.Sub(noon))
	for _, d := range w.pending(func(d *postgres.Delivery) bool { return d.Attempts == 0 && d.DigestID.IsZero() }) {
		website, cause := of(s, d)
		own := d.ID == p.Send.ID || slices.Contains(p.Others, d.ID)
		if own || d.RetryAt.IsZero() && d.ClaimedUntil.IsZero() && (website && p.Hold.ByWebsite || cause && p.Hold.ByCause) {
			d.RetryAt = p.Hold.Until
		}
		if own && s.Joined && classOf(d) == (class{s.Event, s.Ended}) {
			d.CauseKey = s.CauseKey
		}
	}
}

// mayHold tells from what people heard, or may be about to hear, whether an alert is not
// the first of its story.
func (w *world) mayHold(d *postgres.Delivery) bool {
	related := func(o *postgres.Delivery) bool {
		return o.IncidentID != d.IncidentID && classOf(o) == classOf(d) && (o.WebsiteID == d.WebsiteID ||
			d.CauseKey != "" && o.CauseKey == d.CauseKey || len(alert.CommonPlaces(o.Message.Places, d.Message.Places)) > 0)
	}
	for _, s := range w.sent {
		for _, id := range s.told {
			if s.at.After(w.now.Add(-StoryWindow)) && related(w.row(id)) {
				return true
			}
		}
	}
	return slices.ContainsFunc(w.pending(func(o *postgres.Delivery) bool { return o.Attempts > 0 || !o.DigestID.IsZero() }), related)
}

// send claims, sends and records; end is how far it gets.
func (w *world) send(head uptime.ID, told []uptime.ID, digest bool, end string) {
	h := w.row(head)
	h.Attempts++
	for _, id := range told {
		d := w.row(id)
		if d.Status != postgres.DeliveryPending {
			w.t.Fatalf("%s is %s and told again", name(d), d.Status)
		}
		if d.ClaimedUntil.After(w.now) {
			w.t.Fatalf("%s is told by two at once", name(d))
		}
		d.ClaimedUntil, d.RetryAt = w.now.Add(simLease), time.Time{}
		if digest {
			d.DigestID = head
		}
	}
	if end == "dies sending" {
		return
	}
	if end == "fails" {
		for _, id := range told {
			d := w.row(id)
			if d.ClaimedUntil = (time.Time{}); id == head || !d.DigestID.IsZero() {
				d.RetryAt = w.now.Add(10 * time.Second)
			}
		}
		return
	}
	w.t.Logf("%s: %s tells %d", w.now.Sub(noon), name(h), len(told))
	w.sent = append(w.sent, sending{w.now, head, told})
	if end == "dies recording" && digest { // alone, it is told twice under its key, or with its end
		return
	}
	for _, id := range told {
		d := w.row(id)
		d.Status, d.FinishedAt, d.ClaimedUntil = postgres.DeliveryCombined, w.now, time.Time{}
		if id != head {
			d.DigestID = head
		}
	}
	h.Status = postgres.DeliveryDelivered
}

func name(d *postgres.Delivery) string {
	return fmt.Sprintf("%s of incident %d, website %d", d.Event, d.IncidentID[15], d.WebsiteID[15])
}

// check looks at what people heard in the end.
func (w *world) check() {
	key, place := map[uptime.ID]uptime.ID{}, map[uptime.ID]int{}
	for i, s := range w.sent {
		for _, id := range s.told {
			if before, ok := key[id]; ok && before != s.head {
				w.t.Fatalf("%s is told under two keys", name(w.row(id)))
			} else if !ok {
				key[id], place[id] = s.head, i
			}
		}
	}
	for _, d := range w.rows {
		if _, ok := key[d.ID]; !ok || d.Status == postgres.DeliveryPending {
			w.t.Fatalf("%s is %s, told: %v", name(d), d.Status, ok)
		}
		for _, o := range w.rows {
			if o.IncidentID == d.IncidentID && o.Seq < d.Seq && place[o.ID] > place[d.ID] {
				w.t.Fatalf("%s is told before %s", name(d), name(o))
			}
		}
	}
}

// Whatever happens in whatever order: the first of a story goes at once, no alert waits
// longer than a window for others, every one is told under one key, and no end before
// its begin.
func TestEveryAlertIsToldOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		simulate(t, 8, []string{"dns", "tls", ""}, "arrives", "arrives", "arrives", "fails", "dies sending", "dies recording").check()
	})
}

func TestAWebsiteIsToldOfOnceInAWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := simulate(t, 1, []string{"dns", "tls", ""}, "arrives")
		w.check()
		last := map[class]time.Time{}
		for _, s := range w.sent {
			first := w.row(s.told[0])
			c := classOf(first)
			if before, ok := last[c]; ok && s.at.Sub(before) < StoryWindow {
				t.Fatalf("%s is told %s after another", name(first), s.at.Sub(before))
			}
			last[c] = s.at
		}
	})
}

// However many websites go down for one reason, whenever: within a minute people hear of
// it twice at most, and once of many together.
func TestACauseIsToldTwiceInAWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := simulate(t, 100, []string{"dns"}, "arrives")
		w.check()
		var downs []sending
		for _, s := range w.sent {
			if w.row(s.told[0]).Event == alert.EventDown {
				downs = append(downs, s)
			}
		}
		for i, s := range downs {
			messages, digests := 0, 0
			for _, o := range downs[i:] {
				if o.at.Sub(s.at) >= StoryWindow {
					break
				}
				messages++
				if _, grouped := w.message(w.row(o.head)); grouped {
					digests++
				}
			}
			if messages > 2 || digests > 1 {
				t.Fatalf("from %s on, %d messages within a window, %d of them digests", s.at.Sub(noon), messages, digests)
			}
		}
	})
}

// simulate writes alerts, lets time pass and jobs work in any order, and in the end lets
// all through.
func simulate(t *rapid.T, websites byte, causes []string, sendings ...string) *world {
	w := &world{t: t, now: noon, resolved: map[uptime.ID]bool{}}
	write := func(event alert.Event, incident, website byte, cause string) {
		n := len(w.rows) + 1
		d := row(byte(n), event)
		d.ID, d.IncidentID, d.WebsiteID = uptime.ID{14: byte(n >> 8), 15: byte(n)}, uptime.ID{15: incident}, uptime.ID{15: website}
		d.Seq, d.CauseKey, d.CreatedAt = int64(n), cause, w.now
		if event == alert.EventRecovered {
			d.Message.Until = w.now
		}
		w.rows = append(w.rows, &d)
	}
	ends := rapid.SampledFrom(sendings)
	type outage struct{ incident, website byte }
	var open []outage
	incidents := byte(0)
	t.Repeat(map[string]func(*rapid.T){
		"down": func(t *rapid.T) {
			incidents++
			o := outage{incidents, rapid.ByteRange(1, websites).Draw(t, "website")}
			open = append(open, o)
			write(alert.EventDown, o.incident, o.website, rapid.SampledFrom(causes).Draw(t, "cause"))
			if place := rapid.SampledFrom([]alert.Place{"", "address 203.0.113.7", "host shop.test"}).Draw(t, "place"); place != "" {
				w.rows[len(w.rows)-1].Message.Places = []alert.Place{place}
			}
		},
		"up": func(t *rapid.T) {
			if len(open) == 0 {
				t.Skip()
			}
			i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
			w.resolved[uptime.ID{15: open[i].incident}] = true
			write(alert.EventRecovered, open[i].incident, open[i].website, "up")
			open = slices.Delete(open, i, i+1)
		},
		"time": func(t *rapid.T) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 45).Draw(t, "seconds")) * time.Second)
		},
		"work": func(t *rapid.T) {
			todo := w.pending(func(*postgres.Delivery) bool { return true })
			if len(todo) == 0 {
				t.Skip()
			}
			d := todo[rapid.IntRange(0, len(todo)-1).Draw(t, "delivery")]
			w.t.Logf("%s: works on %s", w.now.Sub(noon), name(d))
			w.work(d.ID, ends.Draw(t, "end"))
		},
		"": func(*rapid.T) {},
	})
	// Two windows after the last trouble all is told: one to find that a window ends,
	// and one that a claim, a pause or another digest may take.
	for round := 0; round < 4; round++ {
		for _, d := range w.pending(func(*postgres.Delivery) bool { return true }) {
			w.work(d.ID, "arrives")
		}
		w.now = w.now.Add(StoryWindow)
	}
	return w
}
