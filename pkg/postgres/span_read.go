package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Span is a stretch of time in which a monitor had one verdict.
type Span struct {
	Monitor uptime.ID
	From    time.Time
	To      time.Time // zero: still so
	Verdict uptime.Verdict
	Reason  uptime.Reason
}

// Spans returns the spans of a website's monitors that touch the period, by their
// beginning.
func (s *Store) Spans(ctx context.Context, org, website uptime.ID, from, to time.Time) ([]Span, error) {
	rows, err := s.q.SpansOfWebsite(ctx, dbgen.SpansOfWebsiteParams{OrgID: org, WebsiteID: website, Since: &from, Until: to})
	if err != nil {
		return nil, fmt.Errorf("spans of website %s: %w", website, err)
	}
	out := make([]Span, len(rows))
	for i, r := range rows {
		v, err := uptime.ParseVerdict(r.Verdict)
		if err != nil {
			return nil, fmt.Errorf("span of monitor %s: %w", r.MonitorID, err)
		}
		reason, err := uptime.ParseReason(r.Reason)
		if err != nil {
			return nil, fmt.Errorf("span of monitor %s: %w", r.MonitorID, err)
		}
		out[i] = Span{Monitor: r.MonitorID, From: r.StartedAt, To: deref(r.EndedAt), Verdict: v, Reason: reason}
	}
	return out, nil
}

// RegionFailures returns the stretches that touch the period in which one region saw
// a website's monitors fail, by their beginning. Their verdict is down.
func (s *Store) RegionFailures(ctx context.Context, org, website uptime.ID, region string, from, to time.Time) ([]Span, error) {
	rows, err := s.q.FailuresOfWebsite(ctx, dbgen.FailuresOfWebsiteParams{
		OrgID: org, WebsiteID: website, Region: region, Since: &from, Until: to,
	})
	if err != nil {
		return nil, fmt.Errorf("failures of website %s in %s: %w", website, region, err)
	}
	out := make([]Span, len(rows))
	for i, r := range rows {
		reason, err := uptime.ParseReason(r.Reason)
		if err != nil {
			return nil, fmt.Errorf("vote span of monitor %s: %w", r.MonitorID, err)
		}
		out[i] = Span{
			Monitor: r.MonitorID, From: r.StartedAt, To: deref(r.EndedAt), Verdict: uptime.VerdictDown, Reason: reason,
		}
	}
	return out, nil
}
