package kinds_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

const (
	shortTimeout = 5 * time.Second // of checks that the guard is to end at once
	// inside stands for the world in these tests: the one address that the guard lets
	// through, so that nothing ever leaves the machine.
	inside = "127.0.0.9"
)

// TestMain takes the system's name servers away: a kind that does not look names up by
// its environment's resolver fails, and asks nobody out there.
func TestMain(m *testing.M) {
	net.DefaultResolver = probetest.Resolver(func(context.Context) (net.Conn, error) { return nil, errors.New("not the environment's resolver") })
	os.Exit(m.Run())
}

// denyingEnv is that of a worker whose operator has allowed nothing, or just the ranges
// given, and whose name server is as told.
func denyingEnv(resolver *net.Resolver, allow ...string) probe.Env {
	env := probetest.Env()
	var ranges []netip.Prefix
	for _, a := range allow {
		ranges = append(ranges, netip.MustParsePrefix(a))
	}
	env.Guard, env.Resolver = egress.New(ranges), resolver
	return env
}

// resolverOf asks a name server on loopback, as an operator's own would be.
func resolverOf(t *testing.T, handler dns.HandlerFunc) *net.Resolver {
	t.Helper()
	addr := dnsserver.New(t, handler, nil).Addr
	return probetest.Resolver(func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", addr)
	})
}

// misleading answers for the names of the table, and for every other spelling with
// loopback: whatever a system makes of it, it is not to be reached.
func misleading(t *testing.T) *net.Resolver {
	t.Helper()
	byName := map[string]targets.Denied{}
	for _, d := range targets.AllDenied() {
		byName[strings.ToLower(dns.Fqdn(d.Host))] = d
	}
	return resolverOf(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		name := q.Question[0].Name
		d, known := byName[strings.ToLower(name)]
		if !known {
			d.Addrs = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		}
		if d.Alias != "" {
			m.Answer = append(m.Answer, record(name, "CNAME", dns.Fqdn(d.Alias)))
			name = dns.Fqdn(d.Alias)
		}
		for _, a := range d.Addrs {
			if kind := map[bool]string{true: "A", false: "AAAA"}[a.Is4()]; dns.StringToType[kind] == q.Question[0].Qtype {
				m.Answer = append(m.Answer, record(name, kind, a.String()))
			}
		}
		_ = w.WriteMsg(m)
	})
}

func record(name, kind, value string) dns.RR {
	rr, err := dns.NewRR(fmt.Sprintf("%s 0 IN %s %s", name, kind, value))
	if err != nil {
		panic(err)
	}
	return rr
}

// way is one way to have a worker look at host and port.
type way struct {
	name, target, settings string
	kind                   uptime.Kind
}

func inURL(host string) string {
	if strings.Contains(host, ":") {
		return "[" + strings.ReplaceAll(host, "%", "%25") + "]"
	}
	return host
}

// ways returns every way to name a host in a monitor. good is a server that may be reached.
func ways(host, port, good string) []way {
	at, u := net.JoinHostPort(host, port), inURL(host)+":"+port
	auth := func(scheme string) string {
		return fmt.Sprintf(`{"auth":{"type":"oauth2","token_url":"%s://%s/","client_id":"a","client_secret":"b"}}`, scheme, u)
	}
	return []way{
		{"http", "http://" + u, ``, uptime.KindHTTP},
		{"https", "https://" + u, ``, uptime.KindHTTP},
		{"http/2 without TLS", "http://" + u, `{"http_version":"2"}`, uptime.KindHTTP},
		{"http/3", "https://" + u, `{"http_version":"3"}`, uptime.KindHTTP},
		{"token URL", good, auth("http"), uptime.KindHTTP},
		{"token URL by TLS", good, auth("https"), uptime.KindHTTP},
		{"tcp", at, `{"steps":[{"send":"x"}]}`, uptime.KindTCP},
		{"tcp by TLS", at, `{"security":"tls"}`, uptime.KindTCP},
		{"udp", at, `{"send":"x"}`, uptime.KindUDP},
		{"name server by UDP", "example.org", fmt.Sprintf(`{"nameserver":%q}`, at), uptime.KindDNS},
		{"name server by TCP", "example.org", fmt.Sprintf(`{"nameserver":%q,"protocol":"tcp"}`, at), uptime.KindDNS},
		{"name server by TLS", "example.org", fmt.Sprintf(`{"nameserver":%q,"protocol":"tls"}`, at), uptime.KindDNS},
		{"tls", at, ``, uptime.KindTLS},
		{"icmp", host, ``, uptime.KindICMP},
		{"grpc", at, `{"security":"none"}`, uptime.KindGRPC},
		{"grpc by TLS", at, ``, uptime.KindGRPC},
		{"websocket", "ws://" + u, ``, uptime.KindWebSocket},
		{"websocket by TLS", "wss://" + u, ``, uptime.KindWebSocket},
		{"smtp", at, ``, uptime.KindSMTP},
		{"smtp by TLS", at, `{"security":"tls"}`, uptime.KindSMTP},
	}
}

