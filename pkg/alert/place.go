package alert

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Place is where several websites may have a cause in common, as "kind name": the host
// that they name, an address that was dialled, or the certificate that was shown.
type Place string

// The kinds of places, the most telling first.
const (
	placeCertificate = "certificate"
	placeAddress     = "address"
	placeHost        = "host"
)

// maxAddresses bounds the addresses of one alert: regions that are each sent elsewhere
// have little in common.
const maxAddresses = 4

// Places returns the places of a target: its host, the addresses that failing checks
// dialled, and the fingerprint of a certificate that was refused; empty ones are left out.
func Places(target string, addresses []string, certificate string) []Place {
	var all []Place
	if certificate != "" {
		all = append(all, place(placeCertificate, certificate))
	}
	host := hostOf(target)
	if _, err := netip.ParseAddr(host); err == nil {
		addresses, host = append([]string{host}, addresses...), ""
	}
	seen := map[netip.Addr]bool{}
	for _, a := range addresses {
		ip, err := netip.ParseAddr(a)
		if ip = ip.Unmap(); err != nil || seen[ip] || len(seen) == maxAddresses {
			continue
		}
		seen[ip] = true
		all = append(all, place(placeAddress, ip.String()))
	}
	if host != "" {
		all = append(all, place(placeHost, host))
	}
	return all
}

func place(kind, name string) Place { return Place(kind + " " + name) }

// hostOf returns the host of a URL, of "host:port", or of a bare name.
func hostOf(target string) string {
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		return strings.ToLower(u.Hostname())
	}
	if host, _, err := net.SplitHostPort(target); err == nil {
		return strings.ToLower(host)
	}
	if strings.ContainsAny(target, " /") {
		return ""
	}
	return strings.ToLower(target)
}

// Phrase says where something is in a few words: "on 203.0.113.7".
func (p Place) Phrase() string {
	kind, name, _ := strings.Cut(string(p), " ")
	switch {
	case name == "":
		return ""
	case kind == placeCertificate:
		return "with certificate " + clean(name, 16)
	case kind == placeAddress, kind == placeHost:
		return "on " + clean(name, maxName)
	}
	return ""
}

// CommonPlaces returns those of a that b has, too.
func CommonPlaces(a, b []Place) (both []Place) {
	for _, p := range a {
		if slices.Contains(b, p) {
			both = append(both, p)
		}
	}
	return both
}
