package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Monitor is a configured check as its user sees it. Its embedded Paused is its own
// pause only; the website may be paused beside it.
type Monitor struct {
	uptime.Monitor
	Name string
	// SecretsSealed are the secrets of the settings, sealed for [MonitorSecretsPlace];
	// nil: it has none.
	SecretsSealed []byte
	// SecretsSent are the same as checks carry them, each region's under its own key: a
	// JSON object whose members join those of the settings; nil: none.
	SecretsSent json.RawMessage
	// TargetRevision is the revision since which kind, target, settings and secrets are
	// what they are.
	TargetRevision int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	WebsitePaused  bool
	Heartbeat      *Heartbeat // nil unless it calls in by itself
	Expiries       []Expiry   // what ends of its target as it is now, the first end first
	// Judged tells that there is a verdict on the target as it is now; the fields
	// below are empty without one.
	Judged        bool
	Verdict       uptime.Verdict
	Since         time.Time
	Reason        uptime.Reason
	Advisory      []string // regions that fail below quorum
	AdvisorySince time.Time
}

// MonitorSecretsPlace is the additional data under which a monitor's secrets are sealed
// at rest: tenant, object, field.
func MonitorSecretsPlace(org, monitor uptime.ID) []string {
	return []string{org.String(), "monitor/" + monitor.String(), "settings"}
}

// MonitorWebsites returns the websites of the tenant's monitors among ids, by monitor.
func (s *Store) MonitorWebsites(ctx context.Context, org uptime.ID, ids []uptime.ID) (map[uptime.ID]uptime.ID, error) {
	rows, err := s.q.MonitorWebsites(ctx, dbgen.MonitorWebsitesParams{OrgID: org, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("websites of %d monitors: %w", len(ids), err)
	}
	out := make(map[uptime.ID]uptime.ID, len(rows))
	for _, r := range rows {
		out[r.ID] = r.WebsiteID
	}
	return out, nil
}

// Monitor returns one monitor of the tenant with its verdict, or ErrNotFound.
func (s *Store) Monitor(ctx context.Context, org, id uptime.ID) (Monitor, error) {
	r, err := s.q.MonitorWithState(ctx, dbgen.MonitorWithStateParams{OrgID: org, ID: id})
	if err != nil {
		return Monitor{}, fmt.Errorf("monitor %s: %w", id, classify(err))
	}
	m, err := monitorOf(r.Monitor)
	if err != nil {
		return Monitor{}, err
	}
	m.WebsitePaused = r.WebsitePaused
	ends, err := expiriesOf(ctx, s.db, []uptime.ID{id})
	if err != nil {
		return Monitor{}, err
	}
	m.Expiries = ends[id]
	if err := withHeartbeats(ctx, s.db, &m); err != nil {
		return Monitor{}, err
	}
	return m, m.judge(r.Verdict, r.Since, r.Reason, r.Advisory, r.AdvisorySince)
}

// monitorsOf returns the monitors of websites with their verdicts, by website, oldest
// first: three queries at most for a whole page.
func monitorsOf(ctx context.Context, db dbgen.DBTX, websites []uptime.ID) (map[uptime.ID][]Monitor, error) {
	if len(websites) == 0 {
		return nil, nil
	}
	rows, err := dbgen.New(db).MonitorsWithState(ctx, websites)
	if err != nil {
		return nil, fmt.Errorf("monitors of %d websites: %w", len(websites), err)
	}
	ids := make([]uptime.ID, len(rows))
	for i := range rows {
		ids[i] = rows[i].Monitor.ID
	}
	ends, err := expiriesOf(ctx, db, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[uptime.ID][]Monitor, len(websites))
	for _, r := range rows {
		m, err := monitorOf(r.Monitor)
		if err != nil {
			return nil, err
		}
		m.Expiries = ends[m.ID]
		if err := m.judge(r.Verdict, r.Since, r.Reason, r.Advisory, r.AdvisorySince); err != nil {
			return nil, err
		}
		out[m.WebsiteID] = append(out[m.WebsiteID], m)
	}
	var all []*Monitor
	for _, of := range out {
		for i := range of {
			all = append(all, &of[i])
		}
	}
	return out, withHeartbeats(ctx, db, all...)
}

// MaxMonitors is how many monitors a website may have: answers about a website list
// all of them.
const MaxMonitors = 100

// ErrFull is returned for a monitor too many. It wraps ErrConflict.
var ErrFull = fmt.Errorf("the website has %d monitors: %w", MaxMonitors, ErrConflict)

// CreateMonitor adds a monitor to a website of the tenant; ErrNotFound if there is no
// such website, [ErrFull] if it has too many already, a [*QuotaExceeded] if the tenant has.
func (s *Store) CreateMonitor(ctx context.Context, m Monitor) (Monitor, error) {
	err := s.meteredTx(ctx, m.OrgID, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		if _, err := q.LockWebsite(ctx, dbgen.LockWebsiteParams{OrgID: m.OrgID, ID: m.WebsiteID}); err != nil {
			return fmt.Errorf("website %s: %w", m.WebsiteID, classify(err))
		}
		n, err := q.CountMonitors(ctx, m.WebsiteID)
		if err != nil {
			return fmt.Errorf("count monitors of %s: %w", m.WebsiteID, err)
		}
		if n >= MaxMonitors {
			return ErrFull
		}
		return insertMonitor(ctx, tx, &m)
	})
	if err != nil {
		return Monitor{}, err
	}
	return s.Monitor(ctx, m.OrgID, m.ID)
}

