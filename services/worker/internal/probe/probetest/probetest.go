// Package probetest runs checks of one kind for tests: as the worker does, with settings
// that have passed the api's validation, towards targets on loopback, and with what must
// hold of every finding looked at each time.
package probetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// Timeouts of checks in tests.
const (
	Long  = 20 * time.Second // never reached
	Short = 400 * time.Millisecond
	// late is how much later than its timeout a check may end when the machine stalls; one
	// that does not heed its timeout ends never.
	late = 30 * time.Second
)

// Longer yields a timeout that is to be reached, and longer ones, for a machine that
// stalled before the check got to where it has to wait.
func Longer(timeout time.Duration) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for ; timeout <= Long && yield(timeout); timeout *= 5 {
		}
	}
}

// Kind is a kind of check under test.
type Kind struct {
	Kind uptime.Kind
	New  func(probe.Env) probe.Prober
	// Untimed says that the kind's phases are not those of a connection.
	Untimed bool
}

// Env is that of a worker whose operator lets it look at loopback, and which knows no
// name server.
func Env() probe.Env {
	return probe.Env{
		Guard:    egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}),
		Resolver: Resolver(func(context.Context) (net.Conn, error) { return nil, errors.New("no name server") }),
		Log:      slog.New(slog.DiscardHandler), UserAgent: "probefleet/1 (eu-west)",
	}
}

// Resolver looks names up over connections that dial makes.
func Resolver(dial func(ctx context.Context) (net.Conn, error)) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
}

// Check returns a check whose target and settings a user could have written.
func (k Kind) Check(t testing.TB, target, settings string, timeout time.Duration) *uptime.Check {
	t.Helper()
	s, err := monitorspec.Parse(k.Kind, target, json.RawMessage(settings))
	if err != nil {
		t.Fatalf("%s %s: %v", target, settings, err)
	}
	full, err := s.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return &uptime.Check{Kind: k.Kind, Target: s.Target, Settings: full, Timeout: timeout}
}

// Run makes one check.
func (k Kind) Run(t testing.TB, env probe.Env, target, settings string, timeout time.Duration) probe.Finding {
	t.Helper()
	return k.RunCheck(t, env, k.Check(t, target, settings, timeout))
}

// RunCheck makes a check, and looks at what holds of every finding.
func (k Kind) RunCheck(t testing.TB, env probe.Env, c *uptime.Check) probe.Finding {
	t.Helper()
	r := probe.NewRunner(probe.Kinds{k.Kind: k.New}, env)
	start := time.Now()
	f := r.Run(t.Context(), c)
	if took := time.Since(start); took > c.Timeout+late {
		t.Errorf("took %s with a timeout of %s", took, c.Timeout)
	}
	if len(f.Detail) > 256 || strings.ContainsAny(f.Detail, "\r\n\x00") {
		t.Errorf("detail %q", f.Detail)
	}
	if (f.Reason == uptime.ReasonNone) != (f.Detail == "") {
		t.Errorf("reason %q with detail %q", f.Reason, f.Detail)
	}
	p := f.Phases
	if sum := p.DNS + p.Connect + p.TLS + p.TTFB + p.Transfer; !k.Untimed && sum > 0 && sum != p.Total {
		t.Errorf("phases %+v do not add up", p)
	}
	return f
}

// RunUntil makes a check that has to reach its timeout, again with a longer one if the
// machine stalled before it found what it should.
func (k Kind) RunUntil(t testing.TB, env probe.Env, target, settings string, timeout time.Duration, found func(*probe.Finding) bool) (f probe.Finding) {
	t.Helper()
	for timeout := range Longer(timeout) {
		if f = k.Run(t, env, target, settings, timeout); found(&f) {
			break
		}
	}
	return f
}

// Because is a finding of [Kind.RunUntil] that has the reason.
func Because(reason uptime.Reason) func(*probe.Finding) bool {
	return func(f *probe.Finding) bool { return f.Reason == reason }
}

// Case is one row of a table of outcomes.
type Case struct {
	Name, Target, Settings string
	Timeout                time.Duration // Long
	Reason                 uptime.Reason
	Code                   int
	Detail                 string // is part of it
	Degraded               bool
	Attempts               int // 0: any
}

// Table checks every row.
func (k Kind) Table(t *testing.T, env probe.Env, cases []Case) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) {
			t.Parallel()
			wanted := func(f *probe.Finding) bool {
				return f.Reason == tt.Reason && f.Code == tt.Code && strings.Contains(f.Detail, tt.Detail) && f.Degraded == tt.Degraded
			}
			f := k.RunUntil(t, env, tt.Target, tt.Settings, cmp.Or(tt.Timeout, Long), wanted)
			if !wanted(&f) {
				t.Errorf("got %q (%d) %q, degraded %v, want %q (%d) %q, %v",
					f.Reason, f.Code, f.Detail, f.Degraded, tt.Reason, tt.Code, tt.Detail, tt.Degraded)
			}
			if tt.Attempts != 0 && f.Attempts != tt.Attempts {
				t.Errorf("%d attempts, want %d", f.Attempts, tt.Attempts)
			}
		})
	}
}
