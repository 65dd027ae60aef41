package tally_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/tally"
)

func TestDays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone, now string
		want            []time.Duration // of each day, oldest first
		first           string
	}{
		{"UTC", "UTC", "2026-03-30T10:00:00Z", []time.Duration{24, 24, 24}, "2026-03-28T00:00:00Z"},
		{"forward", "Europe/Berlin", "2026-03-30T10:00:00Z", []time.Duration{24, 23, 24}, "2026-03-28T00:00:00+01:00"},
		{"back", "Europe/Berlin", "2026-10-26T10:00:00Z", []time.Duration{24, 25, 24}, "2026-10-24T00:00:00+02:00"},
		{"another day than UTC's", "Pacific/Auckland", "2026-07-01T13:00:00Z", []time.Duration{24}, "2026-07-02T00:00:00+12:00"},
		{"forward at midnight", "America/Santiago", "2026-09-07T12:00:00Z", []time.Duration{24, 23, 24}, "2026-09-05T00:00:00-04:00"},
		{"back to midnight", "America/Havana", "2026-11-02T12:00:00Z", []time.Duration{24, 25, 24}, "2026-10-31T00:00:00-04:00"},
		{"by half an hour", "Australia/Lord_Howe", "2026-10-05T00:00:00Z", nil, "2026-10-03T00:00:00+10:30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			n := max(len(tt.want), 1)
			if tt.want == nil {
				n = 3
			}
			days := tally.Days(now, zone, n)
			var got []time.Duration
			for i, d := range days {
				got = append(got, d.To.Sub(d.From)/time.Hour)
				if i > 0 && !d.From.Equal(days[i-1].To) {
					t.Errorf("day %d begins at %s, the one before ends at %s", i, d.From, days[i-1].To)
				}
			}
			if tt.want != nil {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("hours (-want +got):\n%s", diff)
				}
			} else if sum := days[2].To.Sub(days[0].From); sum != 71*time.Hour+30*time.Minute {
				t.Errorf("three days of which one is half an hour shorter: %s", sum)
			}
			if got := days[0].From.Format(time.RFC3339); got != tt.first {
				t.Errorf("first day from %s, want %s", got, tt.first)
			}
			if last := days[len(days)-1]; now.Before(last.From) || !now.Before(last.To) {
				t.Errorf("now is not in the last day: %+v", last)
			}
		})
	}
}

func TestOutages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		spans, want []tally.Span
	}{
		{"nothing", nil, nil},
		{"up", []tally.Span{span(1, 0, -1, up)}, nil},
		{"one", []tally.Span{span(1, 0, 5, up), span(1, 5, 8, down), span(1, 8, -1, up)}, []tally.Span{span(1, 5, 8, down)}},
		{"joined", []tally.Span{span(1, 5, 8, down), span(1, 8, 9, down)}, []tally.Span{span(1, 5, 9, down)}},
		{"joined and going on", []tally.Span{span(1, 5, 8, down), span(1, 8, -1, down)}, []tally.Span{span(1, 5, -1, down)}},
		{"apart", []tally.Span{span(1, 5, 8, down), span(1, 8, 10, degraded), span(1, 10, 12, down)}, []tally.Span{span(1, 5, 8, down), span(1, 10, 12, down)}},
		{"two monitors are two outages", []tally.Span{span(2, 6, 9, down), span(1, 5, 8, down)}, []tally.Span{span(1, 5, 8, down), span(2, 6, 9, down)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tally.Outages(tt.spans)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongestAndBudget(t *testing.T) {
	t.Parallel()
	line := tally.Merge([]tally.Span{span(1, 0, 5, down), span(1, 5, 10, up), span(1, 10, 22, down), span(1, 22, -1, up)}, at(0), at(100))
	if got, ok := tally.Longest(line); !ok || got != 12*time.Minute {
		t.Errorf("longest %s, %t", got, ok)
	}
	if _, ok := tally.Longest(nil); ok {
		t.Error("nothing has a longest outage")
	}
	for _, tt := range []struct {
		promised     float64
		down         time.Duration
		budget, left time.Duration
	}{
		{100, 0, 0, 0},
		{100, time.Second, 0, -time.Second},
		{99.9, 0, 43*time.Minute + 12*time.Second, 43*time.Minute + 12*time.Second},
		{99.9, time.Hour, 43*time.Minute + 12*time.Second, -16*time.Minute - 48*time.Second},
		{50, 24 * time.Hour, 360 * time.Hour, 336 * time.Hour},
	} {
		budget, left := tally.Budget(30*24*time.Hour, tt.down, tt.promised)
		if budget != tt.budget || left != tt.left {
			t.Errorf("%v %% with %s down: %s, %s left, want %s, %s", tt.promised, tt.down, budget, left, tt.budget, tt.left)
		}
	}
}
