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
	// stormWebsites is of how many websites alerts of one cause are told one by one
	// within the window. Then it is a storm, and the others wait.
	stormWebsites = 3
	// maxDigest is how many deliveries one digest tells: what is written when it was
	// sent must be written within recordTimeout.
	maxDigest = 5000
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
		Event: c.event, Ended: c.ended, CauseKey: all[0].CauseKey,
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
		website, cause := websiteEnd(f, window), causeEnd(f, window)
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

// causeEnd is when the window of a cause ends: when less than stormWebsites websites were
// told of within it. Zero if it was not that many.
func causeEnd(f *postgres.StoryFacts, window time.Duration) time.Time {
	told := slices.Clone(f.Cause)
	slices.SortStableFunc(told, func(a, b postgres.Told) int { return b.At.Compare(a.At) })
	seen := map[uptime.ID]bool{}
	for _, t := range told {
		if seen[t.Website] = true; len(seen) >= stormWebsites {
			return t.At.Add(window)
		}
	}
	return time.Time{}
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
