package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/expiry"
	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Expiry is when something ends that a monitor's target needs to go on, as its checks
// saw it.
type Expiry struct {
	Monitor uptime.ID
	Target  int64 // the target revision that was checked
	Subject expiry.Subject
	expiry.End
	DaysLeft float64 // by the database's clock when it was read; negative once it is over
}

// UpsertExpiries writes ends; those of monitors that are gone, or have another target
// by now, are left out. No two may be of the same monitor and subject.
func UpsertExpiries(ctx context.Context, tx pgx.Tx, ends []Expiry) error {
	if len(ends) == 0 {
		return nil
	}
	n := len(ends)
	p := dbgen.UpsertExpiriesParams{
		MonitorIds: make([]uptime.ID, n), Subjects: make([]string, n), TargetRevisions: make([]int64, n),
		Ends: make([]time.Time, n), Seens: make([]time.Time, n), Warneds: make([]int16, n),
	}
	for i := range ends {
		e := &ends[i]
		p.MonitorIds[i], p.Subjects[i], p.TargetRevisions[i] = e.Monitor, string(e.Subject), e.Target
		p.Ends[i], p.Seens[i], p.Warneds[i] = e.At.Time(), e.Seen.Time(), int16(e.Warned)
	}
	if err := dbgen.New(tx).UpsertExpiries(ctx, p); err != nil {
		return fmt.Errorf("upsert %d expiries: %w", n, err)
	}
	return nil
}

// SetExpiriesUntold notes of ends that were warned of whether anybody was told.
func SetExpiriesUntold(ctx context.Context, tx pgx.Tx, ends []Expiry, untold []bool) error {
	if len(ends) == 0 {
		return nil
	}
	p := dbgen.SetExpiriesUntoldParams{
		MonitorIds: make([]uptime.ID, len(ends)), Subjects: make([]string, len(ends)), Untolds: untold,
	}
	for i := range ends {
		p.MonitorIds[i], p.Subjects[i] = ends[i].Monitor, string(ends[i].Subject)
	}
	if err := dbgen.New(tx).SetExpiriesUntold(ctx, p); err != nil {
		return fmt.Errorf("note what %d warnings came to: %w", len(ends), err)
	}
	return nil
}

// UntoldExpiries returns up to most monitors with an end to come of whose warning nobody
// was told, and that are neither muted nor paused by now.
func (s *Store) UntoldExpiries(ctx context.Context, most int) ([]uptime.ID, error) {
	monitors, err := s.q.UntoldExpiries(ctx, int32(most))
	if err != nil {
		return nil, fmt.Errorf("read untold expiries: %w", err)
	}
	return monitors, nil
}

// expiriesOf returns what ends of the monitors' targets, by monitor, the first end
// first.
func expiriesOf(ctx context.Context, db dbgen.DBTX, monitors []uptime.ID) (map[uptime.ID][]Expiry, error) {
	if len(monitors) == 0 {
		return nil, nil
	}
	rows, err := dbgen.New(db).Expiries(ctx, monitors)
	if err != nil {
		return nil, fmt.Errorf("read expiries: %w", err)
	}
	out := make(map[uptime.ID][]Expiry)
	for _, r := range rows {
		e := Expiry{
			Monitor: r.Expiry.MonitorID, Target: r.Expiry.TargetRevision, Subject: expiry.Subject(r.Expiry.Subject),
			End: expiry.End{
				At: uptime.InstantOf(r.Expiry.EndsAt), Seen: uptime.InstantOf(r.Expiry.SeenAt), Warned: int(deref(r.Expiry.WarnedDays)),
			},
			DaysLeft: r.DaysLeft,
		}
		out[e.Monitor] = append(out[e.Monitor], e)
	}
	return out, nil
}
