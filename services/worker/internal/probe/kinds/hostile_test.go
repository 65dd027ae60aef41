package kinds_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

func TestEveryKindHasItsProber(t *testing.T) {
	t.Parallel()
	all := kinds.All()
	for _, kind := range monitorspec.Kinds() {
		if kind != uptime.KindHeartbeat && all[kind] == nil { // that one calls in by itself
			t.Errorf("%s has no prober", kind)
		}
	}
}

// hostile are servers that any kind may meet.
func hostile(t *testing.T) map[string]string {
	t.Helper()
	forever := func(first, piece string, pause time.Duration) string {
		return targets.Raw(t, func(c net.Conn) {
			_, err := io.WriteString(c, first)
			for err == nil {
				if _, err = io.WriteString(c, piece); pause > 0 {
					time.Sleep(pause)
				}
			}
		})
	}
	return map[string]string{
		"mute":    targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }),
		"closes":  targets.Raw(t, func(net.Conn) {}),
		"flood":   forever("", strings.Repeat("220 x\r\n", 1000), 0),
		"line":    forever("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("x", 8<<10), 0),
		"drip":    forever("HTTP/1.1 101 Switching Protocols\r\n", "a", 10*time.Millisecond),
		"garbage": forever("", strings.Repeat("\x16\x03\x03\x00\x05\x00\xff", 100), 0),
	}
}

// aim returns the target and settings of a check of a kind towards a server.
func aim(kind uptime.Kind, addr string) []struct{ target, settings string } {
	type shot = struct{ target, settings string }
	switch kind {
	case uptime.KindHTTP:
		return []shot{{"http://" + addr, ``}, {"https://" + addr, ``}}
	case uptime.KindWebSocket:
		return []shot{{"ws://" + addr, `{"expect":"never"}`}, {"wss://" + addr, ``}}
	case uptime.KindTCP:
		return []shot{{addr, `{"steps":[{"expect":"never"}]}`}, {addr, `{"security":"tls"}`}}
	case uptime.KindTLS:
		return []shot{{addr, ``}}
	case uptime.KindGRPC:
		return []shot{{addr, `{"security":"none"}`}, {addr, ``}}
	case uptime.KindSMTP:
		return []shot{{addr, ``}, {addr, `{"security":"tls"}`}}
	case uptime.KindDNS:
		return []shot{{"example.org", fmt.Sprintf(`{"nameserver":%q,"protocol":"tcp"}`, addr)}, {"example.org", fmt.Sprintf(`{"nameserver":%q,"protocol":"tls"}`, addr)}}
	}
	return nil
}

// Whatever a server does, a check of any kind ends in time with a cause, and leaves
// neither goroutine nor descriptor behind.
func TestHostileServers(t *testing.T) {
	servers := hostile(t)
	runner := probe.NewRunner(kinds.All(), probetest.Env())
	const timeout, rounds = 300 * time.Millisecond, 4
	before, files := runtime.NumGoroutine(), descriptors(t)
	var all sync.WaitGroup
	n := 0
	for range rounds {
		for _, kind := range monitorspec.Kinds() {
			for behaviour, addr := range servers {
				for _, shot := range aim(kind, addr) {
					n++
					c := probetest.Kind{Kind: kind}.Check(t, shot.target, shot.settings, timeout)
					all.Go(func() {
						start := time.Now()
						f := runner.Run(t.Context(), c)
						if took := time.Since(start); took > timeout+time.Second {
							t.Errorf("%s %s: took %s", kind, behaviour, took)
						}
						switch f.Reason {
						case uptime.ReasonNone, uptime.ReasonPanic, uptime.ReasonInvalid, uptime.ReasonUnsupported:
							t.Errorf("%s %s %s: %q %s", kind, behaviour, c.Settings, f.Reason, f.Detail)
						default:
						}
					})
				}
			}
		}
		all.Wait()
	}
	if n < rounds*70 {
		t.Errorf("only %d checks", n)
	}
	// What a server of the tests holds ends when it notices; the probes' own is gone then.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		goroutines, open := runtime.NumGoroutine(), descriptors(t)
		if goroutines <= before+10 && open <= files+10 {
			return
		}
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines and %d descriptors, %d and %d before\n%s", goroutines, open, before, files, buf[:runtime.Stack(buf, true)])
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux
	}
	return len(entries)
}
