package deliver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// row is the n-th delivery of a group.
func row(n byte, event alert.Event, change ...func(*postgres.Delivery)) postgres.Delivery {
	d := postgres.Delivery{
		ID: uptime.ID{15: n}, IncidentID: uptime.ID{14: 1}, WebsiteID: uptime.ID{14: 2}, Event: event, Seq: int64(n),
		Status: postgres.DeliveryPending, Message: alert.Message{Event: event}, CreatedAt: noon,
	}
	for _, f := range change {
		f(&d)
	}
	return d
}

func group(pending ...postgres.Delivery) *postgres.DeliveryGroup {
	return &postgres.DeliveryGroup{Now: noon, Channel: postgres.Channel{Enabled: true}, Pending: pending, Opened: noon.Add(-time.Minute)}
}

func tried(d *postgres.Delivery)   { d.Attempts = 1 }
func claimed(d *postgres.Delivery) { d.ClaimedUntil = noon.Add(time.Second) }
func lapsed(d *postgres.Delivery)  { d.ClaimedUntil = noon.Add(-time.Second) }
func later(d *postgres.Delivery)   { d.RetryAt = noon.Add(10 * time.Second) }
func good(d *postgres.Delivery)    { d.Message.Until = noon }

// gist is a plan in a few words.
type gist struct {
	Send     byte
	Others   []byte
	Combined bool
	Suppress []byte
	Wait     time.Duration
	FollowUp time.Duration // after noon; 0: none
}

func gistOf(p Plan) gist {
	g := gist{Combined: p.Combined, Wait: p.Wait}
	if p.Send != nil {
		g.Send = p.Send.ID[15]
	}
	for _, id := range p.Others {
		g.Others = append(g.Others, id[15])
	}
	for _, s := range p.Suppress {
		for _, id := range s.IDs {
			g.Suppress = append(g.Suppress, id[15])
		}
	}
	if !p.FollowUp.IsZero() {
		g.FollowUp = p.FollowUp.Sub(noon)
	}
	return g
}

