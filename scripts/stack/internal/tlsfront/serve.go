package tlsfront

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
)

// Bounds of the front: what a stranger can hold open.
const (
	mostConnections = 512              // a worker has a few
	handshakeTime   = 10 * time.Second // over a slow line
	dialTime        = 5 * time.Second
)

// Config says what to forward.
type Config struct {
	Listen string // host:port for TLS
	To     string // host:port of Redis
	Files  Files
	Log    *slog.Logger
}

// Serve forwards until ctx ends. A connection that Redis or the worker closes is closed
// on the other side.
func Serve(ctx context.Context, cfg Config) error {
	cert, err := tls.LoadX509KeyPair(cfg.Files.Cert, cfg.Files.Key)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	secure := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	room := make(chan struct{}, mostConnections)
	var wg sync.WaitGroup
	defer wg.Wait()
	cfg.Log.InfoContext(ctx, "listening", "addr", listener.Addr().String(), "to", cfg.To)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			cfg.Log.WarnContext(ctx, "accept", "err", err) // out of files, say; it passes
			time.Sleep(100 * time.Millisecond)
			continue
		}
		select {
		case room <- struct{}{}:
		default:
			cfg.Log.WarnContext(ctx, "too many connections", "from", conn.RemoteAddr().String())
			_ = conn.Close()
			continue
		}
		wg.Go(func() {
			defer func() { <-room }()
			if err := forward(ctx, tls.Server(conn, secure), cfg.To); err != nil {
				cfg.Log.InfoContext(ctx, "connection ended", "from", conn.RemoteAddr().String(), "err", err)
			}
		})
	}
}

func forward(ctx context.Context, in *tls.Conn, to string) error {
	defer in.Close()
	shake, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	if err := in.HandshakeContext(shake); err != nil {
		return err
	}
	dialer := net.Dialer{Timeout: dialTime}
	out, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return err
	}
	defer out.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = in.Close()
		_ = out.Close()
	})
	defer stop()
	ends := make(chan error, 2)
	pipe := func(dst io.Writer, src io.Reader) {
		_, err := io.Copy(dst, src)
		ends <- err
		_ = in.Close() // ends the other direction too
		_ = out.Close()
	}
	go pipe(out, in)
	go pipe(in, out)
	for range 2 {
		// The second direction ends because the first has.
		if end := <-ends; end != nil && err == nil && !errors.Is(end, net.ErrClosed) && !errors.Is(end, io.EOF) {
			err = end
		}
	}
	return err
}

// Await waits until somebody whom the authority knows listens at addr.
func Await(ctx context.Context, addr, authority string, patience time.Duration) error {
	roots, err := config.Roots(authority)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	for {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