// mustDeny ends the test before anything is dialled if the guard would let an address of
// the table through.
func mustDeny(t *testing.T, guard *egress.Guard, d targets.Denied) {
	t.Helper()
	for _, a := range d.Addrs {
		if guard.Check(a) == nil {
			t.Fatalf("the guard lets %s of %s through", a, d.Host)
		}
	}
}

// Nothing that a monitor may name leads to a denied address: no check of any kind sends
// a packet there, whoever wrote its message.
func TestDeniedHosts(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	good := listenAt(t, inside, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	resolver := misleading(t)
	env := denyingEnv(resolver, inside+"/32")
	runner := probe.NewRunner(kinds.All(), env)
	if f := runner.Run(t.Context(), &uptime.Check{Kind: uptime.KindHTTP, Target: good, Timeout: shortTimeout}); f.Reason != uptime.ReasonNone {
		t.Fatalf("what may be reached cannot be: %s %s", f.Reason, f.Detail)
	}
	all := targets.AllDenied()
	if len(all) < 80 {
		t.Errorf("%d hosts", len(all))
	}
	for _, d := range all {
		mustDeny(t, env.Guard, d)
	}
	covered := map[uptime.Kind]bool{uptime.KindDomain: true, uptime.KindHeartbeat: true} // the first has tests of its own, the second dials nobody
	for _, d := range all {
		for _, w := range ways(d.Host, trap.Port, good) {
			covered[w.kind] = true
			f := runner.Run(t.Context(), &uptime.Check{Kind: w.kind, Target: w.target, Settings: []byte(w.settings), Timeout: shortTimeout})
			if f.Reason != uptime.ReasonBlockedTarget || f.Attempts != 1 || f.Detail == "" {
				t.Errorf("%s of %s: %q after %d attempts: %s", w.name, d.Host, f.Reason, f.Attempts, f.Detail)
			}
			if d.Spelled && !strings.HasPrefix(w.name, "token") && !strings.HasPrefix(w.name, "name server") {
				if s, err := monitorspec.Parse(w.kind, w.target, []byte(w.settings)); err == nil && hostOf(s.Target) != "127.0.0.1" {
					t.Errorf("a monitor of kind %s may be made for %s: it becomes %s", w.name, d.Host, s.Target)
				}
			}
		}
	}
	for _, kind := range monitorspec.Kinds() {
		if !covered[kind] {
			t.Errorf("%s is not in the table", kind)
		}
	}
	trap.MustBeEmpty(t)
}

func hostOf(target string) string {
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		return u.Hostname()
	}
	if host, _, err := net.SplitHostPort(target); err == nil {
		return host
	}
	return target
}