func TestDecide(t *testing.T) {
	t.Parallel()
	type groupFunc = func(*postgres.DeliveryGroup)
	last := noon.Add(-20 * time.Second)
	throttle := func(g *postgres.DeliveryGroup) { g.Channel.ThrottleSeconds = 60 }
	resolved := func(g *postgres.DeliveryGroup) { g.Resolved = noon }
	tests := []struct {
		name    string
		pending []postgres.Delivery
		change  groupFunc
		last    time.Time
		want    gist
	}{
		{"finished", nil, nil, time.Time{}, gist{}},
		{"a down", []postgres.Delivery{row(1, alert.EventDown)}, nil, time.Time{}, gist{Send: 1}},
		{
			"a recovery after a down that was told", []postgres.Delivery{row(2, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { g.Told = 1; g.Resolved = noon }, time.Time{}, gist{Send: 2},
		},
		{
			"both wait", []postgres.Delivery{row(1, alert.EventDown), row(2, alert.EventRecovered)}, resolved, time.Time{},
			gist{Send: 2, Others: []byte{1}, Combined: true},
		},
		{
			"both wait, the down was tried and has a pause", []postgres.Delivery{row(1, alert.EventDown, tried, later), row(2, alert.EventRecovered)},
			resolved, time.Time{}, gist{Send: 2, Others: []byte{1}, Combined: true},
		},
		{
			"both wait, the recovery has a pause", []postgres.Delivery{row(1, alert.EventDown), row(2, alert.EventRecovered, tried, later)},
			resolved, time.Time{}, gist{Wait: 10 * time.Second},
		},
		{
			"the down is being sent", []postgres.Delivery{row(1, alert.EventDown, tried, claimed), row(2, alert.EventRecovered)},
			resolved, time.Time{}, gist{Wait: claimedWait},
		},
		{
			"whoever sent the down is gone", []postgres.Delivery{row(1, alert.EventDown, tried, lapsed), row(2, alert.EventRecovered)},
			resolved, time.Time{}, gist{Send: 2, Others: []byte{1}, Combined: true},
		},
		{
			"the down is dead", []postgres.Delivery{row(2, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { g.Dead = 1; g.Resolved = noon }, time.Time{}, gist{Send: 2, Combined: true},
		},
		{
			"the down was suppressed", []postgres.Delivery{row(2, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { g.Suppressed = 1; g.Resolved = noon }, time.Time{}, gist{Suppress: []byte{2}},
		},
		{
			"the down was suppressed, but a reminder told", []postgres.Delivery{row(2, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { g.Suppressed, g.Told = 1, 1; g.Resolved = noon }, time.Time{}, gist{Send: 2},
		},
		{"a channel that hears of recoveries only", []postgres.Delivery{row(2, alert.EventRecovered)}, resolved, time.Time{}, gist{Send: 2}},
		{
			"degraded, then down", []postgres.Delivery{row(1, alert.EventDegraded), row(2, alert.EventDown)}, nil, time.Time{},
			gist{Send: 2, Others: []byte{1}},
		},
		{"two reminders", []postgres.Delivery{row(3, alert.EventReminder, tried, later), row(4, alert.EventReminder)}, nil, time.Time{}, gist{Send: 4, Others: []byte{3}}},
		{
			"a reminder of what is over", []postgres.Delivery{row(3, alert.EventReminder, tried), row(4, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { g.Told = 1; g.Resolved = noon }, time.Time{}, gist{Send: 4, Suppress: []byte{3}},
		},
		{
			"a reminder of what was acknowledged", []postgres.Delivery{row(3, alert.EventReminder)},
			func(g *postgres.DeliveryGroup) { g.Told = 1; g.Acknowledged = noon }, time.Time{}, gist{Suppress: []byte{3}},
		},
		{
			"a down of what was acknowledged is told", []postgres.Delivery{row(1, alert.EventDown)},
			func(g *postgres.DeliveryGroup) { g.Acknowledged = noon }, time.Time{}, gist{Send: 1},
		},
		{
			"a disabled channel", []postgres.Delivery{row(1, alert.EventDown)},
			func(g *postgres.DeliveryGroup) { g.Channel.Enabled = false }, time.Time{}, gist{Suppress: []byte{1}},
		},
		{
			"a test to a disabled, held, busy channel", []postgres.Delivery{row(1, alert.EventTest)},
			func(g *postgres.DeliveryGroup) {
				g.Channel.Enabled, g.Channel.HoldUntil, g.InFlight = false, noon.Add(time.Hour), 100
			}, time.Time{}, gist{Send: 1},
		},
		{
			"a held channel", []postgres.Delivery{row(1, alert.EventDown, tried, later)},
			func(g *postgres.DeliveryGroup) { g.Channel.HoldUntil = noon.Add(time.Minute) }, time.Time{}, gist{Wait: time.Minute},
		},
		{
			"a hold that is over", []postgres.Delivery{row(1, alert.EventDown)},
			func(g *postgres.DeliveryGroup) { g.Channel.HoldUntil = noon }, time.Time{}, gist{Send: 1},
		},
		{
			"a channel with enough going on", []postgres.Delivery{row(1, alert.EventDown)},
			func(g *postgres.DeliveryGroup) { g.InFlight, g.Waiting = channelSends, 100 }, time.Time{}, gist{Wait: 2 * time.Second},
		},
		{
			"throttled, and looked at again when the window ends", []postgres.Delivery{row(1, alert.EventDown)}, throttle, last,
			gist{Suppress: []byte{1}, FollowUp: 40 * time.Second},
		},
		{
			"throttled with its recovery", []postgres.Delivery{row(1, alert.EventDown), row(2, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { throttle(g); resolved(g) }, last, gist{Suppress: []byte{1, 2}},
		},
		{"no throttle without an alert in the window", []postgres.Delivery{row(1, alert.EventDown)}, throttle, time.Time{}, gist{Send: 1}},
		{"a down that was tried is not throttled any more", []postgres.Delivery{row(1, alert.EventDown, tried)}, throttle, last, gist{Send: 1}},
		{
			"a recovery is not throttled", []postgres.Delivery{row(2, alert.EventRecovered)},
			func(g *postgres.DeliveryGroup) { throttle(g); resolved(g); g.Told = 1 }, last, gist{Send: 2},
		},
		{
			"an advisory is throttled, and not looked at again", []postgres.Delivery{row(1, alert.EventAdvisory)},
			func(g *postgres.DeliveryGroup) { throttle(g); g.Opened = time.Time{} }, last, gist{Suppress: []byte{1}},
		},
		{"the end of an advisory is not throttled", []postgres.Delivery{row(1, alert.EventAdvisory, good)}, throttle, last, gist{Send: 1}},
	}
	for _, tt := range tests {
		g := group(tt.pending...)
		if tt.change != nil {
			tt.change(g)
		}
		if diff := cmp.Diff(tt.want, gistOf(decide(g, tt.last, 0))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestInTurn(t *testing.T) {
	t.Parallel()
	alone := func(d *postgres.Delivery) { d.IncidentID = uptime.ID{} }
	degraded, recovered := row(1, alert.EventDegraded, alone), row(2, alert.EventRecovered, alone)
	advisory, over := row(3, alert.EventAdvisory, alone), row(4, alert.EventAdvisory, alone, good)
	for _, tt := range []struct {
		name    string
		pending []postgres.Delivery
		want    []uptime.ID
	}{
		{"none", nil, nil},
		{"of an incident, all", []postgres.Delivery{row(1, alert.EventDown), row(2, alert.EventRecovered)}, []uptime.ID{{15: 1}, {15: 2}}},
		{"the oldest", []postgres.Delivery{degraded, advisory}, []uptime.ID{{15: 1}}},
		{"degraded with its end", []postgres.Delivery{degraded, advisory, recovered}, []uptime.ID{{15: 1}, {15: 2}}},
		{"an advisory with its end", []postgres.Delivery{advisory, degraded, over}, []uptime.ID{{15: 3}, {15: 4}}},
		{"an end whose begin was told", []postgres.Delivery{over, degraded, recovered}, []uptime.ID{{15: 4}}},
		{"an advisory is not ended by a recovery", []postgres.Delivery{advisory, recovered}, []uptime.ID{{15: 3}}},
	} {
		var got []uptime.ID
		for _, d := range inTurn(tt.pending) {
			got = append(got, d.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestALesserAlertDoesNotThrottleAWorse(t *testing.T) {
	t.Parallel()
	for event, want := range map[alert.Event][]alert.Event{
		alert.EventAdvisory:  {alert.EventAdvisory, alert.EventDegraded, alert.EventDown, alert.EventReminder},
		alert.EventDegraded:  {alert.EventDegraded, alert.EventDown, alert.EventReminder},
		alert.EventDown:      {alert.EventDown, alert.EventReminder},
		alert.EventRecovered: nil, alert.EventFleet: nil, alert.EventExpiry: nil, alert.EventTest: nil,
	} {
		d := row(1, event)
		if diff := cmp.Diff(want, throttlers(&d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", event, diff)
		}
	}
}

func TestDecideReminder(t *testing.T) {
	t.Parallel()
	type groupFunc = func(*postgres.DeliveryGroup, *postgres.Delivery)
	tests := []struct {
		name   string
		change groupFunc
		last   time.Time
		want   ReminderPlan
	}{
		{"due", nil, time.Time{}, ReminderPlan{Tell: true, Next: time.Minute}},
		{"resolved", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Resolved = noon }, time.Time{}, ReminderPlan{}},
		{"acknowledged", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Acknowledged = noon }, time.Time{}, ReminderPlan{}},
		{"disabled", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Channel.Enabled = false }, time.Time{}, ReminderPlan{}},
		{"turned off", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Channel.ReminderSeconds = 0 }, time.Time{}, ReminderPlan{}},
		{"muted", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Muted = true }, time.Time{}, ReminderPlan{Wait: mutedWait}},
		{"paused", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Paused = true }, time.Time{}, ReminderPlan{Wait: mutedWait}},
		{
			"not told yet", func(g *postgres.DeliveryGroup, d *postgres.Delivery) { g.Told = 0; d.Status = postgres.DeliveryPending },
			time.Time{}, ReminderPlan{Wait: mutedWait},
		},
		{
			"throttled", func(g *postgres.DeliveryGroup, _ *postgres.Delivery) { g.Channel.ThrottleSeconds = 100 },
			noon.Add(-time.Minute), ReminderPlan{Wait: 40 * time.Second},
		},
		{
			"first told, because the throttle kept the down back",
			func(g *postgres.DeliveryGroup, d *postgres.Delivery) {
				g.Told, g.Suppressed, g.Channel.ReminderSeconds = 0, 1, 0
				d.Status = postgres.DeliverySuppressed
			},
			time.Time{}, ReminderPlan{Tell: true, First: true},
		},
		{
			"first told of what is degraded, and not repeated",
			func(g *postgres.DeliveryGroup, d *postgres.Delivery) {
				g.Told, g.Suppressed = 0, 1
				d.Status, d.Event = postgres.DeliverySuppressed, alert.EventDegraded
			},
			time.Time{}, ReminderPlan{Tell: true, First: true},
		},
	}
	for _, tt := range tests {
		g := group()
		g.Channel.ReminderSeconds, g.Told = 60, 1
		opening := row(1, alert.EventDown)
		opening.Status = postgres.DeliveryDelivered
		if tt.change != nil {
			tt.change(g, &opening)
		}
		if got := decideReminder(g, &opening, tt.last); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
