package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/estate"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

// importer brings websites in line with a source.
type importer struct {
	*Server
	org       uptime.ID
	all       []postgres.Region
	regions   spec.Regions
	managedBy string // empty: as each is
	prune     bool
	now       time.Time

	present []postgres.Website // with their monitors
	claimed map[uptime.ID]int  // by which line of the source
}

// step is one line of the plan.
type step struct {
	item    api.ImportItem
	live    live.Change
	changes *postgres.WebsiteChange // nil: there is nothing to do
	after   *postgres.Website       // nil: the website is removed, or stays as it is
}

// ImportWebsites implements [api.StrictServerInterface].
func (s *Server) ImportWebsites(ctx context.Context, r api.ImportWebsitesRequestObject) (api.ImportWebsitesResponseObject, error) {
	p := &importer{
		Server: s, org: callerOf(ctx).Org, managedBy: deref(r.Params.ManagedBy), prune: deref(r.Params.Prune), now: s.Now(), claimed: map[uptime.ID]int{},
	}
	if p.prune && p.managedBy == "" {
		return nil, invalidParam("prune", "removes what managed_by keeps, which is needed with it")
	}
	sources, err := s.sourcesOf(r)
	if err != nil {
		return nil, err
	}
	if p.all, err = s.Store.Regions(ctx, p.org); err != nil {
		return nil, err
	}
	p.regions = regionsIn(p.all)
	if p.present, err = s.Store.Websites(ctx, p.org, postgres.WebsiteFilter{}); err != nil {
		return nil, err
	}
	steps, err := p.plan(sources)
	if err != nil {
		return nil, err
	}
	out := planOf(steps, len(sources))
	if out.Errors > 0 || deref(r.Params.DryRun) {
		return api.ImportWebsites200JSONResponse(out), nil
	}
	if err := p.carryOut(ctx, steps); err != nil {
		return nil, err
	}
	out = planOf(steps, len(sources))
	out.Applied = out.Errors == 0
	return api.ImportWebsites200JSONResponse(out), nil
}

// sourcesOf reads a body's websites.
func (s *Server) sourcesOf(r api.ImportWebsitesRequestObject) ([]*source, error) {
	if r.JSONBody != nil {
		out := make([]*source, len(r.JSONBody.Websites))
		for i := range out {
			out[i] = &source{line: i + 1, site: r.JSONBody.Websites[i]}
		}
		return out, nil
	}
	if r.Body == nil {
		return nil, malformed("A body is needed.")
	}
	rows, wrong := estate.ReadCSV(r.Body)
	site := s.doc.spec.Components.Schemas["EstateWebsite"].Value
	monitor := s.doc.spec.Components.Schemas["EstateMonitor"].Value
	var out []*source
	for _, row := range rows {
		src := &source{line: row.Line, first: true}
		whole, check := map[string]any{}, map[string]any{"kind": string(uptime.KindHTTP)}
		for column, v := range row.Cells {
			switch column {
			case estate.Interval, estate.Timeout:
				check[column] = v
			case estate.Regions:
				check[column] = v
				if names, _ := v.([]any); len(names) == 0 {
					check[column] = nil // every one
				}
			default:
				whole[column] = v
			}
		}
		if _, named := whole[estate.Name]; !named {
			whole[estate.Name] = "-" // it stays, or is the host of a new one
		}
		src.wrong = append(shape.Body(site, whole), shape.Body(monitor, check)...)
		whole["monitors"] = []any{check}
		if text, err := json.Marshal(whole); len(src.wrong) == 0 && (err != nil || json.Unmarshal(text, &src.site) != nil) {
			src.wrong = []shape.Error{{Pointer: "#", Detail: "cannot be read"}}
		}
		if _, named := row.Cells[estate.Name]; !named {
			src.site.Name = ""
		}
		out = append(out, src)
	}
	for _, e := range wrong {
		at := slices.IndexFunc(out, func(src *source) bool { return src.line == e.Line })
		if at < 0 {
			at, out = len(out), append(out, &source{line: e.Line, first: true})
		}
		out[at].wrong = append(out[at].wrong, shape.Error{Pointer: pointerOf(e.Column), Detail: e.Detail})
	}
	return out, nil
}

