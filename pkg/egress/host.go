package egress

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// CheckHost refuses a host before it is looked up: an address that must not be dialled,
// in any spelling that some system reads as one, and the names of the own host. Other
// names pass: they are judged by what they resolve to, when that is dialled. To be asked
// before each dial, so that what is denied does not look like a name that nobody has.
func (g *Guard) CheckHost(host string) error {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, ok := parseHost(host); ok {
		return g.Check(addr)
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		if g.Check(netip.IPv6Loopback()) == nil {
			return nil
		}
		return g.Check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return nil
}

// parseHost reads an address in every spelling that inet_aton(3) and browsers take for
// one, as in 0177.0.0.1, 0x7f.1 and 2130706433; false for names.
func parseHost(host string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, true
	}
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 { // the last one fills what is left
			bits = 8 * (5 - len(parts))
		}
		n, ok := number(part)
		if !ok || n>>bits != 0 {
			return netip.Addr{}, false
		}
		sum = sum<<bits | n
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(sum)) // four parts of 32 bits in all
	return netip.AddrFrom4(b), true
}

// number reads decimal, octal (0 before it) or hexadecimal (0x before it) digits.
func number(text string) (uint64, bool) {
	base := 10
	switch lower := strings.ToLower(text); {
	case strings.HasPrefix(lower, "0x"):
		text, base = text[2:], 16
	case len(text) > 1 && text[0] == '0':
		text, base = text[1:], 8
	}
	if strings.HasPrefix(text, "+") {
		return 0, false
	}
	n, err := strconv.ParseUint(text, base, 32)
	return n, err == nil
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
