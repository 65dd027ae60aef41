package link_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

func asking(handler dns.HandlerFunc) func(t *testing.T) *net.Resolver {
	return func(t *testing.T) *net.Resolver {
		t.Helper()
		addr := dnsserver.New(t, handler, nil).Addr
		return probetest.Resolver(func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "udp", addr)
		})
	}
}

// Each way in which a lookup fails has its reason.
func TestLookups(t *testing.T) {
	t.Parallel()
	listener := targets.Raw(t, func(net.Conn) {})
	_, port, _ := net.SplitHostPort(listener)
	zone := dnsserver.Zone("good.test. 60 IN A 127.0.0.1", "inside.test. 60 IN A 10.0.0.1", "six.test. 60 IN AAAA ::1",
		"both.test. 60 IN A 10.0.0.1", "both.test. 60 IN A 127.0.0.1", "mapped.test. 60 IN AAAA ::ffff:10.0.0.1", "meta.test. 60 IN A 169.254.169.254")
	tests := []struct {
		name, host string
		resolver   func(t *testing.T) *net.Resolver
		timeout    time.Duration
		reason     uptime.Reason
		final      bool
	}{
		{"found", "good.test", asking(zone), probetest.Long, uptime.ReasonNone, false},
		{"one of two is denied", "both.test", asking(zone), probetest.Long, uptime.ReasonNone, false},
		{"NXDOMAIN", "nowhere.test", asking(zone), probetest.Long, uptime.ReasonNXDomain, true},
		{"SERVFAIL", "good.test", asking(dnsserver.Answer(dns.RcodeServerFailure)), probetest.Long, uptime.ReasonServFail, false},
		{"REFUSED", "good.test", asking(dnsserver.Answer(dns.RcodeRefused)), probetest.Long, uptime.ReasonServFail, false},
		{"silence", "good.test", asking(dnsserver.Silence()), 5 * probetest.Short, uptime.ReasonDNS, false},
		{"inside", "inside.test", asking(zone), probetest.Long, uptime.ReasonBlockedTarget, true},
		{"inside, mapped", "mapped.test", asking(zone), probetest.Long, uptime.ReasonBlockedTarget, true},
		{"metadata", "meta.test", asking(zone), probetest.Long, uptime.ReasonBlockedTarget, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := probetest.Env()
			env.Resolver = tt.resolver(t)
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			defer cancel()
			trace := link.Begin()
			var f probe.Finding
			conn, err := link.Dial(ctx, &env, trace, "tcp", "auto", net.JoinHostPort(tt.host, port))
			if err != nil {
				trace.Fail(ctx, &f, err)
			} else {
				_ = conn.Close()
				trace.End(&f)
			}
			if f.Reason != tt.reason || f.Final != tt.final {
				t.Errorf("%s (final %v) %s, want %s (%v)", f.Reason, f.Final, f.Detail, tt.reason, tt.final)
			}
			if f.Phases.DNS <= 0 || f.Phases.Total < f.Phases.DNS {
				t.Errorf("phases %+v", f.Phases)
			}
		})
	}
}

