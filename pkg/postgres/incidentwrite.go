package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Subject is what a transition is about, as it stands in the transition's own
// transaction.
type Subject struct {
	Monitor, Org, Website    uptime.ID
	Revision, TargetRevision int64
	Kind                     uptime.Kind
	MonitorName, Target      string
	WebsiteName, URL         string
	Paused                   bool
	Muted                    bool // judged, but nobody is told
}

// LockSubjects reads the monitors of transitions and keeps them from being changed or
// deleted until the transaction ends: a transition never opens anything for a monitor
// that was paused, retargeted or deleted before it. Those that are gone are left out.
//
// The others, of which rows are written too, are only kept from being deleted. All
// locks are taken in the order in which a delete takes them, websites before monitors
// and both by id, and before any row is written: otherwise the delete and the
// transaction could each wait for the other.
func LockSubjects(ctx context.Context, tx pgx.Tx, monitors, others []uptime.ID) (map[uptime.ID]Subject, error) {
	q := dbgen.New(tx)
	if len(monitors) > 0 {
		if err := q.LockSubjectWebsites(ctx, monitors); err != nil {
			return nil, fmt.Errorf("lock websites: %w", err)
		}
	}
	if len(monitors)+len(others) > 0 {
		if err := q.HoldMonitors(ctx, slices.Concat(monitors, others)); err != nil {
			return nil, fmt.Errorf("hold monitors: %w", err)
		}
	}
	if len(monitors) == 0 {
		return nil, nil
	}
	if err := q.LockMonitors(ctx, monitors); err != nil {
		return nil, fmt.Errorf("lock monitors: %w", err)
	}
	// Only what is read after the locks are there is what they protect: a statement
	// that waits for a lock reads other tables as they were before it waited.
	rows, err := q.Subjects(ctx, monitors)
	if err != nil {
		return nil, fmt.Errorf("read subjects: %w", err)
	}
	out := make(map[uptime.ID]Subject, len(rows))
	for _, r := range rows {
		out[r.ID] = Subject{
			Monitor: r.ID, Org: r.OrgID, Website: r.WebsiteID, Revision: r.Revision, TargetRevision: r.TargetRevision,
			Kind: uptime.Kind(r.Kind), MonitorName: r.MonitorName, Target: r.Target, WebsiteName: r.WebsiteName, URL: r.Url,
			Paused: r.Paused, Muted: r.Muted,
		}
	}
	return out, nil
}

// NewIncident is an incident about to be opened. Its id is drawn from what opened it
// (see [IncidentID]), so that a replay names the same one.
type NewIncident struct {
	ID          uptime.ID
	Monitor     uptime.ID
	Severity    uptime.Verdict // down or degraded
	Opened      uptime.Instant
	Explanation string
	Evidence    []byte // JSON
	Damped      bool   // nobody is told, since the monitor flaps
}

