package deliver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func people(g *postgres.DeliveryGroup) *postgres.DeliveryGroup {
	g.Channel.Kind = "email"
	return g
}

func TestWhatHasAStory(t *testing.T) {
	t.Parallel()
	alone := func(d *postgres.Delivery) { d.WebsiteID = uptime.ID{} }
	inDigest := func(d *postgres.Delivery) { d.DigestID = d.ID }
	caused := func(d *postgres.Delivery) { d.CauseKey = "c" }
	for _, tt := range []struct {
		name    string
		kind    string
		pending []postgres.Delivery
		want    *postgres.Story
	}{
		{"a down", "email", []postgres.Delivery{row(1, alert.EventDown, caused)}, &postgres.Story{
			Website: uptime.ID{14: 2}, Incident: uptime.ID{14: 1}, Event: alert.EventDown, CauseKey: "c",
		}},
		{"a down and its end are a down", "slack", []postgres.Delivery{row(1, alert.EventDown, caused), row(2, alert.EventRecovered, good)}, &postgres.Story{
			Website: uptime.ID{14: 2}, Incident: uptime.ID{14: 1}, Event: alert.EventDown, CauseKey: "c",
		}},
		{"a recovery", "email", []postgres.Delivery{row(2, alert.EventRecovered, good)}, &postgres.Story{
			Website: uptime.ID{14: 2}, Incident: uptime.ID{14: 1}, Event: alert.EventRecovered, Ended: true,
		}},
		{"for a machine", "webhook", []postgres.Delivery{row(1, alert.EventDown)}, nil},
		{"tried before", "email", []postgres.Delivery{row(1, alert.EventDown, tried)}, nil},
		{"a down that was tried, and its end", "email", []postgres.Delivery{row(1, alert.EventDown, tried), row(2, alert.EventRecovered, good)}, nil},
		{"a digest that was tried", "email", []postgres.Delivery{row(1, alert.EventDown, tried, inDigest)}, nil},
		{"of the fleet", "email", []postgres.Delivery{row(1, alert.EventFleet, alone)}, nil},
		{"a warning", "email", []postgres.Delivery{row(1, alert.EventExpiry)}, nil},
		{"a test", "email", []postgres.Delivery{row(1, alert.EventTest, alone)}, nil},
	} {
		g := group(tt.pending...)
		g.Channel.Kind = tt.kind
		plan := decide(g, time.Time{}, 0)
		got, ok := storyOf(&plan, g)
		if ok != (tt.want != nil) {
			t.Errorf("%s: has a story: %v", tt.name, ok)
		} else if ok && !cmp.Equal(got, *tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, *tt.want)
		}
	}
}

