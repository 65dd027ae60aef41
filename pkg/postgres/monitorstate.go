package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Watched is a monitor as far as judging it needs to know: its target, name and settings
// (but for those of a heartbeat) are left empty, since a million of them would not be
// looked at.
type Watched struct {
	uptime.Monitor
	// TargetRevision is the revision since which kind, target and settings are what
	// they are; results of an older one speak of another target.
	TargetRevision int64
}

// MonitorState is the checkpoint of one monitor's judgement.
type MonitorState struct {
	Monitor       uptime.ID
	Revision      int64
	Verdict       uptime.Verdict
	Since         uptime.Instant
	Reason        uptime.Reason
	Advisory      []string       // regions that fail below quorum
	AdvisorySince uptime.Instant // zero without an advisory
	Checkpoint    []byte         // JSON: what the fold needs to go on
}

// UpsertMonitorStates writes many checkpoints at once; those of monitors that are
// gone are left out. No two may be of the same monitor.
func UpsertMonitorStates(ctx context.Context, tx pgx.Tx, states []MonitorState) error {
	if len(states) == 0 {
		return nil
	}
	n := len(states)
	p := dbgen.UpsertMonitorStatesParams{
		MonitorIds: make([]uptime.ID, n), Revisions: make([]int64, n), Verdicts: make([]string, n),
		Sinces: make([]time.Time, n), Reasons: make([]string, n), Advisories: make([]string, n),
		AdvisorySinces: make([]time.Time, n), Checkpoints: make([][]byte, n),
	}
	for i := range states {
		s := &states[i]
		p.MonitorIds[i], p.Revisions[i], p.Verdicts[i] = s.Monitor, s.Revision, s.Verdict.String()
		p.Sinces[i], p.Reasons[i] = s.Since.Time(), s.Reason.String()
		p.Advisories[i], p.AdvisorySinces[i] = strings.Join(s.Advisory, ","), s.AdvisorySince.Time()
		if p.Checkpoints[i] = s.Checkpoint; s.Checkpoint == nil {
			p.Checkpoints[i] = []byte("{}")
		}
	}
	if err := dbgen.New(tx).UpsertMonitorStates(ctx, p); err != nil {
		return fmt.Errorf("upsert %d monitor states: %w", n, err)
	}
	return nil
}

// JudgedMonitor is one monitor with all that was checkpointed of it.
type JudgedMonitor struct {
	Watched Watched
	State   *MonitorState // nil: it was never judged
	Votes   []Vote
	Open    *OpenIncident // nil: there is none
	Ends    []Expiry      // of its target as it is now
}

// judgedPage bounds how many monitors are in memory as rows while they are loaded.
const judgedPage = 5000

// JudgedMonitors calls each for every monitor that keep accepts, with its state and
// votes, all from one snapshot, which starts at the returned time of the database.
func (s *Store) JudgedMonitors(ctx context.Context, keep func(uptime.ID) bool, each func(*JudgedMonitor) error) (time.Time, error) {
	var at time.Time
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		var err error
		if at, err = q.DatabaseTime(ctx); err != nil {
			return fmt.Errorf("read time: %w", err)
		}
		for after := (uptime.ID{}); ; {
			rows, err := q.WatchedPage(ctx, dbgen.WatchedPageParams{After: nonNil(after), Page: judgedPage})
			if err != nil {
				return fmt.Errorf("read monitors: %w", err)
			}
			if err := judgedOf(ctx, tx, rows, keep, each); err != nil {
				return err
			}
			if len(rows) < judgedPage {
				return nil
			}
			after = rows[len(rows)-1].ID
		}
	})
	return at, err
}

// nonNil returns the id by which a page starts: the zero id would become NULL, and
// no id is less than or equal to the one returned for it.
func nonNil(id uptime.ID) uptime.ID {
	if id.IsZero() {
		id[15] = 1
	}
	return id
}

