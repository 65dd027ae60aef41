package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// batchItem is one change of a batch on its way.
type batchItem struct {
	done    int // the status of its success
	change  postgres.WebsiteChange
	refused error // what is wrong with it by itself
	outcome postgres.WebsiteOutcome
}

// BatchWebsites implements [api.StrictServerInterface].
func (s *Server) BatchWebsites(ctx context.Context, r api.BatchWebsitesRequestObject) (api.BatchWebsitesResponseObject, error) {
	org, atomic := callerOf(ctx).Org, deref(r.Body.Atomic)
	regions, err := s.Store.Regions(ctx, org)
	if err != nil {
		return nil, err
	}
	items, made := make([]batchItem, len(r.Body.Items)), map[uptime.ID]bool{}
	var sound []*batchItem
	for i := range items {
		items[i] = s.readItem(org, &r.Body.Items[i], regions)
		if w := items[i].change.Create; w != nil {
			made[w.ID] = true // whichever of them gets it
		}
		if items[i].refused == nil {
			sound = append(sound, &items[i])
		}
	}
	inOrder(sound)
	applied, err := s.applyBatch(ctx, org, sound, atomic, len(sound) < len(items))
	if err != nil {
		return nil, err
	}
	websites := map[uptime.ID]*postgres.Website{}
	if applied {
		if websites, err = s.changedWebsites(ctx, org, sound); err != nil {
			return nil, err
		}
		s.tellBatch(ctx, org, sound)
	}
	out := api.BatchResult{Items: make([]api.BatchAnswer, len(items))}
	for i := range items {
		out.Items[i] = s.batchAnswer(ctx, &items[i], applied, made, websites)
		if out.Items[i].Problem == nil {
			out.Applied++
		} else {
			out.Failed++
		}
	}
	return api.BatchWebsites200JSONResponse(out), nil
}

// inOrder gives new websites ids that sort as the call has them.
func inOrder(items []*batchItem) {
	var ids []uptime.ID
	for _, item := range items {
		if item.change.Create != nil {
			ids = append(ids, item.change.Create.ID)
		}
	}
	slices.SortFunc(ids, func(x, y uptime.ID) int { return slices.Compare(x[:], y[:]) })
	for _, item := range items {
		if item.change.Create != nil {
			item.change.Create.ID, ids = ids[0], ids[1:]
		}
	}
}

// readItem reads what an item asks for.
func (s *Server) readItem(org uptime.ID, item *api.BatchItem, regions []postgres.Region) batchItem {
	update := item.Update != nil && item.ID != nil
	switch {
	case item.Create != nil && item.ID == nil && item.Update == nil && item.Delete == nil:
		w, err := s.newWebsite(org, item.Create, spec.DefaultInterval, regionsIn(regions))
		return batchItem{done: http.StatusCreated, change: postgres.WebsiteChange{Create: &w}, refused: err}
	case update && item.Create == nil && item.Delete == nil:
		change, url, err := s.websiteChange(item.Update, regions)
		return batchItem{done: http.StatusOK, refused: err, change: postgres.WebsiteChange{
			ID: *item.ID, URLKey: url.Key, ExternalID: orElse(item.Update.ExternalID, ""),
			Change: func(w *postgres.Website) error { return change(w, firstOf(w)) },
		}}
	case item.Delete != nil && item.ID == nil && item.Create == nil && item.Update == nil:
		return batchItem{done: http.StatusNoContent, change: postgres.WebsiteChange{ID: *item.Delete}}
	}
	return batchItem{refused: invalidBody("must be one of create, id with update, or delete")}
}

// firstOf returns the monitor that looks at the website's own URL, nil if there is none.
func firstOf(w *postgres.Website) *postgres.Monitor {
	at := slices.IndexFunc(w.Monitors, func(m postgres.Monitor) bool { return m.Kind == uptime.KindHTTP })
	if at < 0 {
		return nil
	}
	return &w.Monitors[at]
}

// applyBatch makes the changes and tells whether they were made: not if they are all or
// nothing and some are wrong by themselves.
func (s *Server) applyBatch(ctx context.Context, org uptime.ID, items []*batchItem, atomic, wrong bool) (bool, error) {
	if len(items) == 0 || atomic && wrong {
		return false, nil
	}
	changes := make([]postgres.WebsiteChange, len(items))
	for i, item := range items {
		changes[i] = item.change
	}
	outcomes, applied, err := s.Store.ChangeWebsites(ctx, org, changes, atomic)
	if err != nil {
		return false, fromStore(err, "website")
	}
	for i, item := range items {
		item.outcome = outcomes[i]
	}
	return applied, nil
}

// changedWebsites returns the websites that there are after a batch.
func (s *Server) changedWebsites(ctx context.Context, org uptime.ID, items []*batchItem) (map[uptime.ID]*postgres.Website, error) {
	ids := []uptime.ID{}
	for _, item := range items {
		if item.outcome.Err == nil && item.done != http.StatusNoContent {
			ids = append(ids, item.outcome.ID)
		}
	}
	out := make(map[uptime.ID]*postgres.Website, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	websites, err := s.Store.Websites(ctx, org, postgres.WebsiteFilter{IDs: ids})
	if err != nil {
		return nil, err
	}
	for i := range websites {
		out[websites[i].ID] = &websites[i]
	}
	return out, nil
}

// tellBatch tells of each change, and the queues of the monitors that are gone.
func (s *Server) tellBatch(ctx context.Context, org uptime.ID, items []*batchItem) {
	var gone []uptime.ID
	for _, item := range items {
		if item.outcome.Err != nil {
			continue
		}
		gone = append(gone, item.outcome.Gone...)
		kind := map[int]live.Change{http.StatusCreated: live.Created, http.StatusOK: live.Changed, http.StatusNoContent: live.Deleted}
		s.tellWebsite(ctx, kind[item.done], item.outcome.ID)
	}
	if len(gone) > 0 {
		s.forget(ctx, org, gone)
	}
}

func (s *Server) batchAnswer(ctx context.Context, item *batchItem, applied bool, made map[uptime.ID]bool, websites map[uptime.ID]*postgres.Website) api.BatchAnswer {
	err := item.refused
	if err == nil && item.outcome.Err != nil {
		err = fromStore(item.outcome.Err, "website")
	}
	var out api.BatchAnswer
	if item.change.Create == nil && !item.change.ID.IsZero() {
		out.ID = &item.change.ID
	}
	if err == nil && !applied {
		err = &problem{
			status: http.StatusFailedDependency, kind: "not-done", title: "Not done",
			detail: "All or nothing was asked for, and another change failed.",
		}
	}
	if err != nil {
		p := s.problemOf(ctx, err)
		if p.existing != nil && !applied && made[*p.existing] {
			p.existing = nil // the same call would have made it
		}
		request, _ := ctx.Value(keyRequest).(string)
		body := p.body(request)
		out.Status, out.Problem = p.status, &body
		return out
	}
	out.Status = item.done
	if w := websites[item.outcome.ID]; w != nil && item.done != http.StatusNoContent {
		view := s.websiteView(ctx, w)
		out.ID, out.Website = &w.ID, &view
	}
	return out
}

// problemOf is an error of one of many changes as its caller is told of it.
func (s *Server) problemOf(ctx context.Context, err error) *problem {
	var p *problem
	if !errors.As(err, &p) {
		s.log.ErrorContext(ctx, "a change of a batch failed", "err", err)
		return &problem{status: http.StatusInternalServerError, kind: "internal", title: "Internal error", detail: "Something went wrong on this side.", cause: err}
	}
	return p
}
