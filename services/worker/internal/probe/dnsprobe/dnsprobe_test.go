package dnsprobe_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/dnsprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

var kind = probetest.Kind{Kind: uptime.KindDNS, New: dnsprobe.New}

var zone = dnsserver.Zone(
	"example.org. 60 IN A 192.0.2.1",
	"example.org. 60 IN A 192.0.2.2",
	"example.org. 60 IN AAAA 2001:db8::1",
	"Example.org. 60 IN MX 10 Mail.example.org.",
	"example.org. 60 IN NS ns1.example.org.",
	`example.org. 60 IN TXT "v=spf1 " "-all \"q\" \195\164"`,
	"example.org. 60 IN SOA ns1.example.org. admin.example.org. 1 7200 3600 1209600 300",
	`example.org. 60 IN CAA 0 issue "letsencrypt.org"`,
	"_sip._tcp.example.org. 60 IN SRV 0 5 5060 sip.example.org.",
	"1.2.0.192.in-addr.arpa. 60 IN PTR host.example.org.",
	"www.example.org. 60 IN CNAME example.org.",
)

// at returns settings towards a name server, with more behind them.
func at(addr, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"nameserver":%q%s}`, addr, more)
}

func TestReasons(t *testing.T) {
	t.Parallel()
	good := dnsserver.New(t, zone, nil)
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "resolves", Target: "example.org", Settings: at(good.Addr, ``)},
		{Name: "resolves over TCP", Target: "example.org", Settings: at(good.Addr, `"protocol":"tcp"`)},
		{Name: "any", Target: "example.org", Settings: at(good.Addr, `"expect":{"values":["192.0.2.2","192.0.2.9"]}`)},
		{Name: "none of any", Target: "example.org", Settings: at(good.Addr, `"expect":{"values":["192.0.2.8","192.0.2.9"]}`),
			Reason: uptime.ReasonAssertion, Detail: "answers 192.0.2.1, 192.0.2.2, want any of 192.0.2.8, 192.0.2.9"},
		{Name: "all", Target: "example.org", Settings: at(good.Addr, `"expect":{"match":"all","values":["192.0.2.2"]}`)},
		{Name: "not all", Target: "example.org", Settings: at(good.Addr, `"expect":{"match":"all","values":["192.0.2.2","192.0.2.9"]}`), Reason: uptime.ReasonAssertion, Detail: "want all of"},
		{Name: "exact", Target: "example.org", Settings: at(good.Addr, `"expect":{"match":"exact","values":["192.0.2.2","192.0.2.1"]}`)},
		{Name: "one too many", Target: "example.org", Settings: at(good.Addr, `"expect":{"match":"exact","values":["192.0.2.1"]}`), Reason: uptime.ReasonAssertion, Detail: "also answers 192.0.2.2"},
		{Name: "nothing of what is expected", Target: "www.example.org", Settings: at(good.Addr, `"record":"MX","expect":{"values":["10 x"]}`), Reason: uptime.ReasonAssertion},
		{Name: "no such name", Target: "nowhere.example.org", Settings: at(good.Addr, ``), Reason: uptime.ReasonNXDomain, Code: 3, Detail: "NXDOMAIN", Attempts: 1},
		{Name: "no such name, as expected", Target: "nowhere.example.org", Settings: at(good.Addr, `"rcode":"NXDOMAIN"`), Code: 3},
		{Name: "a name, though none is expected", Target: "example.org", Settings: at(good.Addr, `"rcode":"NXDOMAIN"`), Reason: uptime.ReasonStatus, Detail: "NOERROR, want NXDOMAIN"},
		{Name: "no record of the type", Target: "www.example.org", Settings: at(good.Addr, `"record":"SRV"`), Reason: uptime.ReasonDNS, Detail: "no SRV record"},
		{Name: "no record, asserted on", Target: "www.example.org", Settings: at(good.Addr, `"record":"SRV","assertions":[{"source":"dns","comparison":"empty"}]`)},
		{Name: "assertion", Target: "example.org", Settings: at(good.Addr, `"record":"TXT","assertions":[{"source":"dns","comparison":"contains","target":"-all"}]`)},
		{Name: "assertion fails", Target: "example.org", Settings: at(good.Addr, `"record":"TXT","assertions":[{"source":"dns","comparison":"contains","target":"+all"}]`), Reason: uptime.ReasonAssertion, Detail: "dns is"},
		{Name: "degraded", Target: "example.org", Settings: at(good.Addr, `"assertions":[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]`),
			Reason: uptime.ReasonAssertion, Degraded: true, Detail: "latency"},

		{Name: "SERVFAIL", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Answer(dns.RcodeServerFailure), nil).Addr, ``), Reason: uptime.ReasonServFail, Code: 2, Detail: "SERVFAIL"},
		{Name: "REFUSED", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Answer(dns.RcodeRefused), nil).Addr, ``), Reason: uptime.ReasonServFail, Code: 5, Detail: "REFUSED"},
		{Name: "NOTIMP", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Answer(dns.RcodeNotImplemented), nil).Addr, ``), Reason: uptime.ReasonStatus, Code: 4, Detail: "NOTIMP, want NOERROR"},
		{Name: "says nothing", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Silence(), nil).Addr, ``), Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no answer"},
		{Name: "says nothing over TCP", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Silence(), nil).Addr, `"protocol":"tcp"`), Timeout: probetest.Short, Reason: uptime.ReasonTimeout},
		{Name: "nobody there", Target: "example.org", Settings: at(targets.RefusedUDP(t), ``), Reason: uptime.ReasonConnectRefused},
		{Name: "nobody there over TCP", Target: "example.org", Settings: at(targets.HostPort(targets.Refused(t)), `"protocol":"tcp"`), Reason: uptime.ReasonConnectRefused},
		{Name: "blocked", Target: "example.org", Settings: at("10.0.0.1", ``), Reason: uptime.ReasonBlockedTarget, Detail: "private network"},
		{Name: "name server without a name", Target: "example.org", Settings: at("ns.invalid", ``), Reason: uptime.ReasonDNS, Detail: "ns.invalid"},
		{Name: "old server without EDNS", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.WithoutEDNS(zone), nil).Addr, ``)},
		{Name: "truncated", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Truncated(zone), nil).Addr, `"expect":{"values":["192.0.2.1"]}`)},
		{Name: "authenticated", Target: "example.org", Settings: at(dnsserver.New(t, dnsserver.Authenticated(zone), nil).Addr, `"dnssec":true`)},
		{Name: "not authenticated", Target: "example.org", Settings: at(good.Addr, `"dnssec":true`), Reason: uptime.ReasonAssertion, Detail: "AD flag"},
	})
}

func TestRecords(t *testing.T) {
	t.Parallel()
	addr := dnsserver.New(t, zone, nil).Addr
	tests := []struct {
		target, record string
		want           []string
	}{
		{"example.org", "A", []string{"192.0.2.1", "192.0.2.2"}},
		{"www.example.org", "A", []string{"192.0.2.1", "192.0.2.2"}},
		{"www.example.org", "CNAME", []string{"example.org"}},
		{"example.org", "AAAA", []string{"2001:db8::1"}},
		{"example.org", "MX", []string{"10 mail.example.org"}},
		{"example.org", "NS", []string{"ns1.example.org"}},
		{"example.org", "TXT", []string{`v=spf1 -all "q" ä`}},
		{"example.org", "SOA", []string{"ns1.example.org admin.example.org 1 7200 3600 1209600 300"}},
		{"example.org", "CAA", []string{`0 issue "letsencrypt.org"`}},
		{"_sip._tcp.example.org", "SRV", []string{"0 5 5060 sip.example.org"}},
		{"192.0.2.1", "PTR", []string{"host.example.org"}},
	}
	for _, tt := range tests {
		f := kind.Run(t, probetest.Env(), tt.target, at(addr, fmt.Sprintf(`"record":%q`, tt.record)), probetest.Long)
		if f.Reason != uptime.ReasonNone {
			t.Errorf("%s %s: %s %s", tt.target, tt.record, f.Reason, f.Detail)
		}
		if diff := cmp.Diff(tt.want, f.Evidence.Answers); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.target, tt.record, diff)
		}
	}
}

func TestOverTLS(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	with := func(cert tls.Certificate) string {
		return dnsserver.New(t, zone, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}).TLSAddr
	}
	good, misnamed := with(ca.Issue(t, targets.Identity{})), with(ca.Issue(t, targets.Identity{Names: []string{"dns.example.org"}}))
	plain := targets.Raw(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example.org\r\n") })
	kind.Table(t, env, []probetest.Case{
		{Name: "good", Target: "example.org", Settings: at(good, `"protocol":"tls"`)},
		{Name: "another name", Target: "example.org", Settings: at(misnamed, `"protocol":"tls"`), Reason: uptime.ReasonCertName},
		{Name: "another name, asked for", Target: "example.org", Settings: at(misnamed, `"protocol":"tls","tls":{"server_name":"dns.example.org"}`)},
		{Name: "self-signed", Target: "example.org", Settings: at(with(targets.SelfSigned(t, targets.Identity{})), `"protocol":"tls"`), Reason: uptime.ReasonCertUntrusted},
		{Name: "no TLS there", Target: "example.org", Settings: at(plain, `"protocol":"tls"`), Reason: uptime.ReasonTLS},
	})
	f := kind.Run(t, env, "example.org", at(good, `"protocol":"tls"`), probetest.Long)
	if f.Phases.TLS <= 0 || f.Evidence.Certificate == nil {
		t.Errorf("phases %+v, certificate %v", f.Phases, f.Evidence.Certificate)
	}
}

// A name server may send anything.
func TestHostile(t *testing.T) {
	t.Parallel()
	reply := func(p []byte, change func(m *dns.Msg)) []byte {
		q, m := new(dns.Msg), new(dns.Msg)
		if err := q.Unpack(p); err != nil {
			return nil
		}
		m.SetReply(q)
		m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: 1}, A: net.IPv4(192, 0, 2, 1)})
		change(m)
		b, _ := m.Pack()
		return b
	}
	forged := func(p []byte) []byte { return reply(p, func(m *dns.Msg) { m.Id++ }) }
	other := func(p []byte) []byte { return reply(p, func(m *dns.Msg) { m.Question[0].Name = "evil.example." }) }
	honest := func(p []byte) []byte { return reply(p, func(*dns.Msg) {}) }
	udp := func(all ...func([]byte) []byte) string {
		return targets.Packets(t, func(p []byte) [][]byte {
			var out [][]byte
			for _, f := range all {
				out = append(out, f(p))
			}
			return out
		})
	}
	flood := make([]func([]byte) []byte, 300)
	for i := range flood {
		flood[i] = forged
	}
	tcp := func(f func(c net.Conn, question []byte)) string {
		return targets.Raw(t, func(c net.Conn) {
			var length [2]byte
			if _, err := io.ReadFull(c, length[:]); err != nil {
				return
			}
			question := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(c, question); err == nil {
				f(c, question)
			}
		})
	}
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "forged, then honest", Target: "example.org", Settings: at(udp(forged, other, honest), `"expect":{"values":["192.0.2.1"]}`)},
		{Name: "forged only", Target: "example.org", Settings: at(udp(forged), ``), Timeout: probetest.Short, Reason: uptime.ReasonProtocol, Detail: "not to our question"},
		{Name: "another question only", Target: "example.org", Settings: at(udp(other), ``), Timeout: probetest.Short, Reason: uptime.ReasonProtocol, Detail: "another question"},
		{Name: "flood of forged ones", Target: "example.org", Settings: at(udp(flood...), ``), Timeout: probetest.Short, Reason: uptime.ReasonProtocol},
		{Name: "no DNS", Target: "example.org", Settings: at(udp(func([]byte) []byte { return []byte("junk") }), ``), Timeout: probetest.Short, Reason: uptime.ReasonProtocol, Detail: "not a DNS message"},
		{Name: "TCP: closes", Target: "example.org", Settings: at(tcp(func(net.Conn, []byte) {}), `"protocol":"tcp"`), Reason: uptime.ReasonReset},
		{Name: "TCP: cut", Target: "example.org", Settings: at(tcp(func(c net.Conn, _ []byte) { _, _ = c.Write([]byte{0xff, 0xff, 1, 2}) }), `"protocol":"tcp"`), Reason: uptime.ReasonReset},
		{Name: "TCP: drips", Target: "example.org", Timeout: probetest.Short, Settings: at(tcp(func(c net.Conn, _ []byte) {
			for _, err := c.Write([]byte{0xff, 0xff}); err == nil; _, err = c.Write([]byte{0}) {
				time.Sleep(10 * time.Millisecond)
			}
		}), `"protocol":"tcp"`), Reason: uptime.ReasonTimeout, Detail: "no complete answer"},
		{Name: "truncated, and no TCP", Target: "example.org", Settings: at(udp(func(p []byte) []byte { return reply(p, func(m *dns.Msg) { m.Truncated = true }) }), ``),
			Reason: uptime.ReasonConnectRefused},
	})
}

// Of many answers the evidence keeps some, and the sentence fewer.
func TestManyAnswers(t *testing.T) {
	t.Parallel()
	var records []string
	for i := range 300 {
		records = append(records, fmt.Sprintf(`example.org. 60 IN TXT "%d %s"`, i, strings.Repeat("x", 40)))
	}
	f := kind.Run(t, probetest.Env(), "example.org", at(dnsserver.New(t, dnsserver.Zone(records...), nil).Addr, `"record":"TXT","protocol":"tcp","expect":{"values":["none"]}`), probetest.Long)
	if f.Reason != uptime.ReasonAssertion || len(f.Evidence.Answers) != 50 {
		t.Errorf("%s %q, %d answers", f.Reason, f.Detail, len(f.Evidence.Answers))
	}
}

// A name of a name server is looked up like that of any target.
func TestNameServerByName(t *testing.T) {
	t.Parallel()
	srv := dnsserver.New(t, dnsserver.Zone("ns.test. 60 IN A 127.0.0.1", "example.org. 60 IN A 192.0.2.1"), nil)
	_, port, _ := net.SplitHostPort(srv.Addr)
	env := probetest.Env()
	env.Resolver = probetest.Resolver(func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", srv.Addr)
	})
	f := kind.Run(t, env, "example.org", at("ns.test:"+port, ``), probetest.Long)
	if f.Reason != uptime.ReasonNone || f.Phases.DNS <= 0 || f.IP.String() != "127.0.0.1" {
		t.Errorf("%s %s, %+v", f.Reason, f.Detail, f)
	}
}

// A question asks for recursion unless told not to, and for authentication where that is
// wanted: a resolver shows the AD flag only to those who ask.
func TestQuestion(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	addr := dnsserver.New(t, func(w dns.ResponseWriter, q *dns.Msg) {
		asked <- fmt.Sprintf("RD %v AD %v DO %v", q.RecursionDesired, q.AuthenticatedData, q.IsEdns0() != nil && q.IsEdns0().Do())
		dnsserver.Authenticated(zone)(w, q)
	}, nil).Addr
	for settings, want := range map[string]string{
		``: "RD true AD false DO false", `"recursion":false`: "RD false AD false DO false", `"dnssec":true`: "RD true AD true DO true",
	} {
		if f := kind.Run(t, probetest.Env(), "example.org", at(addr, settings), probetest.Long); f.Reason != uptime.ReasonNone {
			t.Errorf("%s: %s %s", settings, f.Reason, f.Detail)
		}
		if got := <-asked; got != want {
			t.Errorf("%s: asked %s, want %s", settings, got, want)
		}
	}
}
