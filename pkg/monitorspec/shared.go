package monitorspec

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// Common are the settings of every kind that looks at a target and can be wrong about
// it: all but domain and heartbeat.
type Common struct {
	Assertions json.RawMessage `json:"assertions,omitempty" doc:"What must hold of the answer, besides what the kind asks for by itself"`
	UpsideDown bool            `json:"upside_down,omitempty" doc:"A failure is good and an answer is bad, as for a port that must stay closed"`
}

// common lets the package reach the embedded struct.
func (c *Common) common() *Common { return c }

// Header is a header of HTTP or a piece of gRPC metadata.
type Header struct {
	Name   string `json:"name" rule:"required,max=256" doc:"Name"`
	Value  string `json:"value" rule:"max=8192,secret-if" doc:"Value; secret if so marked"`
	Secret bool   `json:"secret,omitempty" doc:"Never shown again; always so for names that speak of credentials"`
}

// ours are headers that the connection decides, not its user.
var ours = []string{
	"connection", "content-length", "keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
}

func (h *Header) check(l *list, path string) {
	name := strings.ToLower(h.Name)
	switch {
	case !httpguts.ValidHeaderFieldName(h.Name):
		l.add(path+".name", "is not the name of a header")
	case slices.Contains(ours, name):
		l.add(path+".name", "is set by the probe itself")
	}
	if strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		l.add(path+".value", "must not have control characters")
	}
}

// markSecret marks headers whose names speak of credentials.
func markSecret(headers []Header) {
	for i := range headers {
		headers[i].Secret = headers[i].Secret || assertion.SpeaksOfCredentials(headers[i].Name)
	}
}

// ClientTLS is how a probe takes part in a TLS handshake.
type ClientTLS struct {
	ServerName  string `json:"server_name,omitempty" rule:"max=253" doc:"Name to ask for and to verify, instead of the target's"`
	SkipVerify  bool   `json:"skip_verify,omitempty" doc:"Accept any certificate; shown wherever the monitor is"`
	CA          string `json:"ca,omitempty" rule:"max=16384" doc:"PEM of the authorities to trust, instead of the system's"`
	Certificate string `json:"certificate,omitempty" rule:"max=16384" doc:"PEM of the client certificate and its chain"`
	Key         string `json:"key,omitempty" rule:"max=16384,secret" doc:"PEM of the client certificate's key"`
	MinVersion  string `json:"min_version,omitempty" rule:"enum=1.0|1.1|1.2|1.3,default=1.2" doc:"Oldest version of TLS to accept"`
}

func (c *ClientTLS) check(l *list, path string) {
	if c.ServerName != "" {
		if _, err := parseHost(c.ServerName); err != nil {
			l.add(path+".server_name", "%s", err)
		}
	}
	if c.CA != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.CA)) {
		l.add(path+".ca", "has no certificate in PEM")
	}
	switch {
	case c.Certificate == "" && c.Key == "":
	case c.Certificate == "":
		l.add(path+".certificate", "goes with key")
	case c.Key == "":
		l.add(path+".key", "goes with certificate")
	default:
		if _, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.Key)); err != nil {
			l.add(path+".key", "does not go with the certificate, or one of them is not PEM")
		}
	}
	for rest := []byte(c.CA + "\n" + c.Certificate); ; { // a key where everybody would see it
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			l.add(path+".certificate", "holds a private key, which belongs in key")
			return
		}
	}
}

// set tells whether anything is said about TLS.
func (c *ClientTLS) set() bool {
	return c.ServerName != "" || c.SkipVerify || c.CA != "" || c.Certificate != "" || c.Key != "" ||
		c.MinVersion != "" && c.MinVersion != "1.2"
}

// VersionNumber returns the number of crypto/tls for MinVersion, TLS 1.2 if unset.
func (c *ClientTLS) VersionNumber() uint16 {
	switch c.MinVersion {
	case "1.0":
		return tls.VersionTLS10
	case "1.1":
		return tls.VersionTLS11
	case "1.3":
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// The values of a setting named security.
const (
	SecurityNone     = "none"
	SecurityTLS      = "tls"
	SecurityStartTLS = "starttls"
)

// The values of a setting named encoding.
const (
	EncodingText   = "text"
	EncodingHex    = "hex"
	EncodingBase64 = "base64"
)

// Decode returns the bytes that text stands for in an encoding.
func Decode(text, encoding string) ([]byte, error) {
	switch encoding {
	case EncodingHex:
		return hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", ":", "").Replace(text))
	case EncodingBase64:
		return base64.StdEncoding.DecodeString(text)
	}
	return []byte(text), nil
}

// Received returns what an expression sees of bytes that came: lower-case hex digits
// where that is the encoding, else the bytes themselves.
func Received(b []byte, encoding string) []byte {
	if encoding == EncodingHex {
		return hex.AppendEncode(nil, b)
	}
	return b
}

// checkPayload tests a text to be sent and the expression for what comes back.
func checkPayload(l *list, path string, kind uptime.Kind, send, encoding, expect string) {
	if _, err := Decode(send, encoding); err != nil {
		l.add(path+".send", "is not %s", encoding)
	}
	checkRegexp(l, path+".expect", kind, expect)
}

// checkRegexp refuses what no assertion may use as an expression either.
func checkRegexp(l *list, field string, kind uptime.Kind, expression string) {
	if expression == "" {
		return
	}
	err := assertion.Validate(kind, []assertion.Assertion{{
		Source: assertion.SourcePayload, Comparison: assertion.Matches, Target: assertion.Text(expression),
	}})
	if problems, ok := err.(assertion.Errors); ok { //nolint:errorlint // Validate returns no other type, unwrapped
		for _, p := range problems {
			l.errs = append(l.errs, FieldError{field, p.Detail, p.Offset})
		}
	}
}

// goesWith refuses settings of TLS where there is none.
func (c *ClientTLS) goesWith(l *list, path, security string) {
	if security == SecurityNone && c.set() {
		l.add(path+".tls", "goes with security other than none")
	}
}
