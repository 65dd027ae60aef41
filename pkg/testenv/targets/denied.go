package targets

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Denied is a host that leads, or may be thought to lead, to where no tenant has any
// business: an address in some spelling, or a name.
type Denied struct {
	Host string // as in host:port, IPv6 without brackets
	// Addrs are what the host means; for a name, what a resolver is to answer.
	Addrs []netip.Addr
	// Name says that it takes a resolver; Alias, that it is an alias of another name.
	Name  bool
	Alias string
	// Spelled says that no monitor may be made for it, since no name or address looks so.
	Spelled bool
}

// AllDenied returns every such host: addresses of each range, in each way to write IPv4
// within IPv6, the spellings that C libraries and browsers read as addresses, and names.
func AllDenied() []Denied {
	var out []Denied
	for _, a := range strings.Fields(deniedAddresses) {
		out = append(out, Denied{Host: a, Addrs: []netip.Addr{netip.MustParseAddr(a)}})
	}
	loopback := netip.MustParseAddr("127.0.0.1")
	for _, host := range strings.Fields(deniedSpellings) {
		out = append(out, Denied{Host: host, Addrs: []netip.Addr{loopback}, Name: true, Spelled: true})
	}
	for _, host := range strings.Fields("localhost LocalHost localhost. a.localhost loop.test LOOP.test. 127.0.0.1.loop.test xn--lp-lka.test") {
		out = append(out, Denied{Host: host, Addrs: []netip.Addr{loopback}, Name: true})
	}
	for host, addrs := range map[string]string{
		"loop6.test": "::1", "both.test": "127.0.0.1 ::1", "several.test": "10.0.0.1 192.168.0.1 127.0.0.1", "zero.test": "0.0.0.0",
		"private.test": "10.0.0.1", "mapped.test": "::ffff:127.0.0.1", "nat64.test": "64:ff9b::7f00:1", "6to4.test": "2002:7f00:1::",
		"unique-local.test": "fd12:3456::1", "link-local.test": "fe80::1", "cgnat.test": "100.64.0.1",
		"metadata.test": "169.254.169.254", "metadata.google.internal": "169.254.169.254", "instance-data": "169.254.169.254",
		"metadata6.test": "fd00:ec2::254",
	} {
		d := Denied{Host: host, Name: true}
		for _, a := range strings.Fields(addrs) {
			d.Addrs = append(d.Addrs, netip.MustParseAddr(a))
		}
		out = append(out, d)
	}
	return append(out,
		Denied{Host: "alias.test", Name: true, Alias: "loop.test", Addrs: []netip.Addr{loopback}},
		Denied{Host: "alias-of-metadata.test", Name: true, Alias: "metadata.test", Addrs: []netip.Addr{netip.MustParseAddr("169.254.169.254")}},
	)
}

const deniedAddresses = `
	127.0.0.1 127.0.0.2 127.1.2.3 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254
	192.168.0.1 192.168.255.254 169.254.0.1 169.254.169.254 169.254.170.2 100.64.0.1 100.127.255.254 100.100.100.200
	168.63.129.16 192.0.0.8 192.0.0.192 198.18.0.1 198.19.255.254 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
	:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
	64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::7f00:1 2001::1 2001:0:7f00:1:: 2002:7f00:1:: 2002:a9fe:a9fe::
	fc00::1 fd00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%lo ::1%lo fec0::1 ff02::1 ff0e::1`

// deniedSpellings are 127.0.0.1 to inet_aton(3) and to browsers, and a name to Go.
const deniedSpellings = `
	0177.0.0.1 0x7f.0.0.1 0x7f000001 0X7F000001 2130706433 017700000001 127.1 127.0.1 127.0.0.01 0 127.0.0.1. 2130706433. 0x7f.1`

// Trap listens where nobody may come to, on the loopback addresses of both versions of
// IP, by TCP and UDP, and counts who comes.
type Trap struct {
	Port  string
	hits  atomic.Int64
	conns []interface{ Close() error }
	wg    sync.WaitGroup
}

// NewTrap sets a trap for as long as a test runs.
func NewTrap(t testing.TB) *Trap {
	t.Helper()
	for range 50 {
		if trap := (&Trap{}); trap.set() {
			t.Cleanup(trap.close)
			return trap
		}
	}
	t.Fatal("targets: no port is free on 127.0.0.1 and ::1, for TCP and UDP")
	return nil
}

func (p *Trap) set() bool {
	for i, host := range []string{"127.0.0.1", "::1"} {
		port := p.Port
		if i == 0 {
			port = "0"
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			p.close()
			return false
		}
		p.conns = append(p.conns, l)
		_, p.Port, _ = net.SplitHostPort(l.Addr().String())
		u, err := net.ListenPacket("udp", net.JoinHostPort(host, p.Port))
		if err != nil {
			p.close()
			return false
		}
		p.conns = append(p.conns, u)
		p.wg.Go(func() { p.accept(l) })
		p.wg.Go(func() { p.receive(u) })
	}
	return true
}

func (p *Trap) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p.hits.Add(1)
		_ = conn.Close()
	}
}

func (p *Trap) receive(u net.PacketConn) {
	buf := make([]byte, 1<<10)
	for {
		if _, _, err := u.ReadFrom(buf); err != nil {
			return
		}
		p.hits.Add(1)
	}
}

func (p *Trap) close() {
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.wg.Wait()
}

// MustBeEmpty fails the test if anybody came. It comes itself, so that a trap which sees
// nothing is not taken for one that nobody went to.
func (p *Trap) MustBeEmpty(t testing.TB) {
	t.Helper()
	before, came := p.hits.Load(), int64(0)
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, network := range []string{"tcp", "udp"} {
			conn, err := net.Dial(network, net.JoinHostPort(host, p.Port))
			if err != nil {
				t.Fatalf("targets: the trap is not there: %v", err)
			}
			if network == "udp" {
				_, _ = conn.Write([]byte("x"))
			}
			_ = conn.Close()
			came++
		}
	}
	for deadline := time.Now().Add(10 * time.Second); p.hits.Load() < before+came; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("targets: the trap saw %d of the %d who came to try it", p.hits.Load()-before, came)
		}
	}
	// What was on the way before has been counted by now: each listener takes one after the other.
	if strangers := p.hits.Load() - came; strangers != 0 {
		t.Errorf("%d connections or packets came to where none may", strangers)
	}
}
