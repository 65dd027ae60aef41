// Package egress is the one dial guard of the fleet: it stands between whatever a
// tenant may name (the target of a probe, the URL of a webhook) and the networks
// that must never be reached on a tenant's word: loopback, private and link-local
// ranges, tunnels into them, and the metadata services of the clouds. It looks at
// the address that is about to be dialled, after resolution, so neither a name that
// resolves inwards nor one that changes its mind between check and dial gets by.
package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// ErrBlocked is what every refusal of the guard is; the address and the cause are in
// the [BlockedError] that wraps it.
var ErrBlocked = errors.New("blocked address")

// BlockedError says which address was refused and why.
type BlockedError struct {
	Addr netip.Addr // as dialled, unmapped and without zone; invalid if it could not be read
	Why  string     // the range in a few words, as in "private network"
}

// Error implements error.
func (e *BlockedError) Error() string {
	if !e.Addr.IsValid() {
		return "blocked address: " + e.Why
	}
	return fmt.Sprintf("blocked address %s: %s", e.Addr, e.Why)
}

// Is makes a BlockedError an [ErrBlocked].
func (e *BlockedError) Is(target error) bool { return target == ErrBlocked }

// Guard decides which addresses may be dialled. The zero value, and nil, deny all
// ranges that [Guard.Check] lists.
type Guard struct {
	allow []netip.Prefix
}

// New returns a guard that makes an exception for the ranges in allow, which only
// an operator may name (ALLOW_CIDRS). Metadata services stay denied whatever is in it.
func New(allow []netip.Prefix) *Guard {
	g := &Guard{allow: make([]netip.Prefix, 0, len(allow))}
	for _, p := range allow {
		if p.IsValid() {
			g.allow = append(g.allow, unmapPrefix(p))
		}
	}
	return g
}

// ParseAllow reads a list of CIDR ranges or single addresses, as in ALLOW_CIDRS;
// empty items are skipped. The error names every item that is neither.
func ParseAllow(items []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	var errs []error
	for _, item := range items {
		if item == "" {
			continue
		}
		if p, err := netip.ParsePrefix(item); err == nil {
			out = append(out, p)
		} else if a, err := netip.ParseAddr(item); err == nil {
			a = a.WithZone("")
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		} else {
			errs = append(errs, fmt.Errorf("%q is neither a CIDR range nor an address", item))
		}
	}
	return out, errors.Join(errs...)
}

// Check returns nil if the address may be dialled, else an [ErrBlocked]. Addresses
// of IPv4 inside IPv6 (mapped, NAT64) are judged by the IPv4 address, too.
func (g *Guard) Check(addr netip.Addr) error {
	if !addr.IsValid() {
		return &BlockedError{Why: "not an IP address"}
	}
	addr = canonical(addr)
	inner, embedded := embeddedIPv4(addr)
	if isMetadata(addr) || embedded && isMetadata(inner) {
		return &BlockedError{Addr: addr, Why: "metadata service"}
	}
	if g.Exempt(addr) {
		if embedded {
			return g.Check(inner) // a translator that may be used is still no way round the guard
		}
		return nil
	}
	for _, r := range denied {
		if r.prefix.Contains(addr) {
			return &BlockedError{Addr: addr, Why: r.why}
		}
	}
	return nil
}

// Exempt tells whether the address lies in one of the operator's ranges.
func (g *Guard) Exempt(addr netip.Addr) bool {
	if g == nil || len(g.allow) == 0 || !addr.IsValid() {
		return false
	}
	addr = canonical(addr)
	return slices.ContainsFunc(g.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Control has the signature of [net.Dialer.ControlContext]: it sees each address
// after resolution, just before the socket is connected.
func (g *Guard) Control(_ context.Context, network, address string, _ syscall.RawConn) error {
	addr, err := addressOf(network, address)
	if err != nil {
		return err
	}
	return g.Check(addr)
}

// Dialer returns a fresh dialer behind the guard, with TCP keep-alives off: what it
// dials lives for one request. Bound it by the context.
func (g *Guard) Dialer() *net.Dialer {
	return &net.Dialer{ControlContext: g.Control, KeepAlive: -1}
}

// addressOf reads what a dialer hands to its control function.
func addressOf(network, address string) (netip.Addr, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return netip.Addr{}, &BlockedError{Why: fmt.Sprintf("cannot read %.64q", address)}
		}
		return ap.Addr(), nil
	}
	if len(network) >= 2 && network[:2] == "ip" { // raw sockets: "ip4:icmp"
		addr, err := netip.ParseAddr(address)
		if err != nil {
			return netip.Addr{}, &BlockedError{Why: fmt.Sprintf("cannot read %.64q", address)}
		}
		return addr, nil
	}
	return netip.Addr{}, &BlockedError{Why: fmt.Sprintf("network %.16q", network)}
}

// canonical strips what would make two spellings of one address differ: the mapping
// of IPv4 into IPv6 and the zone (no prefix contains an address with a zone).
func canonical(addr netip.Addr) netip.Addr { return addr.WithZone("").Unmap() }

// unmapPrefix turns a range of mapped addresses into the IPv4 range that it means.
func unmapPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