// IncidentID returns the id of the incident that a monitor's transition at the given
// instant opens: a UUID of version 8 (RFC 9562, section 5.8) that begins like one of
// version 7 with the milliseconds, so that incidents sort by when they opened.
func IncidentID(monitor uptime.ID, opened uptime.Instant, severity uptime.Verdict) uptime.ID {
	seed := monitor
	for i := range 8 {
		seed[i] ^= byte(opened >> (8 * i))
	}
	seed[15] ^= byte(severity)
	lo := seed.Hash()
	seed[14] ^= 0xff
	hi := seed.Hash()
	var id uptime.ID
	ms := uint64(opened.Time().UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	for i := range 8 {
		id[8+i] = byte(lo >> (8 * i))
	}
	id[6], id[7] = byte(hi)&0x0f|0x80, byte(hi>>8)
	id[8] = id[8]&0x3f | 0x80
	return id
}

// OpenIncidents opens incidents and returns the ids of those that were really
// opened: neither a monitor with an open one nor an id that was used before gets
// another.
func OpenIncidents(ctx context.Context, tx pgx.Tx, incidents []NewIncident) (map[uptime.ID]bool, error) {
	if len(incidents) == 0 {
		return nil, nil
	}
	n := len(incidents)
	p := dbgen.OpenIncidentsParams{
		Ids: make([]uptime.ID, n), MonitorIds: make([]uptime.ID, n), Severities: make([]string, n),
		Openeds: make([]time.Time, n), Explanations: make([]string, n), Evidences: make([][]byte, n),
		Dampeds: make([]bool, n),
	}
	for i, in := range incidents {
		p.Ids[i], p.MonitorIds[i], p.Severities[i] = in.ID, in.Monitor, in.Severity.String()
		p.Openeds[i], p.Explanations[i], p.Evidences[i] = in.Opened.Time(), PlainText(in.Explanation), in.Evidence
		p.Dampeds[i] = in.Damped
	}
	ids, err := dbgen.New(tx).OpenIncidents(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("open %d incidents: %w", n, err)
	}
	opened := make(map[uptime.ID]bool, len(ids))
	for _, id := range ids {
		opened[id] = true
	}
	return opened, nil
}

// IncidentEnd resolves the open incident of a monitor, if there is one.
type IncidentEnd struct {
	Monitor    uptime.ID
	At         uptime.Instant
	Resolution string // one sentence
}

// OpenIncident is one that is, or until just now was, open.
type OpenIncident struct {
	ID, Monitor, Org uptime.ID
	Severity         uptime.Verdict
	Opened           uptime.Instant
	Damped           bool // nobody was told
}

// ResolveIncidents ends open incidents and returns those that it ended, by monitor.
func ResolveIncidents(ctx context.Context, tx pgx.Tx, ends []IncidentEnd) (map[uptime.ID]OpenIncident, error) {
	if len(ends) == 0 {
		return nil, nil
	}
	n := len(ends)
	p := dbgen.ResolveIncidentsParams{
		MonitorIds: make([]uptime.ID, n), Ats: make([]time.Time, n), Resolutions: make([]string, n),
	}
	for i, e := range ends {
		p.MonitorIds[i], p.Ats[i], p.Resolutions[i] = e.Monitor, e.At.Time(), PlainText(e.Resolution)
	}
	rows, err := dbgen.New(tx).ResolveIncidents(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("resolve %d incidents: %w", n, err)
	}
	ended := make(map[uptime.ID]OpenIncident, len(rows))
	for _, r := range rows {
		if ended[r.MonitorID], err = openIncidentOf(dbgen.OpenIncidentsOfRow(r)); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// OpenIncidentsOf returns the open incidents of the monitors, by monitor.
func OpenIncidentsOf(ctx context.Context, tx pgx.Tx, monitors []uptime.ID) (map[uptime.ID]OpenIncident, error) {
	rows, err := dbgen.New(tx).OpenIncidentsOf(ctx, monitors)
	if err != nil {
		return nil, fmt.Errorf("read open incidents: %w", err)
	}
	open := make(map[uptime.ID]OpenIncident, len(rows))
	for _, r := range rows {
		if open[r.MonitorID], err = openIncidentOf(r); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// UndampIncidents says that the open incidents of the monitors of which nobody was
// told are told of now, and returns them, by monitor.
func UndampIncidents(ctx context.Context, tx pgx.Tx, monitors []uptime.ID) (map[uptime.ID]OpenIncident, error) {
	if len(monitors) == 0 {
		return nil, nil
	}
	rows, err := dbgen.New(tx).UndampIncidents(ctx, monitors)
	if err != nil {
		return nil, fmt.Errorf("undamp %d incidents: %w", len(monitors), err)
	}
	out := make(map[uptime.ID]OpenIncident, len(rows))
	for _, r := range rows {
		if out[r.MonitorID], err = openIncidentOf(dbgen.OpenIncidentsOfRow(r)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// UntoldIncidents returns up to most monitors with an open incident of which nobody
// was told when it was opened, and that are not muted.
func (s *Store) UntoldIncidents(ctx context.Context, most int) ([]uptime.ID, error) {
	monitors, err := s.q.UntoldIncidents(ctx, int32(most))
	if err != nil {
		return nil, fmt.Errorf("read untold incidents: %w", err)
	}
	return monitors, nil
}

// KeysTold returns which alerts, by their keys, went out or are on their way.
func KeysTold(ctx context.Context, tx pgx.Tx, keys []string) (map[string]bool, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := dbgen.New(tx).KeysTold(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read alerts told: %w", err)
	}
	told := make(map[string]bool, len(found))
	for _, key := range found {
		told[key] = true
	}
	return told, nil
}

func openIncidentOf(r dbgen.OpenIncidentsOfRow) (OpenIncident, error) {
	severity, err := uptime.ParseVerdict(r.Severity)
	if err != nil {
		return OpenIncident{}, fmt.Errorf("incident %s: %w", r.ID, err)
	}
	return OpenIncident{
		ID: r.ID, Monitor: r.MonitorID, Org: r.OrgID, Severity: severity, Opened: uptime.InstantOf(r.OpenedAt), Damped: r.Damped,
	}, nil
}

// IncidentNote is one line of an incident's history.
type IncidentNote struct {
	ID       uptime.ID
	Incident uptime.ID
	At       uptime.Instant
	Kind     string // first_failure, round, opened, resolved, …
	Data     []byte // JSON
}

// AddIncidentNotes writes lines of history; one with an id that is known is left out.
func AddIncidentNotes(ctx context.Context, tx pgx.Tx, notes []IncidentNote) error {
	if len(notes) == 0 {
		return nil
	}
	n := len(notes)
	p := dbgen.AddIncidentEventsParams{
		Ids: make([]uptime.ID, n), IncidentIds: make([]uptime.ID, n), Ats: make([]time.Time, n),
		Kinds: make([]string, n), Datas: make([][]byte, n),
	}
	for i, e := range notes {
		p.Ids[i], p.IncidentIds[i], p.Ats[i], p.Kinds[i] = e.ID, e.Incident, e.At.Time(), e.Kind
		if p.Datas[i] = e.Data; e.Data == nil {
			p.Datas[i] = []byte("{}")
		}
	}
	if err := dbgen.New(tx).AddIncidentEvents(ctx, p); err != nil {
		return fmt.Errorf("add %d incident events: %w", n, err)
	}
	return nil
}

// ChannelsTold returns, by incident, the channels to which an alert of the event went
// or is still on its way: those that hear of what becomes of it.
func ChannelsTold(ctx context.Context, tx pgx.Tx, event string, incidents []uptime.ID) (map[uptime.ID][]uptime.ID, error) {
	if len(incidents) == 0 {
		return nil, nil
	}
	rows, err := dbgen.New(tx).ChannelsTold(ctx, dbgen.ChannelsToldParams{IncidentIds: incidents, Transition: event})
	if err != nil {
		return nil, fmt.Errorf("read channels told: %w", err)
	}
	told := make(map[uptime.ID][]uptime.ID, len(incidents))
	for _, r := range rows {
		told[r.IncidentID] = append(told[r.IncidentID], r.ChannelID)
	}
	return told, nil
}
