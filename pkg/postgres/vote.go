package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Vote is a region's last opinion of a monitor, as the aggregator checkpoints it and
// the API shows it.
type Vote struct {
	Monitor  uptime.ID
	Region   string
	Revision int64
	Outcome  uptime.Outcome
	Reason   uptime.Reason
	Detail   string
	Since    uptime.Instant // the outcome has not changed since
	Due      uptime.Instant
	Latency  time.Duration
	Code     int
	IP       string
	Site     string
	Canary   uptime.CanaryState
	Exempt   bool
	Counted  bool // at the last judgement
}

// UpsertVotes writes many votes at once; those of monitors that are gone are left
// out. No two may be of the same monitor and region.
func UpsertVotes(ctx context.Context, tx pgx.Tx, votes []Vote) error {
	if len(votes) == 0 {
		return nil
	}
	n := len(votes)
	p := dbgen.UpsertVotesParams{
		MonitorIds: make([]uptime.ID, n), Regions: make([]string, n), Revisions: make([]int64, n),
		Outcomes: make([]string, n), Reasons: make([]string, n), Details: make([]string, n),
		Sinces: make([]time.Time, n), Dues: make([]time.Time, n), LatenciesUs: make([]int64, n),
		Codes: make([]int32, n), Ips: make([]string, n), Sites: make([]string, n), Canaries: make([]int16, n),
		Exempts: make([]bool, n), Counteds: make([]bool, n),
	}
	for i := range votes {
		v := &votes[i]
		p.MonitorIds[i], p.Regions[i], p.Revisions[i] = v.Monitor, v.Region, v.Revision
		p.Outcomes[i], p.Reasons[i], p.Details[i] = v.Outcome.String(), v.Reason.String(), PlainText(v.Detail)
		p.Sinces[i], p.Dues[i] = v.Since.Time(), v.Due.Time()
		p.LatenciesUs[i], p.Codes[i] = v.Latency.Microseconds(), int32(v.Code)
		p.Ips[i], p.Sites[i], p.Canaries[i] = PlainText(v.IP), PlainText(v.Site), int16(v.Canary)
		p.Exempts[i], p.Counteds[i] = v.Exempt, v.Counted
	}
	if err := dbgen.New(tx).UpsertVotes(ctx, p); err != nil {
		return fmt.Errorf("upsert %d votes: %w", n, err)
	}
	return nil
}

// VoteRef names one vote, or with an empty region all of a monitor.
type VoteRef struct {
	Monitor uptime.ID
	Region  string
}

// DeleteVotes forgets votes: those of a target that is no more, or of a region that
// no longer looks.
func DeleteVotes(ctx context.Context, tx pgx.Tx, refs []VoteRef) error {
	if len(refs) == 0 {
		return nil
	}
	p := dbgen.DeleteVotesParams{MonitorIds: make([]uptime.ID, len(refs)), Regions: make([]string, len(refs))}
	for i, r := range refs {
		p.MonitorIds[i], p.Regions[i] = r.Monitor, r.Region
	}
	if err := dbgen.New(tx).DeleteVotes(ctx, p); err != nil {
		return fmt.Errorf("delete %d votes: %w", len(refs), err)
	}
	return nil
}

// Votes returns the checkpointed votes of the monitors, by monitor and region.
func (s *Store) Votes(ctx context.Context, monitors ...uptime.ID) ([]Vote, error) {
	return votes(ctx, s.db, monitors)
}

func votes(ctx context.Context, db dbgen.DBTX, monitors []uptime.ID) ([]Vote, error) {
	rows, err := dbgen.New(db).Votes(ctx, monitors)
	if err != nil {
		return nil, fmt.Errorf("read votes: %w", err)
	}
	out := make([]Vote, len(rows))
	for i := range rows {
		r := &rows[i]
		v := Vote{
			Monitor: r.MonitorID, Region: r.Region, Revision: r.Revision, Detail: r.Detail,
			Since: uptime.InstantOf(r.Since), Due: uptime.InstantOf(r.Due),
			Latency: time.Duration(r.LatencyUs) * time.Microsecond, Code: int(r.Code), IP: r.Ip, Site: r.Site,
			Canary: uptime.CanaryState(r.Canary), Exempt: r.Exempt, Counted: r.Counted,
		}
		if err := v.Outcome.UnmarshalText([]byte(r.Outcome)); err != nil {
			return nil, fmt.Errorf("vote of %s in %s: %w", r.MonitorID, r.Region, err)
		}
		if v.Reason, err = uptime.ParseReason(r.Reason); err != nil {
			return nil, fmt.Errorf("vote of %s in %s: %w", r.MonitorID, r.Region, err)
		}
		out[i] = v
	}
	return out, nil
}

// PlainText returns s without the bytes that PostgreSQL refuses in text and jsonb:
// what is not UTF-8, and NUL. Targets are hostile, and what they answer ends up in
// details; one such byte would fail the whole batch for ever.
func PlainText(s string) string {
	for i := range len(s) {
		if c := s[i]; c == 0 || c >= 0x80 {
			return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "�")
		}
	}
	return s
}
