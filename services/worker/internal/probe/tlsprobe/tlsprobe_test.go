package tlsprobe_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
	"github.com/probefleet/probefleet/services/worker/internal/probe/tlsprobe"
)

var kind = probetest.Kind{Kind: uptime.KindTLS, New: tlsprobe.New}

const day = 24 * time.Hour

func quiet(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func serve(t *testing.T, cert tls.Certificate, change ...func(*tls.Config)) string {
	t.Helper()
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10}
	for _, f := range change {
		f(cfg)
	}
	return targets.RawTLS(t, cfg, quiet)
}

func settings(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type object = map[string]any

func TestReasons(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca, other := targets.NewTestCA(t), targets.NewTestCA(t)
	good := serve(t, ca.Issue(t, targets.Identity{}))
	old := func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }
	mutual := func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool }
	intermediate, stale := ca.Intermediate(t, now.Add(5*day)), ca.Intermediate(t, now.Add(-time.Hour))
	chained := serve(t, intermediate.Chain(intermediate.Issue(t, targets.Identity{})))
	cert, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	strangerCert, strangerKey := targets.PEM(t, other.Issue(t, targets.Identity{}))
	env := probetest.Env()
	env.Roots = ca.Pool
	noPin := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	plain := targets.Raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example.org ESMTP\r\n") })
	mute := targets.Raw(t, quiet)
	closes := targets.Raw(t, func(net.Conn) {})
	alert := targets.Raw(t, func(c net.Conn) {
		_, _ = io.ReadAtLeast(c, make([]byte, 100), 100)
		_, _ = c.Write([]byte{21, 3, 1, 0, 2, 2, 40}) // fatal: handshake failure
		_, _ = io.Copy(io.Discard, c)
	})

	kind.Table(t, env, []probetest.Case{
		{Name: "good", Target: good},
		{Name: "good by CA of the settings", Target: serve(t, other.Issue(t, targets.Identity{})), Settings: settings(t, object{"tls": object{"ca": other.PEM()}})},
		{Name: "good chain", Target: chained},
		{Name: "expired", Target: serve(t, ca.Issue(t, targets.Identity{NotBefore: now.Add(-2 * day), NotAfter: now.Add(-day)})),
			Reason: uptime.ReasonCertExpired, Detail: "expired 2", Attempts: 1},
		{Name: "not yet valid", Target: serve(t, ca.Issue(t, targets.Identity{NotBefore: now.Add(day), NotAfter: now.Add(2 * day)})),
			Reason: uptime.ReasonCertNotYetValid, Detail: "not valid before 2", Attempts: 1},
		{Name: "expired intermediate", Target: serve(t, stale.Chain(stale.Issue(t, targets.Identity{NotBefore: now.Add(-time.Minute)}))),
			Reason: uptime.ReasonCertExpired, Detail: "of the authority probefleet test intermediate"},
		{Name: "self-signed", Target: serve(t, targets.SelfSigned(t, targets.Identity{})), Reason: uptime.ReasonCertUntrusted, Detail: "self-signed"},
		{Name: "unknown authority", Target: serve(t, other.Issue(t, targets.Identity{})), Reason: uptime.ReasonCertUntrusted, Detail: "unknown authority"},
		{Name: "chain incomplete", Target: serve(t, intermediate.Issue(t, targets.Identity{})), Reason: uptime.ReasonCertUntrusted, Detail: "unknown authority"},
		{Name: "another name", Target: serve(t, ca.Issue(t, targets.Identity{Names: []string{"example.org"}})), Reason: uptime.ReasonCertName, Detail: "127.0.0.1"},
		{Name: "another name asked for", Target: good, Settings: `{"tls":{"server_name":"shop.example.org"}}`, Reason: uptime.ReasonCertName, Detail: "shop.example.org"},
		{Name: "the name asked for", Target: good, Settings: `{"tls":{"server_name":"localhost"}}`},
		{Name: "not verified", Target: serve(t, targets.SelfSigned(t, targets.Identity{NotBefore: now.Add(-2 * day), NotAfter: now.Add(-day)})), Settings: `{"tls":{"skip_verify":true}}`},
		{Name: "old version", Target: serve(t, ca.Issue(t, targets.Identity{}), old), Reason: uptime.ReasonTLSVersion, Detail: "TLS 1.1, at least TLS 1.2"},
		{Name: "old version, not verified", Target: serve(t, ca.Issue(t, targets.Identity{}), old), Settings: `{"tls":{"skip_verify":true}}`, Reason: uptime.ReasonTLSVersion},
		{Name: "old version wanted", Target: serve(t, ca.Issue(t, targets.Identity{}), old), Settings: `{"tls":{"min_version":"1.0"}}`},
		{Name: "newest version wanted", Target: serve(t, ca.Issue(t, targets.Identity{}), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			Settings: `{"tls":{"min_version":"1.3"}}`, Reason: uptime.ReasonTLSVersion, Detail: "TLS 1.2, at least TLS 1.3"},
		{Name: "not pinned", Target: good, Settings: `{"pins":["` + noPin + `"]}`, Reason: uptime.ReasonCertPin, Detail: "no certificate of the chain"},
		{Name: "server ends it", Target: alert, Reason: uptime.ReasonTLS, Detail: "handshake failure", Attempts: 1},
		{Name: "server closes", Target: closes, Reason: uptime.ReasonTLS, Detail: "broke during the TLS handshake", Attempts: 2},
		{Name: "no TLS", Target: plain, Reason: uptime.ReasonTLS, Detail: "does not look like a TLS handshake", Attempts: 1},
		{Name: "says nothing", Target: mute, Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no TLS handshake"},
		{Name: "refused", Target: targets.HostPort(targets.Refused(t)), Reason: uptime.ReasonConnectRefused, Attempts: 2},
		{Name: "dropped", Target: targets.HostPort(targets.Full(t)), Timeout: probetest.Short, Reason: uptime.ReasonConnectTimeout},
		{Name: "blocked", Target: "10.1.2.3:443", Reason: uptime.ReasonBlockedTarget, Detail: "private network", Attempts: 1},
		{Name: "no lookup", Target: "nowhere.invalid:443", Reason: uptime.ReasonDNS, Detail: "nowhere.invalid"},
		{Name: "no address of the version", Target: good, Settings: `{"ip_version":"6"}`, Reason: uptime.ReasonDNS, Detail: "version of IP"},

		{Name: "client certificate", Target: serve(t, ca.Issue(t, targets.Identity{}), mutual), Settings: settings(t, object{"tls": object{"certificate": cert, "key": key}})},
		{Name: "client certificate, TLS 1.2", Target: serve(t, ca.Issue(t, targets.Identity{}), mutual, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			Settings: settings(t, object{"tls": object{"certificate": cert, "key": key}})},
		{Name: "client certificate of a stranger", Target: serve(t, ca.Issue(t, targets.Identity{}), mutual),
			Settings: settings(t, object{"tls": object{"certificate": strangerCert, "key": strangerKey}}), Reason: uptime.ReasonAuth, Detail: "client certificate"},
		{Name: "no client certificate, TLS 1.2", Target: serve(t, ca.Issue(t, targets.Identity{}), mutual, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
			Reason: uptime.ReasonAuth, Detail: "wants a client certificate"},

		{Name: "lasts long enough", Target: good, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":80}]}`},
		{Name: "expires soon", Target: good, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":100}]}`,
			Reason: uptime.ReasonAssertion, Detail: "want greater than 100 days"},
		{Name: "expires soonish", Target: good, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":100,"severity":"degraded"}]}`,
			Reason: uptime.ReasonAssertion, Degraded: true, Detail: "want greater than 100 days"},
		{Name: "an intermediate expires sooner", Target: chained, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":6}]}`,
			Reason: uptime.ReasonAssertion, Detail: "certificate is "},
		{Name: "expired, not verified, asserted on", Target: serve(t, targets.SelfSigned(t, targets.Identity{NotBefore: now.Add(-4 * day), NotAfter: now.Add(-2 * day)})),
			Settings: `{"tls":{"skip_verify":true},"assertions":[{"source":"certificate","comparison":"greater_than","target":0}]}`, Reason: uptime.ReasonAssertion, Detail: "certificate is -2 days"},
	})
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	addr := serve(t, ca.Issue(t, targets.Identity{Names: []string{"localhost", "127.0.0.1"}}))
	f := kind.Run(t, env, addr, ``, probetest.Long)
	c := f.Evidence.Certificate
	if c == nil || !c.Verified || c.Days < 89 || c.Days > 90 || c.Version != "TLS 1.3" || len(c.Names) != 2 || c.Issuer != "CN=probefleet test authority" {
		t.Errorf("got %+v", c)
	}
	if f.Phases.TLS <= 0 || f.Phases.Connect <= 0 || !f.Exempt {
		t.Errorf("phases %+v, exempt %v", f.Phases, f.Exempt)
	}
	// The key that it shows is the one to pin, and what is refused is shown as well.
	if f := kind.Run(t, env, addr, `{"pins":["`+c.SPKI+`"]}`, probetest.Long); f.Reason != uptime.ReasonNone {
		t.Errorf("pinned: %s %s", f.Reason, f.Detail)
	}
	// So is that of the authority between.
	between := ca.Intermediate(t, time.Now().Add(day))
	chain := between.Chain(between.Issue(t, targets.Identity{}))
	authority, err := x509.ParseCertificate(chain.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(authority.RawSubjectPublicKeyInfo)
	if f := kind.Run(t, env, serve(t, chain), `{"pins":["`+base64.StdEncoding.EncodeToString(sum[:])+`"]}`, probetest.Long); f.Reason != uptime.ReasonNone {
		t.Errorf("pinned authority: %s %s", f.Reason, f.Detail)
	}
	f = kind.Run(t, env, serve(t, targets.SelfSigned(t, targets.Identity{})), ``, probetest.Long)
	if c := f.Evidence.Certificate; c == nil || c.Verified || c.Fingerprint == "" {
		t.Errorf("of an untrusted one: %+v", c)
	}
}

// A certificate may be as large as TLS lets it be, and as odd as its maker likes.
func TestHostileCertificates(t *testing.T) {
	t.Parallel()
	names := make([]string, 500)
	for i := range names {
		names[i] = strings.Repeat("a", 60) + "." + strings.Repeat("b", 60) + ".example"
	}
	f := kind.Run(t, probetest.Env(), serve(t, targets.SelfSigned(t, targets.Identity{Names: names})), ``, probetest.Long)
	if f.Reason != uptime.ReasonCertName {
		t.Errorf("many names: %s %s", f.Reason, f.Detail)
	}
	if c := f.Evidence.Certificate; c == nil || len(c.Names) > 20 {
		t.Errorf("%+v", f.Evidence.Certificate)
	}
	drip := targets.Raw(t, func(c net.Conn) {
		for range 1000 { // a record of 16 KiB, a byte at a time
			if _, err := c.Write([]byte{22}); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	if f := kind.Run(t, probetest.Env(), drip, ``, probetest.Short); f.Reason != uptime.ReasonTLS && f.Reason != uptime.ReasonTimeout {
		t.Errorf("drip: %s %s", f.Reason, f.Detail)
	}
}
