package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// IncidentStatus is how far an incident is.
type IncidentStatus string

// An incident is open until it is acknowledged or resolved.
const (
	IncidentOpen         IncidentStatus = "open"
	IncidentAcknowledged IncidentStatus = "acknowledged"
	IncidentResolved     IncidentStatus = "resolved"
)

// Incident is a stretch of a monitor being down or degraded, as its user sees it.
type Incident struct {
	ID             uptime.ID
	OrgID          uptime.ID
	WebsiteID      uptime.ID
	MonitorID      uptime.ID
	WebsiteName    string
	URL            string
	Severity       string // down or degraded
	OpenedAt       time.Time
	ResolvedAt     time.Time // zero: not yet
	AcknowledgedAt time.Time // zero: not yet
	AcknowledgedBy string
	Explanation    string
	Resolution     string
	Note           string // what was learned, by a person
	Evidence       json.RawMessage
	Events         []IncidentEvent // oldest first
}

// IncidentEvent is one line of an incident's history.
type IncidentEvent struct {
	ID   uptime.ID
	At   time.Time
	Kind string
	Data json.RawMessage
}

// EventAcknowledged is the kind of the event that an acknowledgement writes.
const EventAcknowledged = "acknowledged"

// Status returns how far the incident is.
func (i *Incident) Status() IncidentStatus {
	switch {
	case !i.ResolvedAt.IsZero():
		return IncidentResolved
	case !i.AcknowledgedAt.IsZero():
		return IncidentAcknowledged
	}
	return IncidentOpen
}

// Incident returns one incident of the tenant with its history, or ErrNotFound.
func (s *Store) Incident(ctx context.Context, org, id uptime.ID) (Incident, error) {
	r, err := s.q.GetIncident(ctx, dbgen.GetIncidentParams{OrgID: org, ID: id})
	if err != nil {
		return Incident{}, fmt.Errorf("incident %s: %w", id, classify(err))
	}
	all := []Incident{incidentOf(r.Incident, r.WebsiteName, r.Url)}
	if err := s.withEvents(ctx, org, all); err != nil {
		return Incident{}, err
	}
	return all[0], nil
}

// IncidentFilter narrows [Store.Incidents]; zero fields do not.
type IncidentFilter struct {
	Status     IncidentStatus
	Unresolved bool // open and acknowledged ones
	WebsiteID  uptime.ID
	MonitorID  uptime.ID
	Tags       []string  // of the website, all of them
	From       time.Time // those that were not over by then
	To         time.Time // those that were opened before
	Before     uptime.ID // cursor: the last id of the page before
	Limit      int       // 0: no limit
	Bare       bool      // leave their histories out
}

