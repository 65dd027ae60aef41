package egress

import (
	"net/netip"
	"slices"
)

type deniedRange struct {
	prefix netip.Prefix
	why    string
}

// denied are the ranges of the IANA special purpose registries that lead into the
// own host, its networks or a tunnel. The documentation ranges are not among them:
// nobody is there, so a probe of one fails by itself.
var denied = []deniedRange{
	{cidr("0.0.0.0/8"), "this network"},             // RFC 791; Linux dials loopback for 0.0.0.0
	{cidr("10.0.0.0/8"), "private network"},         // RFC 1918
	{cidr("100.64.0.0/10"), "carrier-grade NAT"},    // RFC 6598
	{cidr("127.0.0.0/8"), "loopback"},               // RFC 1122
	{cidr("169.254.0.0/16"), "link-local"},          // RFC 3927
	{cidr("172.16.0.0/12"), "private network"},      // RFC 1918
	{cidr("192.0.0.0/24"), "protocol assignments"},  // RFC 6890
	{cidr("192.168.0.0/16"), "private network"},     // RFC 1918
	{cidr("198.18.0.0/15"), "benchmarking network"}, // RFC 2544
	{cidr("224.0.0.0/4"), "multicast"},              // RFC 5771
	{cidr("240.0.0.0/4"), "reserved"},               // RFC 1112, and the broadcast address
	{cidr("::/96"), "unspecified or loopback"},      // ::, ::1 and IPv4-compatible addresses, RFC 4291
	{cidr("::ffff:0:0:0/96"), "IPv4 translation"},   // RFC 2765
	{cidr("64:ff9b::/96"), "NAT64"},                 // RFC 6052
	{cidr("64:ff9b:1::/48"), "local NAT64"},         // RFC 8215
	{cidr("2001::/32"), "Teredo"},                   // RFC 4380
	{cidr("2002::/16"), "6to4"},                     // RFC 3056
	{cidr("fc00::/7"), "unique local address"},      // RFC 4193
	{cidr("fe80::/10"), "link-local"},               // RFC 4291
	{cidr("fec0::/10"), "site-local"},               // RFC 3879
	{cidr("ff00::/8"), "multicast"},                 // RFC 4291
}

// metadata are the services from which a cloud instance draws its own credentials:
// denied even where an operator allowed the range round them.
var metadata = []netip.Prefix{
	cidr("169.254.169.0/24"),    // 169.254.169.254 of AWS, Google, Azure, DigitalOcean, Oracle, OpenStack; AWS's resolver and clock
	cidr("169.254.170.2/32"),    // AWS ECS task credentials
	cidr("169.254.170.23/32"),   // AWS EKS pod identity
	cidr("169.254.42.42/32"),    // Scaleway
	cidr("100.100.100.200/32"),  // Alibaba Cloud
	cidr("168.63.129.16/32"),    // Azure wire server, a public address
	cidr("192.0.0.192/32"),      // Oracle Cloud, classic
	cidr("fd00:ec2::/32"),       // AWS: ::254 metadata, ::23 pod identity, ::253 resolver
	cidr("fd20:ce::254/128"),    // Google
	cidr("fd00:42::42/128"),     // Scaleway
	cidr("fe80::a9fe:a9fe/128"), // OpenStack
}

func isMetadata(addr netip.Addr) bool {
	return slices.ContainsFunc(metadata, func(p netip.Prefix) bool { return p.Contains(addr) })
}

var (
	nat64      = cidr("64:ff9b::/96")
	compatible = cidr("::/96")
	translated = cidr("::ffff:0:0:0/96")
	sixToFour  = cidr("2002::/16")
)

// embeddedIPv4 returns the IPv4 address that a translator or tunnel would reach.
func embeddedIPv4(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return netip.Addr{}, false
	}
	b := addr.As16()
	switch {
	case nat64.Contains(addr), translated.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case compatible.Contains(addr):
		// ::1 and :: are addresses of their own.
		return netip.AddrFrom4([4]byte(b[12:])), b[12]|b[13]|b[14] != 0
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

func cidr(s string) netip.Prefix { return netip.MustParsePrefix(s) }
