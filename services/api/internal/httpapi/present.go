package httpapi

import (
	"context"
	"encoding/base64"
	"math"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// value returns a field that is there, null one that is null: an answer never leaves
// a field out.
func value[T any](v T) nullable.Nullable[T] { return nullable.NewNullableWithValue(v) }

func null[T any]() nullable.Nullable[T] { return nullable.NewNullNullable[T]() }

// unlessZero is null for the zero value, which stands for "none" in the domain.
func unlessZero[T comparable](v T) nullable.Nullable[T] {
	var zero T
	if v == zero {
		return null[T]()
	}
	return value(v)
}

func nullTime(t time.Time) nullable.Nullable[time.Time] {
	if t.IsZero() {
		return null[time.Time]()
	}
	return value(t.UTC())
}

func pointer[T any](p *T) nullable.Nullable[T] {
	if p == nil {
		return null[T]()
	}
	return value(*p)
}

// millis writes a duration in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// seconds writes a duration in seconds, to the millisecond.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// list never is null in JSON.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

func (s *Server) websiteView(ctx context.Context, w *postgres.Website) api.Website {
	verdict, since := w.Verdict()
	out := api.Website{
		ID: w.ID, URL: w.URL, Name: w.Name, ExternalID: unlessZero(w.ExternalID),
		Tags: list(w.Tags), ManagedBy: w.ManagedBy, Paused: w.Paused, PausedUntil: nullTime(w.PausedUntil), Muted: w.Muted, MutedUntil: nullTime(w.MutedUntil),
		Status: api.Status(w.Status()), Verdict: verdict, VerdictSince: nullTime(since), AdvisoryRegions: w.Advisory(),
		CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(), Monitors: make([]api.Monitor, len(w.Monitors)),
	}
	for i := range w.Monitors {
		out.Monitors[i] = s.monitorView(ctx, &w.Monitors[i])
	}
	return out
}

func (s *Server) monitorView(ctx context.Context, m *postgres.Monitor) api.Monitor {
	out := api.Monitor{
		ID: m.ID, WebsiteID: m.WebsiteID, Kind: string(m.Kind), Name: m.Name, Target: m.Target, Settings: m.Settings,
		IntervalSeconds: int(m.Interval / time.Second), TimeoutMs: int(m.Timeout.Milliseconds()),
		Regions: null[[]string](), Policy: m.Policy, Paused: m.Paused, Revision: m.Revision,
		Status: api.Status(m.Status()), Verdict: m.Verdict, VerdictSince: nullTime(m.Since), Reason: m.Reason,
		AdvisoryRegions: list(m.Advisory), AdvisorySince: nullTime(m.AdvisorySince), Expiries: expiryViews(m.Expiries),
		Heartbeat: s.heartbeatView(ctx, m),
		CreatedAt: m.CreatedAt.UTC(), UpdatedAt: m.UpdatedAt.UTC(),
	}
	if m.Regions != nil {
		out.Regions = value(m.Regions)
	}
	return out
}

func expiryViews(ends []postgres.Expiry) []api.Expiry {
	out := make([]api.Expiry, len(ends))
	for i := range ends {
		e := &ends[i]
		out[i] = api.Expiry{
			Subject: api.ExpirySubject(e.Subject), EndsAt: e.At.Time(), DaysLeft: math.Round(100*e.DaysLeft) / 100,
			SeenAt: e.Seen.Time(), WarnedDays: unlessZero(e.Warned),
		}
	}
	return out
}

// Cursors are opaque: a letter for what they point into, and the last id of the page.
const (
	cursorWebsite    = 'w'
	cursorIncident   = 'i'
	cursorChannel    = 'c'
	cursorDelivery   = 'd'
	cursorTick       = 't'
	cursorFailure    = 'f'
	cursorKey        = 'k'
	cursorAudit      = 'a'
	cursorSummary    = 's'
	cursorReport     = 'r'
	cursorPage       = 'p'
	cursorMember     = 'm'
	cursorInvitation = 'v'
)

func cursorOf(kind byte, id uptime.ID) nullable.Nullable[string] {
	return value(base64.RawURLEncoding.EncodeToString(append([]byte{kind}, id[:]...)))
}

// fromCursor returns the id in a cursor, the zero id if there is none.
func fromCursor(kind byte, cursor *string) (uptime.ID, error) {
	if cursor == nil || *cursor == "" {
		return uptime.ID{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err != nil || len(b) != 1+len(uptime.ID{}) || b[0] != kind {
		return uptime.ID{}, invalidParam("cursor", "is not the next_cursor of a page of this list")
	}
	return uptime.ID(b[1:]), nil
}

const defaultLimit = 100

func limitOf(limit *int) int {
	if limit == nil {
		return defaultLimit
	}
	return *limit
}

// page cuts off the one item more than asked for that tells of a next page.
func page[T any](items []T, limit int) (kept []T, more bool) {
	if len(items) > limit {
		return items[:limit], true
	}
	return items, false
}

// period returns what from and to mean: without to it ends now, without from it
// begins so long before. An end in the future is cut to now.
func (s *Server) period(from, to *time.Time, length time.Duration) (time.Time, time.Time, error) {
	now := s.Now()
	end := now
	if to != nil && to.Before(now) {
		end = *to
	}
	begin := end.Add(-length)
	if from != nil {
		begin = *from
	}
	if !begin.Before(end) {
		if from != nil && to != nil && from.Before(*to) || from != nil && to == nil {
			return begin, end, invalidParam("from", "must be in the past")
		}
		return begin, end, invalidParam("from", "must be before to")
	}
	return begin, end, nil
}

// optional returns the value of a field, nil if it is null or absent.
func optional[T any](n nullable.Nullable[T]) *T {
	if v, err := n.Get(); err == nil {
		return &v
	}
	return nil
}
