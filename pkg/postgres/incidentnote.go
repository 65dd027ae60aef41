package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// EventComment is the kind of the event that a comment writes.
const EventComment = "comment"

// CommentIncident adds what somebody has to say to an incident's history; ErrNotFound if
// the tenant has no such incident.
func (s *Store) CommentIncident(ctx context.Context, org, id uptime.ID, by, text string, at time.Time) (IncidentEvent, error) {
	data, err := json.Marshal(map[string]string{"by": by, "text": text})
	if err != nil {
		return IncidentEvent{}, fmt.Errorf("encode event: %w", err)
	}
	e := IncidentEvent{ID: uptime.NewID(at), At: uptime.InstantOf(at).Time(), Kind: EventComment, Data: data}
	err = s.Tx(ctx, func(tx pgx.Tx) error {
		if _, err := dbgen.New(tx).LockIncident(ctx, dbgen.LockIncidentParams{OrgID: org, ID: id}); err != nil {
			return fmt.Errorf("incident %s: %w", id, classify(err))
		}
		return AddIncidentNotes(ctx, tx, []IncidentNote{{ID: e.ID, Incident: id, At: uptime.InstantOf(at), Kind: e.Kind, Data: data}})
	})
	return e, err
}

// NoteIncident writes down what was learned of an incident; ErrNotFound if the tenant has
// no such incident.
func (s *Store) NoteIncident(ctx context.Context, org, id uptime.ID, note string) (Incident, error) {
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		was, err := q.LockNote(ctx, dbgen.LockNoteParams{OrgID: org, ID: id})
		if err != nil {
			return classify(err)
		}
		if err := met(ctx, (&Incident{Note: was}).Version()); err != nil {
			return err
		}
		_, err = q.NoteIncident(ctx, dbgen.NoteIncidentParams{OrgID: org, ID: id, Note: note})
		return err
	})
	if err != nil {
		return Incident{}, fmt.Errorf("note of incident %s: %w", id, err)
	}
	return s.Incident(ctx, org, id)
}

// IncidentTimes returns when websites had incidents that touch the period, newest first
// and without names, explanations and evidence.
func (s *Store) IncidentTimes(ctx context.Context, websites []uptime.ID, from, to time.Time) ([]Incident, error) {
	if len(websites) == 0 {
		return nil, nil
	}
	rows, err := s.q.IncidentTimes(ctx, dbgen.IncidentTimesParams{Ids: websites, Since: &from, Until: to})
	if err != nil {
		return nil, fmt.Errorf("incidents of %d websites: %w", len(websites), err)
	}
	out := make([]Incident, len(rows))
	for i, r := range rows {
		out[i] = Incident{
			ID: r.ID, WebsiteID: r.WebsiteID, MonitorID: r.MonitorID, Severity: r.Severity, OpenedAt: r.OpenedAt,
			ResolvedAt: deref(r.ResolvedAt), AcknowledgedAt: deref(r.AcknowledgedAt), Note: r.Note,
		}
	}
	return out, nil
}

// JudgedUntil returns until when what is known of all monitors is true: the present, or
// when somebody last judged.
func (s *Store) JudgedUntil(ctx context.Context) (time.Time, error) {
	at, err := s.q.JudgedUntil(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("until when is judged: %w", err)
	}
	return at, nil
}
