package auth_test

import (
	"testing"
	"time"

	"github.com/probefleet/probefleet/services/api/internal/auth"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	th := auth.Throttle{Free: 2, Most: 10 * time.Second, Forget: time.Hour}
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	for _, tt := range []struct {
		name    string
		before  auth.Failures
		now     int
		count   int
		blocked int // seconds from the start; 0: not
		wait    time.Duration
	}{
		{"the first", auth.Failures{}, 0, 1, 0, 0},
		{"the last free one", auth.Failures{Count: 1, Last: at(0)}, 0, 2, 0, 0},
		{"one beyond", auth.Failures{Count: 2, Last: at(0)}, 1, 3, 3, 0},
		{"two beyond, after the pause", auth.Failures{Count: 3, Last: at(1), BlockedUntil: at(3)}, 3, 4, 7, 0},
		{"within the pause", auth.Failures{Count: 4, Last: at(3), BlockedUntil: at(7)}, 4, 4, 7, 3 * time.Second},
		{"the longest pause", auth.Failures{Count: 9, Last: at(3)}, 4, 10, 14, 0},
		{"a count beyond all bounds", auth.Failures{Count: 1 << 30, Last: at(3)}, 4, 1<<30 + 1, 14, 0},
		{"a clock that was set back", auth.Failures{Count: 3, Last: at(0), BlockedUntil: at(9000)}, 0, 3, 9000, 10 * time.Second},
		{"long ago", auth.Failures{Count: 50, Last: at(0), BlockedUntil: at(10)}, 3600, 1, 0, 0},
		{"not quite so long ago", auth.Failures{Count: 50, Last: at(0), BlockedUntil: at(10)}, 3599, 51, 3609, 0},
	} {
		after, wait := th.Try(tt.before, at(tt.now))
		blocked := time.Time{}
		if tt.blocked != 0 {
			blocked = at(tt.blocked)
		}
		if after.Count != tt.count || !after.BlockedUntil.Equal(blocked) || wait != tt.wait {
			t.Errorf("%s: %+v, wait %s", tt.name, after, wait)
		}
	}
	if f := th.Forgive(auth.Failures{Count: 3, BlockedUntil: at(5)}); f.Count != 2 || !f.BlockedUntil.IsZero() {
		t.Errorf("forgiven: %+v", f)
	}
	if f := th.Forgive(auth.Failures{}); f.Count != 0 {
		t.Errorf("forgiven: %+v", f)
	}
}

func TestSubjectsAreOnePerPersonAndKind(t *testing.T) {
	t.Parallel()
	if auth.Subject("account", " Ada@Example.com ") != auth.Subject("account", "ada@example.com") {
		t.Error("capitals make another person")
	}
	if auth.Subject("account", "1.2.3.4") == auth.Subject("address", "1.2.3.4") || auth.Subject("a", "bc") == auth.Subject("ab", "c") {
		t.Error("two kinds share a count")
	}
}