// plan says what has to be done.
func (p *importer) plan(sources []*source) ([]*step, error) {
	matches := p.match(sources)
	ids := p.newIDs(len(sources))
	sites := p.sites()
	var steps []*step
	for i := range p.present {
		w := &p.present[i]
		if p.prune && w.ManagedBy == p.managedBy && p.claimed[w.ID] == 0 {
			sites.Remove(w.ID)
			steps = append(steps, &step{live: live.Deleted, changes: &postgres.WebsiteChange{ID: w.ID}, item: api.ImportItem{
				Action: api.ImportItemActionRemove, ID: &w.ID, Name: w.Name, Line: null[int](), Changes: []api.ImportChange{}, Errors: []api.FieldError{},
			}})
		}
	}
	for i, src := range sources {
		one, err := p.step(src, matches[i], ids[i])
		if err != nil {
			return nil, err
		}
		if one == nil {
			continue
		}
		if one.after != nil {
			site := siteOf(one.after)
			if one.live == live.Created {
				site.Line = src.line
			}
			if clash := sites.Put(site); clash != nil {
				one.refuse(shape.Error{Pointer: pointerOf(clash.Field), Detail: clash.Error()})
			}
		}
		steps = append(steps, one)
	}
	return steps, nil
}

// sites are the websites before the plan.
func (p *importer) sites() *estate.Sites {
	present := make([]estate.Site, len(p.present))
	for i := range present {
		present[i] = siteOf(&p.present[i])
	}
	return estate.NewSites(present)
}

func siteOf(w *postgres.Website) estate.Site {
	return estate.Site{ID: w.ID, Name: w.Name, URLKey: w.URLKey, ExternalID: w.ExternalID, AllowDuplicate: w.AllowDuplicate}
}

// newIDs returns fresh ids that sort as they come, because lists and the monitors of a
// website are in the order of their ids.
func (p *importer) newIDs(n int) []uptime.ID {
	ids := make([]uptime.ID, n)
	for i := range ids {
		ids[i] = uptime.NewID(p.now)
	}
	slices.SortFunc(ids, func(x, y uptime.ID) int { return slices.Compare(x[:], y[:]) })
	return ids
}

// match finds the website that each source means, nil for a new one: by external id, by
// URL, and then by a name that one website has that no other source means.
func (p *importer) match(sources []*source) []*postgres.Website {
	byExternal, byURL, byName := map[string]*postgres.Website{}, map[string][]*postgres.Website{}, map[string][]*postgres.Website{}
	for i := range p.present {
		w := &p.present[i]
		byExternal[w.ExternalID] = w
		byURL[w.URLKey] = append(byURL[w.URLKey], w)
		byName[w.Name] = append(byName[w.Name], w)
	}
	out := make([]*postgres.Website, len(sources))
	claim := func(i int, w *postgres.Website) {
		if line := p.claimed[w.ID]; line != 0 {
			sources[i].wrong = append(sources[i].wrong, shape.Error{Pointer: "#", Detail: fmt.Sprintf("is the same website as line %d", line)})
			return
		}
		p.claimed[w.ID], out[i] = sources[i].line, w
	}
	for i, src := range sources {
		if src.site.URL != nil {
			var err error
			if src.url, err = spec.ParseURL(*src.site.URL); err != nil {
				src.wrong = append(src.wrong, shape.Error{Pointer: "#/url", Detail: err.Error()})
			}
		}
		if w := byExternal[orElse(src.site.ExternalID, "")]; w != nil && w.ExternalID != "" {
			claim(i, w)
		}
	}
	for i, src := range sources {
		external := orElse(src.site.ExternalID, "")
		if out[i] != nil || src.url.Key == "" || len(src.wrong) > 0 {
			continue
		}
		var free []*postgres.Website
		for _, w := range byURL[src.url.Key] {
			if external == "" || w.ExternalID == "" {
				free = append(free, w)
			}
		}
		if at := slices.IndexFunc(free, func(w *postgres.Website) bool { return p.claimed[w.ID] == 0 }); at >= 0 {
			claim(i, free[at])
		} else if len(free) > 0 {
			claim(i, free[0]) // which says of which line it is
		}
	}
	for i, src := range sources {
		if out[i] != nil || len(src.wrong) > 0 || src.site.Name == "" {
			continue
		}
		if named := byName[src.site.Name]; len(named) == 1 && p.claimed[named[0].ID] == 0 && (orElse(src.site.ExternalID, "") == "" || named[0].ExternalID == "") {
			claim(i, named[0])
		}
	}
	return out
}

