package httpprobe_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// A server of HTTP/2 that ends the connection or the stream instead of answering.
func TestFrames(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	set := settings(t, object{"http_version": "2", "tls": object{"ca": ca.PEM()}})
	const goAway, resetStream = 7, 3
	serve := func(frames ...byte) string {
		return "https://" + targets.RawTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, NextProtos: []string{"h2"}}, func(c net.Conn) {
			_, _ = c.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}) // SETTINGS
			awaitHeaders(c)
			_, _ = c.Write(frames)
			if frames[3] == resetStream {
				_, _ = io.Copy(io.Discard, c)
			}
		})
	}
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "goes away", Target: serve(0, 0, 8, goAway, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2), Settings: set, Reason: uptime.ReasonReset, Timeout: 4 * probetest.Short},
		{Name: "goes away offended", Target: serve(0, 0, 8, goAway, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), Settings: set, Reason: uptime.ReasonProtocol, Timeout: 4 * probetest.Short},
		{Name: "resets the stream", Target: serve(0, 0, 4, resetStream, 0, 0, 0, 0, 1, 0, 0, 0, 2), Settings: set, Reason: uptime.ReasonReset, Timeout: 4 * probetest.Short},
	})
}

// awaitHeaders reads until the request's headers are there.
func awaitHeaders(c net.Conn) {
	const headers = 1
	_, err := io.ReadFull(c, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
	for frame := make([]byte, 9); err == nil; {
		if _, err = io.ReadFull(c, frame); err != nil {
			return
		}
		_, err = io.CopyN(io.Discard, c, int64(frame[0])<<16|int64(frame[1])<<8|int64(frame[2]))
		if frame[3] == headers {
			return
		}
	}
}
