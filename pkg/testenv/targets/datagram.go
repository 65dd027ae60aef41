package targets

import (
	"net"
	"sync"
	"testing"
)

// Packets answers datagrams by f on loopback; nothing is sent for a nil answer. It
// returns host:port.
func Packets(t testing.TB, f func(packet []byte) (answers [][]byte)) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			for _, answer := range f(append([]byte(nil), buf[:n]...)) {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		wg.Wait()
	})
	return conn.LocalAddr().String()
}

// RefusedUDP returns host:port where nobody listens for datagrams.
func RefusedUDP(t testing.TB) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("targets: %v", err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}
