package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// SpansOf returns the spans of monitors that touch the period, by their beginning: one
// query for all of them. The last span of a monitor that began before the period is
// among them even if it ended before it, which tells a pause from a monitor that had not
// begun.
func (s *Store) SpansOf(ctx context.Context, monitors []uptime.ID, from, to time.Time) ([]Span, error) {
	if len(monitors) == 0 {
		return nil, nil
	}
	rows, err := s.q.SpansOfMonitors(ctx, dbgen.SpansOfMonitorsParams{Ids: monitors, Since: from, Until: to})
	if err != nil {
		return nil, fmt.Errorf("spans of %d monitors: %w", len(monitors), err)
	}
	out := make([]Span, len(rows))
	for i, r := range rows {
		if out[i], err = spanOf(r.MonitorID, r.StartedAt, r.EndedAt, r.Verdict, r.Reason); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func spanOf(monitor uptime.ID, from time.Time, to *time.Time, verdict, reason string) (Span, error) {
	v, err := uptime.ParseVerdict(verdict)
	if err != nil {
		return Span{}, fmt.Errorf("span of monitor %s: %w", monitor, err)
	}
	r, err := uptime.ParseReason(reason)
	if err != nil {
		return Span{}, fmt.Errorf("span of monitor %s: %w", monitor, err)
	}
	return Span{Monitor: monitor, From: from, To: deref(to), Verdict: v, Reason: r}, nil
}

// RegionFailure is a stretch of time in which one region saw a monitor fail.
type RegionFailure struct {
	Span
	Region string
}

// FailuresOf returns when regions saw the monitors fail in the period, by the beginning
// of each stretch. Their verdict is down.
func (s *Store) FailuresOf(ctx context.Context, monitors []uptime.ID, from, to time.Time) ([]RegionFailure, error) {
	if len(monitors) == 0 {
		return nil, nil
	}
	rows, err := s.q.FailuresOfMonitors(ctx, dbgen.FailuresOfMonitorsParams{Ids: monitors, Since: &from, Until: to})
	if err != nil {
		return nil, fmt.Errorf("failures of %d monitors: %w", len(monitors), err)
	}
	out := make([]RegionFailure, len(rows))
	for i, r := range rows {
		span, err := spanOf(r.MonitorID, r.StartedAt, r.EndedAt, uptime.VerdictDown.String(), r.Reason)
		if err != nil {
			return nil, err
		}
		out[i] = RegionFailure{Span: span, Region: r.Region}
	}
	return out, nil
}

// OpenIncidents returns the open incident of each monitor that has one.
func (s *Store) OpenIncidents(ctx context.Context, monitors []uptime.ID) (map[uptime.ID]uptime.ID, error) {
	rows, err := s.q.OpenIncidentsOfMonitors(ctx, monitors)
	if err != nil {
		return nil, fmt.Errorf("open incidents of %d monitors: %w", len(monitors), err)
	}
	out := make(map[uptime.ID]uptime.ID, len(rows))
	for _, r := range rows {
		out[r.MonitorID] = r.ID
	}
	return out, nil
}

// Counts is how many websites are in each state, and how many of them fail in some
// regions below quorum.
type Counts struct {
	By         map[Status]int
	Advisories int
}

// CountWebsites counts the tenant's websites that have all of the tags.
func (s *Store) CountWebsites(ctx context.Context, org uptime.ID, tags []string) (Counts, error) {
	rows, err := s.q.CountWebsites(ctx, dbgen.CountWebsitesParams{OrgID: org, Tags: notNil(tags)})
	if err != nil {
		return Counts{}, fmt.Errorf("count websites: %w", err)
	}
	out := Counts{By: make(map[Status]int, len(rows))}
	for _, r := range rows {
		out.By[Status(r.Status)] = int(r.Websites)
		out.Advisories += int(r.Advisories)
	}
	return out, nil
}

// WebsiteMonitor is a monitor and the website that it belongs to.
type WebsiteMonitor struct{ Monitor, Website uptime.ID }

// MonitorsOfTagged returns the monitors of the tenant's websites that have all of the
// tags, those of a website together and oldest first.
func (s *Store) MonitorsOfTagged(ctx context.Context, org uptime.ID, tags []string) ([]WebsiteMonitor, error) {
	rows, err := s.q.MonitorsOfTagged(ctx, dbgen.MonitorsOfTaggedParams{OrgID: org, Tags: notNil(tags)})
	if err != nil {
		return nil, fmt.Errorf("monitors of websites: %w", err)
	}
	out := make([]WebsiteMonitor, len(rows))
	for i, r := range rows {
		out[i] = WebsiteMonitor{Monitor: r.ID, Website: r.WebsiteID}
	}
	return out, nil
}

// CountOpenIncidents counts the open incidents of the tenant's websites that have all of
// the tags.
func (s *Store) CountOpenIncidents(ctx context.Context, org uptime.ID, tags []string) (int, error) {
	n, err := s.q.CountOpenIncidents(ctx, dbgen.CountOpenIncidentsParams{OrgID: org, Tags: notNil(tags)})
	if err != nil {
		return 0, fmt.Errorf("count open incidents: %w", err)
	}
	return int(n), nil
}

// CountEnabledChannels counts the tenant's channels that alerts go to.
func (s *Store) CountEnabledChannels(ctx context.Context, org uptime.ID) (int, error) {
	n, err := s.q.CountEnabledChannels(ctx, org)
	if err != nil {
		return 0, fmt.Errorf("count channels: %w", err)
	}
	return int(n), nil
}

// notNil makes SQL's empty array of none.
func notNil(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
