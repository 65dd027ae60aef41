package httpprobe_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
)

// The two benchmarks stand side by side: a probe may cost at most 1.3 × what a bare
// GET on a new connection with its phases traced costs. Compare cpu-µs/op, which is
// that of the process, target included, in both.

func BenchmarkBare(b *testing.B) {
	for _, scheme := range []string{"http", "https"} {
		b.Run(scheme, func(b *testing.B) {
			url, ca := benchTarget(b, scheme)
			transport := &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true}
			if ca != nil {
				transport.TLSClientConfig = benchTLS(ca)
			}
			client := &http.Client{Transport: transport}
			inWaves(b, func() { bareGet(b, client, url) })
		})
	}
}

func BenchmarkProbe(b *testing.B) {
	for _, scheme := range []string{"http", "https"} {
		b.Run(scheme, func(b *testing.B) {
			url, ca := benchTarget(b, scheme)
			r := newRunner(benchEnv(ca))
			c := check(url, 10*time.Second)
			inWaves(b, func() {
				if f := r.Run(b.Context(), c); f.Reason != uptime.ReasonNone {
					b.Fatalf("%s %s", f.Reason, f.Detail)
				}
			})
		})
	}
}

// bareGet is the least that anybody would write.
func bareGet(b *testing.B, client *http.Client, url string) {
	b.Helper()
	var dns, connect, handshake, got, first time.Time
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { dns = time.Now() },
		ConnectStart:         func(string, string) { connect = time.Now() },
		TLSHandshakeStart:    func() { handshake = time.Now() },
		GotConn:              func(httptrace.GotConnInfo) { got = time.Now() },
		GotFirstResponseByte: func() { first = time.Now() },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	_, _, _, _, _ = dns, connect, handshake, got, first
}

// inWaves runs f as checks come: 33 together.
func inWaves(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	start := cpu()
	b.ResetTimer()
	for done := 0; done < b.N; {
		var wg sync.WaitGroup
		for range min(33, b.N-done) {
			wg.Go(f)
			done++
		}
		wg.Wait()
	}
	b.StopTimer()
	b.ReportMetric(float64((cpu()-start).Microseconds())/float64(b.N), "cpu-µs/op")
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchTarget(b *testing.B, scheme string) (string, *targets.CA) {
	b.Helper()
	if scheme == "http" {
		return targets.New(b, nil).URL, nil
	}
	ca, err := targets.NewCA()
	if err != nil {
		b.Fatal(err)
	}
	return targets.NewTLS(b, &targets.Certificate{CA: ca}, nil).URL, ca
}

func benchTLS(ca *targets.CA) *tls.Config {
	return &tls.Config{RootCAs: ca.Pool, MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}}
}

func benchEnv(ca *targets.CA) func(*probe.Env) {
	return func(e *probe.Env) {
		if ca != nil {
			e.Roots = ca.Pool
		}
	}
}
