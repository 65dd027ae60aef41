package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/seal"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// regionNow is what the queue says of a region, over all its lanes.
type regionNow struct {
	known   bool // whether the queue has answered
	workers []queue.Worker
	live    int
	stats   []queue.LaneStats
}

// look asks the queue about a region. That it does not answer is not an error: what
// the database knows is shown without it.
func (s *Server) look(ctx context.Context, region string) regionNow {
	now := regionNow{known: true}
	byID := map[string]int{}
	for shard := range s.Shards {
		lane := queue.Lane{Region: region, Shard: shard}
		workers, err := s.Queue.Workers(ctx, lane)
		if err == nil {
			var stats queue.LaneStats
			stats, err = s.Queue.LaneStats(ctx, lane)
			now.stats = append(now.stats, stats)
		}
		if err != nil {
			s.log.WarnContext(ctx, "cannot look at a lane", "region", region, "shard", shard, "err", err)
			return regionNow{}
		}
		for _, w := range workers { // one worker serves all lanes of its region
			at, seen := byID[w.ID]
			if !seen {
				byID[w.ID] = len(now.workers)
				now.workers = append(now.workers, w)
			} else if w.LastSeen.After(now.workers[at].LastSeen) {
				now.workers[at] = w
			}
		}
	}
	for _, w := range now.workers {
		if w.Alive {
			now.live++
		}
	}
	return now
}

// waiting returns how many checks are in the queue and how old the oldest is that
// nobody has taken.
func (n *regionNow) waiting() (count int64, oldest time.Duration) {
	for _, st := range n.stats {
		count += st.Ledger.Waiting + st.Urgent.Waiting
		oldest = max(oldest, st.Checks.OldestAge, st.UrgentQ.OldestAge)
	}
	return count, oldest
}

// stateOf says in one word how a region is.
func stateOf(r *postgres.Region, live int) api.RegionState {
	switch {
	case r.Enablement == postgres.RegionPending:
		return api.RegionStatePending
	case r.Enablement == postgres.RegionDisabled:
		return api.RegionStateDisabled
	case live == 0:
		return api.RegionStateSilent
	case !r.SickSince.IsZero():
		return api.RegionStateSick
	}
	return api.RegionStateActive
}

