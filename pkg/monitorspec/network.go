package monitorspec

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// DNS asks a name server. Target: the name to ask for, or an address for PTR.
type DNS struct {
	Common
	Record     string     `json:"record,omitempty" rule:"enum=A|AAAA|CNAME|MX|NS|TXT|SOA|CAA|SRV|PTR,default=A" doc:"Type of the records"`
	Nameserver string     `json:"nameserver,omitempty" rule:"max=300" doc:"host or host:port to ask; the worker's own name servers if unset"`
	Protocol   string     `json:"protocol,omitempty" rule:"enum=udp|tcp|tls,default=udp" doc:"udp goes on over tcp when an answer is cut; tls is DNS over TLS"`
	TLS        ClientTLS  `json:"tls,omitzero" doc:"How to take part in TLS, with protocol tls"`
	Expect     *DNSExpect `json:"expect,omitempty" doc:"Values to find among the answers"`
	Rcode      string     `json:"rcode,omitempty" rule:"enum=NOERROR|NXDOMAIN|SERVFAIL|REFUSED|NOTIMP|FORMERR,default=NOERROR" doc:"Response code that is good"`
	DNSSEC     bool       `json:"dnssec,omitempty" doc:"The name server must have authenticated the answer (the AD flag)"`
	Recursion  *bool      `json:"recursion,omitempty" rule:"default=true" doc:"Ask for recursion; false for authoritative servers that refuse it"`
	IPVersion  string     `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP towards the name server"`
}

// DNSExpect are values to be found among the answers.
type DNSExpect struct {
	Values []string `json:"values" rule:"required,min=1,max=50,each=1024" doc:"Values as the answers are written: names in lower case without the final dot, 10 mail.example.org for MX"`
	Match  string   `json:"match,omitempty" rule:"enum=any|all|exact,default=any" doc:"any: one of the values is among the answers; all: every one is; exact: and nothing else"`
}

// The values of [DNSExpect.Match].
const (
	MatchAny   = "any"
	MatchAll   = "all"
	MatchExact = "exact"
)

// TLS shakes hands and looks at the certificate. Target: host or host:port, 443 if
// unset.
type TLS struct {
	Common
	TLS       ClientTLS `json:"tls,omitzero" doc:"How to take part in TLS"`
	Pins      []string  `json:"pins,omitempty" rule:"max=10,each=64" doc:"base64 of the SHA-256 of public keys (SPKI), one of which must be in the chain"`
	IPVersion string    `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
}

// ICMP sends echo requests. Target: a host.
type ICMP struct {
	Common
	Count      int    `json:"count,omitempty" rule:"default=3,min=1,max=20" doc:"How many echo requests to send"`
	IntervalMS int    `json:"interval_ms,omitempty" rule:"default=200,min=50,max=5000" doc:"Milliseconds between them"`
	Size       int    `json:"size,omitempty" rule:"default=56,min=24,max=1400" doc:"Bytes of payload"`
	IPVersion  string `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
}

