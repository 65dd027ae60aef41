package postgres

import (
	"errors"
	"testing"
)

func TestExceeds(t *testing.T) {
	t.Parallel()
	limits := Quotas{Websites: 3, ChecksPerMinute: 10}
	for _, tt := range []struct {
		name          string
		before, after Usage
		what          string
	}{
		{"room is left", Usage{Websites: 1}, Usage{Websites: 2}, ""},
		{"the last that fits", Usage{Websites: 2}, Usage{Websites: 3}, ""},
		{"one too many", Usage{Websites: 3}, Usage{Websites: 4}, "websites"},
		{"too many from before, and no more", Usage{Websites: 5}, Usage{Websites: 5}, ""},
		{"too many from before, and fewer", Usage{Websites: 5}, Usage{Websites: 4}, ""},
		{"too many from before, and more", Usage{Websites: 5}, Usage{Websites: 6}, "websites"},
		{"what has no limit", Usage{Monitors: 1, Channels: 1}, Usage{Monitors: 1e6, Channels: 1e6}, ""},
		{"checks", Usage{ChecksPerMinute: 9.5}, Usage{ChecksPerMinute: 10.5}, "checks_per_minute"},
		{"checks up to rounding", Usage{}, Usage{ChecksPerMinute: 10 + 1e-9}, ""},
	} {
		err := exceeds(limits, tt.before, tt.after)
		var e *QuotaExceeded
		if got := errors.As(err, &e); got != (tt.what != "") || got && e.What != tt.what {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.what)
		}
	}
}
