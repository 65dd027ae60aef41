package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/probefleet/probefleet/pkg/postgres/internal/dbgen"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Status is the verdict on a website or monitor, or why there is none.
type Status string

// The statuses beside the verdicts.
const (
	StatusPending Status = "pending" // not judged yet
	StatusPaused  Status = "paused"
)

// Status returns the monitor's status.
func (m *Monitor) Status() Status {
	switch {
	case m.Paused || m.WebsitePaused:
		return StatusPaused
	case !m.Judged:
		return StatusPending
	}
	return Status(m.Verdict.String())
}

// Verdict returns the worst verdict on the website's monitors and since when it has
// been so. Paused monitors, and those that were not judged yet, are left out; without
// any other it is unknown, since the zero time.
func (w *Website) Verdict() (uptime.Verdict, time.Time) {
	var verdicts []uptime.Verdict
	for i := range w.Monitors {
		if m := &w.Monitors[i]; m.Judged && !m.Paused {
			verdicts = append(verdicts, m.Verdict)
		}
	}
	worst := uptime.Worst(verdicts...)
	var since time.Time
	for i := range w.Monitors {
		m := &w.Monitors[i]
		if !m.Judged || m.Paused || m.Verdict != worst {
			continue
		}
		// Up begins when the last monitor came up, all else with the first that is so.
		if since.IsZero() || m.Since.After(since) == (worst == uptime.VerdictUp) {
			since = m.Since
		}
	}
	return worst, since
}

// Status returns the website's status.
func (w *Website) Status() Status {
	running, judged := 0, false
	for i := range w.Monitors {
		if m := &w.Monitors[i]; !m.Paused {
			running++
			judged = judged || m.Judged
		}
	}
	switch {
	case w.Paused || len(w.Monitors) > 0 && running == 0:
		return StatusPaused
	case !judged:
		return StatusPending
	}
	verdict, _ := w.Verdict()
	return Status(verdict.String())
}

// Advisory returns the regions in which one of the monitors fails below quorum, sorted.
func (w *Website) Advisory() []string {
	regions := []string{}
	for i := range w.Monitors {
		if m := &w.Monitors[i]; !m.Paused {
			regions = append(regions, m.Advisory...)
		}
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

// Activity is what the last checks of a website said.
type Activity struct {
	Due     time.Time // of the newest
	Latency time.Duration
}

// Activities returns the activity of every website of the tenant that was checked.
func (s *Store) Activities(ctx context.Context, org uptime.ID) (map[uptime.ID]Activity, error) {
	rows, err := s.q.WebsiteStatuses(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("activity of websites: %w", err)
	}
	out := make(map[uptime.ID]Activity, len(rows))
	for _, r := range rows {
		out[r.WebsiteID] = Activity{Due: r.LastDue, Latency: time.Duration(r.LatencyUs) * time.Microsecond}
	}
	return out, nil
}

// KnownWebsites returns which of the ids are websites of the tenant.
func (s *Store) KnownWebsites(ctx context.Context, org uptime.ID, ids []uptime.ID) ([]uptime.ID, error) {
	known, err := s.q.KnownWebsites(ctx, dbgen.KnownWebsitesParams{OrgID: org, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("look for %d websites: %w", len(ids), err)
	}
	return known, nil
}
