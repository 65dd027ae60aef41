package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestCheckDenies(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"loopback":               "127.0.0.1",
		"loopback elsewhere":     "127.255.255.254",
		"this host":              "0.0.0.0",
		"this network":           "0.1.2.3",
		"private 10":             "10.0.0.1",
		"private 172":            "172.31.255.255",
		"private 192":            "192.168.1.1",
		"link-local":             "169.254.1.1",
		"carrier-grade NAT":      "100.64.0.1",      // missed by a predecessor
		"carrier-grade NAT, end": "100.127.255.255", // likewise
		"benchmarking":           "198.18.0.1",      // likewise
		"benchmarking, end":      "198.19.255.255",  // likewise
		"reserved":               "240.0.0.1",       // likewise
		"broadcast":              "255.255.255.255", // likewise
		"NAT64 of loopback":      "64:ff9b::7f00:1", // likewise
		"NAT64 of a public host": "64:ff9b::808:808",
		"NAT64, local":           "64:ff9b:1::1",
		"protocol assignments":   "192.0.0.8",
		"multicast":              "224.0.0.251",
		"IPv6 unspecified":       "::",
		"IPv6 loopback":          "::1",
		"IPv4-compatible":        "::127.0.0.1",
		"IPv4-mapped loopback":   "::ffff:127.0.0.1",
		"IPv4-mapped private":    "::ffff:10.1.2.3",
		"IPv4-translated":        "::ffff:0:127.0.0.1",
		"6to4":                   "2002:7f00:1::",
		"Teredo":                 "2001:0:1::1",
		"unique local":           "fd12:3456::1",
		"IPv6 link-local":        "fe80::1",
		"with a zone":            "fe80::1%eth0",
		"loopback with a zone":   "::1%lo",
		"site-local":             "fec0::1",
		"IPv6 multicast":         "ff02::1",
		"metadata":               "169.254.169.254",
		"metadata, mapped":       "::ffff:169.254.169.254",
		"metadata of Azure":      "168.63.129.16",
		"metadata of Alibaba":    "100.100.100.200",
		"metadata of AWS, IPv6":  "fd00:ec2::254",
	}
	for name, a := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := New(nil).Check(addr(a))
			if !errors.Is(err, ErrBlocked) {
				t.Fatalf("Check(%s) = %v, want ErrBlocked", a, err)
			}
			var blocked *BlockedError
			if !errors.As(err, &blocked) || blocked.Addr != addr(a).WithZone("").Unmap() || blocked.Why == "" {
				t.Errorf("Check(%s) = %#v, want the address and a cause in it", a, err)
			}
		})
	}
}

func TestCheckAllowsPublic(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.0.1",
		"198.20.0.1", "223.255.255.255", "2001:4860:4860::8888", "2606:4700::1111", "2001:1::1",
		"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", // documentation: nobody is there
	} {
		if err := New(nil).Check(addr(a)); err != nil {
			t.Errorf("Check(%s) = %v, want nil", a, err)
		}
	}
	if err := New(nil).Check(netip.Addr{}); !errors.Is(err, ErrBlocked) {
		t.Errorf("Check of no address = %v, want ErrBlocked", err)
	}
}

