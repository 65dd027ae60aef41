package probe

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/probefleet/probefleet/pkg/assertion"
)

// Evidence is what an attempt saw beside its outcome, for whoever has to find out what
// went wrong. A kind fills in what it has; everything is bounded, fit to be shown, and
// without the monitor's secrets.
type Evidence struct {
	Certificate  *Certificate        `json:"certificate,omitempty"`
	Registration *Registration       `json:"registration,omitempty"`
	Packets      *Packets            `json:"packets,omitempty"`
	Failures     []assertion.Failure `json:"failures,omitempty"` // of assertions
	Answers      []string            `json:"answers,omitempty"`  // of a name server
	Header       http.Header         `json:"header,omitempty"`   // a selection
	Excerpt      string              `json:"excerpt,omitempty"`  // the beginning of what the target said
}

// Certificate sums up what a peer showed.
type Certificate struct {
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	Names       []string  `json:"names,omitempty"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"` // of the chain that was verified the earliest, else of this one
	Days        float64   `json:"days"`      // from the handshake until NotAfter; negative once it is over
	Fingerprint string    `json:"fingerprint"`
	SPKI        string    `json:"spki"` // base64 of the SHA-256 of the public key: what a pin is
	Chain       []string  `json:"chain,omitempty"`
	Version     string    `json:"version"` // of TLS
	Cipher      string    `json:"cipher"`
	Verified    bool      `json:"verified"` // false where the monitor skips it, too
}

// Registration sums up what a registry says of a domain.
type Registration struct {
	Domain    string    `json:"domain"`
	Registrar string    `json:"registrar,omitempty"`
	Status    []string  `json:"status,omitempty"`
	Expires   time.Time `json:"expires"`
	Days      float64   `json:"days"` // until Expires; negative once it is over
	Asked     time.Time `json:"asked"`
	Source    string    `json:"source"` // the server that said so
}

// Packets sums up the echoes of a ping.
type Packets struct {
	Sent     int           `json:"sent"`
	Received int           `json:"received"`
	Loss     float64       `json:"loss"` // percent
	Min      time.Duration `json:"min_ns"`
	Mean     time.Duration `json:"mean_ns"`
	Max      time.Duration `json:"max_ns"`
}

// maxExcerpt is how many bytes of an answer are kept as evidence.
const maxExcerpt = 2 << 10

// Excerpt returns the beginning of what a target said, fit to be shown: text without
// control characters but line breaks and tabs, without cookies, and without secrets, which
// a target may echo. What is not text comes out as far as it can be read.
func Excerpt(b []byte, secrets []string) string {
	// A secret that the cut would halve is looked for whole.
	s := uncookied(Redact(string(b[:min(len(b), 2*maxExcerpt)]), secrets))
	return clip(strings.Map(readable, s), maxExcerpt)
}

// readable keeps line breaks and tabs, and puts a dot for what cannot be shown.
func readable(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case r == '\r':
		return -1
	case r == utf8.RuneError, unicode.IsControl(r), !unicode.IsPrint(r):
		return '·'
	}
	return r
}

// Redact replaces secrets in a text by ***, also as pages and addresses write them.
func Redact(s string, secrets []string) string {
	if s == "" {
		return s
	}
	for _, secret := range secrets {
		if len(secret) < minSecret {
			continue
		}
		s = strings.ReplaceAll(s, secret, "***")
		for _, form := range [...]string{html.EscapeString(secret), url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != secret {
				s = strings.ReplaceAll(s, form, "***")
			}
		}
	}
	return s
}

// cookies finds a cookie where a header, a script, a dump or an object names it; what
// is in quotes ends with them, anything else with its line.
var cookies = regexp.MustCompile(`(?i)(cookies?2?["'\])]*[ \t]*(?:=>|[:=])[ \t]*)("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\n]+)`)

// uncookied returns a text without the values of cookies.
func uncookied(s string) string {
	if !strings.Contains(s, "ookie") && !strings.Contains(s, "OOKIE") { // nearly always
		return s
	}
	return cookies.ReplaceAllString(s, "$1***")
}

// telling are the headers of an answer that evidence keeps: those that say who answered
// and why, and none that carries credentials.
var telling = []string{
	"Server", "Date", "Content-Type", "Content-Length", "Content-Encoding", "Location", "Via", "Retry-After", "Age", "Allow",
	"X-Cache", "X-Request-Id", "Cf-Ray", "X-Amz-Cf-Id", "X-Served-By", "Upgrade", "Sec-Websocket-Protocol",
}

// Telling selects the headers of an answer that evidence keeps, each fit to be shown and
// without secrets.
func Telling(h http.Header, secrets []string) http.Header {
	out := http.Header{}
	for _, name := range telling {
		if v := h.Get(name); v != "" {
			out.Set(name, presentable(v, secrets))
		}
	}
	return out
}
