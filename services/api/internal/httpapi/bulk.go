package httpapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// maxBulkChecks is how many websites are checked on demand at once: their checks go
// before all others.
const maxBulkChecks = 1000

// BulkWebsites implements [api.StrictServerInterface].
func (s *Server) BulkWebsites(ctx context.Context, r api.BulkWebsitesRequestObject) (api.BulkWebsitesResponseObject, error) {
	org, body := callerOf(ctx).Org, r.Body
	f, err := bulkFilter(body)
	if err != nil {
		return nil, err
	}
	b, err := s.bulkOf(body)
	if err != nil {
		return nil, err
	}
	var out postgres.BulkOutcome
	if body.Action == api.BulkActionCheck {
		out, err = s.checkMany(ctx, org, f, b.DryRun)
	} else {
		out, err = s.Store.BulkWebsites(ctx, org, f, b)
	}
	if errors.Is(err, postgres.ErrTags) {
		return nil, invalidField("tags", fmt.Sprintf("would be more than the %d that a website may have", postgres.MaxTags))
	}
	if err != nil {
		return nil, fromStore(err, "website")
	}
	if !b.DryRun && body.Action != api.BulkActionCheck {
		change := live.Changed
		if b.Action == postgres.BulkDelete {
			change = live.Deleted
		}
		for _, id := range out.Changed {
			s.tellWebsite(ctx, change, id)
		}
	}
	if len(out.Gone) > 0 {
		s.forget(ctx, org, out.Gone)
	}
	answer := api.BulkResult{Matched: len(out.Matched), Changed: len(out.Changed), Missing: []uptime.ID{}}
	matched := make(map[uptime.ID]bool, len(out.Matched))
	for _, id := range out.Matched {
		matched[id] = true
	}
	for _, id := range f.IDs {
		if !matched[id] {
			answer.Missing = append(answer.Missing, id)
		}
	}
	return api.BulkWebsites200JSONResponse(answer), nil
}

// bulkFilter returns which websites are meant. They must be said in one way, so that
// nothing is done to all of them by a slip.
func bulkFilter(body *api.Bulk) (postgres.WebsiteFilter, error) {
	f := postgres.WebsiteFilter{Query: deref(body.Q)}
	if body.Tag != nil {
		f.Tags = []string{strings.ToLower(*body.Tag)}
	}
	if body.Status != nil {
		f.Statuses = []postgres.Status{postgres.Status(*body.Status)}
	}
	ways := 0
	for _, given := range []bool{body.Ids != nil, deref(body.All), f.Query != "" || f.Tags != nil || f.Statuses != nil} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return f, invalidBody("must say which websites in one way: ids, a filter (q, tag, status), or all")
	}
	if body.Ids != nil {
		f.IDs = *body.Ids
	}
	return f, nil
}

func (s *Server) bulkOf(body *api.Bulk) (postgres.Bulk, error) {
	b := postgres.Bulk{Action: postgres.BulkAction(body.Action), Tags: deref(body.Tags), DryRun: deref(body.DryRun)}
	var err error
	if b.Until, err = s.untilOf(&api.UntilInput{Until: body.Until}); err != nil {
		return b, err
	}
	tagging := b.Action == postgres.BulkTag || b.Action == postgres.BulkUntag
	switch ends := b.Action == postgres.BulkPause || b.Action == postgres.BulkMute; {
	case !b.Until.IsZero() && !ends:
		return b, invalidField("until", "is of pause and mute only")
	case tagging && len(b.Tags) == 0:
		return b, invalidField("tags", "is needed")
	case !tagging && body.Tags != nil:
		return b, invalidField("tags", "is of tag and untag only")
	}
	return b, nil
}

// checkMany has many websites checked at once, without waiting for what comes of it.
func (s *Server) checkMany(ctx context.Context, org uptime.ID, f postgres.WebsiteFilter, dryRun bool) (postgres.BulkOutcome, error) {
	var out postgres.BulkOutcome
	f.Limit = maxBulkChecks + 1
	websites, err := s.Store.Websites(ctx, org, f)
	if err != nil {
		return out, err
	}
	if len(websites) > maxBulkChecks {
		return out, invalidField("action", fmt.Sprintf("at most %d websites can be checked at once: narrow them", maxBulkChecks))
	}
	var monitors []postgres.Monitor
	for i := range websites {
		out.Matched = append(out.Matched, websites[i].ID)
		monitors = append(monitors, websites[i].Monitors...)
	}
	out.Changed = out.Matched
	if dryRun {
		return out, nil
	}
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return out, err
	}
	now, err := s.Queue.Time(ctx)
	if err != nil {
		return out, unavailable("The queue does not answer.", err)
	}
	probed := slices.DeleteFunc(monitors, func(m postgres.Monitor) bool { return m.Kind == uptime.KindHeartbeat })
	waiting, _, err := s.assign(ctx, probed, regions, uptime.InstantOf(now), false)
	if err != nil {
		return out, unavailable("The queue does not answer.", err)
	}
	byLane := map[queue.Lane][]uptime.Check{}
	for _, w := range waiting {
		w.check.ReplyTo = "" // nobody waits
		byLane[w.lane] = append(byLane[w.lane], w.check)
	}
	for lane, checks := range byLane {
		if err := s.Queue.PushUrgent(ctx, lane, checks...); err != nil {
			return out, unavailable("The queue does not answer.", err)
		}
	}
	return out, nil
}