// listenAt serves by a handler on one loopback address and returns its URL.
func listenAt(t *testing.T, host string, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

// URLs that different readers read differently.
func TestMisleadingURLs(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	runner := probe.NewRunner(kinds.All(), denyingEnv(misleading(t)))
	at := "127.0.0.1:" + trap.Port
	for _, u := range []string{
		"http://example.org@" + at + "/", "http://example.org:80@" + at + "/", "http://a:b@" + at, "http://" + at + "#@example.org/",
		"http://" + at + "?@example.org/", "http://" + at + `\@example.org/`, `http://example.org\@` + at + "/", "http:\\\\" + at + "/",
		"http://127%2e0%2e0%2e1:" + trap.Port, "http://%31%32%37.0.0.1:" + trap.Port, "http://127.0.0.1%00.example.org:" + trap.Port,
		"http://127.0.0.1%2f@example.org:" + trap.Port, "http://127。0。0。1:" + trap.Port, "http://１２７.０.０.１:" + trap.Port,
		"http://①②⑦.⓪.⓪.①:" + trap.Port, "http://[::ffff:7f00:1]:" + trap.Port, "http://[0:0:0:0:0:0:0:1]:" + trap.Port,
		"http://[::1%25lo]:" + trap.Port, "http://[127.0.0.1]:" + trap.Port, "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:" + trap.Port, "http:///" + at, "http://" + at + ":80",
		"http:" + at, "//" + at, "http://localhost\t:" + trap.Port, "http://127.0.0.1 :" + trap.Port, "HTTP://" + at,
	} {
		for _, kind := range []uptime.Kind{uptime.KindHTTP, uptime.KindWebSocket} {
			target := u
			if kind == uptime.KindWebSocket {
				target = strings.Replace(u, "http", "ws", 1)
			}
			f := runner.Run(t.Context(), &uptime.Check{Kind: kind, Target: target, Timeout: shortTimeout})
			if f.Reason != uptime.ReasonBlockedTarget && f.Reason != uptime.ReasonInvalid {
				t.Errorf("%s: %q %s", target, f.Reason, f.Detail)
			}
		}
	}
	trap.MustBeEmpty(t)
}

// Redirects, registries and issuers lead nowhere that a monitor itself may not go.
func TestLedToDeniedHosts(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	resolver := misleading(t)
	var to atomic.Value // where the server leads to
	world := listenAt(t, inside, func(w http.ResponseWriter, r *http.Request) {
		aim, _ := to.Load().(string)
		switch r.URL.Path {
		case "/dns.json":
			fmt.Fprintf(w, `{"services":[[["com"],["http://%s/"]],[["org"],["http://%s/rdap/"]]]}`, aim, r.Host)
		case "/twice":
			http.Redirect(w, r, "/once", http.StatusFound)
		case "/by-tls":
			http.Redirect(w, r, "https://"+aim+"/", http.StatusPermanentRedirect)
		case "/cookie":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, "//"+aim, http.StatusSeeOther)
		default:
			http.Redirect(w, r, "http://"+aim+"/", http.StatusTemporaryRedirect)
		}
	})
	for _, d := range targets.AllDenied() {
		to.Store(inURL(d.Host) + ":" + trap.Port)
		env := denyingEnv(resolver, inside+"/32")
		env.RDAPBootstrap = world + "/dns.json"
		mustDeny(t, env.Guard, d)
		runner := probe.NewRunner(kinds.All(), env)
		env.RDAPBootstrap = "http://" + inURL(d.Host) + ":" + trap.Port
		lost := probe.NewRunner(kinds.All(), env)
		for _, tt := range []struct {
			runner       *probe.Runner
			kind         uptime.Kind
			target, what string
			reason       uptime.Reason
		}{
			{runner, uptime.KindHTTP, world, ``, uptime.ReasonBlockedTarget},
			{runner, uptime.KindHTTP, world + "/twice", ``, uptime.ReasonBlockedTarget},
			{runner, uptime.KindHTTP, world + "/by-tls", ``, uptime.ReasonBlockedTarget},
			{runner, uptime.KindHTTP, world + "/cookie", ``, uptime.ReasonBlockedTarget},
			// An issuer's redirect is not followed at all: the credentials are for nobody else.
			{runner, uptime.KindHTTP, world, `{"auth":{"type":"oauth2","token_url":"` + world + `/token","client_id":"a","client_secret":"b"}}`, uptime.ReasonAuth},
			{runner, uptime.KindWebSocket, strings.Replace(world, "http", "ws", 1), ``, uptime.ReasonStatus}, // nor is this
			{lost, uptime.KindDomain, "example.com", ``, uptime.ReasonBlockedTarget},                         // the list of registries
			{runner, uptime.KindDomain, "example.com", ``, uptime.ReasonBlockedTarget},                       // a registry
			{runner, uptime.KindDomain, "example.org", ``, uptime.ReasonBlockedTarget},                       // where a registry redirects to
		} {
			f := tt.runner.Run(t.Context(), &uptime.Check{Kind: tt.kind, Target: tt.target, Settings: []byte(tt.what), Timeout: shortTimeout})
			if f.Reason != tt.reason {
				t.Errorf("%s of %s, led to %s: %q %s", tt.kind, tt.target, d.Host, f.Reason, f.Detail)
			}
		}
	}
	trap.MustBeEmpty(t)
}

// Metadata services stay denied to an operator who has allowed everything.
func TestMetadataStaysDenied(t *testing.T) {
	t.Parallel()
	env := denyingEnv(misleading(t), "0.0.0.0/0", "::/0", "169.254.0.0/16", "fd00:ec2::/32", "64:ff9b::/96", "2002::/16")
	runner := probe.NewRunner(kinds.All(), env)
	n := 0
	for _, d := range targets.AllDenied() {
		if env.Guard.Check(d.Addrs[0]) == nil {
			continue // no metadata service, and allowed
		}
		n++
		mustDeny(t, env.Guard, d)
		for _, w := range ways(d.Host, "80", "http://"+inside+":1/") {
			f := runner.Run(t.Context(), &uptime.Check{Kind: w.kind, Target: w.target, Settings: []byte(w.settings), Timeout: shortTimeout})
			if f.Reason != uptime.ReasonBlockedTarget {
				t.Errorf("%s of %s: %q %s", w.name, d.Host, f.Reason, f.Detail)
			}
		}
	}
	if n < 12 {
		t.Errorf("%d metadata services", n)
	}
}

