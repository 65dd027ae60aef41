package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// WebsiteChange is one of many changes of websites: it makes one, changes one, or removes
// one.
type WebsiteChange struct {
	// Create is a new website with its monitors; nil: the change is of one that is there.
	Create *Website
	ID     uptime.ID // of the one that is there
	// Change changes it; nil: it is removed. It gets the website with its monitors, oldest
	// first, which it may change, add to and take away from. What it returns as an error
	// is the outcome. It may be called more than once.
	Change func(*Website) error
	// What Change may give it that another one may have.
	URLKey, ExternalID string
}

// WebsiteOutcome is what became of a [WebsiteChange].
type WebsiteOutcome struct {
	ID   uptime.ID
	Err  error       // as if the change had been alone: [ErrNotFound], [*Duplicate], that of Change
	Gone []uptime.ID // monitors that were removed
}

// ChangeWebsites makes many changes of a tenant's websites, as if each were made alone
// and in their order, in one transaction and a handful of round trips. If they
// are all or nothing and one fails, or if none succeeds, nothing is changed, which
// applied tells; the outcomes tell what failed. The error is a [*QuotaExceeded] if the
// tenant would have more than it may after all of them.
func (s *Store) ChangeWebsites(ctx context.Context, org uptime.ID, changes []WebsiteChange, atomic bool) (outcomes []WebsiteOutcome, applied bool, err error) {
	for try := 1; ; try++ {
		applied = false
		err = s.meteredTx(ctx, org, func(tx pgx.Tx) error {
			b, err := loadBatch(ctx, tx, org, changes)
			if err != nil {
				return err
			}
			outcomes = outcomes[:0]
			for i := range changes {
				outcomes = append(outcomes, b.outcome(&changes[i]))
			}
			failed := func(o WebsiteOutcome) bool { return o.Err != nil }
			if atomic && slices.ContainsFunc(outcomes, failed) {
				return nil
			}
			applied = true
			return b.save(ctx, tx)
		})
		if err == nil || try == duplicateTries || !errors.Is(err, ErrConflict) && !deadlocked(err) {
			break // else somebody was quicker, and is seen now
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("change %d websites: %w", len(changes), err)
	}
	return outcomes, applied, nil
}

func deadlocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "40P01"
}

// websiteBatch is what a walk through changes has to know: the websites as they are after
// the changes so far.
type websiteBatch struct {
	org       uptime.ID
	was       map[uptime.ID]Website // as they are stored
	now       map[uptime.ID]Website
	urls      map[string][]uptime.ID // by URL key, the oldest first
	externals map[string]uptime.ID
	created   []*Website
}

// loadBatch locks what the changes are of and finds what may be in their way.
func loadBatch(ctx context.Context, tx pgx.Tx, org uptime.ID, changes []WebsiteChange) (*websiteBatch, error) {
	b := &websiteBatch{
		org: org, was: map[uptime.ID]Website{}, now: map[uptime.ID]Website{},
		urls: map[string][]uptime.ID{}, externals: map[string]uptime.ID{},
	}
	var ids []uptime.ID
	var urls, externals []string
	for i := range changes {
		c := &changes[i]
		url, external := c.URLKey, c.ExternalID
		if c.Create != nil {
			url, external = c.Create.URLKey, c.Create.ExternalID
		} else {
			ids = append(ids, c.ID)
		}
		if url != "" {
			urls = append(urls, url)
		}
		if external != "" {
			externals = append(externals, external)
		}
	}
	q := dbgen.New(tx)
	if err := b.lock(ctx, tx, q, ids); err != nil {
		return nil, err
	}
	rivals, err := q.WebsitesOfURLs(ctx, dbgen.WebsitesOfURLsParams{OrgID: org, UrlKeys: urls})
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	for _, r := range rivals {
		b.claim(r.UrlKey, "", r.ID)
	}
	named, err := q.WebsitesOfExternalIDs(ctx, dbgen.WebsitesOfExternalIDsParams{OrgID: org, ExternalIds: externals})
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	for _, r := range named {
		b.externals[r.ExternalID] = r.ID
	}
	return b, nil
}