func (s *Server) regionView(ctx context.Context, r *postgres.Region) api.Region {
	now := s.look(ctx, r.Name)
	out := api.Region{
		Name: r.Name, Title: r.Title, Latitude: pointer(r.Latitude), Longitude: pointer(r.Longitude), Enabled: r.Enabled(),
		Private: r.Private, Own: r.OrgID == callerOf(ctx).Org, State: stateOf(r, now.live), LiveWorkers: now.live, Workers: []api.Worker{}, LastSeenAt: nullTime(r.LastSeenAt),
		SickSince: nullTime(r.SickSince), Waiting: null[int64](), OldestWaitingMs: null[int64](),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	seen := r.LastSeenAt
	for _, w := range now.workers {
		if w.LastSeen.After(seen) {
			seen = w.LastSeen
		}
		if !out.Own {
			continue
		}
		out.Workers = append(out.Workers, api.Worker{
			ID: w.ID, Site: w.Site, Version: w.Version, Host: w.Host, Concurrency: w.Concurrency, Ticks: w.Ticks,
			Alive: w.Alive, StartedAt: nullTime(w.Started), LastSeenAt: nullTime(w.LastSeen),
		})
	}
	out.LastSeenAt = nullTime(seen)
	if now.known {
		count, oldest := now.waiting()
		out.Waiting, out.OldestWaitingMs = value(count), value(oldest.Milliseconds())
	}
	return out
}

// ListRegions implements [api.StrictServerInterface].
func (s *Server) ListRegions(ctx context.Context, _ api.ListRegionsRequestObject) (api.ListRegionsResponseObject, error) {
	regions, err := s.Store.Regions(ctx, callerOf(ctx).Org)
	if err != nil {
		return nil, err
	}
	out := api.RegionPage{Items: make([]api.Region, len(regions)), NextCursor: null[string]()}
	for i := range regions {
		out.Items[i] = s.regionView(ctx, &regions[i])
	}
	return api.ListRegions200JSONResponse(out), nil
}

// GetRegion implements [api.StrictServerInterface].
func (s *Server) GetRegion(ctx context.Context, r api.GetRegionRequestObject) (api.GetRegionResponseObject, error) {
	region, err := s.region(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	versioned(ctx, region.Version())
	return api.GetRegion200JSONResponse(s.regionView(ctx, &region)), nil
}

func (s *Server) region(ctx context.Context, name string) (postgres.Region, error) {
	if !isRegionName(name) {
		return postgres.Region{}, notFound("region")
	}
	region, err := s.Store.Region(ctx, callerOf(ctx).Org, name)
	return region, fromStore(err, "region")
}

// CreateRegion implements [api.StrictServerInterface].
func (s *Server) CreateRegion(ctx context.Context, r api.CreateRegionRequestObject) (api.CreateRegionResponseObject, error) {
	region, key, err := s.createRegion(ctx, postgres.Region{
		Name: r.Body.Name, Title: deref(r.Body.Title), Private: deref(r.Body.Private),
		Latitude: optional(r.Body.Latitude), Longitude: optional(r.Body.Longitude),
	}, deref(r.Body.Organisation))
	if err != nil {
		return nil, err
	}
	v := s.regionView(ctx, &region)
	return api.CreateRegion201JSONResponse{
		Name: v.Name, Title: v.Title, Latitude: v.Latitude, Longitude: v.Longitude, Enabled: v.Enabled, Private: v.Private, Own: v.Own, State: v.State,
		LiveWorkers: v.LiveWorkers, Workers: v.Workers, LastSeenAt: v.LastSeenAt, SickSince: v.SickSince, Waiting: v.Waiting,
		OldestWaitingMs: v.OldestWaitingMs, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, MessageKey: key,
	}, nil
}

// createRegion stores a region with a fresh key for its messages and returns the key. Its
// workers need to be let in to the queue, and its name is one for the whole fleet: so the
// organisation that the fleet began with makes it, for everybody or for one other.
func (s *Server) createRegion(ctx context.Context, r postgres.Region, owner string) (postgres.Region, string, error) {
	r.OrgID = callerOf(ctx).Org
	first, err := s.Store.OrgBySlug(postgres.WithoutTenant(ctx), postgres.DefaultOrg)
	if err != nil {
		return r, "", err
	}
	if first.ID != r.OrgID {
		return r, "", forbidden("Regions are the fleet's: its operators make them, also such as look for one organisation only.")
	}
	if owner != "" && owner != first.Slug {
		org, err := s.Store.OrgBySlug(postgres.WithoutTenant(ctx), owner)
		if errors.Is(err, postgres.ErrNotFound) {
			return r, "", invalidField("organisation", "is not the slug of an organisation")
		}
		if err != nil {
			return r, "", err
		}
		r.OrgID, r.Private = org.ID, true
	}
	if r.Name == uptime.RegionHeartbeat {
		return r, "", invalidField("name", "is reserved for the calls of heartbeats")
	}
	var key [seal.KeyBytes]byte
	_, _ = rand.Read(key[:]) // crypto/rand.Read never fails since Go 1.24.
	r.KeySealed = s.Box.Seal(key[:], postgres.RegionKeyPlace(r.OrgID, r.Name)...)
	created, err := s.Store.CreateRegion(ctx, r)
	if errors.Is(err, postgres.ErrConflict) {
		p := conflict("duplicate", fmt.Sprintf("There is a region %q already.", r.Name))
		p.fields = []api.FieldError{fieldError("#/name", "is taken", api.FieldErrorInBody)}
		return created, "", p
	}
	if err != nil {
		return created, "", err
	}
	s.tellRegion(ctx, live.Created, r.Name)
	if err := s.vault.ResealAll(postgres.WithoutTenant(ctx), s.Store); err != nil {
		// The region is there and its key must be told; its workers say what they cannot open.
		s.log.ErrorContext(ctx, "secrets of monitors are not sealed for a new region", "region", r.Name, "err", err)
	}
	return created, base64.StdEncoding.EncodeToString(key[:]), nil
}

// UpdateRegion implements [api.StrictServerInterface].
func (s *Server) UpdateRegion(ctx context.Context, r api.UpdateRegionRequestObject) (api.UpdateRegionResponseObject, error) {
	if !isRegionName(r.Name) {
		return nil, notFound("region")
	}
	if r.Body.Private != nil && !*r.Body.Private {
		if err := s.mayOpen(ctx); err != nil {
			return nil, err
		}
	}
	opened := false
	region, err := s.Store.UpdateRegion(ctx, callerOf(ctx).Org, r.Name, func(region *postgres.Region) error {
		if r.Body.Title.IsSpecified() {
			region.Title = orElse(r.Body.Title, "")
		}
		if r.Body.Latitude.IsSpecified() {
			region.Latitude = optional(r.Body.Latitude)
		}
		if r.Body.Longitude.IsSpecified() {
			region.Longitude = optional(r.Body.Longitude)
		}
		if r.Body.Enabled != nil {
			region.Enablement = postgres.RegionDisabled
			if *r.Body.Enabled {
				region.Enablement = postgres.RegionEnabled
			}
		}
		if r.Body.Private != nil {
			opened = region.Private && !*r.Body.Private
			region.Private = *r.Body.Private
		}
		return nil
	})
	if err != nil {
		return nil, s.regionError(ctx, r.Name, err)
	}
	if opened {
		if err := s.vault.ResealAll(postgres.WithoutTenant(ctx), s.Store); err != nil {
			s.log.ErrorContext(ctx, "secrets of monitors are not sealed for a region that is not private any more", "region", r.Name, "err", err)
		}
	}
	s.tellRegion(ctx, live.Changed, r.Name)
	versioned(ctx, region.Version())
	return api.UpdateRegion200JSONResponse(s.regionView(ctx, &region)), nil
}

// DeleteRegion implements [api.StrictServerInterface].
func (s *Server) DeleteRegion(ctx context.Context, r api.DeleteRegionRequestObject) (api.DeleteRegionResponseObject, error) {
	if !isRegionName(r.Name) {
		return nil, notFound("region")
	}
	if err := s.Store.DeleteRegion(ctx, callerOf(ctx).Org, r.Name); err != nil {
		return nil, s.regionError(ctx, r.Name, err)
	}
	s.tellRegion(ctx, live.Deleted, r.Name)
	return api.DeleteRegion204Response{}, nil
}

// mayOpen says why the caller's regions cannot be everybody's.
func (s *Server) mayOpen(ctx context.Context) error {
	first, err := s.Store.OrgBySlug(postgres.WithoutTenant(ctx), postgres.DefaultOrg)
	if err == nil && first.ID != callerOf(ctx).Org {
		return forbidden("Only the regions of the fleet's operators look for all.")
	}
	return err
}

// regionError is what the caller is told of a change of a region that failed: one that it
// sees without managing it is not unknown to it.
func (s *Server) regionError(ctx context.Context, name string, err error) error {
	var last *postgres.LastRegion
	if errors.As(err, &last) {
		p := conflict("last-region", "The region is the only one of a monitor: give that another one first, or delete it.")
		if last.Org == callerOf(ctx).Org {
			p.existing = &last.Monitor
		}
		return p
	}
	if errors.Is(err, postgres.ErrNotFound) {
		if _, seen := s.region(ctx, name); seen == nil {
			return forbidden("The region is the fleet's: its operators manage it.")
		}
	}
	return fromStore(err, "region")
}

// isRegionName tells whether there can be a region of that name; the database is not
// asked about any other.
func isRegionName(name string) bool {
	if name == "" || len(name) > 40 || name[0] == '-' {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