// MonitorsWithSecrets returns the ids of a tenant's monitors that have any.
func (s *Store) MonitorsWithSecrets(ctx context.Context, org uptime.ID) ([]uptime.ID, error) {
	ids, err := s.q.MonitorsWithSecrets(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("monitors with secrets: %w", err)
	}
	return ids, nil
}

// UpdateMonitor changes a monitor of the tenant under a lock. What change returns as
// an error is returned as it is, and then nothing is changed.
func (s *Store) UpdateMonitor(ctx context.Context, org, id uptime.ID, change func(*Monitor) error) (Monitor, error) {
	err := s.meteredTx(ctx, org, func(tx pgx.Tx) error {
		row, err := dbgen.New(tx).LockMonitor(ctx, dbgen.LockMonitorParams{OrgID: org, ID: id})
		if err != nil {
			return fmt.Errorf("monitor %s: %w", id, classify(err))
		}
		m, err := monitorOf(row)
		if err != nil {
			return err
		}
		old := m
		if err := met(ctx, m.Version()); err != nil {
			return err
		}
		if err := change(&m); err != nil {
			return err
		}
		return saveMonitor(ctx, tx, &old, &m)
	})
	if err != nil {
		return Monitor{}, err
	}
	return s.Monitor(ctx, org, id)
}

// DeleteMonitor removes a monitor of the tenant and all that was found out by it.
func (s *Store) DeleteMonitor(ctx context.Context, org, id uptime.ID) error {
	err := s.Tx(ctx, func(tx pgx.Tx) error {
		q := dbgen.New(tx)
		row, err := q.LockMonitor(ctx, dbgen.LockMonitorParams{OrgID: org, ID: id})
		if err != nil {
			return err
		}
		if err := met(ctx, versionAt(row.UpdatedAt)); err != nil {
			return err
		}
		_, err = q.DeleteMonitor(ctx, dbgen.DeleteMonitorParams{OrgID: org, ID: id})
		return err
	})
	if err != nil {
		return fmt.Errorf("delete monitor %s: %w", id, classify(err))
	}
	return nil
}

// UncleanMonitor is a deleted monitor whose queue entries and ticks are still to be
// removed.
type UncleanMonitor struct {
	ID        uptime.ID
	DeletedAt time.Time
}