// A name that changes its mind: the first answer may be reached and drops the connection,
// every later one is denied. What is dialled is what was judged, however often it is
// asked for.
func TestRebinding(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"http", "https", "tcp", "tls", "grpc", "websocket", "smtp", "udp", "name server by UDP", "name server by TCP", "token URL", "redirect"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			trap, l := trapAndDoor(t)
			var reached atomic.Int64
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					reached.Add(1)
					if kind == "redirect" { // to itself, by which it is looked up again
						_, _ = conn.Read(make([]byte, 1<<10))
						fmt.Fprintf(conn, "HTTP/1.1 302 Found\r\nLocation: http://rebind.test:%s/again\r\nContent-Length: 0\r\n\r\n", trap.Port)
					}
					_ = conn.Close()
				}
			}()
			defer func() { _ = l.Close(); <-done }()
			var lookups atomic.Int64
			resolver := resolverOf(t, func(w dns.ResponseWriter, q *dns.Msg) {
				m := new(dns.Msg)
				m.SetReply(q)
				if q.Question[0].Qtype == dns.TypeA {
					answer := "127.0.0.1"
					if lookups.Add(1) == 1 {
						answer = inside
					}
					m.Answer = append(m.Answer, record(q.Question[0].Name, "A", answer))
				}
				_ = w.WriteMsg(m)
			})
			c := &uptime.Check{Kind: uptime.KindHTTP, Target: "http://rebind.test:" + trap.Port, Timeout: shortTimeout}
			for _, w := range ways("rebind.test", trap.Port, "http://"+inside+":1/") {
				if w.name == kind {
					c.Kind, c.Target, c.Settings = w.kind, w.target, []byte(w.settings)
				}
			}
			// The runner tries again on a broken connection; a later check would, too.
			runner := probe.NewRunner(kinds.All(), denyingEnv(resolver, inside+"/32"))
			var f probe.Finding
			for range 2 {
				f = runner.Run(t.Context(), c)
			}
			if f.Reason != uptime.ReasonBlockedTarget {
				t.Errorf("in the end: %q %s", f.Reason, f.Detail)
			}
			if n := lookups.Load(); n < 2 {
				t.Errorf("%d lookups: the name had no chance to change its mind", n)
			}
			for deadline := time.Now().Add(time.Minute); kind != "udp" && kind != "name server by UDP" && reached.Load() == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the first answer was not reached: nothing was tested")
				}
			}
			trap.MustBeEmpty(t)
		})
	}
}

// trapAndDoor sets a trap, and listens at the same port where everybody may come to.
func trapAndDoor(t *testing.T) (*targets.Trap, net.Listener) {
	t.Helper()
	for range 20 {
		trap := targets.NewTrap(t)
		if l, err := net.Listen("tcp", net.JoinHostPort(inside, trap.Port)); err == nil {
			return trap, l
		}
	}
	t.Fatal("no port is free everywhere")
	return nil, nil
}

// A name with one address that may be reached and one that may not is looked at by the
// first alone.
func TestMixedAnswers(t *testing.T) {
	t.Parallel()
	trap := targets.NewTrap(t)
	resolver := resolverOf(t, dnsserver.Zone(
		"mixed.test. 0 IN A "+inside, "mixed.test. 0 IN AAAA ::1", "mixed.test. 0 IN A 127.0.0.1", "mixed.test. 0 IN A 169.254.169.254"))
	runner := probe.NewRunner(kinds.All(), denyingEnv(resolver, inside+"/32"))
	for _, w := range ways("mixed.test", trap.Port, "http://"+inside+":1/") {
		f := runner.Run(t.Context(), &uptime.Check{Kind: w.kind, Target: w.target, Settings: []byte(w.settings), Timeout: time.Second})
		if f.Reason == uptime.ReasonNone && w.kind != uptime.KindICMP {
			t.Errorf("%s: nobody is there, and it passes", w.name)
		}
		if f.IP.IsValid() && f.Reason != uptime.ReasonBlockedTarget && f.IP != netip.MustParseAddr(inside) {
			t.Errorf("%s: went to %s: %q %s", w.name, f.IP, f.Reason, f.Detail)
		}
	}
	trap.MustBeEmpty(t)
}