func TestInStory(t *testing.T) {
	t.Parallel()
	ago := func(seconds int) time.Time { return noon.Add(-time.Duration(seconds) * time.Second) }
	told := func(message byte, seconds int) postgres.Told {
		return postgres.Told{Message: uptime.ID{1: message}, At: ago(seconds)}
	}
	digest := func(message byte, seconds int) postgres.Told {
		return postgres.Told{Message: uptime.ID{1: message}, At: ago(seconds), Grouped: true}
	}
	near := func(message byte, seconds int) postgres.Told {
		return postgres.Told{Message: uptime.ID{1: message}, At: ago(seconds), Placed: true}
	}
	cause := func(all ...postgres.Told) postgres.StoryFacts { return postgres.StoryFacts{Cause: all} }
	waited := func(d *postgres.Delivery) { d.RetryAt = noon }
	held := func(d *postgres.Delivery) { d.RetryAt = ago(-7) }
	down := []postgres.Delivery{row(1, alert.EventDown)}
	type want struct {
		Wait               time.Duration
		ByWebsite, ByCause bool
		Gather             bool
	}
	for _, tt := range []struct {
		name    string
		pending []postgres.Delivery
		facts   postgres.StoryFacts
		want    want
	}{
		{"the first", down, postgres.StoryFacts{}, want{}},
		{"the second of a website", down, postgres.StoryFacts{Website: ago(20)}, want{Wait: 40 * time.Second, ByWebsite: true}},
		{"while the first is being sent", down, postgres.StoryFacts{Website: noon}, want{Wait: time.Minute, ByWebsite: true}},
		{"just when the window ends", down, postgres.StoryFacts{Website: ago(60)}, want{}},
		{"others wait, too", down, postgres.StoryFacts{Website: ago(50), Held: ago(-35)}, want{Wait: 10 * time.Second, ByWebsite: true}},
		{"it waited", []postgres.Delivery{row(1, alert.EventDown, waited)}, postgres.StoryFacts{Website: ago(10), Held: noon}, want{Gather: true}},
		{"it waited, and nobody is left", []postgres.Delivery{row(1, alert.EventDown, waited)}, postgres.StoryFacts{Website: ago(10)}, want{}},
		{"a late one finds others due", down, postgres.StoryFacts{Website: ago(10), Held: ago(3)}, want{Gather: true}},
		{"its down waits", []postgres.Delivery{row(1, alert.EventDown, held), row(2, alert.EventRecovered, good)}, postgres.StoryFacts{Held: ago(3)}, want{Wait: 7 * time.Second}},
		{"the second of a cause, in the first's moment", down, cause(told(1, 3)), want{Wait: 7 * time.Second, ByCause: true}},
		{"while the first of a cause is being sent", down, cause(told(1, 0)), want{Wait: 10 * time.Second, ByCause: true}},
		{"just when the moment ends", down, cause(told(1, 10)), want{}},
		{"the second, later on", down, cause(told(1, 30)), want{}},
		{"the third of a cause", down, cause(told(1, 40), told(2, 5)), want{Wait: 20 * time.Second, ByCause: true}},
		{"the second newest counts", down, cause(told(1, 55), told(2, 20), told(3, 5)), want{Wait: 40 * time.Second, ByCause: true}},
		{"one message is one, however many it told", down, cause(told(1, 30), told(1, 30)), want{}},
		{"after a digest", down, cause(told(1, 59), digest(2, 49), digest(2, 49)), want{Wait: 11 * time.Second, ByCause: true}},
		{"while a digest is being sent", down, cause(digest(2, 0)), want{Wait: time.Minute, ByCause: true}},
		{"the second at a place, in its moment", down, cause(told(1, 3), near(1, 3)), want{Wait: 7 * time.Second, ByCause: true}},
		{"the second at a place, later on", down, cause(told(1, 30), near(1, 30)), want{Wait: 30 * time.Second, ByCause: true}},
		{"at a place where another cause was told", down, cause(near(1, 30)), want{Wait: 30 * time.Second, ByCause: true}},
		{
			"both", down, postgres.StoryFacts{Website: ago(5), Cause: []postgres.Told{told(1, 30), told(2, 20)}},
			want{Wait: 55 * time.Second, ByCause: true, ByWebsite: true},
		},
	} {
		g := people(group(tt.pending...))
		p := inStory(decide(g, time.Time{}, 0), g, &tt.facts, time.Minute)
		got := want{Wait: p.Wait, Gather: p.Gather}
		if p.Hold != nil {
			got.ByWebsite, got.ByCause = p.Hold.ByWebsite, p.Hold.ByCause
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// waiting is a row of a monitor's incident.
func waiting(n, monitor byte, event alert.Event, change ...func(*postgres.Waiting)) postgres.Waiting {
	w := postgres.Waiting{
		ID: uptime.ID{15: n}, IncidentID: uptime.ID{13: monitor}, WebsiteID: uptime.ID{14: 2}, MonitorID: string('a' + rune(monitor)),
		Event: event, Ended: event == alert.EventRecovered, Seq: int64(n), CauseKey: "c",
	}
	for _, f := range change {
		f(&w)
	}
	return w
}

func TestGather(t *testing.T) {
	t.Parallel()
	alone := func(w *postgres.Waiting) { w.IncidentID = uptime.ID{} }
	over := func(w *postgres.Waiting) { w.Ended = true }
	apart := func(w *postgres.Waiting) { w.Apart = true }
	attempted := func(w *postgres.Waiting) { w.Attempts = 1 }
	sending := func(w *postgres.Waiting) { w.Claimed = noon.Add(time.Second) }
	digested := func(w *postgres.Waiting) { w.DigestID = uptime.ID{15: 99} }
	for _, tt := range []struct {
		name string
		rows []postgres.Waiting
		want [][]byte // beside its own
	}{
		{"nothing waits", nil, nil},
		{"itself", []postgres.Waiting{waiting(1, 1, alert.EventDown, func(w *postgres.Waiting) { w.IncidentID = uptime.ID{14: 1} })}, nil},
		{"two", []postgres.Waiting{waiting(3, 3, alert.EventDown), waiting(2, 2, alert.EventDown)}, [][]byte{{2}, {3}}},
		{"with its end", []postgres.Waiting{waiting(2, 2, alert.EventDown), waiting(3, 2, alert.EventRecovered)}, [][]byte{{2, 3}}},
		{"the end of what was told is another story", []postgres.Waiting{waiting(3, 2, alert.EventRecovered)}, nil},
		{"what was tried goes its own way", []postgres.Waiting{waiting(2, 2, alert.EventDown, attempted), waiting(3, 2, alert.EventRecovered)}, nil},
		{"what is being sent", []postgres.Waiting{waiting(2, 2, alert.EventDown, sending)}, nil},
		{"what another digest tells", []postgres.Waiting{waiting(2, 2, alert.EventDown, digested), waiting(3, 2, alert.EventRecovered)}, nil},
		{"what is not for telling", []postgres.Waiting{waiting(2, 2, alert.EventDown, apart)}, nil},
		{
			"of a monitor without incident the first story", []postgres.Waiting{
				waiting(2, 2, alert.EventDown, alone), waiting(3, 2, alert.EventAdvisory, alone), waiting(4, 2, alert.EventAdvisory, alone, over),
			}, [][]byte{{2}},
		},
		{
			"of a monitor without incident whose turn is another", []postgres.Waiting{
				waiting(2, 2, alert.EventAdvisory, alone), waiting(3, 2, alert.EventDown, alone),
			}, nil,
		},
		{
			"no more than the limit", []postgres.Waiting{
				waiting(2, 2, alert.EventDown), waiting(3, 3, alert.EventDown), waiting(4, 4, alert.EventDown), waiting(5, 5, alert.EventDown),
			}, [][]byte{{2}, {3}, {4}},
		},
	} {
		g := people(group(row(1, alert.EventDown)))
		p := decide(g, time.Time{}, 0)
		var got [][]byte
		for _, s := range gather(&p, g, tt.rows, 4)[1:] {
			var ids []byte
			for _, w := range s {
				ids = append(ids, w.ID[15])
			}
			got = append(got, ids)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	elsewhere := func(w *postgres.Waiting) { w.WebsiteID = uptime.ID{14: 3} }
	other := func(w *postgres.Waiting) { w.CauseKey = "d" }
	ended := subject{waiting(1, 1, alert.EventDown), waiting(5, 1, alert.EventRecovered)}
	digest, listed := summary([]subject{ended, {waiting(2, 2, alert.EventDown)}, {waiting(3, 3, alert.EventDown, elsewhere)}})
	want := alert.Digest{Event: alert.EventDown, Alerts: 3, Over: 1, Websites: 2, Monitors: 3, OneCause: true}
	if diff := cmp.Diff(want, digest); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if listed[0].first().ID[15] != 2 || listed[2].first().ID[15] != 1 {
		t.Errorf("what is over is not listed last: %v", listed)
	}
	if d, _ := summary([]subject{ended, {waiting(2, 2, alert.EventDown, other)}}); d.OneCause {
		t.Error("two causes are one")
	}
	at := func(reason string, places ...alert.Place) func(*postgres.Waiting) {
		return func(w *postgres.Waiting) { w.Reason, w.Places = reason, places }
	}
	const address, host = alert.Place("address 203.0.113.7"), alert.Place("host shop.test")
	for name, tt := range map[string]struct {
		first, second func(*postgres.Waiting)
		want          alert.Digest
	}{
		"of one place":          {at("tls", address, host), at("tls", address), alert.Digest{Place: address, OneCause: true}},
		"another reason there":  {at("tls", address), at("timeout", address, host), alert.Digest{Place: address}},
		"the most telling":      {at("tls", address, host), at("tls", address, host), alert.Digest{Place: address, OneCause: true}},
		"nothing but a reason":  {at("tls", host), at("tls", address), alert.Digest{OneCause: true}},
		"one is nowhere at all": {at("tls", host), at("tls"), alert.Digest{OneCause: true}},
	} {
		d, _ := summary([]subject{{waiting(1, 1, alert.EventDown, tt.first)}, {waiting(2, 2, alert.EventDown, tt.second)}})
		if d.Place != tt.want.Place || d.OneCause != tt.want.OneCause {
			t.Errorf("%s: %+v", name, d)
		}
	}
	var many []subject
	for i := range 257 {
		many = append(many, subject{waiting(byte(i), byte(i), alert.EventDown)})
	}
	if d, listed := summary(many); d.Alerts != 257 || len(listed) != alert.MaxDigestNamed {
		t.Errorf("%d of %d listed", len(listed), d.Alerts)
	}
}

func TestADigestThatWasTriedStaysWhatItWas(t *testing.T) {
	t.Parallel()
	head := func(d *postgres.Delivery) { d.DigestID, d.Attempts = d.ID, 1 }
	member := func(d *postgres.Delivery) { d.DigestID = uptime.ID{15: 99} }
	for _, tt := range []struct {
		name    string
		pending []postgres.Delivery
		change  func(*postgres.DeliveryGroup)
		want    gist
	}{
		{"its head, before what came later", []postgres.Delivery{row(1, alert.EventDown, head), row(2, alert.EventRecovered)}, nil, gist{Send: 1}},
		{"its head with a pause", []postgres.Delivery{row(1, alert.EventDown, head, later)}, nil, gist{Wait: 10 * time.Second}},
		{"its head is being sent", []postgres.Delivery{row(1, alert.EventDown, head, claimed)}, nil, gist{Wait: claimedWait}},
		{"what follows a member", []postgres.Delivery{row(1, alert.EventDown, member), row(2, alert.EventRecovered)}, nil, gist{Wait: claimedWait}},
		{"what follows a member that has a pause", []postgres.Delivery{row(1, alert.EventDown, member, later), row(2, alert.EventRecovered)}, nil, gist{Wait: 10 * time.Second}},
		{
			"what follows a member that has a long pause", []postgres.Delivery{row(1, alert.EventDown, member, func(d *postgres.Delivery) { d.RetryAt = noon.Add(time.Hour) })},
			nil, gist{Wait: maxDigestWait},
		},
		{
			"a reminder of what was acknowledged leads others", []postgres.Delivery{row(1, alert.EventReminder, head)},
			func(g *postgres.DeliveryGroup) { g.Acknowledged = noon }, gist{Send: 1},
		},
		{
			"the channel was disabled", []postgres.Delivery{row(1, alert.EventDown, head)},
			func(g *postgres.DeliveryGroup) { g.Channel.Enabled = false }, gist{Suppress: []byte{1}},
		},
	} {
		g := people(group(inTurn(tt.pending)...))
		if tt.change != nil {
			tt.change(g)
		}
		if diff := cmp.Diff(tt.want, gistOf(decide(g, time.Time{}, 0))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
