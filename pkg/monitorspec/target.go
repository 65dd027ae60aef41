package monitorspec

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// maxTarget is how many bytes a target may have.
const maxTarget = 2048

var (
	errEmpty    = errors.New("must not be empty")
	errHost     = errors.New("has no valid host name or IP address")
	errNumber   = errors.New("is a number where a name or an address is wanted; an IPv4 address has four decimal numbers without zeros before them")
	errUnicode  = errors.New("must be written in ASCII: xn--… (punycode) for names in other scripts")
	errZone     = errors.New("must not have a zone in its address")
	errPort     = errors.New("has no valid port")
	errNeedPort = errors.New("needs a port: host:port")
	errUser     = errors.New("must not have a user name or password in it: everybody who sees the monitor would see it; use auth")
	errURL      = errors.New("is not a valid URL")
)

// Target returns the normal form of a monitor's target, as it is stored and probed. The
// error says what is wrong in words that follow the field's name.
func Target(kind uptime.Kind, settings Settings, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case kind == uptime.KindHeartbeat:
		if text != "" {
			return "", errors.New("does not go with a heartbeat, which calls in by itself")
		}
		return "", nil
	case text == "":
		return "", errEmpty
	case len(text) > maxTarget:
		return "", errors.New("must have at most 2048 bytes")
	}
	switch s := settings.(type) {
	case *HTTP:
		return parseURL(text, "https", "http")
	case *WebSocket:
		return parseURL(text, "wss", "ws")
	case *DNS:
		return dnsTarget(text, s.Record)
	case *Domain:
		return domainTarget(text)
	case *ICMP:
		return parseHost(stripScheme(text, "icmp", "ping"))
	case *TLS:
		return hostPort(stripScheme(text, "tls", "https"), 443)
	case *SMTP:
		if s.Security == SecurityTLS {
			return hostPort(stripScheme(text, "smtps", "smtp"), 465)
		}
		return hostPort(stripScheme(text, "smtp"), 25)
	case *GRPC:
		return hostPort(stripScheme(text, "grpc", "grpcs", "https", "http"), 0)
	}
	return hostPort(stripScheme(text, string(kind)), 0)
}

// stripScheme removes what people put before host:port.
func stripScheme(text string, schemes ...string) string {
	if before, rest, found := strings.Cut(text, "://"); found && slices.Contains(schemes, strings.ToLower(before)) {
		return strings.TrimSuffix(rest, "/")
	}
	return text
}

// hostPort returns host:port in normal form; port 0 means that one must be given.
func hostPort(text string, port int) (string, error) {
	host, portText, err := net.SplitHostPort(text)
	if err != nil { // no port, or an IPv6 address without brackets
		if port == 0 {
			if _, wrong := parseHost(text); wrong != nil {
				return "", wrong
			}
			return "", errNeedPort
		}
		host, portText = text, strconv.Itoa(port)
	}
	host, err = parseHost(host)
	if err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || n == 0 {
		return "", errPort
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), nil
}

var hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// numeric are hosts that some systems read as an address in another spelling, and that
// are no name in the DNS: their last label is a number.
var numeric = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)

// parseHost returns a host name in lower case without the final dot, or an address as
// netip writes it.
func parseHost(text string) (string, error) {
	bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if addr, err := netip.ParseAddr(bare); err == nil {
		if addr.Zone() != "" {
			return "", errZone
		}
		return addr.Unmap().String(), nil
	}
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f }) {
		return "", errUnicode
	}
	if name == "" || len(name) > 253 {
		return "", errHost
	}
	for label := range strings.SplitSeq(name, ".") {
		if !hostLabel.MatchString(label) {
			return "", errHost
		}
	}
	if numeric.MatchString(name) {
		return "", errNumber
	}
	return name, nil
}