func (b *websiteBatch) lock(ctx context.Context, tx pgx.Tx, q *dbgen.Queries, ids []uptime.ID) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := q.LockWebsites(ctx, dbgen.LockWebsitesParams{OrgID: b.org, Ids: ids})
	if err != nil {
		return fmt.Errorf("lock %d websites: %w", len(ids), err)
	}
	found := make([]uptime.ID, len(rows))
	for i, r := range rows {
		found[i] = r.ID
	}
	if _, err := q.LockMonitorsOf(ctx, found); err != nil {
		return fmt.Errorf("lock monitors of %d websites: %w", len(found), err)
	}
	monitors, err := monitorsOf(ctx, tx, found)
	if err != nil {
		return err
	}
	for _, r := range rows {
		w := websiteOf(r)
		w.Monitors = monitors[w.ID]
		b.was[w.ID], b.now[w.ID] = w, w
		b.claim(w.URLKey, w.ExternalID, w.ID)
	}
	return nil
}

// claim notes what a website has that another one must not have; free takes it back.
func (b *websiteBatch) claim(url, external string, id uptime.ID) {
	if have := b.urls[url]; !slices.Contains(have, id) {
		have = append(slices.Clone(have), id)
		slices.SortFunc(have, func(x, y uptime.ID) int { return slices.Compare(x[:], y[:]) })
		b.urls[url] = have
	}
	if external != "" {
		b.externals[external] = id
	}
}

func (b *websiteBatch) free(w *Website) {
	b.urls[w.URLKey] = slices.DeleteFunc(slices.Clone(b.urls[w.URLKey]), func(id uptime.ID) bool { return id == w.ID })
	if b.externals[w.ExternalID] == w.ID {
		delete(b.externals, w.ExternalID)
	}
}

// refuse returns the duplicate that a website would be.
func (b *websiteBatch) refuse(w *Website, newURL bool) error {
	if newURL && !w.AllowDuplicate {
		for _, id := range b.urls[w.URLKey] {
			if id != w.ID {
				return &Duplicate{Field: "url", Existing: id}
			}
		}
	}
	if other, taken := b.externals[w.ExternalID]; taken && w.ExternalID != "" && other != w.ID {
		return &Duplicate{Field: "external_id", Existing: other}
	}
	return nil
}

// outcome makes a change in memory.
func (b *websiteBatch) outcome(c *WebsiteChange) WebsiteOutcome {
	if w := c.Create; w != nil {
		o := WebsiteOutcome{ID: w.ID, Err: b.refuse(w, true)}
		if o.Err == nil {
			b.claim(w.URLKey, w.ExternalID, w.ID)
			b.created = append(b.created, w)
		}
		return o
	}
	was, ok := b.now[c.ID]
	if !ok {
		return WebsiteOutcome{ID: c.ID, Err: fmt.Errorf("website %s: %w", c.ID, ErrNotFound)}
	}
	if c.Change == nil {
		b.free(&was)
		delete(b.now, c.ID)
		return WebsiteOutcome{ID: c.ID, Gone: monitorIDs(was.Monitors)}
	}
	w := was
	w.Monitors = slices.Clone(was.Monitors)
	if err := c.Change(&w); err != nil {
		return WebsiteOutcome{ID: c.ID, Err: err}
	}
	if err := b.refuse(&w, w.URLKey != was.URLKey || w.AllowDuplicate != was.AllowDuplicate); err != nil {
		return WebsiteOutcome{ID: c.ID, Err: err}
	}
	b.free(&was)
	b.claim(w.URLKey, w.ExternalID, w.ID)
	b.now[c.ID] = w
	return WebsiteOutcome{ID: c.ID, Gone: without(monitorIDs(was.Monitors), monitorIDs(w.Monitors))}
}

func monitorIDs(monitors []Monitor) []uptime.ID {
	ids := make([]uptime.ID, len(monitors))
	for i := range monitors {
		ids[i] = monitors[i].ID
	}
	return ids
}

// without returns those of ids that are not among others.
func without(ids, others []uptime.ID) []uptime.ID {
	return slices.DeleteFunc(ids, func(id uptime.ID) bool { return slices.Contains(others, id) })
}
