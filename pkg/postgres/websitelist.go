package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// WebsiteFilter narrows [Store.Websites] and says in which order it answers; zero fields
// do not.
type WebsiteFilter struct {
	Query      string      // part of name, URL or external id, in any case
	Tags       []string    // all of them
	Kind       uptime.Kind // of one of the monitors at least
	Statuses   []Status    // one of them
	ManagedBy  string
	ExternalID string
	IDs        []uptime.ID // nil: any
	Sort       WebsiteSort
	After      WebsitePlace // cursor: that of the last website of the page before
	Limit      int          // 0: no limit
	Bare       bool         // leave the monitors out, and with them all verdicts
}

// WebsiteSort is an order of websites.
type WebsiteSort string

// The orders. Each but the first has an opposite with a minus; see [WebsiteSort.Known].
const (
	SortCreated WebsiteSort = "created" // oldest first; so is the empty one
	SortName    WebsiteSort = "name"    // in any case
	SortStatus  WebsiteSort = "status"  // worst first
)

// Known tells whether there is such an order.
func (s WebsiteSort) Known() bool {
	switch WebsiteSort(strings.TrimPrefix(string(s), "-")) {
	case SortCreated, SortName, SortStatus:
		return true
	}
	return s == ""
}

// WebsitePlace is where a website stands in an order; the zero place is before all.
type WebsitePlace struct {
	ID   uptime.ID
	Name string // by name
	Rank int    // by status
}

// Place returns where a website stands. For the order by status it must have its monitors.
func (w *Website) Place() WebsitePlace {
	return WebsitePlace{ID: w.ID, Name: w.Name, Rank: slices.Index(statusRanks, w.Status())}
}

// statusRanks are the statuses, the worst first; statusRank says the same in SQL.
var statusRanks = []Status{"down", "degraded", "unknown", StatusPending, "up", StatusPaused}

const statusRank = `CASE WHEN w.paused OR st.monitors > 0 AND st.running = 0 THEN 5 WHEN st.worst = 3 THEN 0 ` +
	`WHEN st.worst = 2 THEN 1 WHEN st.worst = 1 THEN 2 WHEN st.worst = -1 THEN 3 ELSE 4 END`

// What the status of a website in SQL, as [Website.Status] has it, is made of: worst is
// −1 where no running monitor was judged.
const statusParts = `count(*) AS monitors, count(*) FILTER (WHERE NOT m.paused) AS running,
        coalesce(max(CASE s.verdict WHEN 'up' THEN 0 WHEN 'unknown' THEN 1 WHEN 'degraded' THEN 2 WHEN 'down' THEN 3 END)
            FILTER (WHERE NOT m.paused), -1) AS worst
    FROM monitor m LEFT JOIN monitor_state s ON s.monitor_id = m.id AND s.revision >= m.target_revision`

// statusOfEach looks it up website by website, for pages; statusOfAll for the whole
// tenant at once, where each of its websites has to be looked at anyway.
const (
	statusOfEach = "\nCROSS JOIN LATERAL (\n    SELECT " + statusParts + "\n    WHERE m.website_id = w.id\n) st"
	statusOfAll  = "\nLEFT JOIN (\n    SELECT m.website_id, " + statusParts + `
    WHERE m.org_id = $1 GROUP BY m.website_id
) g ON g.website_id = w.id
CROSS JOIN LATERAL (SELECT coalesce(g.monitors, 0) AS monitors, coalesce(g.running, 0) AS running, coalesce(g.worst, -1) AS worst) st`
)

const websiteColumns = `w.id, w.org_id, w.name, w.url, w.url_key, w.allow_duplicate, w.external_id, w.paused, w.paused_until, w.muted,
    w.muted_until, w.created_at, w.updated_at, w.tags, w.managed_by`

// Websites returns websites of the tenant with their monitors, in the filter's order:
// three queries, however long the page.
func (s *Store) Websites(ctx context.Context, org uptime.ID, f WebsiteFilter) ([]Website, error) {
	q, err := websitesWhere(org, f)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, "-- name: ListWebsites :many\nSELECT "+websiteColumns+"\n"+q.list(f), q.args...)
	if err != nil {
		return nil, fmt.Errorf("list websites: %w", err)
	}
	defer rows.Close()
	var out []Website
	for rows.Next() {
		var r dbgen.Website
		if err := rows.Scan(&r.ID, &r.OrgID, &r.Name, &r.Url, &r.UrlKey, &r.AllowDuplicate, &r.ExternalID, &r.Paused,
			&r.PausedUntil, &r.Muted, &r.MutedUntil, &r.CreatedAt, &r.UpdatedAt, &r.Tags, &r.ManagedBy); err != nil {
			return nil, fmt.Errorf("list websites: %w", err)
		}
		out = append(out, websiteOf(r))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list websites: %w", err)
	}
	if f.Bare {
		return out, nil
	}
	return out, s.withMonitors(ctx, out)
}

