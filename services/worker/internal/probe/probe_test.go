package probe

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type proberFunc func(ctx context.Context, c *uptime.Check) Finding

func (f proberFunc) Probe(ctx context.Context, c *uptime.Check) Finding { return f(ctx, c) }

func runnerOf(f proberFunc, allow ...netip.Prefix) *Runner {
	return NewRunner(Kinds{"test": func(Env) Prober { return f }}, Env{
		Guard: egress.New(allow), Log: slog.New(slog.DiscardHandler),
	})
}

func TestPanicIsAFailedProbe(t *testing.T) {
	t.Parallel()
	r := runnerOf(func(context.Context, *uptime.Check) Finding { panic("secret") })
	f := r.Run(t.Context(), &uptime.Check{Kind: "test", Timeout: time.Second})
	if f.Reason != uptime.ReasonPanic || f.Outcome() != uptime.OutcomeFail || strings.Contains(f.Detail, "secret") || f.Attempts != 1 {
		t.Errorf("got %+v", f)
	}
}

func TestUnknownKindIsNoVote(t *testing.T) {
	t.Parallel()
	r := runnerOf(nil)
	f := r.Run(t.Context(), &uptime.Check{Kind: "carrier-pigeon"})
	if f.Reason != uptime.ReasonUnsupported || f.Outcome() != uptime.OutcomeInvalid || !strings.Contains(f.Detail, "carrier-pigeon") {
		t.Errorf("got %+v", f)
	}
	if r.Supports("carrier-pigeon") || !r.Supports("test") {
		t.Error("Supports is wrong")
	}
}

// Both attempts together get the timeout of the check, whatever the message says.
func TestOneDeadline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		timeout        time.Duration
		fails          time.Duration // of the first attempt; 0: hangs
		attempts       int
		took, deadline time.Duration
	}{
		{"hangs", 3 * time.Second, 0, 1, 3 * time.Second, 3 * time.Second},
		{"fails early, then hangs", 3 * time.Second, time.Second, 2, 3 * time.Second, 3 * time.Second},
		{"fails too late for another try", 3 * time.Second, 2950 * time.Millisecond, 1, 2950 * time.Millisecond, 3 * time.Second},
		{"no timeout", 0, 0, 1, DefaultTimeout, DefaultTimeout},
		{"an absurd one", time.Hour, 0, 1, maxTimeout, maxTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, calls := time.Now(), 0
				r := runnerOf(func(ctx context.Context, _ *uptime.Check) Finding {
					if d, ok := ctx.Deadline(); !ok || d.Sub(start) != tt.deadline {
						t.Errorf("deadline after %s, want %s", d.Sub(start), tt.deadline)
					}
					if calls++; calls == 1 && tt.fails > 0 {
						time.Sleep(tt.fails)
						return Finding{Reason: uptime.ReasonConnectRefused}
					}
					<-ctx.Done()
					return Finding{Reason: uptime.ReasonTimeout}
				})
				f := r.Run(t.Context(), &uptime.Check{Kind: "test", Timeout: tt.timeout})
				if took := time.Since(start); took != tt.took || f.Attempts != tt.attempts {
					t.Errorf("took %s with %d attempts, want %s with %d", took, f.Attempts, tt.took, tt.attempts)
				}
			})
		})
	}
}

func TestExempt(t *testing.T) {
	t.Parallel()
	lan := netip.MustParsePrefix("10.0.0.0/8")
	tests := []struct {
		target  string
		dialled netip.Addr
		exempt  bool
	}{
		{"http://intranet/", netip.MustParseAddr("10.1.1.1"), true},
		{"http://intranet/", netip.MustParseAddr("192.0.2.1"), false},
		{"http://intranet/", netip.Addr{}, false},
		{"http://10.1.1.1:8080/x", netip.Addr{}, true},
		{"10.1.1.1:53", netip.Addr{}, true},
		{"10.1.1.1", netip.Addr{}, true},
		{"http://192.0.2.1/", netip.Addr{}, false},
		{"http://%zz", netip.Addr{}, false},
	}
	for _, tt := range tests {
		r := runnerOf(func(context.Context, *uptime.Check) Finding { return Finding{IP: tt.dialled} }, lan)
		if f := r.Run(t.Context(), &uptime.Check{Kind: "test", Target: tt.target}); f.Exempt != tt.exempt {
			t.Errorf("%s dialled at %s: exempt %v, want %v", tt.target, tt.dialled, f.Exempt, tt.exempt)
		}
	}
}

func TestPresentable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in      string
		secrets []string
		want    string
	}{
		{"", []string{"abcd"}, ""},
		{"refused", nil, "refused"},
		{"said hunter2 and hunter2", []string{"hunter2"}, "said *** and ***"},
		{"a cat", []string{"a", ""}, "a cat"},
		{"red\x1b[31m\x00\r\n", nil, "red [31m"},
		{"\xff\xfe broken", nil, "broken"},
	}
	for _, tt := range tests {
		if got := presentable(tt.in, tt.secrets); got != tt.want {
			t.Errorf("presentable(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
	long := presentable(strings.Repeat("ü", 1000), nil)
	if len(long) > maxDetail || !utf8.ValidString(long) || !strings.HasSuffix(long, "…") {
		t.Errorf("long detail: %d bytes, %q", len(long), long)
	}
}
