package kinds_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// fails runs every way that is wanted towards host and port, side by side, and holds that
// each ends with the reason.
func fails(t *testing.T, env probe.Env, host, port string, timeout time.Duration, wanted func(way) bool, reason uptime.Reason) {
	t.Helper()
	runner := probe.NewRunner(kinds.All(), env)
	good := targets.New(t, nil).URL
	var all sync.WaitGroup
	n := 0
	for _, w := range ways(host, port, good) {
		if !wanted(w) {
			continue
		}
		n++
		all.Go(func() {
			var f probe.Finding
			for timeout := range probetest.Longer(timeout) {
				f = runner.Run(t.Context(), &uptime.Check{Kind: w.kind, Target: w.target, Settings: []byte(w.settings), Timeout: timeout})
				if f.Reason == reason {
					break
				}
			}
			if f.Reason != reason || f.Detail == "" {
				t.Errorf("%s: %s, want %s: %s", w.name, f.Reason, reason, f.Detail)
			}
		})
	}
	all.Wait()
	if n < 2 {
		t.Errorf("only %d ways", n)
	}
}

func byTLS(w way) bool {
	return w.name == "https" || w.name == "tls" || strings.HasSuffix(w.name, "by TLS")
}

func byUDP(w way) bool {
	return w.name == "udp" || w.name == "http/3" || w.name == "name server by UDP"
}

func byTCP(w way) bool { return !byUDP(w) && w.kind != uptime.KindICMP }

func every(way) bool { return true }

// What is wrong with a lookup is told the same by all that look up.
func TestReasonsOfLookups(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler dns.HandlerFunc
		timeout time.Duration
		reason  uptime.Reason
	}{
		"NXDOMAIN":       {dnsserver.Zone("other.test. 60 IN A 127.0.0.1"), probetest.Long, uptime.ReasonNXDomain},
		"no address":     {dnsserver.Zone("name.test. 60 IN MX 10 mail.test."), probetest.Long, uptime.ReasonNXDomain},
		"SERVFAIL":       {dnsserver.Answer(dns.RcodeServerFailure), probetest.Long, uptime.ReasonServFail},
		"REFUSED":        {dnsserver.Answer(dns.RcodeRefused), probetest.Long, uptime.ReasonServFail},
		"silence":        {dnsserver.Silence(), 2 * probetest.Short, uptime.ReasonDNS},
		"a denied host":  {dnsserver.Zone("name.test. 60 IN A 10.0.0.1"), probetest.Long, uptime.ReasonBlockedTarget},
		"nobody listens": {dnsserver.Zone("name.test. 60 IN A 127.0.0.1"), probetest.Long, uptime.ReasonConnectRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := probetest.Env()
			env.Resolver = resolverOf(t, tt.handler)
			_, port, _ := net.SplitHostPort(targets.HostPort(targets.Refused(t)))
			wanted := every
			if name == "nobody listens" {
				wanted = byTCP
			}
			fails(t, env, "name.test", port, tt.timeout, wanted, tt.reason)
		})
	}
}

// And so is what is wrong with a connection.
func TestReasonsOfConnections(t *testing.T) {
	t.Parallel()
	host, port, _ := net.SplitHostPort(targets.RefusedUDP(t))
	t.Run("refused over UDP", func(t *testing.T) {
		t.Parallel()
		fails(t, probetest.Env(), host, port, probetest.Long, byUDP, uptime.ReasonConnectRefused)
	})
	t.Run("full", func(t *testing.T) {
		t.Parallel()
		host, port, _ := net.SplitHostPort(targets.HostPort(targets.Full(t)))
		fails(t, probetest.Env(), host, port, probetest.Short, byTCP, uptime.ReasonConnectTimeout)
	})
	t.Run("nothing comes", func(t *testing.T) {
		t.Parallel()
		host, port, _ := net.SplitHostPort(targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }))
		fails(t, probetest.Env(), host, port, probetest.Short, func(w way) bool {
			return byTCP(w) && w.name != "tcp" // which expects nothing
		}, uptime.ReasonTimeout)
	})
	t.Run("reset", func(t *testing.T) {
		t.Parallel()
		host, port, _ := net.SplitHostPort(targets.Raw(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1)) // the beginning of the question
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		}))
		fails(t, probetest.Env(), host, port, probetest.Long, func(w way) bool {
			return byTCP(w) && !byTLS(w) && w.name != "tcp" && w.name != "smtp" && w.name != "http/2 without TLS" // a server of HTTP/1.1 does that
		}, uptime.ReasonReset)
	})
}

// And so is what is wrong with a certificate or a handshake.
func TestReasonsOfTLS(t *testing.T) {
	t.Parallel()
	ca, other := targets.NewTestCA(t), targets.NewTestCA(t)
	day := 24 * time.Hour
	with := func(c tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{c}, NextProtos: []string{"h2", "http/1.1"}}
	}
	old := with(ca.Issue(t, targets.Identity{}))
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 // what is to be refused
	for name, tt := range map[string]struct {
		server string
		reason uptime.Reason
	}{
		"expired":       {quiet(t, with(ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(-3 * day), NotAfter: time.Now().Add(-day)}))), uptime.ReasonCertExpired},
		"not yet valid": {quiet(t, with(ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(day)}))), uptime.ReasonCertNotYetValid},
		"wrong name":    {quiet(t, with(ca.Issue(t, targets.Identity{Names: []string{"other.test"}}))), uptime.ReasonCertName},
		"self-signed":   {quiet(t, with(targets.SelfSigned(t, targets.Identity{}))), uptime.ReasonCertUntrusted},
		"unknown":       {quiet(t, with(other.Issue(t, targets.Identity{}))), uptime.ReasonCertUntrusted},
		"downgrade":     {quiet(t, old), uptime.ReasonTLSVersion},
		"plain text": {targets.Raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "220 hello there, no handshake here\r\n")
			_, _ = io.Copy(io.Discard, c)
		}), uptime.ReasonTLS},
		"breaks off": {targets.Raw(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }), uptime.ReasonTLS},
		"alert": {targets.Raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "\x15\x03\x03\x00\x02\x02\x28")
			_, _ = io.Copy(io.Discard, c)
		}), uptime.ReasonTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := probetest.Env()
			env.Roots = ca.Pool
			host, port, _ := net.SplitHostPort(tt.server)
			fails(t, env, host, port, probetest.Long, byTLS, tt.reason)
		})
	}
}

// quiet shakes hands and says nothing.
func quiet(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	return targets.RawTLS(t, cfg, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
}

// Without a way out there is a reason, too: a resolver that nobody answers for.
func TestReasonOfADeadResolver(t *testing.T) {
	t.Parallel()
	dead := targets.RefusedUDP(t)
	env := probetest.Env()
	env.Resolver = probetest.Resolver(func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dead)
	})
	fails(t, env, "name.test", "80", probetest.Long, every, uptime.ReasonDNS)
}
