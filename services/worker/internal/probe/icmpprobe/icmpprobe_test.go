package icmpprobe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// withSocket returns the kind with sockets opened by f.
func withSocket(f func(netip.Addr) (*socket, error)) probetest.Kind {
	return probetest.Kind{Kind: uptime.KindICMP, Untimed: true, New: func(env probe.Env) probe.Prober { return &prober{env, f} }}
}

var kind = withSocket(open)

// requireICMP ends the test where the system lets nobody ping.
func requireICMP(t *testing.T) {
	t.Helper()
	s, err := open(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no ICMP socket: %v (sysctl -w net.ipv4.ping_group_range='0 2147483647')", err)
		}
		t.Skipf("no ICMP socket: %v (sysctl -w net.ipv4.ping_group_range='0 2147483647')", err)
	}
	s.Close()
}

// faulty is a real socket that loses, refuses or falsifies what goes over it.
type faulty struct {
	packetConn
	send    func(n int, b []byte) error // what happens to the n-th packet, from 0
	receive func(b []byte)
	n       int
}

var errLost = errors.New("lost")

func (f *faulty) WriteTo(b []byte, dst net.Addr) (int, error) {
	n := f.n
	f.n++
	if f.send != nil {
		if err := f.send(n, b); errors.Is(err, errLost) {
			return len(b), nil
		} else if err != nil {
			return 0, err
		}
	}
	return f.packetConn.WriteTo(b, dst)
}

func (f *faulty) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := f.packetConn.ReadFrom(b)
	if err == nil && f.receive != nil {
		f.receive(b[:n])
	}
	return n, addr, err
}

func openFaulty(send func(int, []byte) error, receive func([]byte)) func(netip.Addr) (*socket, error) {
	return func(a netip.Addr) (*socket, error) {
		s, err := open(a)
		if err == nil {
			s.conn = &faulty{packetConn: s.conn, send: send, receive: receive}
		}
		return s, err
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	requireICMP(t)
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "answers", Target: "127.0.0.1"},
		{Name: "answers a large packet", Target: "127.0.0.1", Settings: `{"size":1400,"count":1}`},
		{Name: "fast enough", Target: "127.0.0.1", Settings: `{"interval_ms":50,"assertions":[{"source":"rtt","comparison":"less_than","target":1000},{"source":"loss","comparison":"equals","target":0}]}`},
		{Name: "too slow", Target: "127.0.0.1", Settings: `{"count":1,"assertions":[{"source":"rtt","comparison":"less_than","target":0,"severity":"degraded"}]}`,
			Reason: uptime.ReasonAssertion, Degraded: true, Detail: "rtt is"},
		{Name: "blocked", Target: "10.0.0.1", Reason: uptime.ReasonBlockedTarget, Detail: "private network", Attempts: 1},
		{Name: "multicast", Target: "224.0.0.1", Reason: uptime.ReasonBlockedTarget},
		{Name: "broadcast", Target: "255.255.255.255", Reason: uptime.ReasonBlockedTarget},
		{Name: "no lookup", Target: "nowhere.invalid", Reason: uptime.ReasonDNS, Detail: "nowhere.invalid"},
		{Name: "no address of the version", Target: "127.0.0.1", Settings: `{"ip_version":"6"}`, Reason: uptime.ReasonDNS, Detail: "version of IP"},
	})
}

func TestLoss(t *testing.T) {
	t.Parallel()
	requireICMP(t)
	lose := func(which ...int) func(int, []byte) error {
		return func(n int, _ []byte) error {
			for _, w := range which {
				if n == w {
					return errLost
				}
			}
			return nil
		}
	}
	tests := []struct {
		name, settings string
		open           func(netip.Addr) (*socket, error)
		reason         uptime.Reason
		received       int
	}{
		{"one of three", `{"interval_ms":50}`, openFaulty(lose(1), nil), uptime.ReasonNone, 2},
		{"one of three is too many", `{"interval_ms":50,"assertions":[{"source":"loss","comparison":"less_than","target":30}]}`, openFaulty(lose(0), nil), uptime.ReasonAssertion, 2},
		{"all", `{"interval_ms":50}`, openFaulty(lose(0, 1, 2), nil), uptime.ReasonTimeout, 0},
		{"one could not be sent", `{"interval_ms":50}`, openFaulty(func(n int, _ []byte) error {
			if n == 1 {
				return syscall.ENOBUFS
			}
			return nil
		}, nil), uptime.ReasonNone, 2},
		{"no route", ``, openFaulty(func(int, []byte) error {
			return &net.OpError{Op: "write", Err: os.NewSyscallError("sendto", syscall.ENETUNREACH)}
		}, nil), uptime.ReasonConnect, -1},
		{"forged", `{"interval_ms":50}`, openFaulty(nil, func(b []byte) {
			if len(b) > 20 {
				b[len(b)-len(b)/2] ^= 0xff // breaks the checksum only
				copy(b[8:], make([]byte, tokenBytes))
			}
		}), uptime.ReasonTimeout, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := withSocket(tt.open).Run(t, probetest.Env(), "127.0.0.1", tt.settings, time.Second)
			if f.Reason != tt.reason {
				t.Errorf("%s %s, want %s", f.Reason, f.Detail, tt.reason)
			}
			if tt.received < 0 {
				return
			}
			if p := f.Evidence.Packets; p.Sent != 3 || p.Received != tt.received || tt.received > 0 && (p.Min <= 0 || p.Mean < p.Min || p.Max < p.Mean || f.Phases.Total != p.Mean) {
				t.Errorf("%+v, phases %+v", p, f.Phases)
			}
		})
	}
}

