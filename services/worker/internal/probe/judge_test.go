package probe

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	env := Env{Assertions: assertion.NewCache(0)}
	tests := []struct {
		name    string
		raw     string
		reason  uptime.Reason
		outcome uptime.Outcome
		detail  string
	}{
		{"none", ``, uptime.ReasonNone, uptime.OutcomePass, ""},
		{"an empty list", `[]`, uptime.ReasonNone, uptime.OutcomePass, ""},
		{"holds", `[{"source":"payload","comparison":"contains","target":"OK"}]`, uptime.ReasonNone, uptime.OutcomePass, ""},
		{"fails", `[{"source":"payload","comparison":"contains","target":"ready"}]`, uptime.ReasonAssertion, uptime.OutcomeFail, `payload is "+OK hunter2"`},
		{"degraded", `[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]`, uptime.ReasonAssertion, uptime.OutcomeDegraded, "latency"},
		{"not for this kind", `[{"source":"rtt","comparison":"less_than","target":1}]`, uptime.ReasonInvalid, uptime.OutcomeInvalid, "assertions[0].source"},
		{"no list", `{}`, uptime.ReasonInvalid, uptime.OutcomeInvalid, "array"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := Finding{}
			env.Judge(t.Context(), &f, uptime.KindTCP, []byte(tt.raw), &assertion.Observation{Payload: []byte("+OK hunter2")})
			if f.Reason != tt.reason || f.Outcome() != tt.outcome || !strings.Contains(f.Detail, tt.detail) {
				t.Errorf("got %s %s %q, want %s %s %q", f.Reason, f.Outcome(), f.Detail, tt.reason, tt.outcome, tt.detail)
			}
			if failed := f.Evidence != nil && len(f.Evidence.Failures) == 1; failed != (tt.reason == uptime.ReasonAssertion) {
				t.Errorf("evidence %+v", f.Evidence)
			}
		})
	}
	f := Finding{Reason: uptime.ReasonTimeout}
	env.Judge(t.Context(), &f, uptime.KindTCP, []byte(tests[3].raw), &assertion.Observation{})
	if f.Reason != uptime.ReasonTimeout {
		t.Errorf("a failed finding became %s", f.Reason)
	}
}

func TestAsserts(t *testing.T) {
	t.Parallel()
	env := Env{Assertions: assertion.NewCache(0)}
	raw := []byte(`[{"source":"payload","comparison":"exists"}]`)
	if !env.Asserts(uptime.KindTCP, raw, assertion.SourcePayload) || env.Asserts(uptime.KindTCP, raw, assertion.SourceCertificate) ||
		env.Asserts(uptime.KindTCP, nil, assertion.SourcePayload) || env.Asserts(uptime.KindTCP, []byte("x"), assertion.SourcePayload) {
		t.Error("Asserts is wrong")
	}
}

func TestInvert(t *testing.T) {
	t.Parallel()
	for r := uptime.ReasonNone; r <= uptime.ReasonRegistry; r++ {
		f := Finding{Reason: r, Detail: "x", Degraded: true}
		before := f.Outcome()
		f.Invert()
		want := uptime.OutcomePass
		switch r {
		case uptime.ReasonNone, uptime.ReasonPanic, uptime.ReasonBlockedTarget:
			want = uptime.OutcomeFail
		case uptime.ReasonUnsupported, uptime.ReasonInvalid, uptime.ReasonRegistry:
			want = uptime.OutcomeInvalid
		case uptime.ReasonExpired, uptime.ReasonNoWorker:
			want = before
		default:
		}
		if r == uptime.ReasonPanic || r == uptime.ReasonBlockedTarget {
			f.Degraded = false // no prober sets both
		}
		if f.Outcome() != want {
			t.Errorf("%s upside down is %s, want %s", r, f.Outcome(), want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	got := Excerpt([]byte("220 hi\r\n\x00\x1b[31m pass=hunter2\n"), []string{"hunter2", "x"})
	if want := "220 hi\n··[31m pass=***\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// Cut or not, half a secret is not shown.
	got = Excerpt([]byte(strings.Repeat("a", maxExcerpt-5)+"hunter2hunter2"), []string{"hunter2"})
	if strings.Contains(got, "hun") || len(got) > maxExcerpt {
		t.Errorf("%d bytes, ends %q", len(got), got[len(got)-20:])
	}
}

// The runner turns a monitor round that is upside down, whatever its kind.
func TestRunnerInverts(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]uptime.Outcome{
		`{}`: uptime.OutcomeFail, `{"upside_down":true}`: uptime.OutcomePass, `{"upside_down":false}`: uptime.OutcomeFail,
	} {
		r := runnerOf(func(context.Context, *uptime.Check) Finding {
			return Finding{Reason: uptime.ReasonConnectRefused, Detail: "x"}
		})
		f := r.Run(t.Context(), &uptime.Check{Kind: "test", Timeout: time.Second, Settings: []byte(settings)})
		if f.Outcome() != want || f.Attempts != 2 || (f.Detail == "") != (want == uptime.OutcomePass) {
			t.Errorf("%s: %s %q after %d attempts", settings, f.Outcome(), f.Detail, f.Attempts)
		}
	}
	r := runnerOf(func(context.Context, *uptime.Check) Finding { return Finding{} })
	f := r.Run(t.Context(), &uptime.Check{Kind: "test", Settings: []byte(`{"upside_down":true}`)})
	if f.Outcome() != uptime.OutcomeFail || f.Reason != uptime.ReasonAssertion {
		t.Errorf("an answer is %s %s", f.Outcome(), f.Reason)
	}
}
