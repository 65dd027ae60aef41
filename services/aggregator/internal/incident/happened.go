package incident

import (
	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/aggregator/internal/unit"
)

// happened returns what whoever looks on is told of the batch once it is committed:
// more than alerts tell, since nobody is woken by it, so neither mutes nor flapping
// matter. Incidents that a replay found already there are not told again.
func (b *batch) happened() []live.Event {
	var all []live.Event
	for i := range b.units {
		u := &b.units[i]
		s, ok := b.subjects[u.Monitor]
		if !ok {
			continue // no transition
		}
		add := func(body live.Body) { all = append(all, live.Event{Org: s.Org, Website: s.Website, Body: body}) }
		for _, v := range u.Verdicts {
			add(live.Verdict{
				MonitorID: u.Monitor, WebsiteID: s.Website, WebsiteName: s.WebsiteName, MonitorName: s.MonitorName,
				From: v.From, To: v.To, At: v.At.Time(), Reason: v.Reason, Explanation: postgres.PlainText(v.Explanation),
			})
		}
		for _, r := range u.Resolved {
			if in, ok := b.resolved[u.Monitor]; ok {
				add(incidentHappened(&s, live.Resolved, in.ID, in.Severity, in.Opened, max(r.At, in.Opened), r.Explanation))
			}
		}
		for _, o := range u.Opened {
			if id := postgres.IncidentID(u.Monitor, o.At, uptime.VerdictDown); b.opened[id] {
				add(incidentHappened(&s, live.Opened, id, uptime.VerdictDown, o.At, o.At, o.Explanation))
			}
		}
	}
	return all
}

func incidentHappened(s *postgres.Subject, c live.Change, id uptime.ID, severity uptime.Verdict, opened, at uptime.Instant, why string) live.Incident {
	return live.Incident{
		Change: c, IncidentID: id, MonitorID: s.Monitor, WebsiteID: s.Website, WebsiteName: s.WebsiteName,
		Severity: severity.String(), OpenedAt: opened.Time(), At: at.Time(), Explanation: postgres.PlainText(why),
	}
}

// fleetHappened says to every tenant what troubles the fleet, or does no more.
func fleetHappened(e *postgres.FleetEvent, t unit.Trouble) live.Event {
	f := live.Fleet{Change: live.Opened, Kind: e.Kind, Region: e.Region, At: t.At.Time(), Explanation: e.Explanation}
	if t.Ended {
		f.Change, f.Explanation = live.Resolved, over(e)
	}
	return live.Event{Body: f}
}
