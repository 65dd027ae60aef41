package httpprobe

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// lateDialer connects, however late it is.
type lateDialer struct{ addr string }

func (d lateDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return net.Dial("udp", d.addr)
}

// A machine that has no time for a check until it is over must not lose it for ever.
func TestHTTP3AfterTheDeadline(t *testing.T) {
	t.Parallel()
	addr := targets.Packets(t, func([]byte) [][]byte { return nil })
	s, err := monitorspec.Read[monitorspec.HTTP]([]byte(`{"http_version":"3"}`))
	if err != nil {
		t.Fatal(err)
	}
	guard := egress.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	ended := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("panics: %v", p)
			}
		}()
		v := &visit{prober: &prober{env: probe.Env{Guard: guard}, dialer: lateDialer{addr}}, settings: s, tracer: &tracer{}}
		defer v.close3()
		h := &hop{visit: v, own: true, deadline: time.Now().Add(-time.Second)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := h.dial3(ctx, addr)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("connected to nobody")
		}
	case <-time.After(time.Minute):
		t.Fatal("it never ends")
	}
}