func TestCheckWithAllow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		allow, addr string
		denied      bool
	}{
		{"127.0.0.0/8", "127.0.0.1", false},
		{"127.0.0.0/8", "::ffff:127.0.0.1", false},
		{"::ffff:127.0.0.0/104", "127.0.0.1", false},
		{"127.0.0.0/8", "::1", true},
		{"10.0.0.0/8", "192.168.0.1", true},
		{"10.1.0.5/8", "10.200.0.1", false}, // host bits in the range do not narrow it
		{"0.0.0.0/0", "10.0.0.1", false},
		{"0.0.0.0/0", "169.254.169.254", true},
		{"169.254.0.0/16", "169.254.169.254", true},
		{"169.254.0.0/16", "169.254.1.1", false},
		{"169.254.169.254/32", "169.254.169.254", true},
		{"100.64.0.0/10", "100.100.100.200", true},
		{"100.64.0.0/10", "100.100.100.201", false},
		{"fc00::/7", "fd00:ec2::254", true},
		{"fc00::/7", "fd00::1", false},
		{"::/0", "fe80::1%eth0", false},
		{"::/0", "::ffff:10.0.0.1", true}, // an IPv4 address, however it is written
		{"64:ff9b::/96", "64:ff9b::a9fe:a9fe", true},
		{"64:ff9b::/96", "64:ff9b::7f00:1", true},
		{"64:ff9b::/96", "64:ff9b::808:808", false},
		{"2002::/16", "2002:a9fe:a9fe::1", true},
	}
	for _, tt := range tests {
		g := New([]netip.Prefix{netip.MustParsePrefix(tt.allow)})
		if err := g.Check(addr(tt.addr)); errors.Is(err, ErrBlocked) != tt.denied {
			t.Errorf("allow %s: Check(%s) = %v, want denied: %v", tt.allow, tt.addr, err, tt.denied)
		}
	}
}

// Whatever is allowed, no spelling of a metadata address passes.
func TestMetadataNeverAllowed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(metadata).Draw(t, "service").Addr()
		bits := rapid.IntRange(0, m.BitLen()).Draw(t, "bits")
		g := New([]netip.Prefix{netip.PrefixFrom(m, bits), cidr("0.0.0.0/0"), cidr("::/0")})
		spelled := m
		if m.Is4() && rapid.Bool().Draw(t, "mapped") {
			spelled = netip.AddrFrom16(m.As16())
		}
		if err := g.Check(spelled); !errors.Is(err, ErrBlocked) {
			t.Fatalf("allow %s/%d: Check(%s) = %v", m, bits, spelled, err)
		}
	})
}

func TestControl(t *testing.T) {
	t.Parallel()
	tests := []struct {
		network, address string
		denied           bool
	}{
		{"tcp4", "8.8.8.8:443", false},
		{"udp6", "[2606:4700::1111]:53", false},
		{"ip4:icmp", "8.8.8.8", false},
		{"tcp4", "127.0.0.1:80", true},
		{"tcp6", "[::ffff:127.0.0.1]:80", true},
		{"tcp6", "[fe80::1%lo]:80", true},
		{"ip4:icmp", "10.0.0.1", true},
		{"tcp", "not an address", true},
		{"unix", "/run/docker.sock", true},
	}
	for _, tt := range tests {
		err := New(nil).Control(context.Background(), tt.network, tt.address, nil)
		if errors.Is(err, ErrBlocked) != tt.denied {
			t.Errorf("Control(%s, %s) = %v, want denied: %v", tt.network, tt.address, err, tt.denied)
		}
	}
}

func TestDialerRefusesWhatANameResolvesTo(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_, err = New(nil).Dialer().DialContext(t.Context(), "tcp", net.JoinHostPort("localhost", port))
	if !errors.Is(err, ErrBlocked) {
		t.Errorf("dial of localhost: %v, want ErrBlocked through net.OpError", err)
	}
	conn, err := New([]netip.Prefix{cidr("127.0.0.0/8")}).Dialer().DialContext(t.Context(), "tcp4", l.Addr().String())
	if err != nil {
		t.Fatalf("dial of an allowed address: %v", err)
	}
	_ = conn.Close()
}

func TestHTTPClient(t *testing.T) {
	t.Parallel()
	var leaked string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		leaked = r.Header.Get("Authorization") + r.Header.Get("X-Token")
	}))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/inward":
			http.Redirect(w, r, "http://127.0.0.2:1/", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer srv.Close()
	g := New([]netip.Prefix{cidr("127.0.0.1/32")})
	get := func(cfg Config, path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "secret")
		req.Header.Set("X-Token", "secret")
		res, err := g.HTTPClient(cfg).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return res, err
	}

	if _, err := get(Config{MaxRedirects: 3}, "/inward"); !errors.Is(err, ErrBlocked) {
		t.Errorf("redirect to a denied address: %v, want ErrBlocked", err)
	}
	if res, err := get(Config{}, "/inward"); err != nil || res.StatusCode != http.StatusFound {
		t.Errorf("no redirects wanted: %v, %v, want the 302 itself", res, err)
	}
	if _, err := get(Config{MaxRedirects: 3}, "/loop"); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("loop: %v", err)
	}
	if _, err := get(Config{MaxRedirects: 3}, "/other"); err != nil || leaked != "" {
		t.Errorf("redirect to another host: %v, headers told: %q", err, leaked)
	}
}

func TestHTTPClientUsesNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	if tr, ok := New(nil).HTTPClient(Config{}).Transport.(*http.Transport); !ok || tr.Proxy != nil {
		t.Errorf("transport has a proxy function")
	}
}

func TestCheckHost(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"example.com": false, "8.8.8.8": false, "[2606:4700::1111]": false, "localhost.example.com": false, "134744072": false, "8.8": false,
		"0x8.0x8.010.8": false, "1.2.3.4.5": false, "0x": false, "08.1": false, "256.1.1.1": false, "127.0.0.0x": false, "0o177.1": false,
		"1_27.1": false, "+127.1": false, "": false, "0x7f.example": false, "4294967296": false, "127..1": false, "localhos": false,
		"127.0.0.1": true, "[::1]": true, "::1%lo": true, "localhost": true, "LOCALHOST.": true, "a.localhost": true, "0177.0.0.1": true,
		"0x7f000001": true, "0X7F.1": true, "2130706433": true, "127.1": true, "127.0.1": true, "0": true, "127.0.0.1.": true,
		"017700000001": true, "127.0.0.01": true, "10.1": true, "3232235777": true, "0xa9fea9fe": true, "169.254.43518": true,
	}
	for host, denied := range tests {
		if err := New(nil).CheckHost(host); errors.Is(err, ErrBlocked) != denied {
			t.Errorf("CheckHost(%s) = %v, want denied: %v", host, err, denied)
		}
	}
	for _, allow := range []string{"127.0.0.0/8", "::1/128"} {
		if err := New([]netip.Prefix{cidr(allow)}).CheckHost("localhost"); err != nil {
			t.Errorf("localhost with %s allowed: %v", allow, err)
		}
	}
	if err := New([]netip.Prefix{cidr("0.0.0.0/0")}).CheckHost("2852039166"); !errors.Is(err, ErrBlocked) {
		t.Errorf("the metadata service as a number: %v", err)
	}
}

type resolver []netip.Addr

func (r resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return r, nil }

func TestResolve(t *testing.T) {
	t.Parallel()
	got, err := New(nil).Resolve(t.Context(), resolver{addr("127.0.0.1"), addr("::ffff:8.8.8.8")}, "mixed.test")
	if err != nil || len(got) != 1 || got[0] != addr("8.8.8.8") {
		t.Errorf("mixed: %v, %v, want 8.8.8.8 alone", got, err)
	}
	if _, err := New(nil).Resolve(t.Context(), resolver{addr("10.0.0.1")}, "inward.test"); !errors.Is(err, ErrBlocked) {
		t.Errorf("inward: %v, want ErrBlocked", err)
	}
}

// What is denied is not looked up.
func TestResolveAsksNobodyAboutDeniedHosts(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.1", "localhost", "0x7f000001", "::1"} {
		if _, err := New(nil).Resolve(t.Context(), resolver{addr("8.8.8.8")}, host); !errors.Is(err, ErrBlocked) {
			t.Errorf("%s: %v, want ErrBlocked", host, err)
		}
	}
}

func TestParseAllow(t *testing.T) {
	t.Parallel()
	got, err := ParseAllow([]string{"10.0.0.0/8", "", "192.168.1.7", "fd00::/8"})
	if err != nil || len(got) != 3 || got[1] != cidr("192.168.1.7/32") {
		t.Errorf("ParseAllow = %v, %v", got, err)
	}
	_, err = ParseAllow([]string{"10.0.0.0/40", "10.0.0.0/8", "localhost"})
	if err == nil || !strings.Contains(err.Error(), "10.0.0.0/40") || !strings.Contains(err.Error(), "localhost") {
		t.Errorf("ParseAllow of wrong items = %v, want both named", err)
	}
}
