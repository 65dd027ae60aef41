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

const (
	// FailuresKept is how many failures of a monitor are kept that led to no incident.
	FailuresKept = 50
	// FailuresLinked is about how many of each region are kept with the incident that they
	// led to: the one that roused suspicion, and the rounds.
	FailuresLinked = 3
	// FailureLead is how long before the failure that roused suspicion, as far as that is
	// known, and after an incident was opened checks are due that belong to it: after a
	// restart suspicion may begin with a confirmation, and the last answers of the round
	// that decided are not waited for.
	FailureLead = time.Minute
)

// Failure is a check that failed, or found its target degraded, with what it saw.
type Failure struct {
	Monitor  uptime.ID
	Revision int64 // of the check; not kept
	Region   string
	Due      uptime.Instant
	Incident uptime.ID // that it led to; zero: none
	Outcome  uptime.Outcome
	Reason   uptime.Reason
	Detail   string
	Code     int
	IP       string
	Attempts int
	Worker   string
	Phases   uptime.Phases
	Evidence json.RawMessage // an object
}

// AddFailures writes failures, at most one of a monitor, region and due, and forgets the
// oldest of their monitors. Those of what a monitor looked at before are left out.
func AddFailures(ctx context.Context, tx pgx.Tx, failures []Failure) error {
	for some := range slices.Chunk(failures, failuresAtOnce) {
		if err := addFailures(ctx, tx, some); err != nil {
			return err
		}
	}
	return nil
}

// failuresAtOnce bounds one statement: with evidence some megabytes.
const failuresAtOnce = 500

func addFailures(ctx context.Context, tx pgx.Tx, failures []Failure) error {
	n := len(failures)
	p := dbgen.AddFailuresParams{
		MonitorIds: make([]uptime.ID, n), Revisions: make([]int64, n), Regions: make([]string, n), Dues: make([]time.Time, n),
		IncidentIds: make([]uptime.ID, n), Outcomes: make([]string, n), Reasons: make([]string, n), Details: make([]string, n),
		Codes: make([]int32, n), Ips: make([]string, n), Attempts: make([]int32, n), Workers: make([]string, n),
		DnsUs: make([]int64, n), ConnectUs: make([]int64, n), TlsUs: make([]int64, n), TtfbUs: make([]int64, n),
		TransferUs: make([]int64, n), TotalUs: make([]int64, n), Evidences: make([][]byte, n),
	}
	for i := range failures {
		f, ph := &failures[i], &failures[i].Phases
		p.MonitorIds[i], p.Revisions[i], p.Regions[i], p.Dues[i], p.IncidentIds[i] = f.Monitor, f.Revision, f.Region, f.Due.Time(), f.Incident
		p.Outcomes[i], p.Reasons[i], p.Details[i] = f.Outcome.String(), f.Reason.String(), PlainText(f.Detail)
		p.Codes[i], p.Ips[i], p.Attempts[i], p.Workers[i] = int32(f.Code), PlainText(f.IP), int32(f.Attempts), PlainText(f.Worker)
		p.DnsUs[i], p.ConnectUs[i], p.TlsUs[i] = ph.DNS.Microseconds(), ph.Connect.Microseconds(), ph.TLS.Microseconds()
		p.TtfbUs[i], p.TransferUs[i], p.TotalUs[i] = ph.TTFB.Microseconds(), ph.Transfer.Microseconds(), ph.Total.Microseconds()
		p.Evidences[i] = PlainObject(f.Evidence)
	}
	q := dbgen.New(tx)
	if err := q.AddFailures(ctx, p); err != nil {
		return fmt.Errorf("add %d failures: %w", n, err)
	}
	if _, err := q.TrimFailures(ctx, dbgen.TrimFailuresParams{MonitorIds: p.MonitorIds, Keep: FailuresKept}); err != nil {
		return fmt.Errorf("trim failures: %w", err)
	}
	return nil
}

// FailureLink says which failures of a monitor led to its incident: the first of each
// region from the one that roused suspicion, and [FailureLead] before, until it was opened.
type FailureLink struct {
	Incident, Monitor uptime.ID
	First, Opened     uptime.Instant
}

