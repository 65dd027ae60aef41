package dnsprobe

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

// The worker's own name servers are asked whatever the guard says of where they are, but
// do not tell what lies behind it.
func TestOwnServers(t *testing.T) {
	t.Parallel()
	zone := dnsserver.New(t, dnsserver.Zone("example.org. 60 IN A 192.0.2.1", "db.internal. 60 IN A 10.1.2.3", "db.internal. 60 IN AAAA fd00::1"), nil)
	lame := dnsserver.New(t, dnsserver.Answer(dns.RcodeServerFailure), nil)
	refused := targets.RefusedUDP(t)
	env := probetest.Env()
	env.Guard = egress.New(nil) // no exception for loopback
	tests := []struct {
		name, target, settings string
		servers                []string
		reason                 uptime.Reason
		answers                []string
	}{
		{"answers", "example.org", ``, []string{zone.Addr}, uptime.ReasonNone, []string{"192.0.2.1"}},
		{"the second answers", "example.org", ``, []string{lame.Addr, zone.Addr}, uptime.ReasonNone, []string{"192.0.2.1"}},
		{"nobody at the first", "example.org", ``, []string{refused, zone.Addr}, uptime.ReasonNone, []string{"192.0.2.1"}},
		{"all lame", "example.org", ``, []string{lame.Addr, lame.Addr}, uptime.ReasonServFail, nil},
		{"nobody at all", "example.org", ``, []string{refused}, uptime.ReasonConnectRefused, nil},
		{"inside", "db.internal", ``, []string{zone.Addr}, uptime.ReasonBlockedTarget, nil},
		{"inside by IPv6", "db.internal", `{"record":"AAAA"}`, []string{zone.Addr}, uptime.ReasonBlockedTarget, nil},
		{"none", "example.org", ``, nil, uptime.ReasonUnsupported, nil},
		{"named ones are guarded", "example.org", `{"nameserver":"` + zone.Addr + `"}`, nil, uptime.ReasonBlockedTarget, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := probetest.Kind{Kind: uptime.KindDNS, New: func(env probe.Env) probe.Prober {
				return &prober{env, func() ([]string, error) {
					if tt.servers == nil {
						return nil, errors.New("no file")
					}
					return tt.servers, nil
				}}
			}}
			f := k.Run(t, env, tt.target, tt.settings, probetest.Long)
			if f.Reason != tt.reason {
				t.Errorf("%s %s, want %s", f.Reason, f.Detail, tt.reason)
			}
			if diff := cmp.Diff(tt.answers, f.Evidence.Answers); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolvConf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if _, err := ownServers(path); err == nil {
		t.Error("no file is no error")
	}
	for text, want := range map[string][]string{
		"search x\n": nil,
		"nameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n": {"192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"},
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ownServers(path); !cmp.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// Whatever a name server sends, decoding it ends without a panic, and what is shown of
// it is text.
func FuzzRead(f *testing.F) {
	q := &query{question: dns.Question{Name: "example.org.", Qtype: dns.TypeTXT, Qclass: dns.ClassINET}}
	m := new(dns.Msg)
	m.SetQuestion("example.org.", dns.TypeTXT)
	m.Id, m.Response = 1, true
	m.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: "example.org.", Rrtype: dns.TypeTXT, Class: 1}, Txt: []string{`a"b`, `\195\164`}}}
	packed, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := q.read(b, 1)
		if err != nil {
			return
		}
		for _, record := range []string{"A", "MX", "TXT", "SOA", "CAA", "SRV", "PTR"} {
			for _, s := range shown(values(m, record)) {
				if len(s) > maxShownBytes+8 {
					t.Fatalf("shows %d bytes", len(s))
				}
			}
		}
	})
}