// No packet leaves before the guard has passed the address, and none to another one.
func TestGuardIsAskedFirst(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	k := withSocket(func(a netip.Addr) (*socket, error) {
		opened.Add(1)
		return open(a)
	})
	env := probetest.Env()
	env.Guard = egress.New(nil)
	for _, target := range []string{"127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"} {
		if f := k.Run(t, env, target, ``, probetest.Long); f.Reason != uptime.ReasonBlockedTarget || f.Outcome() != uptime.OutcomeFail {
			t.Errorf("%s: %s %s", target, f.Reason, f.Detail)
		}
	}
	if opened.Load() != 0 {
		t.Errorf("%d sockets were opened", opened.Load())
	}
}

func TestWithoutASocketItIsNoVote(t *testing.T) {
	t.Parallel()
	k := withSocket(func(netip.Addr) (*socket, error) { return nil, errors.New("operation not permitted") })
	f := k.Run(t, probetest.Env(), "127.0.0.1", ``, probetest.Long)
	if f.Reason != uptime.ReasonUnsupported || f.Outcome() != uptime.OutcomeInvalid || f.Attempts != 1 {
		t.Errorf("%s %s %s", f.Reason, f.Outcome(), f.Detail)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	requireICMP(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	env := probetest.Env()
	const count = 20
	sent := 0
	p := &prober{env, openFaulty(func(int, []byte) error { sent++; return errLost }, nil)}
	if f := p.Probe(ctx, kind.Check(t, "127.0.0.1", `{"count":20}`, time.Minute)); f.Reason != uptime.ReasonTimeout {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
	if sent >= count {
		t.Error("it went on to the last packet")
	}
}

// What an ICMP error quotes is ours only with our address and our id.
func TestQuotes(t *testing.T) {
	t.Parallel()
	to := netip.MustParseAddr("192.0.2.1")
	s := &socket{raw: true, id: 0x1234}
	quote := func(dst string, id uint16) []byte {
		b := make([]byte, 28)
		b[0] = 0x45
		copy(b[16:], netip.MustParseAddr(dst).AsSlice())
		binary.BigEndian.PutUint16(b[24:], id)
		return b
	}
	for i, tt := range []struct {
		b    []byte
		want bool
	}{
		{quote("192.0.2.1", 0x1234), true}, {quote("192.0.2.2", 0x1234), false}, {quote("192.0.2.1", 1), false},
		{quote("192.0.2.1", 0x1234)[:27], false}, {nil, false}, {[]byte{0x4f}, false}, {make([]byte, 64), false},
	} {
		if got := s.quotesUs(tt.b, to); got != tt.want {
			t.Errorf("%d: %v", i, got)
		}
	}
	m := icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1, Body: &icmp.DstUnreach{Data: quote("192.0.2.1", 0x1234)}}
	b, err := m.Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := s.parse(b, netip.MustParseAddr("198.51.100.1"), to); !ok || e.unreachable == "" {
		t.Errorf("%+v, %v", e, ok)
	}
}

// No packet makes the parser panic, nor counts without our token.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0}, false)
	f.Add([]byte(fmt.Sprintf("\x03\x01%060d", 0)), true)
	f.Fuzz(func(t *testing.T, b []byte, v6 bool) {
		s := &socket{raw: true, v6: v6, id: 7, token: [tokenBytes]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}
		to := netip.MustParseAddr("192.0.2.1")
		if v6 {
			to = netip.MustParseAddr("2001:db8::1")
		}
		if e, ok := s.parse(b, to, to); ok && e.unreachable == "" && len(b) < 8+tokenBytes {
			t.Fatalf("took %x", b)
		}
	})
}

// As many packets of the size go out as were asked for, and none before its time.
func TestCountAndSize(t *testing.T) {
	t.Parallel()
	requireICMP(t)
	const header = 8
	for settings, want := range map[string][]int{
		``:                        {56, 56, 56},
		`{"count":2,"size":1000}`: {1000, 1000},
		`{"count":1,"size":24}`:   {24},
	} {
		var sizes []int
		const interval = 200 * time.Millisecond
		start := time.Now()
		k := withSocket(openFaulty(func(n int, b []byte) error {
			sizes = append(sizes, len(b)-header)
			if after := time.Since(start); after < time.Duration(n)*interval {
				t.Errorf("%s: packet %d after %s", settings, n, after)
			}
			return nil
		}, nil))
		f := k.Run(t, probetest.Env(), "127.0.0.1", settings, probetest.Long)
		if f.Reason != uptime.ReasonNone || !slices.Equal(sizes, want) || f.Evidence.Packets.Received != len(want) {
			t.Errorf("%s: %s %s, sent %v, want %v", settings, f.Reason, f.Detail, sizes, want)
		}
	}
}