// LinkFailures keeps failures with the incidents that they led to.
func LinkFailures(ctx context.Context, tx pgx.Tx, links []FailureLink) error {
	if len(links) == 0 {
		return nil
	}
	n := len(links)
	p := dbgen.LinkFailuresParams{
		IncidentIds: make([]uptime.ID, n), MonitorIds: make([]uptime.ID, n), Sinces: make([]time.Time, n),
		Untils: make([]time.Time, n), PerRegion: FailuresLinked,
	}
	for i, l := range links {
		p.IncidentIds[i], p.MonitorIds[i], p.Sinces[i], p.Untils[i] = l.Incident, l.Monitor, l.First.Add(-FailureLead).Time(), l.Opened.Time()
	}
	if err := dbgen.New(tx).LinkFailures(ctx, p); err != nil {
		return fmt.Errorf("link failures to %d incidents: %w", n, err)
	}
	return nil
}

// FailureFilter narrows [Store.Failures]; zero fields do not.
type FailureFilter struct {
	Region   string
	Incident uptime.ID
	// Before and After are the cursor: due and region of the last failure of the page before.
	Before uptime.Instant
	After  string
	Limit  int
}

// Failures returns failures of a monitor of the tenant, newest first, by region where
// several were due at once.
func (s *Store) Failures(ctx context.Context, org, monitor uptime.ID, f FailureFilter) ([]Failure, error) {
	p := dbgen.ListFailuresParams{MonitorID: monitor, OrgID: org, IncidentID: f.Incident, After: f.After, Most: int32(f.Limit)}
	if f.Region != "" {
		p.Region = &f.Region
	}
	if f.Before != 0 {
		before := f.Before.Time()
		p.Before = &before
	}
	rows, err := s.q.ListFailures(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("failures of monitor %s: %w", monitor, err)
	}
	return failuresOf(rows)
}

// FailuresOfIncident returns the failures that led to an incident of the tenant, oldest
// first.
func (s *Store) FailuresOfIncident(ctx context.Context, org, incident uptime.ID) ([]Failure, error) {
	rows, err := s.q.FailuresOfIncident(ctx, dbgen.FailuresOfIncidentParams{IncidentID: incident, OrgID: org})
	if err != nil {
		return nil, fmt.Errorf("failures of incident %s: %w", incident, err)
	}
	return failuresOf(rows)
}

func failuresOf(rows []dbgen.Failure) ([]Failure, error) {
	out := make([]Failure, len(rows))
	for i := range rows {
		r := &rows[i]
		f := Failure{
			Monitor: r.MonitorID, Region: r.Region, Due: uptime.InstantOf(r.Due), Incident: r.IncidentID, Detail: r.Detail,
			Code: int(r.Code), IP: r.Ip, Attempts: int(r.Attempts), Worker: r.Worker, Evidence: r.Evidence,
			Phases: uptime.Phases{
				DNS: micros(r.DnsUs), Connect: micros(r.ConnectUs), TLS: micros(r.TlsUs), TTFB: micros(r.TtfbUs),
				Transfer: micros(r.TransferUs), Total: micros(r.TotalUs),
			},
		}
		err := f.Outcome.UnmarshalText([]byte(r.Outcome))
		if err == nil {
			f.Reason, err = uptime.ParseReason(r.Reason)
		}
		if err != nil {
			return nil, fmt.Errorf("failure of %s in %s: %w", r.MonitorID, r.Region, err)
		}
		out[i] = f
	}
	return out, nil
}

func micros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// deepest is how deeply evidence may nest; ours takes four levels.
const deepest = 16

// PlainObject returns a JSON object as PostgreSQL takes it in jsonb, which refuses NUL,
// halves of surrogates, numbers beyond its range, and what is too deep for its stack; an
// empty one for what is none. What a region sends is not ours: one bad byte would fail a
// whole batch for ever.
func PlainObject(b []byte) json.RawMessage {
	var members map[string]any
	if len(b) == 0 || json.Unmarshal(b, &members) != nil || members == nil || !shallow(members, deepest) {
		return json.RawMessage("{}")
	}
	out, err := json.Marshal(members)
	if err != nil || bytes.Contains(out, []byte(`\u0000`)) {
		return json.RawMessage("{}")
	}
	return out
}

// shallow tells whether a value has at most so many levels.
func shallow(v any, levels int) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if levels == 0 || !shallow(member, levels-1) {
				return false
			}
		}
	case []any:
		for _, element := range v {
			if levels == 0 || !shallow(element, levels-1) {
				return false
			}
		}
	}
	return true
}