// GRPC asks the health service of a gRPC server. Target: host:port.
type GRPC struct {
	Common
	Service   string    `json:"service,omitempty" rule:"max=256" doc:"Service to ask about; the whole server if unset"`
	Metadata  []Header  `json:"metadata,omitempty" rule:"max=50" doc:"Metadata of the call"`
	Authority string    `json:"authority,omitempty" rule:"max=300" doc:"The :authority of the call, instead of the target"`
	Security  string    `json:"security,omitempty" rule:"enum=tls|none,default=tls" doc:"none is plaintext"`
	TLS       ClientTLS `json:"tls,omitzero" doc:"How to take part in TLS"`
	IPVersion string    `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
}

// SMTP greets a mail server. Target: host or host:port; the port is 25 if unset, 465
// with security tls.
type SMTP struct {
	Common
	Security  string    `json:"security,omitempty" rule:"enum=starttls|tls|none,default=starttls" doc:"starttls must be offered and work; tls begins with a handshake"`
	TLS       ClientTLS `json:"tls,omitzero" doc:"How to take part in TLS"`
	Helo      string    `json:"helo,omitempty" rule:"default=localhost,max=253" doc:"Name to greet with"`
	Auth      *SMTPAuth `json:"auth,omitempty" doc:"Log in, too"`
	IPVersion string    `json:"ip_version,omitempty" rule:"enum=auto|4|6,default=auto" doc:"Version of IP"`
}

// SMTPAuth is a login to a mail server.
type SMTPAuth struct {
	Username  string `json:"username" rule:"required,max=1024" doc:"User"`
	Password  string `json:"password" rule:"required,max=8192,secret" doc:"Password; never sent without TLS"`
	Mechanism string `json:"mechanism,omitempty" rule:"enum=auto|plain|login,default=auto" doc:"auto takes what the server offers, plain first"`
}

// Kind implements [Settings].
func (*DNS) Kind() uptime.Kind { return uptime.KindDNS }

// Kind implements [Settings].
func (*TLS) Kind() uptime.Kind { return uptime.KindTLS }

// Kind implements [Settings].
func (*ICMP) Kind() uptime.Kind { return uptime.KindICMP }

// Kind implements [Settings].
func (*GRPC) Kind() uptime.Kind { return uptime.KindGRPC }

// Kind implements [Settings].
func (*SMTP) Kind() uptime.Kind { return uptime.KindSMTP }

func (d *DNS) normalise() {
	if d.Expect != nil {
		for i, v := range d.Expect.Values {
			d.Expect.Values[i] = NormaliseAnswer(d.Record, v)
		}
	}
	if d.Nameserver != "" {
		if addr, err := hostPort(d.Nameserver, d.port()); err == nil {
			d.Nameserver = addr
		}
	}
}

func (d *DNS) port() int {
	if d.Protocol == "tls" {
		return 853
	}
	return 53
}

// WantsRecursion tells whether to ask for recursion.
func (d *DNS) WantsRecursion() bool { return d.Recursion == nil || *d.Recursion }

func (d *DNS) check(l *list, path string) {
	if d.Nameserver != "" {
		if _, err := hostPort(d.Nameserver, d.port()); err != nil {
			l.add(path+".nameserver", "%s", err)
		}
	} else if d.Protocol == "tls" {
		l.add(path+".nameserver", "is needed with protocol tls")
	}
	if d.Protocol != "tls" && d.TLS.set() {
		l.add(path+".tls", "goes with protocol tls")
	}
	if d.Expect == nil {
		return
	}
	if d.Rcode != "NOERROR" {
		l.add(path+".expect", "goes with rcode NOERROR")
	}
	for i, v := range d.Expect.Values {
		if why := wrongAnswer(d.Record, v); why != "" {
			l.add(fmt.Sprintf("%s.expect.values[%d]", path, i), "%s", why)
		}
	}
}

// NormaliseAnswer returns the one form of a record's value, by which expected ones and
// answers are compared: addresses as netip writes them, names in lower case without
// the final dot, single spaces; TXT as it is.
func NormaliseAnswer(record, value string) string {
	switch record {
	case "TXT":
		return value
	case "A", "AAAA":
		if addr, err := netip.ParseAddr(strings.TrimSpace(value)); err == nil {
			return addr.String()
		}
	case "CAA": // 0 issue "letsencrypt.org": the value in quotes is kept
		parts := strings.Fields(value)
		if len(parts) >= 3 {
			return parts[0] + " " + strings.ToLower(parts[1]) + " " + quoted(strings.Join(parts[2:], " "))
		}
	}
	fields := strings.Fields(strings.ToLower(value))
	for i, f := range fields {
		if len(f) > 1 {
			fields[i] = strings.TrimSuffix(f, ".")
		}
	}
	return strings.Join(fields, " ")
}

func quoted(s string) string { return `"` + strings.Trim(s, `"`) + `"` }

var answerForms = map[string]struct {
	form *regexp.Regexp
	as   string
}{
	"MX":  {regexp.MustCompile(`^\d{1,5} \S+$`), "10 mail.example.org"},
	"SRV": {regexp.MustCompile(`^\d{1,5} \d{1,5} \d{1,5} \S+$`), "0 5 443 host.example.org"},
	"SOA": {regexp.MustCompile(`^\S+ \S+ \d+ \d+ \d+ \d+ \d+$`), "ns.example.org admin.example.org 1 7200 3600 1209600 300"},
	"CAA": {regexp.MustCompile(`^\d{1,3} [a-z0-9]+ "[^"]*"$`), `0 issue "letsencrypt.org"`},
}

// wrongAnswer says why no record of the type can have the value.
func wrongAnswer(record, v string) string {
	switch record {
	case "A", "AAAA":
		addr, err := netip.ParseAddr(v)
		if err != nil || addr.Is4() != (record == "A") || addr.Zone() != "" {
			return "is not an address of a record " + record
		}
	case "TXT":
	case "CNAME", "NS", "PTR":
		if strings.ContainsAny(v, " \t") {
			return "is not a name"
		}
	default:
		if f := answerForms[record]; !f.form.MatchString(v) {
			return "must be written as in " + f.as
		}
	}
	return ""
}

func (t *TLS) check(l *list, path string) {
	for i, pin := range t.Pins {
		if b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(pin, "sha256/")); err != nil || len(b) != 32 {
			l.add(fmt.Sprintf("%s.pins[%d]", path, i), "must be the base64 of a SHA-256: openssl x509 -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64")
		}
	}
}

