package httpprobe

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"net/netip"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

// The stages, for short.
const (
	stageStart    = link.StageStart
	stageDNS      = link.StageDNS
	stageConnect  = link.StageConnect
	stageTLS      = link.StageTLS
	stageSent     = link.StageSent
	stageAnswered = link.StageAnswered
)

// tracer takes the times of the phases by the monotonic clock. Redirects add up, so
// that the phases are always those of the total. Its hooks may be called after the
// request has failed, since a dial outlives the request that wanted it: hence the
// lock, and the number by which hooks of an earlier hop are known.
type tracer struct {
	mu     sync.Mutex
	ended  bool
	at     link.Stage
	tlsBad bool
	start  time.Time // of the first hop
	since  time.Time // of the stage
	phases uptime.Phases
	ip     netip.Addr
	hops   int
}

// begin starts the clock.
func (t *tracer) begin() {
	t.start = time.Now()
	t.since = t.start
}

// attach makes ctx report to the tracer.
func (t *tracer) attach(ctx context.Context) context.Context {
	hop := t.hops
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { t.enter(hop, stageDNS) },
		ConnectStart: func(_, addr string) {
			t.enter(hop, stageConnect)
			t.dials(hop, addr)
		},
		TLSHandshakeStart: func() { t.enter(hop, stageTLS) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err != nil {
				t.tlsFailed(hop)
			}
		},
		GotConn:              func(info httptrace.GotConnInfo) { t.connected(hop, info.Conn) },
		GotFirstResponseByte: func() { t.enter(hop, stageAnswered) },
	})
}

// enter ends a stage and begins the next; several dials side by side (IPv6 and IPv4)
// are one stage.
func (t *tracer) enter(hop int, s link.Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || hop != t.hops || s <= t.at {
		return
	}
	t.book(time.Now())
	t.at = s
}

// back returns to a stage from a later one, as QUIC does, whose sockets are connected
// before anything is sent.
func (t *tracer) back(s link.Stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.book(time.Now())
		t.at = s
	}
}

// book adds the time since the last change to the phase of the stage. What comes
// before a stage of the network (parsing, waiting for a goroutine) is too short to
// be shown and goes to the phase that follows.
func (t *tracer) book(now time.Time) {
	d := now.Sub(t.since)
	switch t.at {
	case stageStart:
		return
	case stageDNS:
		t.phases.DNS += d
	case stageConnect:
		t.phases.Connect += d
	case stageTLS:
		t.phases.TLS += d
	case stageSent:
		t.phases.TTFB += d
	case stageAnswered:
		t.phases.Transfer += d
	}
	t.since = now
}

func (t *tracer) dials(hop int, addr string) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended && hop == t.hops {
		t.ip = ap.Addr().Unmap().WithZone("")
	}
}

// connected is called when the connection, with TLS on it, can be used. Of several
// dials it knows which one it became.
func (t *tracer) connected(hop int, conn net.Conn) {
	if addr, ok := conn.RemoteAddr().(interface{ AddrPort() netip.AddrPort }); ok {
		ip := addr.AddrPort().Addr().Unmap().WithZone("")
		t.mu.Lock()
		if !t.ended && hop == t.hops {
			t.ip = ip
		}
		t.mu.Unlock()
	}
	t.enter(hop, stageSent)
}

func (t *tracer) tlsFailed(hop int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended && hop == t.hops {
		t.tlsBad = true
	}
}

// hop begins the next request of a redirect.
func (t *tracer) hop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.book(time.Now())
	t.at, t.tlsBad = stageStart, false
	t.hops++
}

// stage returns how far the current hop got.
func (t *tracer) stage() link.Stage {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tlsBad {
		return stageTLS
	}
	return t.at
}

// end stops the clock and returns the phases and the address dialled last.
func (t *tracer) end() (uptime.Phases, netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.start.IsZero() { // there was nothing to ask with
		t.ended = true
		return t.phases, t.ip
	}
	now := time.Now()
	if t.at == stageStart && t.hops > 0 {
		t.phases.Transfer += now.Sub(t.since) // a redirect to where nobody goes
	}
	t.book(now)
	t.ended = true
	t.phases.Total = now.Sub(t.start)
	return t.phases, t.ip
}