// step plans what is to be done for one source; nil: nothing. The id is for a new website.
func (p *importer) step(src *source, w *postgres.Website, id uptime.ID) (*step, error) {
	one := &step{item: api.ImportItem{Name: src.site.Name, Line: value(src.line), Changes: []api.ImportChange{}, Errors: []api.FieldError{}}}
	if w == nil {
		one.item.Action, one.live = api.ImportItemActionAdd, live.Created
		w = &postgres.Website{ID: id, OrgID: p.org}
		if src.site.URL == nil && len(src.wrong) == 0 {
			src.wrong = append(src.wrong, shape.Error{Pointer: "#/url", Detail: "is needed: there is no such website yet"})
		}
		w.Name = src.url.Host
	} else {
		one.item.Action, one.live, one.item.ID, one.item.Name = api.ImportItemActionChange, live.Changed, &w.ID, w.Name
		if p.managedBy != "" && w.ManagedBy != "" && w.ManagedBy != p.managedBy {
			src.wrong = append(src.wrong, shape.Error{Pointer: "#", Detail: fmt.Sprintf("is kept by %q", w.ManagedBy)})
		}
	}
	if len(src.wrong) > 0 {
		one.refuse(src.wrong...)
		return one, nil
	}
	isNew := one.live == live.Created
	after := *w
	after.Monitors = slices.Clone(w.Monitors)
	var refused *problem
	if err := p.apply(src, &after, isNew); errors.As(err, &refused) {
		one.item.Action, one.item.Errors = api.ImportItemActionError, refused.fields
		return one, nil
	} else if err != nil {
		return nil, err
	}
	one.item.Name = after.Name
	if isNew {
		one.changes, one.after = &postgres.WebsiteChange{Create: &after}, &after
		return one, nil
	}
	if one.item.Changes = changesOf(w, &after); len(one.item.Changes) == 0 {
		return nil, nil
	}
	one.after, one.changes = &after, &postgres.WebsiteChange{
		ID: w.ID, URLKey: after.URLKey, ExternalID: after.ExternalID,
		Change: func(w *postgres.Website) error { return p.apply(src, w, false) },
	}
	return one, nil
}

func (st *step) refuse(wrong ...shape.Error) {
	st.item.Action, st.changes = api.ImportItemActionError, nil
	st.item.Errors = append(st.item.Errors, invalid(api.FieldErrorInBody, wrong...).fields...)
}

// planOf counts what the steps do.
func planOf(steps []*step, sources int) api.ImportPlan {
	out := api.ImportPlan{Items: make([]api.ImportItem, len(steps)), Unchanged: sources}
	for i, st := range steps {
		out.Items[i] = st.item
		if !st.item.Line.IsNull() {
			out.Unchanged--
		}
		switch st.item.Action {
		case api.ImportItemActionAdd:
			out.Adds++
		case api.ImportItemActionChange:
			out.Changes++
		case api.ImportItemActionRemove:
			out.Removes++
		case api.ImportItemActionError:
			out.Errors++
		}
	}
	return out
}

// carryOut does all steps, or says of one why none was done.
func (p *importer) carryOut(ctx context.Context, steps []*step) error {
	changes := make([]postgres.WebsiteChange, len(steps))
	for i, st := range steps {
		changes[i] = *st.changes
	}
	if len(changes) == 0 {
		return nil
	}
	outcomes, applied, err := p.Store.ChangeWebsites(ctx, p.org, changes, true)
	if err != nil {
		return fromStore(err, "website")
	}
	var gone []uptime.ID
	for i, o := range outcomes {
		st := steps[i]
		switch {
		case o.Err != nil:
			told := p.problemOf(ctx, fromStore(o.Err, "website"))
			st.refuse(shape.Error{Pointer: "#", Detail: told.detail})
		case applied:
			gone = append(gone, o.Gone...)
			st.item.ID = &outcomes[i].ID
			p.tellWebsite(ctx, st.live, o.ID)
		}
	}
	if len(gone) > 0 {
		p.forget(ctx, p.org, gone)
	}
	return nil
}
