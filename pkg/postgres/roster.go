package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Scheduled is a monitor as far as scheduling it needs to know; its policy is left empty.
type Scheduled struct {
	uptime.Monitor
	UpdatedAt time.Time // by the database's clock, at the start of the transaction
}

// rosterPage is how many rows are in memory at once while the roster is read: a
// million of them together would cost more than the roster that is made of them.
const rosterPage = 4000

// Roster calls each for every monitor that is checked (a heartbeat is not) in the order of their ids, page by page. What
// changes meanwhile may be told as it was before or after: listen before reading.
func (s *Store) Roster(ctx context.Context, each func(*Scheduled) error) error {
	after := nonNil(uptime.ID{})
	for {
		rows, err := s.q.RosterPage(ctx, dbgen.RosterPageParams{After: after, Most: rosterPage})
		if err != nil {
			return fmt.Errorf("read roster: %w", err)
		}
		for i := range rows {
			m := scheduledOf(&rows[i])
			if err := each(&m); err != nil {
				return err
			}
		}
		if len(rows) < rosterPage {
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}

// RosterByIDs returns those of the monitors that exist and are checked.
func (s *Store) RosterByIDs(ctx context.Context, ids []uptime.ID) ([]Scheduled, error) {
	rows, err := s.q.RosterByIDs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read %d monitors: %w", len(ids), err)
	}
	monitors := make([]Scheduled, len(rows))
	for i := range rows {
		row := dbgen.RosterPageRow(rows[i])
		monitors[i] = scheduledOf(&row)
	}
	return monitors, nil
}

func scheduledOf(r *dbgen.RosterPageRow) Scheduled {
	return Scheduled{UpdatedAt: r.UpdatedAt, Monitor: uptime.Monitor{
		ID: r.ID, OrgID: r.OrgID, WebsiteID: r.WebsiteID, Revision: r.Revision, Kind: uptime.Kind(r.Kind),
		Target: r.Target, Settings: r.Settings, Interval: time.Duration(r.IntervalMs) * time.Millisecond,
		Timeout: time.Duration(r.TimeoutMs) * time.Millisecond, Regions: r.Regions, Paused: r.Paused,
	}}
}

// RosterTouched calls each for the monitors that changed after since, page by page,
// those that changed first before others, and returns those deleted since: the poll behind the
// notifications. A transaction that took long shows up with the time at which it
// began, so let since overlap. each ends it by an error, which is returned.
func (s *Store) RosterTouched(ctx context.Context, since time.Time, each func([]uptime.ID) error) ([]uptime.ID, error) {
	deleted, err := s.q.DeletedSince(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("read deleted monitors: %w", err)
	}
	after := nonNil(uptime.ID{})
	for {
		rows, err := s.q.RosterChanged(ctx, dbgen.RosterChangedParams{Since: since, After: after, Most: rosterPage})
		if err != nil {
			return nil, fmt.Errorf("read changed monitors: %w", err)
		}
		if len(rows) == 0 {
			return deleted, nil
		}
		ids := make([]uptime.ID, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
			since, after = r.UpdatedAt, r.ID
		}
		if err := each(ids); err != nil {
			return nil, err
		}
		if len(rows) < rosterPage {
			return deleted, nil
		}
	}
}

// RosterRegions returns every region of the fleet, sorted by name.
func (s *Store) RosterRegions(ctx context.Context) ([]uptime.Region, error) {
	rows, err := s.q.RosterRegions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read regions: %w", err)
	}
	regions := make([]uptime.Region, len(rows))
	for i, r := range rows {
		regions[i] = uptime.Region{Name: r.Name, Enabled: r.Enabled, Private: r.Private}
	}
	return regions, nil
}

// ResumeWebsites ends every pause and every muting whose time is over, by the
// database's clock, and returns how many of each.
func (s *Store) ResumeWebsites(ctx context.Context) (resumed, unmuted int64, err error) {
	if resumed, err = s.q.ResumeWebsites(ctx); err != nil {
		return 0, 0, fmt.Errorf("resume websites: %w", err)
	}
	if unmuted, err = s.q.UnmuteWebsites(ctx); err != nil {
		return resumed, 0, fmt.Errorf("unmute websites: %w", err)
	}
	return resumed, unmuted, nil
}

// purgeBatch bounds how many rows one statement deletes, so that none locks for long.
const purgeBatch = 5000

// PurgeDeleted forgets which monitors were deleted longer than age ago and returns how many.
func (s *Store) PurgeDeleted(ctx context.Context, age time.Duration) (int64, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return 0, fmt.Errorf("read time: %w", err)
	}
	var purged int64
	for {
		n, err := s.q.PurgeDeletedMonitors(ctx, dbgen.PurgeDeletedMonitorsParams{Before: now.Add(-age), Batch: purgeBatch})
		purged += n
		if err != nil || n < purgeBatch {
			return purged, err
		}
	}
}

// InsertAnnounced makes regions that announced themselves known, as pending ones of
// the first organisation. Names that are no region's, and all of them if there would
// be more than most regions or there is no organisation yet, are left out. It returns how many are new.
func (s *Store) InsertAnnounced(ctx context.Context, names []string, most int) (int64, error) {
	n, err := s.q.InsertAnnouncedRegions(ctx, dbgen.InsertAnnouncedRegionsParams{Names: names, Most: int32(most)})
	if err != nil {
		return 0, fmt.Errorf("insert announced regions: %w", err)
	}
	return n, nil
}
