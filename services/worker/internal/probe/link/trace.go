package link

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"net/netip"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// Stage is how far an attempt got.
type Stage uint8

// The stages, in their order; the time between two of them is a phase.
const (
	StageStart    Stage = iota // nothing yet
	StageDNS                   // looking a name up
	StageConnect               // dialling
	StageTLS                   // shaking hands
	StageSent                  // connected, and the question (or a part of it) under way
	StageAnswered              // the first byte of an answer came
)

// Trace takes the times of the phases by the monotonic clock. It may be told of stages
// from several goroutines, and after the end, since a dial outlives who wanted it.
type Trace struct {
	mu     sync.Mutex
	ended  bool
	at     Stage
	start  time.Time
	since  time.Time // of the stage
	phases uptime.Phases
	ip     netip.Addr
}

// Begin starts the clock.
func Begin() *Trace {
	now := time.Now()
	return &Trace{start: now, since: now}
}

// Enter ends a stage and begins a later one; an earlier one changes nothing, so that
// several dials side by side are one stage.
func (t *Trace) Enter(s Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended && s > t.at {
		t.book(time.Now())
		t.at = s
	}
}

// Return goes back to a stage, as when a dialogue turns to TLS after its first words.
// Its time is added to what the phase has already.
func (t *Trace) Return(s Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.book(time.Now())
		t.at = s
	}
}

func (t *Trace) book(now time.Time) {
	d := now.Sub(t.since)
	switch t.at {
	case StageStart:
		return // too short to be shown: it goes to the phase that follows
	case StageDNS:
		t.phases.DNS += d
	case StageConnect:
		t.phases.Connect += d
	case StageTLS:
		t.phases.TLS += d
	case StageSent:
		t.phases.TTFB += d
	case StageAnswered:
		t.phases.Transfer += d
	}
	t.since = now
}

// Dialled notes the address that is dialled.
func (t *Trace) Dialled(addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.ip = addr.Unmap().WithZone("")
	}
}

// Context makes the dials under ctx report to the trace, and those of net/http their
// handshakes and answers, too.
func (t *Trace) Context(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { t.Enter(StageDNS) },
		ConnectStart: func(_, addr string) {
			t.Enter(StageConnect)
			if ap, err := netip.ParseAddrPort(addr); err == nil {
				t.Dialled(ap.Addr())
			}
		},
		TLSHandshakeStart: func() { t.Enter(StageTLS) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				t.Enter(StageSent)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			t.connected(info.Conn)
			t.Enter(StageSent)
		},
		GotFirstResponseByte: func() { t.Enter(StageAnswered) },
	})
}

// connected notes to where a connection leads: of several dials it knows which one it
// became.
func (t *Trace) connected(conn net.Conn) {
	switch addr := conn.RemoteAddr().(type) {
	case *net.TCPAddr:
		t.Dialled(addr.AddrPort().Addr())
	case *net.UDPAddr:
		t.Dialled(addr.AddrPort().Addr())
	}
}

// Stage returns how far the attempt got.
func (t *Trace) Stage() Stage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// End stops the clock and puts the phases, which add up to the total, and the address
// dialled last into the finding.
func (t *Trace) End(f *probe.Finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		now := time.Now()
		t.book(now)
		t.ended = true
		t.phases.Total = now.Sub(t.start)
	}
	f.Phases, f.IP = t.phases, t.ip
}
