package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Status is the verdict on a website or monitor, or why there is none.
type Status string

// The statuses beside the verdicts.
const (
	StatusPending Status = "pending" // not judged yet
	StatusPaused  Status = "paused"
)

// Status returns the monitor's status.
func (m *Monitor) Status() Status {
	switch {
	case m.Paused || m.WebsitePaused:
		return StatusPaused
	case !m.Judged:
		return StatusPending
	}
	return Status(m.Verdict.String())
}

// Verdict returns the worst verdict on the website's monitors and since when it has
// been so. Paused monitors, and those that were not judged yet, are left out; without
// any other it is unknown, since the zero time.
func (w *Website) Verdict() (uptime.Verdict, time.Time) {
	var verdicts []uptime.Verdict
	for i := range w.Monitors {
		if m := &w.Monitors[i]; m.Judged && !m.Paused {
			verdicts = append(verdicts, m.Verdict)
		}
	}
	worst := uptime.Worst(verdicts...)
	var since time.Time
	for i := range w.Monitors {
		m := &w.Monitors[i]
		if !m.Judged || m.Paused || m.Verdict != worst {
			continue
		}
		// Up begins when the last monitor came up, all else with the first that is so.
		if since.IsZero() || m.Since.After(since) == (worst == uptime.VerdictUp) {
			since = m.Since
		}
	}
	return worst, since
}

// Status returns the website's status.
func (w *Website) Status() Status {
	running, judged := 0, false
	for i := range w.Monitors {
		if m := &w.Monitors[i]; !m.Paused {
			running++
			judged = judged || m.Judged
		}
	}
	switch {
	case w.Paused || len(w.Monitors) > 0 && running == 0:
		return StatusPaused
	case !judged:
		return StatusPending
	}
	verdict, _ := w.Verdict()
	return Status(verdict.String())
}

// Advisory returns the regions in which one of the monitors fails below quorum, sorted.
func (w *Website) Advisory() []string {
	regions := []string{}
	for i := range w.Monitors {
		if m := &w.Monitors[i]; !m.Paused {
			regions = append(regions, m.Advisory...)
		}
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

// WebsiteFilter narrows [Store.Websites]; zero fields do not.
type WebsiteFilter struct {
	Query      string // part of name, URL or external id, in any case
	Status     Status
	ExternalID string
	After      uptime.ID // cursor: the last id of the page before
	Limit      int       // 0: no limit
	Bare       bool      // leave the monitors out, and with them all verdicts
}

// The status of a website in SQL, as [Website.Status] has it: worst is −1 where no
// running monitor was judged.
const statusLateral = `
CROSS JOIN LATERAL (
    SELECT count(*) AS monitors, count(*) FILTER (WHERE NOT m.paused) AS running,
        coalesce(max(CASE s.verdict WHEN 'up' THEN 0 WHEN 'unknown' THEN 1 WHEN 'degraded' THEN 2 WHEN 'down' THEN 3 END)
            FILTER (WHERE NOT m.paused), -1) AS worst
    FROM monitor m LEFT JOIN monitor_state s ON s.monitor_id = m.id AND s.revision >= m.target_revision
    WHERE m.website_id = w.id
) st`

// Each status as a condition. Those that few websites have are looked for by the
// index of what is not up first.
var statusConditions = map[Status]string{
	StatusPaused:  "(w.paused OR st.monitors > 0 AND st.running = 0)",
	StatusPending: "NOT w.paused AND (st.monitors = 0 OR st.running > 0) AND st.worst = -1",
	"up":          "NOT w.paused AND st.running > 0 AND st.worst = 0",
	"unknown":     "NOT w.paused AND st.running > 0 AND st.worst = 1 AND " + hasVerdict("unknown"),
	"degraded":    "NOT w.paused AND st.running > 0 AND st.worst = 2 AND " + hasVerdict("degraded"),
	"down":        "NOT w.paused AND st.running > 0 AND st.worst = 3 AND " + hasVerdict("down"),
}

func hasVerdict(verdict string) string {
	return "w.id IN (SELECT x.website_id FROM monitor_state v JOIN monitor x ON x.id = v.monitor_id" +
		" WHERE v.org_id = $1 AND v.verdict = '" + verdict + "')"
}

// Websites returns websites of the tenant with their monitors, by id, which is oldest
// first: three queries, however long the page.
func (s *Store) Websites(ctx context.Context, org uptime.ID, f WebsiteFilter) ([]Website, error) {
	sql, args, err := websitesQuery(org, f)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list websites: %w", err)
	}
	defer rows.Close()
	var out []Website
	for rows.Next() {
		var r dbgen.Website
		if err := rows.Scan(&r.ID, &r.OrgID, &r.Name, &r.Url, &r.UrlKey, &r.AllowDuplicate, &r.ExternalID, &r.Paused,
			&r.PausedUntil, &r.Muted, &r.MutedUntil, &r.CreatedAt, &r.UpdatedAt); err != nil {
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

// websitesQuery builds the query from constant parts: each combination of filters is
// one prepared statement with a plan that fits it.
func websitesQuery(org uptime.ID, f WebsiteFilter) (string, []any, error) {
	args := []any{org}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	from, where := "website w", []string{"w.org_id = $1"}
	if !f.After.IsZero() {
		where = append(where, "w.id > "+arg(f.After))
	}
	if f.ExternalID != "" {
		where = append(where, "w.external_id = "+arg(f.ExternalID))
	}
	if f.Query != "" {
		p := arg("%" + likeLiteral.Replace(f.Query) + "%")
		where = append(where, "(w.name ILIKE "+p+" OR w.url ILIKE "+p+" OR w.external_id ILIKE "+p+")")
	}
	if f.Status != "" {
		condition, ok := statusConditions[f.Status]
		if !ok {
			return "", nil, fmt.Errorf("list websites: unknown status %q", f.Status)
		}
		from, where = from+statusLateral, append(where, condition)
	}
	sql := `-- name: ListWebsites :many
SELECT w.id, w.org_id, w.name, w.url, w.url_key, w.allow_duplicate, w.external_id, w.paused, w.paused_until, w.muted,
    w.muted_until, w.created_at, w.updated_at
FROM ` + from + "\nWHERE " + strings.Join(where, " AND ") + "\nORDER BY w.id"
	if f.Limit > 0 {
		sql += " LIMIT " + arg(f.Limit)
	}
	return sql, args, nil
}

// likeLiteral takes from the wildcards of LIKE their meaning.
var likeLiteral = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Activity is what the last checks of a website said.
type Activity struct {
	Due     time.Time // of the newest
	Latency time.Duration
}

// Activities returns the activity of every website of the tenant that was checked.
func (s *Store) Activities(ctx context.Context, org uptime.ID) (map[uptime.ID]Activity, error) {
	rows, err := s.q.WebsiteStatuses(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("activity of websites: %w", err)
	}
	out := make(map[uptime.ID]Activity, len(rows))
	for _, r := range rows {
		out[r.WebsiteID] = Activity{Due: r.LastDue, Latency: time.Duration(r.LatencyUs) * time.Microsecond}
	}
	return out, nil
}

// KnownWebsites returns which of the ids are websites of the tenant.
func (s *Store) KnownWebsites(ctx context.Context, org uptime.ID, ids []uptime.ID) ([]uptime.ID, error) {
	known, err := s.q.KnownWebsites(ctx, dbgen.KnownWebsitesParams{OrgID: org, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("look for %d websites: %w", len(ids), err)
	}
	return known, nil
}
