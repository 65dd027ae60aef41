package wsprobe_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// FuzzFrames sends bytes where frames should be: a check ends with a reason, or with
// what it waits for, whatever they are.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x81\x05hello"))
	f.Add([]byte("\x01\x02he\x80\x03llo"))
	f.Add([]byte("\x89\x00\x8a\x00\x88\x02\x03\xe8"))
	f.Add([]byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\xc1\x01x\x81\x81\x00\x00\x00\x00x"))
	f.Add([]byte{0x88, 1, 0})
	var said atomic.Pointer[[]byte]
	addr := targets.Raw(f, func(c net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
		_, _ = c.Write(*said.Load())
		if half, ok := c.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, c)
	})
	runner := probe.NewRunner(probe.Kinds{kind.Kind: kind.New}, probetest.Env())
	f.Fuzz(func(t *testing.T, frames []byte) {
		said.Store(&frames)
		c := &uptime.Check{Kind: uptime.KindWebSocket, Target: "ws://" + addr, Settings: []byte(`{"expect":"^hello"}`), Timeout: 5 * time.Second}
		got := runner.Run(t.Context(), c)
		if got.Reason == uptime.ReasonPanic || got.Reason == uptime.ReasonInvalid || (got.Reason == uptime.ReasonNone) != (got.Detail == "") {
			t.Fatalf("%q: %s %s", frames, got.Reason, got.Detail)
		}
	})
}
