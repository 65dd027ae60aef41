package deliver

import (
	"cmp"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/alert/channelspec"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Bounds of what people are told of one story.
const (
	// StoryWindow is for how long after an alert the others of its story wait, to be
	// told by one message.
	StoryWindow = time.Minute
	// moments is how many moments a window has. What comes within the first moment after
	// an alert and has its cause is told by one message at the moment's end: so people
	// soon know how much it concerns.
	moments = 6
	// maxDigest is how many deliveries one digest tells: what is written when it was
	// sent must be written within recordTimeout.
	maxDigest = 10_000
)

// class is what an alert tells, apart from what it is about.
type class struct {
	event alert.Event
	ended bool
}

func classOf(d *postgres.Delivery) class { return class{d.Event, !d.Message.Until.IsZero()} }

// joins tells whether alerts of the class are told together with others: to people,
// and if they are about how a website is.
func (c class) joins(channel *postgres.Channel) bool {
	if !channelspec.Kind(channel.Kind).ForPeople() {
		return false
	}
	switch c.event {
	case alert.EventDown, alert.EventRecovered, alert.EventDegraded, alert.EventAdvisory, alert.EventReminder:
		return true
	}
	return false
}

// leads tells whether a delivery is the head of a digest that was tried.
func leads(d *postgres.Delivery) bool { return !d.DigestID.IsZero() && d.DigestID == d.ID }

// bound tells whether a delivery is told by the message of another.
func bound(d *postgres.Delivery) bool { return !d.DigestID.IsZero() && d.DigestID != d.ID }

// toTell returns the deliveries of a group that a plan sends, in the order of telling.
func toTell(p *Plan, g *postgres.DeliveryGroup) []*postgres.Delivery {
	var all []*postgres.Delivery
	for i := range g.Pending {
		if d := &g.Pending[i]; p.Send != nil && (d.ID == p.Send.ID || slices.Contains(p.Others, d.ID)) {
			all = append(all, d)
		}
	}
	return all
}

// storyOf returns the story of what a plan sends. It has none if it stands for itself,
// or was tried before: then it only has to arrive.
func storyOf(p *Plan, g *postgres.DeliveryGroup) (s postgres.Story, ok bool) {
	all := toTell(p, g)
	if len(all) == 0 || all[0].WebsiteID.IsZero() || !classOf(all[0]).joins(&g.Channel) {
		return s, false
	}
	for _, d := range all {
		if d.Attempts > 0 || !d.DigestID.IsZero() {
			return s, false
		}
	}
	c := classOf(all[0])
	return postgres.Story{
		Channel: g.Channel.ID, Website: all[0].WebsiteID, Incident: all[0].IncidentID,
		Event: c.event, Ended: c.ended, CauseKey: all[0].CauseKey, Places: all[0].Message.Places,
	}, true
}

// Hold is until when an alert waits for others of its story, and which of them wait
// with it.
type Hold struct {
	Until              time.Time
	ByWebsite, ByCause bool
}

// inStory changes a plan that sends something by what the channel was told of its story.
// Who waited to the end of a window is told, and with it all that waits; who comes
// within a window waits for its end; who comes first goes at once.
func inStory(p Plan, g *postgres.DeliveryGroup, f *postgres.StoryFacts, window time.Duration) Plan {
	first := toTell(&p, g)[0]
	var h Hold
	switch {
	case first.RetryAt.After(g.Now):
		h.Until = first.RetryAt // what ends it waits with it
	case !f.Held.IsZero() && !f.Held.After(g.Now):
		p.Gather = true
		return p
	case !first.RetryAt.IsZero():
		return p // it has waited
	default:
		website, cause := websiteEnd(f, window), causeEnd(f, g.Now, window)
		h = Hold{ByWebsite: website.After(g.Now), ByCause: cause.After(g.Now)}
		if !h.ByWebsite && !h.ByCause {
			return p
		}
		if h.Until = website; cause.After(website) {
			h.Until = cause
		}
	}
	p.Hold, p.Wait = &h, h.Until.Sub(g.Now)
	return p
}

// join is inStory with what is told together, if that is more than the plan's own.
func join(p Plan, g *postgres.DeliveryGroup, f *postgres.StoryFacts, window time.Duration, gather func() ([]subject, error)) (Plan, []subject, error) {
	plan := inStory(p, g, f, window)
	if !plan.Gather {
		return plan, nil, nil
	}
	subjects, err := gather()
	if err != nil || len(subjects) > 1 && slices.ContainsFunc(subjects, func(s subject) bool { return s.waited(g.Now) }) {
		return plan, subjects, err
	}
	alone := *f
	alone.Held = time.Time{} // it is not the turn of those
	return inStory(p, g, &alone, window), nil, nil
}

// websiteEnd is when the window of a website ends; zero if none has begun.
func websiteEnd(f *postgres.StoryFacts, window time.Duration) time.Time {
	if f.Website.IsZero() {
		return time.Time{}
	}
	return f.Website.Add(window)
}

// causeEnd is until when others of a cause wait; zero if they go at once. Of one cause
// people are told at most two messages within a window, one of them a digest:
//
//   - After a digest the next one comes a window later.
//   - After a single alert, what follows within a moment comes at the moment's end.
//   - Later on, what has a place in common with it waits for the window's end. What only
//     fails alike may be another cause: the first such alert goes at once, the next waits
//     until a window after the first of the two.
func causeEnd(f *postgres.StoryFacts, now time.Time, window time.Duration) (end time.Time) {
	later := func(at time.Time) {
		if at.After(end) {
			end = at
		}
	}
	var single []time.Time
	placed, seen := false, map[uptime.ID]bool{}
	for _, t := range f.Cause {
		if t.Grouped {
			later(t.At.Add(window))
		} else if placed = placed || t.Placed; !seen[t.Message] {
			seen[t.Message] = true
			single = append(single, t.At)
		}
	}
	slices.SortFunc(single, func(a, b time.Time) int { return b.Compare(a) })
	moment := window / moments
	switch {
	case len(single) == 0:
	case len(single) > 1:
		later(single[1].Add(window))
	case end.IsZero() && now.Before(single[0].Add(moment)):
		later(single[0].Add(moment))
	case placed:
		later(single[0].Add(window))
	}
	return end
}

// subject is what waits of one incident, or of one monitor without one, in the order
// of telling: one line of a digest.
type subject []postgres.Waiting

func (s subject) first() *postgres.Waiting { return &s[0] }
func (s subject) last() *postgres.Waiting  { return &s[len(s)-1] }

// over tells whether what the subject began with has ended.
func (s subject) over() bool { return !s.first().Ended && s.last().Ended }

// waited tells whether it waited to the end of a window.
func (s subject) waited(now time.Time) bool {
	at := s.first().RetryAt
	return !at.IsZero() && !at.After(now)
}

// subjectKey tells subjects apart.
type subjectKey struct {
	incident, website uptime.ID
	monitor           string
}

func keyOf(w *postgres.Waiting) subjectKey {
	if !w.IncidentID.IsZero() {
		return subjectKey{incident: w.IncidentID}
	}
	return subjectKey{website: w.WebsiteID, monitor: w.MonitorID}
}

// subjectsOf sorts deliveries by what they are about, in the order of telling.
func subjectsOf(rows []postgres.Waiting) []subject {
	by := map[subjectKey]subject{}
	for i := range rows {
		key := keyOf(&rows[i])
		by[key] = append(by[key], rows[i])
	}
	all := make([]subject, 0, len(by))
	for _, s := range by {
		slices.SortFunc(s, func(a, b postgres.Waiting) int { return cmp.Compare(a.Seq, b.Seq) })
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b subject) int { return cmp.Compare(a.first().Seq, b.first().Seq) })
	return all
}