func (t *TLS) normalise() {
	for i, pin := range t.Pins {
		t.Pins[i] = strings.TrimPrefix(pin, "sha256/")
	}
}

func (g *GRPC) normalise() {
	for i := range g.Metadata {
		g.Metadata[i].Name = strings.ToLower(g.Metadata[i].Name)
	}
	markSecret(g.Metadata)
}

func (g *GRPC) check(l *list, path string) {
	g.TLS.goesWith(l, path, g.Security)
	for i, m := range g.Metadata {
		at := fmt.Sprintf("%s.metadata[%d]", path, i)
		if strings.HasPrefix(m.Name, "grpc-") || slices.Contains([]string{"content-type", "user-agent", "host"}, m.Name) {
			l.add(at+".name", "is set by gRPC itself")
		}
		if strings.Trim(m.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			l.add(at+".name", "must have letters, digits and -_. only")
		}
		if strings.HasSuffix(m.Name, "-bin") {
			if _, err := Decode(m.Value, EncodingBase64); err != nil {
				l.add(at+".value", "must be base64, as its name ends in -bin")
			}
		} else if strings.ContainsFunc(m.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
			l.add(at+".value", "must be printable ASCII")
		}
	}
	if g.Authority != "" && !isHostHeader(g.Authority) {
		l.add(path+".authority", "is not a host")
	}
}

func (s *SMTP) check(l *list, path string) {
	s.TLS.goesWith(l, path, s.Security)
	if s.Auth != nil && s.Security == SecurityNone {
		l.add(path+".auth", "would send the password in the clear; use security starttls or tls")
	}
	literal := strings.HasPrefix(s.Helo, "[") && strings.HasSuffix(s.Helo, "]")
	if _, err := parseHost(strings.Trim(s.Helo, "[]")); err != nil && !literal || strings.ContainsAny(s.Helo, " \r\n") {
		l.add(path+".helo", "must be a host name or an address in brackets")
	}
}

func (a *SMTPAuth) check(l *list, path string) {
	for name, v := range map[string]string{"username": a.Username, "password": a.Password} {
		if strings.ContainsAny(v, "\x00\r\n") {
			l.add(path+"."+name, "must not have line breaks")
		}
	}
}
