package targets

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

// Full returns the URL of a port whose queue of connections is full: the kernel drops
// every further attempt, so that connecting takes until the timeout, as towards a
// host behind a firewall.
func Full(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("targets: socket: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatalf("targets: bind: %v", err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatalf("targets: listen: %v", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatalf("targets: getsockname: %v", err)
	}
	in4, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatalf("targets: address is a %T", name)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", in4.Port)
	for range 8 { // until one does not get in
		ctx, cancel := context.WithTimeout(context.Background(), 250*time.Millisecond)
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		cancel()
		if err != nil {
			return "http://" + addr
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Fatal("targets: the queue never got full")
	return ""
}