// A name that changes its address between two lookups is judged by what is dialled.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	public, inside := dnsserver.Zone("rebind.test. 0 IN A 127.0.0.1"), dnsserver.Zone("rebind.test. 0 IN A 10.0.0.1")
	env := probetest.Env()
	env.Resolver = asking(func(w dns.ResponseWriter, q *dns.Msg) {
		if n.Add(1) == 1 {
			public(w, q)
			return
		}
		inside(w, q)
	})(t)
	_, port, _ := net.SplitHostPort(targets.Raw(t, func(net.Conn) {}))
	for i, want := range []bool{true, false, false} {
		conn, err := link.Dial(t.Context(), &env, link.Begin(), "tcp", "4", "rebind.test:"+port)
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != want || err != nil && !errors.Is(err, egress.ErrBlocked) {
			t.Errorf("dial %d: %v", i, err)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	sys := func(op string, errno syscall.Errno) error {
		return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError("x", errno)}
	}
	tests := []struct {
		name   string
		err    error
		at     link.Stage
		reason uptime.Reason
		detail string
	}{
		{"no route", sys("dial", syscall.EHOSTUNREACH), link.StageConnect, uptime.ReasonConnect, "no route to host"},
		{"no network", sys("dial", syscall.ENETUNREACH), link.StageConnect, uptime.ReasonConnect, "unreachable"},
		{"kernel gave up", sys("dial", syscall.ETIMEDOUT), link.StageConnect, uptime.ReasonConnectTimeout, "timed out"},
		{"refused", sys("dial", syscall.ECONNREFUSED), link.StageConnect, uptime.ReasonConnectRefused, "refused"},
		{"refused after sending", sys("read", syscall.ECONNREFUSED), link.StageSent, uptime.ReasonConnectRefused, "refused"},
		{"reset while connecting", sys("dial", syscall.ECONNRESET), link.StageConnect, uptime.ReasonConnect, "reset"},
		{"forbidden here", sys("dial", syscall.EPERM), link.StageConnect, uptime.ReasonConnect, "not permitted"},
		{"reset in the handshake", sys("read", syscall.ECONNRESET), link.StageTLS, uptime.ReasonTLS, "during the TLS handshake"},
		{"reset", sys("read", syscall.ECONNRESET), link.StageSent, uptime.ReasonReset, "reset"},
		{"broken pipe", sys("write", syscall.EPIPE), link.StageAnswered, uptime.ReasonReset, "pipe"},
		{"closed", io.EOF, link.StageSent, uptime.ReasonReset, "connection closed"},
		{"cut", io.ErrUnexpectedEOF, link.StageAnswered, uptime.ReasonReset, "unexpected EOF"},
		{"late", os.ErrDeadlineExceeded, link.StageSent, uptime.ReasonTimeout, "no answer"},
		{"later", os.ErrDeadlineExceeded, link.StageAnswered, uptime.ReasonTimeout, "no complete answer"},
		{"nonsense", errors.New("malformed"), link.StageAnswered, uptime.ReasonProtocol, "malformed"},
		{"wrapped", fmt.Errorf("step: %w", link.Failf(uptime.ReasonAuth, "no")), link.StageStart, uptime.ReasonAuth, "no"},
		{"denied", fmt.Errorf("dial: %w", &egress.BlockedError{Why: "private network"}), link.StageConnect, uptime.ReasonBlockedTarget, "private network"},
	}
	for _, tt := range tests {
		got := link.Classify(t.Context(), tt.err, tt.at)
		if got.Reason != tt.reason || !strings.Contains(got.Detail, tt.detail) {
			t.Errorf("%s: %s %q, want %s %q", tt.name, got.Reason, got.Detail, tt.reason, tt.detail)
		}
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if got := link.Classify(done, errors.New("use of closed network connection"), link.StageTLS); got.Reason != uptime.ReasonTimeout {
		t.Errorf("after the end: %s", got.Reason)
	}
}

// Looking for an expression takes no more than its share of the time, however the bytes
// come, and finds what is there.
func TestMatcherRests(t *testing.T) {
	t.Parallel()
	m, err := link.NewMatcher(`(a|b|ab)*(x|y){40}c$`, "text", nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rest() > 0 {
		t.Error("rests before the first look")
	}
	m.Add([]byte(strings.Repeat("ab", 20<<10)))
	start := time.Now()
	if _, ok := m.Look(t.Context()); ok {
		t.Error("matched")
	}
	took := time.Since(start)
	if rest := m.Rest(); rest < 10*took {
		t.Errorf("rests for %s after a look of %s", rest, took)
	}
	m.Add([]byte(strings.Repeat("x", 40) + "c"))
	if _, ok := m.Look(t.Context()); !ok || m.Unseen() {
		t.Error("not found")
	}
}

// However little a flood means, it ends the connection with a reason.
func TestBoundEndsAFlood(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	go func() {
		defer func() { _ = theirs.Close() }()
		for chunk := make([]byte, 64<<10); ; {
			if _, err := theirs.Write(chunk); err != nil {
				return
			}
		}
	}()
	n, err := io.Copy(io.Discard, link.Bound(ours))
	_ = ours.Close()
	failure := (*link.Failure)(nil)
	if !errors.As(err, &failure) || failure.Reason != uptime.ReasonBodyTooLarge || n < 2<<20 || n > 3<<20 {
		t.Errorf("after %d bytes: %v", n, err)
	}
}

func TestQuoteKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 70, 78, 100} {
		got := link.Quote([]byte(strings.Repeat("x", before)+"hunter22 and more"), []string{"hunter22"})
		if strings.Contains(got, "hunt") || len(got) > 100 {
			t.Errorf("after %d bytes: %s", before, got)
		}
	}
}