// UncleanMonitors returns at most limit of them after the given one, oldest first; the
// zero value begins at the first.
func (s *Store) UncleanMonitors(ctx context.Context, after UncleanMonitor, limit int) ([]UncleanMonitor, error) {
	rows, err := s.q.UncleanMonitors(ctx, dbgen.UncleanMonitorsParams{
		AfterAt: after.DeletedAt, AfterID: nonNil(after.ID), MaxRows: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("unclean monitors: %w", err)
	}
	out := make([]UncleanMonitor, len(rows))
	for i, r := range rows {
		out[i] = UncleanMonitor(r)
	}
	return out, nil
}

// MonitorCleaned notes that nothing of a deleted monitor is left.
func (s *Store) MonitorCleaned(ctx context.Context, id uptime.ID) error {
	if err := s.q.MonitorCleaned(ctx, id); err != nil {
		return fmt.Errorf("note that monitor %s is cleaned: %w", id, err)
	}
	return nil
}

// insertMonitor stores a new monitor.
func insertMonitor(ctx context.Context, tx pgx.Tx, m *Monitor) error {
	policy, err := json.Marshal(m.Policy)
	if err != nil {
		return fmt.Errorf("encode policy: %w", err)
	}
	_, err = dbgen.New(tx).InsertMonitor(ctx, dbgen.InsertMonitorParams{
		ID: m.ID, OrgID: m.OrgID, WebsiteID: m.WebsiteID, Kind: string(m.Kind), Name: m.Name, Target: m.Target,
		Settings: objectOf(m.Settings), SecretsSealed: m.SecretsSealed, SecretsSent: objectOf(m.SecretsSent), IntervalMs: m.Interval.Milliseconds(), TimeoutMs: int32(m.Timeout.Milliseconds()),
		Regions: m.Regions, Policy: policy,
	})
	if err != nil {
		return fmt.Errorf("insert monitor: %w", classify(err))
	}
	return insertHeartbeat(ctx, tx, m)
}

// saveMonitor stores what may change of a monitor, if anything has. The revision
// grows unless only the name differs.
func saveMonitor(ctx context.Context, tx pgx.Tx, old, m *Monitor) error {
	changed, judgedAnew := monitorChanged(old, m)
	if !changed {
		return nil
	}
	policy, err := json.Marshal(m.Policy)
	if err != nil {
		return fmt.Errorf("encode policy: %w", err)
	}
	_, err = dbgen.New(tx).UpdateMonitor(ctx, dbgen.UpdateMonitorParams{
		ID: m.ID, Name: m.Name, Target: m.Target, Settings: objectOf(m.Settings),
		SecretsSealed: m.SecretsSealed, SecretsSent: objectOf(m.SecretsSent), IntervalMs: m.Interval.Milliseconds(),
		TimeoutMs: int32(m.Timeout.Milliseconds()), Regions: m.Regions, Policy: policy, Paused: m.Paused,
		JudgedAnew: judgedAnew,
	})
	if err != nil {
		return fmt.Errorf("update monitor %s: %w", m.ID, classify(err))
	}
	return nil
}

// monitorChanged tells whether anything has changed of a monitor, and whether it is to be
// judged anew. A trigger sees to that for what the settings say.
func monitorChanged(old, m *Monitor) (changed, judgedAnew bool) {
	judgedAnew = m.Target != old.Target || m.Interval != old.Interval || m.Timeout != old.Timeout ||
		(m.Regions == nil) != (old.Regions == nil) || !slices.Equal(m.Regions, old.Regions) ||
		m.Policy != old.Policy || m.Paused != old.Paused
	sealedAnew := !bytes.Equal(m.SecretsSealed, old.SecretsSealed) || !bytes.Equal(m.SecretsSent, old.SecretsSent)
	judgedAnew = judgedAnew || sealedAnew // or no worker would be told
	return judgedAnew || m.Name != old.Name || !bytes.Equal(m.Settings, old.Settings), judgedAnew
}

// objectOf is the empty object for nothing.
func objectOf(text json.RawMessage) []byte {
	if text == nil {
		return []byte("{}")
	}
	return text
}

func monitorOf(r dbgen.Monitor) (Monitor, error) {
	m := Monitor{
		Monitor: uptime.Monitor{
			ID: r.ID, OrgID: r.OrgID, WebsiteID: r.WebsiteID, Revision: r.Revision, Kind: uptime.Kind(r.Kind),
			Target: r.Target, Settings: r.Settings, Interval: time.Duration(r.IntervalMs) * time.Millisecond,
			Timeout: time.Duration(r.TimeoutMs) * time.Millisecond, Regions: r.Regions, Paused: r.Paused,
		},
		Name: r.Name, SecretsSealed: r.SecretsSealed, TargetRevision: r.TargetRevision, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if r.SecretsSealed != nil {
		m.SecretsSent = r.SecretsSent
	}
	if err := json.Unmarshal(r.Policy, &m.Policy); err != nil {
		return Monitor{}, fmt.Errorf("policy of monitor %s: %w", r.ID, err)
	}
	return m, nil
}

// judge fills in the verdict, if there is one.
func (m *Monitor) judge(verdict *string, since *time.Time, reason *string, advisory []string, advisorySince *time.Time) error {
	if verdict == nil {
		return nil
	}
	v, err := uptime.ParseVerdict(*verdict)
	if err != nil {
		return fmt.Errorf("state of monitor %s: %w", m.ID, err)
	}
	r, err := uptime.ParseReason(deref(reason))
	if err != nil {
		return fmt.Errorf("state of monitor %s: %w", m.ID, err)
	}
	m.Judged, m.Verdict, m.Since, m.Reason = true, v, deref(since), r
	m.Advisory, m.AdvisorySince = advisory, deref(advisorySince)
	return nil
}
