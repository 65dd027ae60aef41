package deliver

import (
	"fmt"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Bounds of what one channel may have going on.
const (
	// channelSends is how many alerts of one channel are sent at the same time: one
	// that hangs takes no more of the notifier than that.
	channelSends = 4
	// claimedWait is how long a job waits for what another is sending right now.
	claimedWait = 250 * time.Millisecond
	// crowdWait is how long a job waits per unfinished alert of a channel that is busy:
	// whoever sends goes on with the next one, so the job is for the case that this
	// ends, and a storm's jobs must not all look every moment.
	crowdWait    = 20 * time.Millisecond
	maxCrowdWait = 20 * time.Second
	// maxDigestWait bounds how long a job waits for a digest that is tried again: the
	// sweep gives what has no job within a minute another one.
	maxDigestWait = 30 * time.Second
)

// Plan is what to do about a delivery now. The zero plan is: nothing, it is finished.
type Plan struct {
	Wait     time.Duration // look again after it; nothing is sent now
	Send     *postgres.Delivery
	Others   []uptime.ID // told by the same message
	Combined bool        // the message tells a down that was never told, and its end
	Suppress []Suppressed
	// FollowUp is when to look whether an incident that was suppressed still is one;
	// zero: not at all.
	FollowUp time.Time
	Hold     *Hold // it waits for others of its story
	Gather   bool  // all that waits of its story is told with it
}

// Suppressed are deliveries that are not to be told.
type Suppressed struct {
	IDs []uptime.ID
	Why string
}

// severity orders the events that tell of something bad: one of them throttles only
// what is not worse. Others are never throttled.
func severity(d *postgres.Delivery) int {
	if !d.Message.Until.IsZero() {
		return 0 // good news
	}
	switch d.Event {
	case alert.EventAdvisory:
		return 1
	case alert.EventDegraded:
		return 2
	case alert.EventDown:
		return 3
	default:
		return 0
	}
}

// throttlers returns the events whose alert throttles this one.
func throttlers(d *postgres.Delivery) []alert.Event {
	if severity(d) == 0 {
		return nil
	}
	return throttlersOf(d.Event)
}

// throttlersOf returns the events whose alert throttles the begin of another event.
func throttlersOf(event alert.Event) []alert.Event {
	switch event {
	case alert.EventAdvisory:
		return []alert.Event{alert.EventAdvisory, alert.EventDegraded, alert.EventDown, alert.EventReminder}
	case alert.EventDegraded:
		return []alert.Event{alert.EventDegraded, alert.EventDown, alert.EventReminder}
	case alert.EventDown:
		return []alert.Event{alert.EventDown, alert.EventReminder}
	}
	return nil
}

// throttled returns the first delivery of the group that a throttle may concern: an
// opening that nobody has tried to send yet.
func throttled(g *postgres.DeliveryGroup) *postgres.Delivery {
	if g.Channel.ThrottleSeconds <= 0 {
		return nil
	}
	for i := range g.Pending {
		d := &g.Pending[i]
		if severity(d) > 0 && d.Attempts == 0 && !d.WebsiteID.IsZero() {
			return d
		}
	}
	return nil
}

// inTurn returns those of a group that are to be told next, by one message, the
// newest of them. Of an incident that is all that is unfinished. Without an incident,
// what is told of a monitor are several stories (degraded, advisories), told one
// after the other: the oldest goes first, together with its own end if that waits, too.
// What a digest tells is told before anything that follows.
func inTurn(pending []postgres.Delivery) []postgres.Delivery {
	for _, digested := range []func(*postgres.Delivery) bool{leads, bound} {
		for i := range pending {
			if digested(&pending[i]) {
				return pending[i : i+1]
			}
		}
	}
	if len(pending) < 2 || !pending[0].IncidentID.IsZero() {
		return pending
	}
	for i := 1; i < len(pending); i++ {
		if ends(classOf(&pending[i]), classOf(&pending[0])) {
			return []postgres.Delivery{pending[0], pending[i]}
		}
	}
	return pending[:1]
}

// ends tells whether an alert without incident tells the end of what another began.
func ends(end, begin class) bool {
	switch begin.event {
	case alert.EventDegraded:
		return end.event == alert.EventRecovered
	case alert.EventAdvisory:
		return !begin.ended && end.event == alert.EventAdvisory && end.ended
	default:
		return false
	}
}

// decide plans what to do about the group of a delivery. last is when an alert told
// of the same website within the throttle's window; zero if none did. Jitter in
// [0, 1) spreads what waits for the same moment.
func decide(g *postgres.DeliveryGroup, last time.Time, jitter float64) Plan {
	if len(g.Pending) == 0 {
		return Plan{}
	}
	if g.Pending[0].Event == alert.EventTest {
		return Plan{Send: &g.Pending[0]}
	}
	for i := range g.Pending {
		if g.Pending[i].ClaimedUntil.After(g.Now) {
			return Plan{Wait: claimedWait}
		}
	}
	if !g.Channel.Enabled {
		return Plan{Suppress: []Suppressed{{ids(g.Pending), "the channel is disabled"}}}
	}
	if head := &g.Pending[0]; bound(head) {
		return Plan{Wait: min(max(head.RetryAt.Sub(g.Now), crowd(g)), maxDigestWait)}
	} else if leads(head) { // what it tells was decided when it was first tried
		if wait := hold(g, head, jitter); wait > 0 {
			return Plan{Wait: wait}
		}
		return Plan{Send: head}
	}
	plan, pending := dropPointless(g)
	if len(pending) == 0 {
		return plan
	}
	if throttledNow := !last.IsZero() && throttled(g) != nil; throttledNow && told(g, pending) == 0 {
		why := fmt.Sprintf("throttled: the last alert of this website was at %s", alert.Instant(last))
		plan.Suppress = append(plan.Suppress, Suppressed{ids(pending), why})
		if g.Resolved.IsZero() && !g.Opened.IsZero() {
			plan.FollowUp = last.Add(time.Duration(g.Channel.ThrottleSeconds) * time.Second)
		}
		return plan
	}
	head := &pending[len(pending)-1]
	others := pending[:len(pending)-1]
	if head.Event == alert.EventRecovered && len(others) == 0 && g.Told == 0 && g.Dead == 0 && g.Suppressed > 0 {
		plan.Suppress = append(plan.Suppress, Suppressed{ids(pending), "what it ends was not told"})
		return plan
	}
	if wait := hold(g, head, jitter); wait > 0 {
		plan.Wait = wait
		return plan
	}
	plan.Send, plan.Others = head, ids(others)
	plan.Combined = head.Event == alert.EventRecovered && g.Told == 0 && (g.Dead > 0 || slices.ContainsFunc(others, isOpening))
	return plan
}

// hold is how long the head has to wait for its own pause, its channel's, or a free
// place among the channel's sends.
func hold(g *postgres.DeliveryGroup, head *postgres.Delivery, jitter float64) time.Duration {
	until := g.Channel.HoldUntil
	// What was never tried waits for others of its story (see inStory), with what it ends.
	if head.Attempts > 0 && head.RetryAt.After(until) {
		until = head.RetryAt
	}
	if wait := until.Sub(g.Now); wait > 0 {
		return wait + time.Duration(jitter*float64(min(wait/10, time.Second)))
	}
	if g.InFlight >= channelSends {
		wait := crowd(g)
		return wait + time.Duration(jitter*float64(wait))
	}
	return 0
}

// crowd is how long a job waits for others of a busy channel.
func crowd(g *postgres.DeliveryGroup) time.Duration {
	return min(max(time.Duration(g.Waiting)*crowdWait, claimedWait), maxCrowdWait)
}

// dropPointless suppresses reminders of what is over or taken care of, and returns
// the rest.
func dropPointless(g *postgres.DeliveryGroup) (Plan, []postgres.Delivery) {
	var plan Plan
	if g.Resolved.IsZero() && g.Acknowledged.IsZero() {
		return plan, g.Pending
	}
	why := "the incident is resolved"
	if g.Resolved.IsZero() {
		why = "the incident is acknowledged"
	}
	var drop []uptime.ID
	var rest []postgres.Delivery
	for _, d := range g.Pending {
		if d.Event == alert.EventReminder {
			drop = append(drop, d.ID)
		} else {
			rest = append(rest, d)
		}
	}
	if len(drop) > 0 {
		plan.Suppress = []Suppressed{{drop, why}}
	}
	return plan, rest
}

// told counts what the channel heard of the incident, or is being told: an opening
// that was tried may have arrived.
func told(g *postgres.DeliveryGroup, pending []postgres.Delivery) int {
	n := g.Told
	for i := range pending {
		if isOpening(pending[i]) && pending[i].Attempts > 0 {
			n++
		}
	}
	return n
}

func isOpening(d postgres.Delivery) bool {
	return d.Event == alert.EventDown || d.Event == alert.EventDegraded
}

func ids(deliveries []postgres.Delivery) []uptime.ID {
	out := make([]uptime.ID, len(deliveries))
	for i, d := range deliveries {
		out[i] = d.ID
	}
	return out
}
