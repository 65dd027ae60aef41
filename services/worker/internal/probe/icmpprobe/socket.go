package icmpprobe

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// packetConn is what a socket needs of an ICMP connection.
type packetConn interface {
	WriteTo(b []byte, dst net.Addr) (int, error)
	ReadFrom(b []byte) (int, net.Addr, error)
	SetReadDeadline(t time.Time) error
	Close() error
}

// tokenBytes begin the payload of every packet, so that nobody's packets are taken for
// ours.
const tokenBytes = 16

// socket sends and receives the echoes of one run.
type socket struct {
	conn  packetConn
	raw   bool
	v6    bool
	id    int // of raw sockets; the kernel sets its own otherwise
	token [tokenBytes]byte
	buf   [2 << 10]byte // larger than any packet of ours
}

// open opens a socket for the version of an address.
func open(addr netip.Addr) (*socket, error) {
	unprivileged, raw, any := "udp4", "ip4:icmp", "0.0.0.0"
	if addr.Is6() {
		unprivileged, raw, any = "udp6", "ip6:ipv6-icmp", "::"
	}
	s := &socket{v6: addr.Is6()}
	_, _ = rand.Read(s.token[:]) // crypto/rand.Read never fails since Go 1.24.
	s.id = int(binary.BigEndian.Uint16(s.token[:]))
	conn, err := icmp.ListenPacket(unprivileged, any)
	if err != nil {
		var rawErr error
		if conn, rawErr = icmp.ListenPacket(raw, any); rawErr != nil {
			return nil, errors.Join(err, rawErr)
		}
		s.raw = true
		if s.v6 {
			var filter ipv6.ICMPFilter
			filter.SetAll(true)
			filter.Accept(ipv6.ICMPTypeEchoReply)
			filter.Accept(ipv6.ICMPTypeDestinationUnreachable)
			_ = conn.IPv6PacketConn().SetICMPFilter(&filter) // spares work, nothing else
		}
	}
	s.conn = conn
	return s, nil
}

// Close closes the socket.
func (s *socket) Close() { _ = s.conn.Close() }

// send sends one echo request with a payload of size bytes.
func (s *socket) send(to netip.Addr, seq, size int) error {
	payload := make([]byte, max(size, tokenBytes))
	copy(payload, s.token[:])
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: s.id, Seq: seq, Data: payload}}
	if s.v6 {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	b, err := m.Marshal(nil) // the kernel fills in the checksum of ICMPv6
	if err != nil {
		return err
	}
	_, err = s.conn.WriteTo(b, s.address(to))
	return err
}

func (s *socket) address(a netip.Addr) net.Addr {
	if s.raw {
		return &net.IPAddr{IP: a.AsSlice()}
	}
	return &net.UDPAddr{IP: a.AsSlice()}
}

// echo is a packet that concerns us.
type echo struct {
	seq         int
	unreachable string // instead: why a packet cannot arrive
}

// errNothing says that nothing came in time.
var errNothing = errors.New("nothing came")

// receive waits for a packet that concerns us; others are passed over.
func (s *socket) receive(from netip.Addr, until time.Time) (echo, error) {
	if err := s.conn.SetReadDeadline(until); err != nil {
		return echo{}, err
	}
	for {
		n, addr, err := s.conn.ReadFrom(s.buf[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return echo{}, errNothing
		}
		if err != nil {
			return echo{}, err
		}
		if e, ok := s.parse(s.buf[:n], sender(addr), from); ok {
			return e, nil
		}
		if !time.Now().Before(until) { // a flood of strangers' packets
			return echo{}, errNothing
		}
	}
}

func sender(addr net.Addr) netip.Addr {
	var ip net.IP
	switch a := addr.(type) {
	case *net.IPAddr:
		ip = a.IP
	case *net.UDPAddr:
		ip = a.IP
	}
	out, _ := netip.AddrFromSlice(ip)
	return out.Unmap()
}

// parse tells whether a packet concerns us.
func (s *socket) parse(b []byte, sender, from netip.Addr) (echo, bool) {
	const protocolICMP, protocolICMPv6 = 1, 58 // of IANA
	protocol := protocolICMP
	if s.v6 {
		protocol = protocolICMPv6
	}
	m, err := icmp.ParseMessage(protocol, b)
	if err != nil {
		return echo{}, false
	}
	switch body := m.Body.(type) {
	case *icmp.Echo:
		reply := m.Type == ipv4.ICMPTypeEchoReply || m.Type == ipv6.ICMPTypeEchoReply
		if reply && sender == from && (!s.raw || body.ID == s.id) && bytes.HasPrefix(body.Data, s.token[:]) {
			return echo{seq: body.Seq}, true
		}
	case *icmp.DstUnreach:
		if s.raw && s.quotesUs(body.Data, from) {
			return echo{unreachable: fmt.Sprintf("%s says that the destination is unreachable (code %d)", sender, m.Code)}, true
		}
	}
	return echo{}, false
}

// quotesUs tells whether the packet that an ICMP error quotes is one of ours: its IP
// header and the first bytes of its ICMP message.
func (s *socket) quotesUs(b []byte, to netip.Addr) bool {
	header, destination := 40, 24
	if !s.v6 {
		if len(b) < 20 {
			return false
		}
		header, destination = int(b[0]&0x0f)*4, 16
	}
	size := to.BitLen() / 8
	if len(b) < header+8 || len(b) < destination+size || header < destination+size {
		return false
	}
	quoted, _ := netip.AddrFromSlice(b[destination : destination+size])
	return quoted == to && int(binary.BigEndian.Uint16(b[header+4:])) == s.id
}
