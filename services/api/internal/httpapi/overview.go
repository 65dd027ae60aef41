package httpapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

const (
	overviewIncidents = 50
	// wholeFor is for how long the uptime of all websites together is not counted anew,
	// sitesFor the same of where the workers are.
	wholeFor = time.Minute
	sitesFor = 10 * time.Second
)

// GetOverview implements [api.StrictServerInterface].
func (s *Server) GetOverview(ctx context.Context, r api.GetOverviewRequestObject) (api.GetOverviewResponseObject, error) {
	org, tags := callerOf(ctx).Org, listed(strings.ToLower(deref(r.Params.Tag)))
	counts, err := s.Store.CountWebsites(ctx, org, tags)
	if err != nil {
		return nil, err
	}
	open, err := s.Store.CountOpenIncidents(ctx, org, tags)
	if err != nil {
		return nil, err
	}
	incidents, err := s.Store.Incidents(ctx, org, postgres.IncidentFilter{Unresolved: true, Tags: tags, Limit: overviewIncidents, Bare: true})
	if err != nil {
		return nil, err
	}
	whole, err := s.wholeUptime(ctx, org, tags)
	if err != nil {
		return nil, err
	}
	channels, err := s.Store.CountEnabledChannels(ctx, org)
	if err != nil {
		return nil, err
	}
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return nil, err
	}
	names := regionsIn(regions).Enabled
	out := api.Overview{
		Counts: countsView(counts.By), Advisories: counts.Advisories, OpenIncidents: open,
		Incidents: make([]api.Incident, len(incidents)), Uptime24HPercent: whole, Channels: channels,
		Regions: len(names), Sites: s.sitesOf(ctx, org, names),
	}
	for i := range incidents {
		out.Incidents[i] = s.incidentView(&incidents[i])
	}
	return api.GetOverview200JSONResponse(out), nil
}

func countsView(n map[postgres.Status]int) api.StatusCounts {
	return api.StatusCounts{
		Pending: n[postgres.StatusPending], Paused: n[postgres.StatusPaused], Unknown: n["unknown"], Up: n["up"],
		Degraded: n["degraded"], Down: n["down"],
	}
}

// wholeUptime returns the uptime of all websites with the tags over the last day. It
// reads every span of that day, so it is counted once a minute.
func (s *Server) wholeUptime(ctx context.Context, org uptime.ID, tags []string) (nullable.Nullable[float64], error) {
	caller := callerOf(ctx)
	key := fmt.Sprintf("%s %q confined to %v %q %t", org, tags, caller.WebsiteIDs, caller.Tags, caller.Confined())
	return s.wholes.soon(requestContext(ctx), key, s.Now(), wholeFor, func(ctx context.Context) (nullable.Nullable[float64], error) {
		now := s.Now()
		sums, err := s.sumsOf(ctx, org, tags, now.Add(-day), now)
		if err != nil {
			return nil, err
		}
		var whole tally.Sum
		for _, one := range sums {
			whole = whole.Plus(one)
		}
		return uptimePercent(whole), nil
	})
}

// sumsOf adds up how long each website with the tags had which verdict.
func (s *Server) sumsOf(ctx context.Context, org uptime.ID, tags []string, from, to time.Time) (map[uptime.ID]tally.Sum, error) {
	monitors, err := s.Store.MonitorsOfTagged(ctx, org, tags)
	if err != nil {
		return nil, err
	}
	ids, website := make([]uptime.ID, len(monitors)), make(map[uptime.ID]uptime.ID, len(monitors))
	for i, m := range monitors {
		ids[i], website[m.Monitor] = m.Monitor, m.Website
	}
	spans, err := s.Store.SpansOf(ctx, ids, from, to)
	if err != nil {
		return nil, err
	}
	byWebsite := make(map[uptime.ID][]tally.Span, len(monitors))
	for _, one := range spans {
		id := website[one.Monitor]
		byWebsite[id] = append(byWebsite[id], tally.Span(one))
	}
	out := make(map[uptime.ID]tally.Sum, len(byWebsite))
	for id, of := range byWebsite {
		out[id] = tally.Add(tally.Merge(of, from, to), from, to)
	}
	return out, nil
}

// sitesOf counts the networks that live workers of the regions are in. A worker without
// a label of its own is in the network of its region. What the queue does not tell,
// because it is away, counts as no network.
func (s *Server) sitesOf(ctx context.Context, org uptime.ID, regions []string) int {
	n, _ := s.sites.get(ctx, org.String(), s.Now(), sitesFor, func(ctx context.Context) (int, error) {
		sites := map[string]bool{}
		for _, region := range regions {
			now := s.look(ctx, region)
			for _, w := range now.workers {
				switch {
				case w.Alive && w.Site != "":
					sites["site "+w.Site] = true
				case w.Alive:
					sites["region "+region] = true
				}
			}
		}
		return len(sites), nil
	})
	return n
}
