package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Website is what a user watches.
type Website struct {
	ID    uptime.ID
	OrgID uptime.ID
	Name  string
	URL   string
	// URLKey is the URL normalised, by which duplicates are found.
	URLKey         string
	AllowDuplicate bool
	ExternalID     string   // empty: none
	Tags           []string // as [CleanTags] has them
	ManagedBy      string   // the source that it is kept in; empty: by hand
	Paused         bool
	PausedUntil    time.Time // zero: until it is resumed
	Muted          bool
	MutedUntil     time.Time // zero: until it is unmuted
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Monitors       []Monitor // oldest first
}

// Duplicate is the error for a website that is there already. It wraps ErrConflict.
type Duplicate struct {
	Field    string // url or external_id
	Existing uptime.ID
}

func (d *Duplicate) Error() string {
	return fmt.Sprintf("website %s has the same %s", d.Existing, d.Field)
}

// Unwrap makes it an ErrConflict.
func (d *Duplicate) Unwrap() error { return ErrConflict }

// CreateWebsite stores a website with its first monitor. The error for one that is
// there already is a [*Duplicate], for one too many a [*QuotaExceeded].
func (s *Store) CreateWebsite(ctx context.Context, w Website, first Monitor) (Website, error) {
	first.WebsiteID, first.OrgID = w.ID, w.OrgID
	err := s.retryDuplicates(ctx, w.OrgID, &w, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if err := refuseDuplicate(ctx, q, &w); err != nil {
			return err
		}
		_, err := q.InsertWebsite(ctx, dbgen.InsertWebsiteParams{
			ID: w.ID, OrgID: w.OrgID, Name: w.Name, Url: w.URL, UrlKey: w.URLKey, AllowDuplicate: w.AllowDuplicate,
			ExternalID: textPtr(w.ExternalID), Tags: CleanTags(w.Tags), ManagedBy: w.ManagedBy,
		})
		if err != nil {
			return fmt.Errorf("insert website: %w", classify(err))
		}
		return insertMonitor(ctx, tx, &first)
	})
	if err != nil {
		return Website{}, err
	}
	return s.Website(ctx, w.OrgID, w.ID)
}

// Website returns one website of the tenant with its monitors, or ErrNotFound.
func (s *Store) Website(ctx context.Context, org, id uptime.ID) (Website, error) {
	row, err := s.q.GetWebsite(ctx, dbgen.GetWebsiteParams{OrgID: org, ID: id})
	if err != nil {
		return Website{}, fmt.Errorf("website %s: %w", id, classify(err))
	}
	all := []Website{websiteOf(row)}
	if err := s.withMonitors(ctx, all); err != nil {
		return Website{}, err
	}
	return all[0], nil
}

// UpdateWebsite changes a website of the tenant and its first HTTP monitor under a lock;
// first is nil if it has none. What change returns as an error is returned as it is,
// and then nothing is changed. The error for a URL or external id that is taken is a
// [*Duplicate].
func (s *Store) UpdateWebsite(ctx context.Context, org, id uptime.ID, change func(w *Website, first *Monitor) error) (Website, error) {
	var changed Website
	err := s.retryDuplicates(ctx, org, &changed, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockWebsite(ctx, dbgen.LockWebsiteParams{OrgID: org, ID: id})
		if err != nil {
			return fmt.Errorf("website %s: %w", id, classify(err))
		}
		first, err := firstMonitor(ctx, q, id)
		if err != nil {
			return err
		}
		w := websiteOf(row)
		if err := met(ctx, websiteVersion(&w, first)); err != nil {
			return err
		}
		var old Monitor
		if first != nil {
			old = *first
		}
		if err := change(&w, first); err != nil {
			return err
		}
		changed = w
		if was := websiteOf(row); w.URLKey != was.URLKey || w.AllowDuplicate != was.AllowDuplicate {
			if err := refuseDuplicate(ctx, q, &w); err != nil {
				return err
			}
		}
		if _, err := q.UpdateWebsite(ctx, dbgen.UpdateWebsiteParams{
			ID: id, Name: w.Name, Url: w.URL, UrlKey: w.URLKey, AllowDuplicate: w.AllowDuplicate,
			ExternalID: textPtr(w.ExternalID), Tags: CleanTags(w.Tags), ManagedBy: w.ManagedBy,
		}); err != nil {
			return fmt.Errorf("update website %s: %w", id, classify(err))
		}
		if first == nil {
			return nil
		}
		return saveMonitor(ctx, tx, &old, first)
	})
	if err != nil {
		return Website{}, err
	}
	return s.Website(ctx, org, id)
}

