package tlsfront_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/tlsfront"
)

func TestCertificatesAreKeptAndRenewed(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	hosts := []string{"127.0.0.1", "fleet.example"}
	f, err := tlsfront.Ensure(dir, hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (ca, cert string) {
		t.Helper()
		a, err := os.ReadFile(f.Authority)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(f.Cert)
		if err != nil {
			t.Fatal(err)
		}
		return string(a), string(b)
	}
	ca, cert := read()
	steps := []struct {
		name    string
		hosts   []string
		now     time.Time
		renewed bool
	}{
		{"the same again", hosts, now, false},
		{"another host", append(hosts, "10.1.2.3"), now, true},
		{"fewer hosts", hosts, now, false},
		{"a year later", hosts, now.Add(360 * 24 * time.Hour), true},
	}
	for _, s := range steps {
		if _, err := tlsfront.Ensure(dir, s.hosts, s.now); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		newCA, newCert := read()
		if newCA != ca || (newCert != cert) != s.renewed {
			t.Errorf("%s: authority kept %v, server renewed %v, want %v", s.name, newCA == ca, newCert != cert, s.renewed)
		}
		cert = newCert
	}
	if info, err := os.Stat(f.Key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info, err)
	}
}

func TestForwardsOverTLS(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	f, err := tlsfront.Ensure(t.TempDir(), []string{"127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	port, err := place.Free(1)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- tlsfront.Serve(ctx, tlsfront.Config{Listen: addr, To: echo.Addr().String(), Files: f, Log: slog.New(slog.DiscardHandler)})
	}()
	line, err := f.OneLine()
	if err != nil {
		t.Fatal(err)
	}
	roots, err := config.Roots(line)
	if err != nil {
		t.Fatal(err)
	}
	var conn *tls.Conn
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if conn, err = tls.Dial("tcp", addr, &tls.Config{RootCAs: roots}); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	fmt.Fprintln(conn, "hello")
	if got, err := bufio.NewReader(conn).ReadString('\n'); got != "hello\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{}); err == nil {
		t.Error("somebody without the authority trusts it")
	}
	cancel() // with a connection open
	if err := <-served; err != nil {
		t.Errorf("ended with %v", err)
	}
}
