package attempt_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/probefleet/probefleet/pkg/alert"
	"github.com/probefleet/probefleet/services/notifier/internal/attempt"
)

func TestNext(t *testing.T) {
	t.Parallel()
	const half = 0.5 // no jitter in effect
	tests := []struct {
		name string
		f    attempt.Failure
		h    attempt.History
		want attempt.Step
	}{
		{"first transient", attempt.Failure{}, attempt.History{Attempts: 1}, attempt.Step{Action: attempt.Retry, Pause: time.Second}},
		{"second transient", attempt.Failure{}, attempt.History{Attempts: 2}, attempt.Step{Action: attempt.Retry, Pause: 2 * time.Second}},
		{
			"third transient holds the channel", attempt.Failure{}, attempt.History{Attempts: 3},
			attempt.Step{Action: attempt.Retry, Pause: 4 * time.Second, Hold: 4 * time.Second},
		},
		{
			"the pause is bounded", attempt.Failure{}, attempt.History{Attempts: 5000},
			attempt.Step{Action: attempt.Retry, Pause: attempt.MaxPause, Hold: time.Minute},
		},
		{"too old", attempt.Failure{}, attempt.History{Attempts: 9, Age: 24 * time.Hour}, attempt.Step{Action: attempt.Discard}},
		{
			"asked for patience", attempt.Failure{Class: attempt.Busy, RetryAfter: 30 * time.Second}, attempt.History{Attempts: 1},
			attempt.Step{Action: attempt.Delay, Pause: 32500 * time.Millisecond, Hold: 32500 * time.Millisecond},
		},
		{
			"busy without a word", attempt.Failure{Class: attempt.Busy}, attempt.History{Attempts: 1},
			attempt.Step{Action: attempt.Delay, Pause: 5 * time.Second, Hold: 5 * time.Second},
		},
		{
			"the first refusal is not the end", attempt.Failure{Class: attempt.Refused}, attempt.History{Attempts: 1},
			attempt.Step{Action: attempt.Retry, Pause: 5 * time.Second, Refusals: 1},
		},
		{
			"refusals are counted in a row, not attempts", attempt.Failure{Class: attempt.Refused}, attempt.History{Attempts: 40},
			attempt.Step{Action: attempt.Retry, Pause: 5 * time.Second, Refusals: 1},
		},
		{
			"the fifth refusal is", attempt.Failure{Class: attempt.Refused}, attempt.History{Attempts: 5, Refusals: 4},
			attempt.Step{Action: attempt.Discard, Refusals: 5},
		},
	}
	for _, tt := range tests {
		if got := attempt.Next(&tt.f, tt.h, half); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestNextIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := attempt.Failure{
			Class:      rapid.SampledFrom([]attempt.Class{attempt.Transient, attempt.Busy, attempt.Refused}).Draw(t, "class"),
			RetryAfter: time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "after")),
		}
		h := attempt.History{
			Attempts: rapid.IntRange(1, 100000).Draw(t, "attempts"), Refusals: rapid.IntRange(0, 10).Draw(t, "refusals"),
			Age: time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "age")),
		}
		step := attempt.Next(&f, h, rapid.Float64Range(0, 0.999).Draw(t, "jitter"))
		if step.Action == attempt.Discard {
			return
		}
		if h.Age+step.Pause > attempt.MaxAge {
			t.Fatalf("tries again after %v at an age of %v", step.Pause, h.Age)
		}
		if step.Pause < 500*time.Millisecond || step.Pause > attempt.MaxRetryAfter+5*time.Second && f.Class == attempt.Busy {
			t.Fatalf("pause %v", step.Pause)
		}
		if f.Class == attempt.Busy && step.Pause < min(f.RetryAfter, attempt.MaxRetryAfter) {
			t.Fatalf("pause %v is shorter than asked for, %v", step.Pause, f.RetryAfter)
		}
	})
}

func TestFromHTTP(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		status int
		after  string
		ok     bool
		class  attempt.Class
		wait   time.Duration
	}{
		{200, "", true, 0, 0},
		{204, "", true, 0, 0},
		{302, "", false, attempt.Refused, 0},
		{400, "", false, attempt.Refused, 0},
		{404, "", false, attempt.Refused, 0},
		{408, "", false, attempt.Transient, 0},
		{410, "", false, attempt.Refused, 0},
		{429, "", false, attempt.Busy, 0},
		{429, "7", false, attempt.Busy, 7 * time.Second},
		{429, "1.5", false, attempt.Busy, 1500 * time.Millisecond},
		{429, "Mon, 04 May 2026 12:00:09 GMT", false, attempt.Busy, 9 * time.Second},
		{429, "Mon, 04 May 2026 11:00:09 GMT", false, attempt.Busy, 0},
		{429, "-3", false, attempt.Busy, 0},
		{429, "NaN", false, attempt.Busy, 0},
		{429, "1e300", false, attempt.Busy, time.Hour},
		{429, "soon", false, attempt.Busy, 0},
		{500, "", false, attempt.Transient, 0},
		{503, "", false, attempt.Transient, 0},
		{503, "3", false, attempt.Busy, 3 * time.Second},
	}
	for _, tt := range tests {
		answer := &alert.Answer{Code: tt.status}
		f := attempt.FromHTTP(tt.status, http.Header{"Retry-After": {tt.after}}, answer, now)
		if tt.ok {
			if f != nil {
				t.Errorf("%d: %v, want none", tt.status, f)
			}
			continue
		}
		if f == nil || f.Class != tt.class || f.RetryAfter != tt.wait || f.Answer != answer {
			t.Errorf("%d with Retry-After %q: %+v, want %v after %v", tt.status, tt.after, f, tt.class, tt.wait)
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	refused := attempt.Fail(attempt.Refused, "no such user")
	if got := attempt.Of(fmt.Errorf("send: %w", refused)); got != refused {
		t.Errorf("Of a wrapped failure = %+v", got)
	}
	if got := attempt.Of(errors.New("boom")); got.Class != attempt.Transient || got.Text != "boom" {
		t.Errorf("Of another error = %+v", got)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	if got := attempt.Redact("POST /T0/B0/secret: secret is wrong, true", "secret", "", "true"); got != "POST /T0/B0/***: *** is wrong, true" {
		t.Errorf("Redact = %q", got)
	}
}
