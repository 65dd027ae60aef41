package tsdb

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var testNow = time.Date(2026, 3, 4, 12, 34, 56, 0, time.UTC)

const day = 24 * time.Hour

// A predecessor took any number of days other than 1, 7 and 30 for 1.
func TestPlanTakesAnySpan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		span, age  time.Duration // the span ends age ago
		ask, every time.Duration
		level      Level
		resolution time.Duration
	}{
		{"an hour", time.Hour, 0, 0, 0, LevelRaw, time.Minute},
		{"an hour, checked every 10 s", time.Hour, 0, 0, 10 * time.Second, LevelRaw, 10 * time.Second},
		{"an hour, finer than 500 buckets", time.Hour, 0, time.Second, 0, LevelRaw, 10 * time.Second},
		{"a day", day, 0, 0, 0, LevelRaw, 5 * time.Minute},
		{"a day and two hours", 26 * time.Hour, 0, 0, 0, LevelRaw, 5 * time.Minute},
		{"2 days", 2 * day, 0, 0, 0, Level5m, 10 * time.Minute},
		{"3 days in hours", 3 * day, 0, time.Hour, 0, Level5m, time.Hour},
		{"7 days", 7 * day, 0, 0, 0, Level5m, 30 * time.Minute},
		{"10 days", 10 * day, 0, 0, 0, Level5m, 30 * time.Minute},
		{"11 days", 11 * day, 0, 0, 0, Level1h, time.Hour},
		{"30 days", 30 * day, 0, 0, 0, Level1h, 2 * time.Hour},
		{"37 days by 10 minutes", 37 * day, 0, 10 * time.Minute, 0, Level1h, 2 * time.Hour},
		{"400 days", 400 * day, 0, 0, 0, Level1h, day},
		{"an hour, 40 days ago", time.Hour, 40 * day, 0, 0, Level5m, 5 * time.Minute},
		{"an hour, 100 days ago", time.Hour, 100 * day, 0, 0, Level1h, time.Hour},
		{"7 minutes wide", day, 0, 7 * time.Minute, 0, LevelRaw, 7 * time.Minute},
		{"a third of a window", 2 * day, 0, 6 * time.Minute, 0, Level5m, 10 * time.Minute},
	}
	for _, tt := range tests {
		to := testNow.Add(-tt.age)
		p, err := planSeries(testNow, SeriesQuery{
			From: to.Add(-tt.span), To: to, Resolution: tt.ask, Interval: tt.every,
		}, Retention{})
		if err != nil || p.level != tt.level || p.resolution != tt.resolution {
			t.Errorf("%s: level %s, resolution %s, %v, want %s, %s", tt.name, p.level, p.resolution, err, tt.level, tt.resolution)
		}
	}
	if _, err := planSeries(testNow, SeriesQuery{From: testNow, To: testNow}, Retention{}); !errors.Is(err, ErrSpan) {
		t.Errorf("empty span: %v, want ErrSpan", err)
	}
	if _, err := planSeries(testNow, SeriesQuery{From: testNow.Add(-900 * day), To: testNow.Add(-800 * day)}, Retention{}); err != nil {
		t.Errorf("long gone: %v, want an empty answer", err)
	}
}

func TestPlanBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		duration := func(name string, low, high time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(low), int64(high)).Draw(t, name))
		}
		to := testNow.Add(-duration("age", -day, 500*day))
		q := SeriesQuery{
			From: to.Add(-duration("span", 1, 450*day)), To: to,
			Resolution: duration("resolution", 0, 60*day), Interval: duration("interval", 0, day),
		}
		p, err := planSeries(testNow, q, Retention{})
		if errors.Is(err, ErrSpan) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := p.buckets(); n < 1 || n > MaxBuckets {
			t.Fatalf("%d buckets", n)
		}
		if w := p.level.Width(); w > 0 && p.resolution%w != 0 {
			t.Fatalf("%s is not a multiple of %s", p.resolution, w)
		}
		if p.resolution < q.Resolution {
			t.Fatalf("%s is finer than asked: %s", p.resolution, q.Resolution)
		}
		if !floor(p.from, p.resolution).Equal(p.from) || !floor(p.to, p.resolution).Equal(p.to) {
			t.Fatalf("%s – %s are not whole buckets of %s", p.from, p.to, p.resolution)
		}
		if p.from.After(q.From) && q.From.After(testNow.Add(-400*day)) || q.To.Before(testNow) && p.to.Before(q.To) && q.To.After(testNow.Add(-400*day)) {
			t.Fatalf("%s – %s does not cover %s – %s", p.from, p.to, q.From, q.To)
		}
	})
}
