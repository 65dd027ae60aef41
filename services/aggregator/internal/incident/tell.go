package incident

import (
	"context"
	"strconv"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/pkg/consensus"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// news is one thing to be told and to whom.
type news struct {
	message alert.Message
	subject string // what the idempotency key is drawn from
	n       int    // tells the end of something from its begin
	// to are the channels that hear of it whatever they subscribed to; otherwise all
	// that want each of the events do.
	to    []uptime.ID
	wants []alert.Event
	// follows is the event and number of the alert without which this one makes no
	// sense: a channel that was not told of the begin is not told of the end.
	follows *follows
}

type follows struct {
	event alert.Event
	n     int
}

// tell writes the alerts of the batch with their jobs.
func (b *batch) tell(ctx context.Context, jobs postgres.Jobs) error {
	all, err := b.allNews(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	channels, err := b.channels(ctx, all)
	if err != nil {
		return err
	}
	rows, err := b.rows(ctx, all, channels)
	if err != nil {
		return err
	}
	return postgres.EnqueueAlert(ctx, b.tx, jobs, rows...)
}

func (b *batch) allNews(ctx context.Context) ([]news, error) {
	var ended []uptime.ID
	for _, in := range b.resolved {
		ended = append(ended, in.ID)
	}
	told, err := postgres.ChannelsTold(ctx, b.tx, string(alert.EventDown), ended)
	if err != nil {
		return nil, err
	}
	var all []news
	for i := range b.units {
		u := &b.units[i]
		s, ok := b.subjects[u.Monitor]
		if !u.Transition() || !ok || s.Muted {
			continue
		}
		all = append(all, b.incidentNews(u, &s, told)...)
		if !u.Flapping {
			all = append(all, verdictNews(u, &s)...)
		}
		all = append(all, advisoryNews(u, &s)...)
		all = append(all, expiryNews(u, &s)...)
	}
	return all, nil
}

// incidentNews tells of incidents opened and resolved.
func (b *batch) incidentNews(u *unit.Unit, s *postgres.Subject, told map[uptime.ID][]uptime.ID) []news {
	var all []news
	for _, r := range u.Resolved {
		in, ok := b.resolved[u.Monitor]
		if !ok || r.Quiet || len(told[in.ID]) == 0 {
			continue
		}
		m := messageOf(s, alert.EventRecovered, r.Explanation)
		m.IncidentID, m.Since, m.Until, m.Votes = in.ID, in.Opened.Time(), max(r.At, in.Opened).Time(), votesOf(u.Votes)
		if m.Verdict = uptime.VerdictUp; u.State != nil {
			m.Verdict = u.State.Verdict
		}
		all = append(all, news{message: m, subject: in.ID.String(), to: told[in.ID], wants: []alert.Event{alert.EventRecovered}})
	}
	for _, o := range u.Opened {
		id := postgres.IncidentID(u.Monitor, o.At, uptime.VerdictDown)
		if !b.opened[id] || o.Flapping {
			continue
		}
		n := downNews(s, id, o.At, o.Explanation, o.Reason, evidenceVotes(&o.Evidence))
		n.message.Places = placesOf(u, s, &o.Evidence)
		all = append(all, n)
	}
	if in, ok := b.told[u.Monitor]; ok && u.Told != nil {
		reason := uptime.ReasonNone
		if u.State != nil {
			reason = u.State.Reason
		}
		n := downNews(s, in.ID, in.Opened, u.Told.Explanation, reason, votesOf(u.Votes))
		n.message.Places = placesOf(u, s, nil)
		all = append(all, n)
	}
	return all
}

func downNews(s *postgres.Subject, incident uptime.ID, at uptime.Instant, why string, reason uptime.Reason, votes []alert.Vote) news {
	m := messageOf(s, alert.EventDown, why)
	m.IncidentID, m.Verdict, m.Reason, m.Since, m.Votes = incident, uptime.VerdictDown, reason, at.Time(), votes
	return news{message: m, subject: incident.String(), wants: []alert.Event{alert.EventDown}}
}

// verdictNews tells of degraded and of its end, which are no incidents.
func verdictNews(u *unit.Unit, s *postgres.Subject) []news {
	var all []news
	for _, v := range u.Verdicts {
		switch {
		case v.To == uptime.VerdictDegraded:
			m := messageOf(s, alert.EventDegraded, v.Explanation)
			m.Verdict, m.Reason, m.Since, m.Votes = v.To, v.Reason, v.At.Time(), votesOf(u.Votes)
			m.Places = placesOf(u, s, nil)
			all = append(all, news{message: m, subject: spanSubject(u.Monitor, v.At), wants: []alert.Event{alert.EventDegraded}})
		case v.From == uptime.VerdictDegraded && v.To == uptime.VerdictUp && v.FromSince != 0:
			m := messageOf(s, alert.EventRecovered, v.Explanation)
			m.Verdict, m.Since, m.Until, m.Votes = v.To, v.FromSince.Time(), v.At.Time(), votesOf(u.Votes)
			all = append(all, news{
				message: m, subject: spanSubject(u.Monitor, v.FromSince), wants: []alert.Event{alert.EventDegraded, alert.EventRecovered},
				follows: &follows{event: alert.EventDegraded},
			})
		}
	}
	return all
}

// advisoryNews tells of the begin and the end of failing below quorum; which regions
// join or leave in between is only shown. A monitor that goes down altogether ends
// its advisory without a word.
func advisoryNews(u *unit.Unit, s *postgres.Subject) []news {
	var all []news
	for _, a := range u.Advisories {
		m := messageOf(s, alert.EventAdvisory, a.Explanation)
		m.Since, m.Votes = a.Since.Time(), votesOf(u.Votes)
		if u.State != nil {
			m.Verdict = u.State.Verdict
		}
		n := news{message: m, subject: "advisory:" + spanSubject(u.Monitor, a.Since), wants: []alert.Event{alert.EventAdvisory}}
		switch {
		case !a.Ended && a.At == a.Since && !u.Flapping:
			n.message.Places = placesOf(u, s, nil)
			all = append(all, n)
		case a.Ended && (m.Verdict == uptime.VerdictUp || m.Verdict == uptime.VerdictDegraded):
			n.message.Until, n.n, n.follows = a.At.Time(), 1, &follows{event: alert.EventAdvisory}
			all = append(all, n)
		}
	}
	return all
}

// spanSubject names a stretch of time of a monitor, for the key of what is told of it.
func spanSubject(monitor uptime.ID, since uptime.Instant) string {
	return monitor.String() + ":" + strconv.FormatInt(int64(since), 10)
}

func messageOf(s *postgres.Subject, event alert.Event, why string) alert.Message {
	m := alert.Message{
		Event: event, WebsiteID: s.Website, MonitorID: s.Monitor, Website: s.WebsiteName, URL: s.Target, Explanation: why,
	}
	m.Monitor = monitorName(s)
	return m
}

// monitorName tells the monitors of a website apart: by name, or by kind if one that does
// not look at the website's own page has none.
func monitorName(s *postgres.Subject) string {
	switch {
	case s.MonitorName == s.WebsiteName:
		return ""
	case s.MonitorName == "" && s.Target != s.URL:
		return string(s.Kind)
	}
	return s.MonitorName
}

func votesOf(votes []postgres.Vote) []alert.Vote {
	out := make([]alert.Vote, len(votes))
	for i, v := range votes {
		out[i] = alert.Vote{Region: v.Region, Outcome: v.Outcome, Reason: v.Reason, Detail: v.Detail, Counted: v.Counted}
	}
	return out
}

func evidenceVotes(e *consensus.Evidence) []alert.Vote {
	out := make([]alert.Vote, len(e.Votes))
	for i, v := range e.Votes {
		out[i] = alert.Vote{Region: v.Region, Outcome: v.Vote, Reason: v.Reason, Detail: v.Detail, Counted: v.Counted}
	}
	return out
}

// channels returns the channels of every tenant that there is news for.
func (b *batch) channels(ctx context.Context, all []news) (map[uptime.ID][]postgres.Channel, error) {
	var orgs []uptime.ID
	seen := map[uptime.ID]bool{}
	for i := range all {
		if org := b.subjects[all[i].message.MonitorID].Org; !seen[org] {
			seen[org] = true
			orgs = append(orgs, org)
		}
	}
	channels, err := postgres.EnabledChannels(ctx, b.tx, orgs)
	if err != nil {
		return nil, err
	}
	byOrg := make(map[uptime.ID][]postgres.Channel, len(orgs))
	for _, c := range channels {
		byOrg[c.OrgID] = append(byOrg[c.OrgID], c)
	}
	return byOrg, nil
}

// rows turns news into one alert for each channel that hears of it.
func (b *batch) rows(ctx context.Context, all []news, channels map[uptime.ID][]postgres.Channel) ([]postgres.AlertRow, error) {
	var rows []postgres.AlertRow
	var before []string // the key without which the row makes no sense, beside it
	for i := range all {
		n := &all[i]
		org := b.subjects[n.message.MonitorID].Org
		for j := range channels[org] {
			c := &channels[org][j]
			if !n.reaches(c) {
				continue
			}
			rows = append(rows, postgres.AlertRow{
				OrgID: org, ChannelID: c.ID, IncidentID: n.message.IncidentID, WebsiteID: n.message.WebsiteID,
				Event: n.message.Event, Key: alert.Key(n.subject, n.message.Event, c.ID, n.n), Message: n.message,
			})
			key := ""
			if n.follows != nil {
				key = alert.Key(n.subject, n.follows.event, c.ID, n.follows.n)
			}
			before = append(before, key)
		}
	}
	return b.following(ctx, rows, before)
}

// following leaves out what ends something that the channel was not told of.
func (b *batch) following(ctx context.Context, rows []postgres.AlertRow, before []string) ([]postgres.AlertRow, error) {
	var keys []string
	for _, key := range before {
		if key != "" {
			keys = append(keys, key)
		}
	}
	told, err := postgres.KeysTold(ctx, b.tx, keys)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for i := range rows {
		if before[i] == "" || told[before[i]] {
			kept = append(kept, rows[i])
		}
	}
	return kept, nil
}

// reaches tells whether a channel hears of the news.
func (n *news) reaches(c *postgres.Channel) bool {
	for _, event := range n.wants {
		if !c.Wants(event, n.message.WebsiteID) {
			return false
		}
	}
	if n.to == nil {
		return true
	}
	for _, id := range n.to {
		if id == c.ID {
			return true
		}
	}
	return false
}