// Incidents returns incidents of the tenant with their history, newest first: two
// queries, however long the page.
func (s *Store) Incidents(ctx context.Context, org uptime.ID, f IncidentFilter) ([]Incident, error) {
	sql, args, err := incidentsQuery(org, f)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	defer rows.Close()
	var out []Incident
	for rows.Next() {
		var r dbgen.Incident
		var name, url string
		if err := rows.Scan(&r.ID, &r.OrgID, &r.WebsiteID, &r.MonitorID, &r.Severity, &r.OpenedAt, &r.ResolvedAt,
			&r.AcknowledgedAt, &r.AcknowledgedBy, &r.Explanation, &r.Resolution, &r.Note, &r.Evidence, &name, &url); err != nil {
			return nil, fmt.Errorf("list incidents: %w", err)
		}
		out = append(out, incidentOf(r, name, url))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	if f.Bare {
		return out, nil
	}
	return out, s.withEvents(ctx, org, out)
}

func incidentsQuery(org uptime.ID, f IncidentFilter) (string, []any, error) {
	args, where := []any{org}, []string{"i.org_id = $1"}
	add := func(condition string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	switch f.Status {
	case "":
	case IncidentOpen:
		where = append(where, "i.resolved_at IS NULL AND i.acknowledged_at IS NULL")
	case IncidentAcknowledged:
		where = append(where, "i.resolved_at IS NULL AND i.acknowledged_at IS NOT NULL")
	case IncidentResolved:
		where = append(where, "i.resolved_at IS NOT NULL")
	default:
		return "", nil, fmt.Errorf("list incidents: unknown status %q", f.Status)
	}
	if f.Unresolved {
		where = append(where, "i.resolved_at IS NULL")
	}
	if len(f.Tags) > 0 {
		add("w.tags @> $%d::text[]", f.Tags)
	}
	if !f.WebsiteID.IsZero() {
		add("i.website_id = $%d", f.WebsiteID)
	}
	if !f.MonitorID.IsZero() {
		add("i.monitor_id = $%d", f.MonitorID)
	}
	if !f.From.IsZero() {
		add("(i.resolved_at IS NULL OR i.resolved_at >= $%d)", f.From)
	}
	if !f.To.IsZero() {
		add("i.opened_at < $%d", f.To)
	}
	if !f.Before.IsZero() {
		add("i.id < $%d", f.Before)
	}
	sql := `-- name: ListIncidents :many
SELECT i.id, i.org_id, i.website_id, i.monitor_id, i.severity, i.opened_at, i.resolved_at, i.acknowledged_at,
    i.acknowledged_by, i.explanation, i.resolution, i.note, i.evidence, w.name, w.url
FROM incident i JOIN website w ON w.id = i.website_id
WHERE ` + strings.Join(where, " AND ") + "\nORDER BY i.id DESC"
	if f.Limit > 0 {
		args = append(args, f.Limit)
		sql += fmt.Sprintf(" LIMIT $%d", len(args))
	}
	return sql, args, nil
}

// AcknowledgeIncident notes that somebody is on an incident, once: a second time, and
// of a resolved one, nothing changes.
func (s *Store) AcknowledgeIncident(ctx context.Context, org, id uptime.ID, by string) (Incident, error) {
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		at, err := dbgen.New(tx).AcknowledgeIncident(ctx, dbgen.AcknowledgeIncidentParams{OrgID: org, ID: id, By: by})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("acknowledge incident %s: %w", id, err)
		}
		data, err := json.Marshal(map[string]string{"by": by})
		if err != nil {
			return fmt.Errorf("encode event: %w", err)
		}
		return AddIncidentNotes(ctx, tx, []IncidentNote{{
			ID: uptime.NewID(*at), Incident: id, At: uptime.InstantOf(*at), Kind: EventAcknowledged, Data: data,
		}})
	})
	if err != nil {
		return Incident{}, err
	}
	return s.Incident(ctx, org, id)
}

// withEvents fills in the histories of a page of incidents.
func (s *Store) withEvents(ctx context.Context, org uptime.ID, incidents []Incident) error {
	if len(incidents) == 0 {
		return nil
	}
	at := make(map[uptime.ID]*Incident, len(incidents))
	ids := make([]uptime.ID, len(incidents))
	for i := range incidents {
		ids[i], at[incidents[i].ID] = incidents[i].ID, &incidents[i]
	}
	rows, err := s.q.EventsOfIncidents(ctx, dbgen.EventsOfIncidentsParams{IncidentIds: ids, OrgID: org})
	if err != nil {
		return fmt.Errorf("events of %d incidents: %w", len(ids), err)
	}
	for _, r := range rows {
		i := at[r.IncidentID]
		i.Events = append(i.Events, IncidentEvent{ID: r.ID, At: r.At, Kind: r.Kind, Data: r.Data})
	}
	return nil
}

func incidentOf(r dbgen.Incident, website, url string) Incident {
	return Incident{
		ID: r.ID, OrgID: r.OrgID, WebsiteID: r.WebsiteID, MonitorID: r.MonitorID, WebsiteName: website, URL: url,
		Severity: r.Severity, OpenedAt: r.OpenedAt, ResolvedAt: deref(r.ResolvedAt),
		AcknowledgedAt: deref(r.AcknowledgedAt), AcknowledgedBy: deref(r.AcknowledgedBy), Explanation: r.Explanation,
		Resolution: r.Resolution, Note: r.Note, Evidence: r.Evidence,
	}
}
