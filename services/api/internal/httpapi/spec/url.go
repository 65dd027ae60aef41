// Package spec owns what may be watched and how often: the normal form of a URL, and
// the settings of a monitor with their defaults and the rules between them. It is
// pure; types and bounds of single fields are the document's (package shape).
package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Bounds of a URL.
const (
	MaxURLBytes = 2048
	maxHost     = 253 // of a host name, by RFC 1035
	// maxKey is the longest key that is stored as it is: an index takes no more than
	// a third of a page.
	maxKey = 1024
)

var errTooLong = errors.New("must have at most 2048 bytes")

var (
	hasScheme   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
	otherScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:([^0-9]|$)`)
	hostLabel   = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)
	// numeric are hosts that some systems read as an address in another spelling.
	numeric = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)
)

// URL is a web address that may be watched.
type URL struct {
	Text string // as given, with a scheme
	Host string // without port, as given
	// Key is the same for all addresses that mean the same: lower-case scheme and
	// host, no default port, no fragment, "/" for no path.
	Key string
}

// ParseURL reads an address as people write it: without a scheme it is https. The
// error says what is wrong in words that follow the field's name.
func ParseURL(text string) (URL, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return URL{}, errors.New("must not be empty")
	case len(text) > MaxURLBytes:
		return URL{}, errTooLong
	case strings.HasPrefix(text, "//"):
		text = "https:" + text
	case hasScheme.MatchString(text):
	case otherScheme.MatchString(text):
		return URL{}, errors.New("must be an http:// or https:// address")
	default:
		text = "https://" + text
	}
	if len(text) > MaxURLBytes { // with its scheme
		return URL{}, errTooLong
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsFunc(text, blank):
		return URL{}, errors.New("is not a valid URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return URL{}, errors.New("must be an http:// or https:// address")
	case u.User != nil:
		return URL{}, errors.New("must not have a user name or password in it: it would be shown to everybody who sees the website")
	}
	host, err := checkHost(u.Hostname())
	if err != nil {
		return URL{}, err
	}
	port, err := checkPort(u)
	if err != nil {
		return URL{}, err
	}
	return URL{Text: text, Host: u.Hostname(), Key: key(u, host, port)}, nil
}

// ASCII returns a target with the host of its URL in ASCII, if it has one that can be
// so written; anything else stays as it is and is for package monitorspec to judge.
func ASCII(kind uptime.Kind, target string) string {
	if kind != uptime.KindHTTP && kind != uptime.KindWebSocket || !strings.ContainsFunc(target, func(r rune) bool { return r > 0x7f }) {
		return target
	}
	before, rest, found := strings.Cut(target, "://")
	if !found {
		before, rest = "", target
	}
	end := strings.IndexAny(rest, "/?#:")
	if end < 0 {
		end = len(rest)
	}
	host, err := idna.Lookup.ToASCII(rest[:end])
	if err != nil {
		return target
	}
	if found {
		host = before + "://" + host
	}
	return host + rest[end:]
}

func blank(r rune) bool {
	return r <= ' ' || r == 0x7f || r == 0x85 || r == 0xa0 || r == 0x2028 || r == 0x2029
}

// checkHost returns a host in its normal form.
func checkHost(host string) (string, error) {
	if host == "" {
		return "", errors.New("has no host")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return "", errors.New("must not have a zone in its address")
		}
		return ip.Unmap().String(), nil
	}
	ascii := host
	if strings.ContainsFunc(host, func(r rune) bool { return r > 0x7f }) {
		var err error
		if ascii, err = idna.Lookup.ToASCII(host); err != nil {
			return "", errors.New("has no valid host")
		}
	}
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	if ascii == "" || len(ascii) > maxHost {
		return "", errors.New("has no valid host")
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if !hostLabel.MatchString(label) {
			return "", errors.New("has no valid host")
		}
	}
	if numeric.MatchString(ascii) {
		return "", errors.New("has a number for a host; an IPv4 address has four decimal numbers without zeros before them")
	}
	return ascii, nil
}

// checkPort returns the port unless it is the scheme's own.
func checkPort(u *url.URL) (string, error) {
	port := u.Port()
	if port == "" { // "host:" means the default port, too
		return "", nil
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return "", errors.New("has no valid port")
	}
	if u.Scheme == "http" && n == 80 || u.Scheme == "https" && n == 443 {
		return "", nil
	}
	return ":" + strconv.Itoa(n), nil
}

func key(u *url.URL, host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	k := u.Scheme + "://" + host + port + path
	if u.RawQuery != "" || u.ForceQuery {
		k += "?" + u.RawQuery
	}
	if len(k) > maxKey {
		sum := sha256.Sum256([]byte(k))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return k
}