// gather returns what one message tells: what a plan sends, and of what waits of its
// story all whose turn it is.
func gather(p *Plan, g *postgres.DeliveryGroup, rows []postgres.Waiting, limit int) []subject {
	var own subject
	for _, d := range toTell(p, g) {
		own = append(own, postgres.Waiting{
			ID: d.ID, IncidentID: d.IncidentID, WebsiteID: d.WebsiteID, MonitorID: monitorOf(d), Event: d.Event,
			Ended: !d.Message.Until.IsZero(), Seq: d.Seq, RetryAt: d.RetryAt, CauseKey: d.CauseKey, CreatedAt: d.CreatedAt,
			Reason: d.Message.Reason.String(), Places: d.Message.Places,
		})
	}
	told, n := []subject{own}, len(own)
	for _, s := range subjectsOf(rows) {
		if keyOf(s.first()) == keyOf(own.first()) || !waits(s, g.Now) {
			continue
		}
		if s = turn(s); s.first().Event != own.first().Event || s.first().Ended != own.first().Ended {
			continue
		}
		if slices.ContainsFunc(s, func(w postgres.Waiting) bool { return w.Apart }) {
			continue
		}
		if n += len(s); n > limit {
			break
		}
		told = append(told, s)
	}
	slices.SortFunc(told, func(a, b subject) int { return cmp.Compare(a.first().Seq, b.first().Seq) })
	return told
}

func monitorOf(d *postgres.Delivery) string {
	if d.Message.MonitorID.IsZero() {
		return ""
	}
	return d.Message.MonitorID.String()
}

// waits tells whether nobody has begun to tell of a subject.
func waits(s subject, now time.Time) bool {
	return !slices.ContainsFunc(s, func(w postgres.Waiting) bool {
		return w.Attempts > 0 || !w.DigestID.IsZero() || w.Claimed.After(now)
	})
}

// turn is inTurn for subjects.
func turn(s subject) subject {
	if len(s) < 2 || !s.first().IncidentID.IsZero() {
		return s
	}
	begin := class{s.first().Event, s.first().Ended}
	for i := 1; i < len(s); i++ {
		if ends(class{s[i].Event, s[i].Ended}, begin) {
			return subject{s[0], s[i]}
		}
	}
	return s[:1]
}