// firstMonitor locks and returns the monitor that looks at a website's own URL; nil if
// there is none.
func firstMonitor(ctx context.Context, q *dbgen.Queries, website uptime.ID) (*Monitor, error) {
	row, err := q.FirstMonitor(ctx, website)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("first monitor of %s: %w", website, err)
	}
	m, err := monitorOf(row)
	return &m, err
}

// DeleteWebsite removes a website of the tenant with all that hangs on it and returns
// the ids of the monitors that it had.
func (s *Store) DeleteWebsite(ctx context.Context, org, id uptime.ID) ([]uptime.ID, error) {
	var monitors []uptime.ID
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockWebsite(ctx, dbgen.LockWebsiteParams{OrgID: org, ID: id})
		if err != nil {
			return classify(err)
		}
		first, err := firstMonitor(ctx, q, id)
		if err != nil {
			return err
		}
		w := websiteOf(row)
		if err := met(ctx, websiteVersion(&w, first)); err != nil {
			return err
		}
		if monitors, err = q.MonitorsOfWebsite(ctx, id); err != nil {
			return err
		}
		_, err = q.DeleteWebsite(ctx, dbgen.DeleteWebsiteParams{OrgID: org, ID: id})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("delete website %s: %w", id, err)
	}
	return monitors, nil
}

// duplicateTries bounds how often a website that is in the way may vanish before it
// can be named.
const duplicateTries = 5

// retryDuplicates runs f in a metered transaction. A conflict becomes a [*Duplicate] that
// names the other website; if that is gone by now, f runs again.
func (s *Store) retryDuplicates(ctx context.Context, org uptime.ID, w *Website, f func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := s.meteredTx(ctx, org, f)
		if err == nil || !errors.Is(err, ErrConflict) || try == duplicateTries {
			return err
		}
		if d := (*Duplicate)(nil); errors.As(err, &d) {
			return err
		}
		d, found := s.duplicateOf(ctx, w, err)
		if found != nil {
			return errors.Join(err, found)
		}
		if d != nil {
			return d
		}
	}
}

// duplicateOf finds the website that an index found to be in the way; nil if it is
// gone by now.
func (s *Store) duplicateOf(ctx context.Context, w *Website, conflict error) (*Duplicate, error) {
	d := &Duplicate{}
	var err error
	switch {
	case Violates(conflict, "website_external"):
		d.Field = "external_id"
		d.Existing, err = s.q.WebsiteOfExternalID(ctx, dbgen.WebsiteOfExternalIDParams{OrgID: w.OrgID, ExternalID: w.ExternalID})
	case Violates(conflict, "website_url"):
		d.Field = "url"
		d.Existing, err = s.q.WebsiteOfURL(ctx, dbgen.WebsiteOfURLParams{OrgID: w.OrgID, UrlKey: w.URLKey, Other: w.ID})
	default:
		return nil, errors.New("unknown conflict")
	}
	if errors.Is(err, pgx.ErrNoRows) {
		if t := tenantOf(ctx); t != nil && t.Confined() {
			return d, nil // it may be there and not the tenant's to see
		}
		return nil, nil
	}
	return d, err
}

// refuseDuplicate looks for another website with the URL, including those that an
// index does not know because they allow duplicates.
func refuseDuplicate(ctx context.Context, q *dbgen.Queries, w *Website) error {
	if w.AllowDuplicate {
		return nil
	}
	id, err := q.WebsiteOfURL(ctx, dbgen.WebsiteOfURLParams{OrgID: w.OrgID, UrlKey: w.URLKey, Other: w.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for duplicates: %w", err)
	}
	return &Duplicate{Field: "url", Existing: id}
}

// withMonitors fills in the monitors of a page of websites.
func (s *Store) withMonitors(ctx context.Context, websites []Website) error {
	ids := make([]uptime.ID, len(websites))
	for i := range websites {
		ids[i] = websites[i].ID
	}
	monitors, err := monitorsOf(ctx, s.db, ids)
	if err != nil {
		return err
	}
	for i := range websites {
		w := &websites[i]
		w.Monitors = monitors[w.ID]
		for j := range w.Monitors {
			w.Monitors[j].WebsitePaused = w.Paused
		}
	}
	return nil
}

func websiteOf(r dbgen.Website) Website {
	w := Website{
		ID: r.ID, OrgID: r.OrgID, Name: r.Name, URL: r.Url, URLKey: r.UrlKey, AllowDuplicate: r.AllowDuplicate,
		ExternalID: deref(r.ExternalID), Tags: r.Tags, ManagedBy: r.ManagedBy, Paused: r.Paused, PausedUntil: deref(r.PausedUntil),
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if r.Muted && (r.MutedUntil == nil || r.MutedUntil.After(time.Now())) {
		w.Muted, w.MutedUntil = true, deref(r.MutedUntil)
	}
	return w
}

// textPtr makes the empty text SQL's NULL.
func textPtr(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
