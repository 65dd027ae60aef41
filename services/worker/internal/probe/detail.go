package probe

import (
	"net"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDetail is how many bytes of detail travel with a result.
const maxDetail = 256

// minSecret is the length below which a secret is not looked for in a detail: hiding
// every "a" would hide nothing and spoil the text.
const minSecret = 4

// presentable makes a detail fit to be stored and shown: without secrets, which
// targets may echo, without control characters, and short.
func presentable(detail string, secrets []string) string {
	if detail == "" {
		return ""
	}
	detail = Redact(detail, secrets)
	detail = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, detail)
	return clip(strings.TrimSpace(detail), maxDetail)
}

// clip cuts text to n bytes without cutting a character in two.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// hostOf returns the host that a target names, be it a URL, host:port or a bare host.
func hostOf(target string) string {
	if strings.Contains(target, "://") {
		if u, err := url.Parse(target); err == nil {
			return u.Hostname()
		}
		return ""
	}
	if host, _, err := net.SplitHostPort(target); err == nil {
		return host
	}
	return strings.Trim(target, "[]")
}