// websiteQuery is a query over websites in the making. It is built from constant parts:
// each combination of filters is one prepared statement with a plan that fits it.
type websiteQuery struct {
	from  string
	where []string
	args  []any // the first one is the tenant
}

func (q *websiteQuery) arg(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *websiteQuery) and(condition string) { q.where = append(q.where, condition) }

// String returns the clauses FROM and WHERE.
func (q *websiteQuery) String() string {
	return "FROM " + q.from + "\nWHERE " + strings.Join(q.where, " AND ")
}

// websitesWhere selects the tenant's websites that a filter lets pass, as w.
func websitesWhere(org uptime.ID, f WebsiteFilter) (*websiteQuery, error) {
	if !f.Sort.Known() {
		return nil, fmt.Errorf("list websites: unknown order %q", f.Sort)
	}
	q := &websiteQuery{from: "website w", where: []string{"w.org_id = $1"}, args: []any{org}}
	switch byStatus := strings.HasSuffix(string(f.Sort), string(SortStatus)); {
	case byStatus:
		q.from += statusOfAll
	case len(f.Statuses) > 0:
		q.from += statusOfEach
	}
	if f.IDs != nil {
		q.and("w.id = ANY (" + q.arg(f.IDs) + "::uuid[])")
	}
	if f.ExternalID != "" {
		q.and("w.external_id = " + q.arg(f.ExternalID))
	}
	if f.ManagedBy != "" {
		q.and("w.managed_by = " + q.arg(f.ManagedBy) + " AND w.managed_by <> ''")
	}
	if len(f.Tags) > 0 {
		q.and("w.tags @> " + q.arg(f.Tags) + "::text[]")
	}
	if f.Kind != "" {
		q.and("EXISTS (SELECT FROM monitor k WHERE k.website_id = w.id AND k.kind = " + q.arg(string(f.Kind)) + ")")
	}
	if f.Query != "" {
		p := q.arg("%" + likeLiteral.Replace(f.Query) + "%")
		q.and("(w.name ILIKE " + p + " OR w.url ILIKE " + p + " OR w.external_id ILIKE " + p + ")")
	}
	return q, q.inStatus(f.Statuses)
}

// inStatus lets websites pass that are in one of the statuses. Those that few websites
// have are looked for by the index of what is not up first.
func (q *websiteQuery) inStatus(statuses []Status) error {
	if len(statuses) == 0 {
		return nil
	}
	var ranks, verdicts []string
	for _, status := range statuses {
		rank := slices.Index(statusRanks, status)
		if rank < 0 {
			return fmt.Errorf("list websites: unknown status %q", status)
		}
		ranks = append(ranks, fmt.Sprint(rank))
		if rank <= 2 {
			verdicts = append(verdicts, "'"+string(status)+"'")
		}
	}
	q.and(statusRank + " IN (" + strings.Join(ranks, ", ") + ")")
	if len(verdicts) == len(statuses) {
		q.and("w.id IN (SELECT x.website_id FROM monitor_state v JOIN monitor x ON x.id = v.monitor_id" +
			" WHERE v.org_id = $1 AND v.verdict <> 'up' AND v.verdict IN (" + strings.Join(verdicts, ", ") + "))")
	}
	return nil
}

// list returns FROM, WHERE and what a page needs behind them.
func (q *websiteQuery) list(f WebsiteFilter) string {
	key, descends := strings.CutPrefix(string(f.Sort), "-")
	beyond, direction := ">", ""
	if descends {
		beyond, direction = "<", " DESC"
	}
	order, place := "w.id", func() string { return q.arg(f.After.ID) }
	switch WebsiteSort(key) {
	case SortName:
		order, place = "lower(w.name), w.id", func() string { return "lower(" + q.arg(f.After.Name) + "), " + q.arg(f.After.ID) }
	case SortStatus:
		order, place = statusRank+", w.id", func() string { return q.arg(f.After.Rank) + "::int, " + q.arg(f.After.ID) }
	case SortCreated:
	}
	if !f.After.ID.IsZero() {
		q.and("(" + order + ") " + beyond + " (" + place() + ")")
	}
	sql := q.String() + "\nORDER BY " + strings.Replace(order, ", w.id", direction+", w.id", 1) + direction
	if f.Limit > 0 {
		sql += " LIMIT " + q.arg(f.Limit)
	}
	return sql
}

// likeLiteral takes from the wildcards of LIKE their meaning.
var likeLiteral = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
