// Package target is what a measured fleet watches: thousands of websites in one small
// process, each answering after a delay on a connection of its own. It speaks just
// enough HTTP for that, so that it takes little of the machine that it shares with
// the fleet; it counts what it is asked, and its websites turn bad on demand.
package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// MaxSites is how many websites there are; site n has the path /m/n.
	MaxSites = 1 << 15
	// addresses is how many loopback addresses they are spread over: connections to
	// one address and port run out of ports at a few hundred a second.
	addresses = 64
	// hangTime bounds a request that hangs: longer than any probe waits.
	hangTime = 40 * time.Second
	// requestTime and requestBytes bound what a client may send.
	requestTime  = 10 * time.Second
	requestBytes = 8 << 10
	// seconds is for how long requests are counted by the second.
	seconds = 4096
)

// Modes of a website besides a status code, which it answers with.
const (
	ModeOK   = 0
	ModeHang = -1
)

// server is the state of the websites.
type server struct {
	delay time.Duration
	mark  atomic.Int64 // when counting began, ns

	modes   [MaxSites]atomic.Int32
	first   [MaxSites]atomic.Int64 // when a site was first asked since the mark, ns; 0: not yet
	counts  [seconds]atomic.Int64  // requests in each second since the mark
	total   atomic.Int64
	buffers sync.Pool
}

// URL returns the address of a website on a port.
func URL(port, site int) string {
	return fmt.Sprintf("http://127.0.1.%d:%d/m/%d", 1+site%addresses, port, site)
}

// Serve serves the websites and their control until ctx ends. The control is on
// 127.0.0.1, at the same port.
func Serve(ctx context.Context, port int, delay time.Duration) error {
	s := &server{delay: delay}
	s.buffers.New = func() any { return new([requestBytes]byte) }
	s.reset(time.Now())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	failed := make(chan error, addresses+1)
	for i := range addresses {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.1.%d:%d", 1+i, port))
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
		go func() { failed <- s.accept(l) }()
	}
	control, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	listeners = append(listeners, control)
	go func() { failed <- s.serveControl(ctx, control) }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func (s *server) accept(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // too many open files: the next may have more luck
			time.Sleep(time.Millisecond)
			continue
		}
		go s.answer(conn)
	}
}

var (
	answerOK = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
	headEnd  = []byte("\r\n\r\n")
)

// answer reads one request and answers it.
func (s *server) answer(conn net.Conn) {
	defer conn.Close()
	buf := s.buffers.Get().(*[requestBytes]byte)
	defer s.buffers.Put(buf)
	_ = conn.SetDeadline(time.Now().Add(requestTime + hangTime)) // of a live connection it cannot fail
	n := 0
	for !bytes.Contains(buf[:n], headEnd) {
		if n == len(buf) {
			return
		}
		more, err := conn.Read(buf[n:])
		if err != nil {
			return
		}
		n += more
	}
	site := siteOf(buf[:n])
	if site < 0 {
		_, _ = conn.Write([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
		return
	}
	s.count(site, time.Now())
	mode := s.modes[site].Load()
	if mode == ModeHang {
		_ = conn.SetReadDeadline(time.Now().Add(hangTime))
		_, _ = conn.Read(buf[:1]) // until the client gives up
		return
	}
	time.Sleep(s.delay)
	if mode == ModeOK {
		_, _ = conn.Write(answerOK)
		return
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", mode)
}

// siteOf returns the site that a request asks for, or -1.
func siteOf(request []byte) int {
	_, rest, ok := bytes.Cut(request, []byte(" /m/"))
	number, _, end := bytes.Cut(rest, []byte(" "))
	site, err := strconv.Atoi(string(number))
	if !ok || !end || err != nil || site < 0 || site >= MaxSites {
		return -1
	}
	return site
}

func (s *server) count(site int, now time.Time) {
	at := now.UnixNano()
	s.total.Add(1)
	s.first[site].CompareAndSwap(0, at)
	if second := (at - s.mark.Load()) / int64(time.Second); second >= 0 && second < seconds {
		s.counts[second].Add(1)
	}
}

// reset begins to count anew.
func (s *server) reset(now time.Time) {
	s.mark.Store(now.UnixNano())
	s.total.Store(0)
	for i := range s.counts {
		s.counts[i].Store(0)
	}
	for i := range s.first {
		s.first[i].Store(0)
	}
}