// dnsTarget returns the name to ask for in lower case; for PTR the name that stands for
// an address. Labels may hold what host names may not.
func dnsTarget(text, record string) (string, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		if record != "PTR" {
			return "", errors.New("is an address; only record PTR asks for one")
		}
		return reverseName(addr.Unmap()), nil
	}
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f }) {
		return "", errUnicode
	}
	if name == "" && text == "." {
		return ".", nil
	}
	if name == "" || len(name) > 253 {
		return "", errors.New("is not a domain name")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool { return r <= ' ' || r == '\\' || r == '"' || r == 0x7f }) {
			return "", errors.New("is not a domain name")
		}
	}
	return name, nil
}

// reverseName returns the name under which the name of an address is kept (RFC 1035,
// section 3.5, and RFC 3596, section 2.5).
func reverseName(addr netip.Addr) string {
	var b strings.Builder
	bytes := addr.AsSlice()
	slices.Reverse(bytes)
	for _, c := range bytes {
		if addr.Is4() {
			b.WriteString(strconv.Itoa(int(c)) + ".")
			continue
		}
		b.WriteString(strconv.FormatUint(uint64(c&0xf), 16) + "." + strconv.FormatUint(uint64(c>>4), 16) + ".")
	}
	if addr.Is4() {
		return b.String() + "in-addr.arpa"
	}
	return b.String() + "ip6.arpa"
}

// domainTarget returns a registered domain.
func domainTarget(text string) (string, error) {
	name, err := parseHost(strings.TrimSuffix(stripScheme(text, "http", "https"), "/"))
	if err != nil {
		return "", err
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", errors.New("must be a domain, not an address")
	}
	if !strings.Contains(name, ".") {
		return "", errors.New("must be a registered domain, as in example.org")
	}
	if strings.HasPrefix(name, "www.") {
		return "", errors.New("must be the registered domain itself, without www")
	}
	return name, nil
}

var (
	hasScheme   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
	otherScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:([^0-9]|$)`)
)

// parseURL returns a URL of one of two schemes, the first of which is meant where there
// is none. What the standard library dials is left as it was written.
func parseURL(text, secure, plain string) (string, error) {
	switch {
	case strings.HasPrefix(text, "//"):
		text = secure + ":" + text
	case hasScheme.MatchString(text):
	case otherScheme.MatchString(text):
		return "", errors.New("must begin with " + secure + ":// or " + plain + "://")
	default:
		text = secure + "://" + text
	}
	u, err := url.Parse(text)
	if err != nil || strings.ContainsFunc(text, blank) {
		return "", errURL
	}
	if secure == "wss" {
		switch u.Scheme {
		case "https":
			u.Scheme = "wss"
		case "http":
			u.Scheme = "ws"
		}
	}
	switch {
	case u.Scheme != secure && u.Scheme != plain || u.Opaque != "":
		return "", errors.New("must begin with " + secure + ":// or " + plain + "://")
	case u.User != nil:
		return "", errUser
	}
	if err := checkURLHost(u); err != nil {
		return "", err
	}
	// Not by u.String(), which would escape names in other scripts.
	_, rest, _ := strings.Cut(text, "://")
	rest, _, _ = strings.Cut(rest, "#")
	host, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, tail = rest[:i], rest[i:]
	}
	return u.Scheme + "://" + strings.ToLower(host) + tail, nil
}

func blank(r rune) bool {
	return r <= ' ' || r == 0x7f || r == 0x85 || r == 0xa0 || r == 0x2028 || r == 0x2029
}

func checkURLHost(u *url.URL) error {
	// Names in other scripts are left to the client, which knows how to ask for them.
	if _, err := parseHost(u.Hostname()); err != nil && !errors.Is(err, errUnicode) {
		return err
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return errPort
		}
	}
	return nil
}

// hostOf returns the host that a target names: what its secrets were given for.
func hostOf(target string) string {
	if strings.Contains(target, "://") {
		if u, err := url.Parse(target); err == nil {
			return u.Host
		}
	}
	return target
}
