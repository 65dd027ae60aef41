package httpapi

import (
	"context"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// tell tells those who look on that what is configured has changed. The website is zero
// if the object is of none, or of one that is not known.
func (s *Server) tell(ctx context.Context, change live.Change, object live.Object, id string, website uptime.ID) {
	body := live.Config{Change: change, Object: object, ID: id, At: s.Now().UTC()}
	if !website.IsZero() {
		body.WebsiteID = &website
	}
	s.Tell.Publish(live.Event{Org: callerOf(ctx).Org, Website: website, Body: body})
}

func (s *Server) tellWebsite(ctx context.Context, change live.Change, id uptime.ID) {
	s.tell(ctx, change, live.ObjectWebsite, id.String(), id)
}

func (s *Server) tellMonitor(ctx context.Context, change live.Change, m *postgres.Monitor) {
	s.tell(ctx, change, live.ObjectMonitor, m.ID.String(), m.WebsiteID)
}

func (s *Server) tellChannel(ctx context.Context, change live.Change, id uptime.ID) {
	s.tell(ctx, change, live.ObjectChannel, id.String(), uptime.ID{})
}

func (s *Server) tellRegion(ctx context.Context, change live.Change, name string) {
	s.tell(ctx, change, live.ObjectRegion, name, uptime.ID{})
}

// tellAcknowledged tells that somebody is on an incident.
func (s *Server) tellAcknowledged(i *postgres.Incident) {
	s.Tell.Publish(live.Event{Org: i.OrgID, Website: i.WebsiteID, Body: live.Incident{
		Change: live.Acknowledged, IncidentID: i.ID, MonitorID: i.MonitorID, WebsiteID: i.WebsiteID, WebsiteName: i.WebsiteName,
		Severity: i.Severity, At: i.AcknowledgedAt.UTC(), OpenedAt: i.OpenedAt.UTC(), Explanation: i.Explanation, By: i.AcknowledgedBy,
	}})
}
