package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// SpanSwitch ends the open span of a monitor and begins the next one.
type SpanSwitch struct {
	Monitor uptime.ID
	At      uptime.Instant
	Verdict uptime.Verdict
	Reason  uptime.Reason
	// Close only ends the span: paused time belongs to no verdict.
	Close bool
}

// SwitchSpans applies switches, at most one a monitor. A monitor whose open span
// already has the verdict is left alone, so a replay changes nothing; and spans
// never overlap, whatever the instants.
func SwitchSpans(ctx context.Context, tx pgx.Tx, switches []SpanSwitch) error {
	if len(switches) == 0 {
		return nil
	}
	n := len(switches)
	p := dbgen.OpenSpansParams{
		MonitorIds: make([]uptime.ID, n), Ats: make([]time.Time, n), Verdicts: make([]string, n), Reasons: make([]string, n),
	}
	for i, s := range switches {
		p.MonitorIds[i], p.Ats[i] = s.Monitor, s.At.Time()
		if !s.Close {
			p.Verdicts[i], p.Reasons[i] = s.Verdict.String(), s.Reason.String()
		}
	}
	q := dbgen.New(tx)
	if err := q.CloseSpans(ctx, dbgen.CloseSpansParams{MonitorIds: p.MonitorIds, Ats: p.Ats, Verdicts: p.Verdicts}); err != nil {
		return fmt.Errorf("close %d spans: %w", n, err)
	}
	if err := q.OpenSpans(ctx, p); err != nil {
		return fmt.Errorf("open %d spans: %w", n, err)
	}
	return nil
}

// VoteSpanSwitch ends the open span of a region's vote and begins the next one. An
// empty region with Close ends those of every region.
type VoteSpanSwitch struct {
	Monitor uptime.ID
	Region  string
	At      uptime.Instant
	Outcome uptime.Outcome
	Reason  uptime.Reason
	Close   bool // only ends the span: the region has no opinion any more
}

// SwitchVoteSpans applies switches in their order. As with [SwitchSpans] a replay
// changes nothing.
func SwitchVoteSpans(ctx context.Context, tx pgx.Tx, switches []VoteSpanSwitch) error {
	for _, round := range voteSpanRounds(switches) {
		if err := switchVoteSpans(ctx, tx, round); err != nil {
			return err
		}
	}
	return nil
}

// voteSpanRounds splits switches so that within one part no vote is named twice,
// because one statement cannot change a row twice.
func voteSpanRounds(switches []VoteSpanSwitch) [][]VoteSpanSwitch {
	type key struct {
		monitor uptime.ID
		region  string
	}
	var rounds [][]VoteSpanSwitch
	named := map[key]bool{}
	start := 0
	for i, s := range switches {
		k, all := key{s.Monitor, s.Region}, key{s.Monitor, ""}
		if named[k] || named[all] || (s.Region == "" && i > start) {
			rounds = append(rounds, switches[start:i])
			start = i
			clear(named)
		}
		named[k] = true
	}
	if start < len(switches) {
		rounds = append(rounds, switches[start:])
	}
	return rounds
}

func switchVoteSpans(ctx context.Context, tx pgx.Tx, switches []VoteSpanSwitch) error {
	n := len(switches)
	p := dbgen.OpenVoteSpansParams{
		MonitorIds: make([]uptime.ID, n), Regions: make([]string, n), Ats: make([]time.Time, n),
		Outcomes: make([]string, n), Reasons: make([]string, n),
	}
	for i, s := range switches {
		p.MonitorIds[i], p.Regions[i], p.Ats[i] = s.Monitor, s.Region, s.At.Time()
		if !s.Close {
			p.Outcomes[i], p.Reasons[i] = s.Outcome.String(), s.Reason.String()
		}
	}
	q := dbgen.New(tx)
	ended := dbgen.CloseVoteSpansParams{MonitorIds: p.MonitorIds, Regions: p.Regions, Ats: p.Ats, Outcomes: p.Outcomes}
	if err := q.CloseVoteSpans(ctx, ended); err != nil {
		return fmt.Errorf("close %d vote spans: %w", n, err)
	}
	if err := q.OpenVoteSpans(ctx, p); err != nil {
		return fmt.Errorf("open %d vote spans: %w", n, err)
	}
	return nil
}