func judgedOf(ctx context.Context, tx pgx.Tx, rows []dbgen.WatchedPageRow, keep func(uptime.ID) bool, each func(*JudgedMonitor) error) error {
	page := make([]JudgedMonitor, 0, len(rows))
	ids := make([]uptime.ID, 0, len(rows))
	at := make(map[uptime.ID]int, len(rows))
	for _, row := range rows {
		if !keep(row.ID) {
			continue
		}
		w, err := watchedOf(dbgen.WatchedByIDRow(row))
		if err != nil {
			return err
		}
		at[row.ID] = len(page)
		ids = append(ids, row.ID)
		page = append(page, JudgedMonitor{Watched: w})
	}
	states, err := dbgen.New(tx).MonitorStates(ctx, ids)
	if err != nil {
		return fmt.Errorf("read monitor states: %w", err)
	}
	for i := range states {
		st, err := stateOf(&states[i])
		if err != nil {
			return err
		}
		page[at[st.Monitor]].State = &st
	}
	vs, err := votes(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, v := range vs {
		j := &page[at[v.Monitor]]
		j.Votes = append(j.Votes, v)
	}
	open, err := OpenIncidentsOf(ctx, tx, ids)
	if err != nil {
		return err
	}
	for id, incident := range open {
		page[at[id]].Open = &incident
	}
	ends, err := expiriesOf(ctx, tx, ids)
	if err != nil {
		return err
	}
	for id, ends := range ends {
		page[at[id]].Ends = ends
	}
	for i := range page {
		if err := each(&page[i]); err != nil {
			return err
		}
	}
	return nil
}

// JudgedByID returns those of the monitors that exist, with all that was checkpointed
// of them, from one snapshot.
func (s *Store) JudgedByID(ctx context.Context, ids []uptime.ID) ([]JudgedMonitor, error) {
	var out []JudgedMonitor
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := dbgen.New(tx).WatchedByID(ctx, ids)
		if err != nil {
			return fmt.Errorf("read monitors: %w", err)
		}
		same := make([]dbgen.WatchedPageRow, len(rows))
		for i, row := range rows {
			same[i] = dbgen.WatchedPageRow(row)
		}
		all := func(uptime.ID) bool { return true }
		return judgedOf(ctx, tx, same, all, func(j *JudgedMonitor) error {
			out = append(out, *j)
			return nil
		})
	})
	return out, err
}

// Now returns the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	return s.fleet.DatabaseTime(ctx)
}

func watchedOf(r dbgen.WatchedByIDRow) (Watched, error) {
	w := Watched{TargetRevision: r.TargetRevision, Monitor: uptime.Monitor{
		ID: r.ID, OrgID: r.OrgID, WebsiteID: r.WebsiteID, Revision: r.Revision, Kind: uptime.Kind(r.Kind),
		Interval: time.Duration(r.IntervalMs) * time.Millisecond, Timeout: time.Duration(r.TimeoutMs) * time.Millisecond,
		Regions: r.Regions, Paused: r.Paused, Settings: r.Settings,
	}}
	if err := json.Unmarshal(r.Policy, &w.Policy); err != nil {
		return w, fmt.Errorf("policy of monitor %s: %w", r.ID, err)
	}
	return w, nil
}

func stateOf(r *dbgen.MonitorStatesRow) (MonitorState, error) {
	s := MonitorState{
		Monitor: r.MonitorID, Revision: r.Revision, Since: uptime.InstantOf(r.Since), Advisory: r.Advisory,
		Checkpoint: r.Checkpoint,
	}
	if r.AdvisorySince != nil {
		s.AdvisorySince = uptime.InstantOf(*r.AdvisorySince)
	}
	var err error
	if s.Verdict, err = uptime.ParseVerdict(r.Verdict); err != nil {
		return s, fmt.Errorf("state of monitor %s: %w", r.MonitorID, err)
	}
	if s.Reason, err = uptime.ParseReason(r.Reason); err != nil {
		return s, fmt.Errorf("state of monitor %s: %w", r.MonitorID, err)
	}
	return s, nil
}
