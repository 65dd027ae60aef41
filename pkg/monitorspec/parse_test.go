package monitorspec_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// problems returns what an error says, field by field.
func problems(t *testing.T, err error) map[string]string {
	t.Helper()
	if err == nil {
		return nil
	}
	var errs monitorspec.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("%T %v is no monitorspec.Errors", err, err)
	}
	out := map[string]string{}
	for _, e := range errs {
		out[e.Field] = e.Message
	}
	return out
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const pin = "YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg="
	tests := []struct {
		name, kind, target, settings string
		want                         map[string]string // field → part of the message
	}{
		{"unknown kind", "pigeon", "x", ``, map[string]string{"kind": "must be http, tcp, "}},
		{"no object", "http", "https://example.org", `[]`, map[string]string{"settings": "must be an object"}},
		{"no JSON", "http", "https://example.org", `{`, map[string]string{"settings": "not valid JSON"}},
		{"no UTF-8", "http", "https://example.org", "{\"method\":\"\xff\"}", map[string]string{"settings": "UTF-8"}},
		{"too long", "http", "https://example.org", `{"method":"` + strings.Repeat("x", monitorspec.MaxBytes) + `"}`, map[string]string{"settings": "bytes"}},
		{"everything at once", "http", "ftp://example.org", `{"metod":"GET","headers":[{"name":"A","value":1}],"tls":{"verify":false},"method":5}`, map[string]string{
			"target": "must begin with https", "settings.metod": "unknown field", "settings.headers[0].value": "must be a text",
			"settings.tls.verify": "unknown field", "settings.method": "must be a text",
		}},
		{"given twice", "http", "https://example.org", `{"method":"GET","method":"PUT"}`, map[string]string{"settings.method": "given twice"}},
		{"another case", "http", "https://example.org", `{"Method":"GET"}`, map[string]string{"settings.Method": "unknown field"}},
		{"a long unknown name", "http", "https://example.org", `{"` + strings.Repeat("x", 100) + `":1}`, map[string]string{"settings." + strings.Repeat("x", 64) + "…": "unknown"}},
		{"method", "http", "https://example.org", `{"method":"GET /"}`, map[string]string{"settings.method": "not a method"}},
		{"method CONNECT", "http", "https://example.org", `{"method":"connect"}`, map[string]string{"settings.method": "must not be CONNECT"}},
		{"empty method", "http", "https://example.org", `{"http_version":""}`, map[string]string{"settings.http_version": "must be auto, 1.1, 2 or 3"}},
		{"body of HEAD", "http", "https://example.org", `{"method":"HEAD","body":{"type":"raw","text":"x"}}`, map[string]string{"settings.body": "HEAD"}},
		{"body without type", "http", "https://example.org", `{"body":{"text":"x"}}`, map[string]string{"settings.body.type": "is needed"}},
		{"body of wrong JSON", "http", "https://example.org", `{"body":{"type":"json","text":"{"}}`, map[string]string{"settings.body.text": "JSON"}},
		{"form with text", "http", "https://example.org", `{"body":{"type":"form","text":"a=b"}}`, map[string]string{"settings.body.text": "raw", "settings.body.fields": "at least 1"}},
		{"text with fields", "http", "https://example.org", `{"body":{"type":"raw","fields":[{"name":"a","value":"b"}]}}`, map[string]string{"settings.body.fields": "form"}},
		{"header injection", "http", "https://example.org", `{"headers":[{"name":"X-A","value":"b\r\nX-C: d"}]}`, map[string]string{"settings.headers[0].value": "control characters"}},
		{"header name", "http", "https://example.org", `{"headers":[{"name":"X A","value":"b"},{"name":"Transfer-Encoding","value":"chunked"}]}`,
			map[string]string{"settings.headers[0].name": "not the name", "settings.headers[1].name": "by the probe itself"}},
		{"host header", "http", "https://example.org", `{"headers":[{"name":"host","value":"a/b"}]}`, map[string]string{"settings.headers[0].value": "not a host"}},
		{"two authorizations", "http", "https://example.org", `{"auth":{"type":"bearer","token":"x"},"headers":[{"name":"authorization","value":"y"}]}`, map[string]string{"settings.headers[0]": "auth"}},
		{"auth of another type", "http", "https://example.org", `{"auth":{"type":"basic","username":"a","token":"x"}}`, map[string]string{"settings.auth.token": "does not go with type basic"}},
		{"auth incomplete", "http", "https://example.org", `{"auth":{"type":"oauth2","client_id":"a"}}`, map[string]string{"settings.auth.token_url": "needed", "settings.auth.client_secret": "needed"}},
		{"token URL", "http", "https://example.org", `{"auth":{"type":"oauth2","client_id":"a","client_secret":"b","token_url":"file:///etc/passwd"}}`, map[string]string{"settings.auth.token_url": "must begin"}},
		{"status", "http", "https://example.org", `{"expected_status":["200-","299-200","2xxx",99]}`, map[string]string{
			"settings.expected_status[0]": "code", "settings.expected_status[1]": "code", "settings.expected_status[2]": "code", "settings.expected_status[3]": "code"}},
		{"no status", "http", "https://example.org", `{"expected_status":[]}`, map[string]string{"settings.expected_status": "at least 1"}},
		{"redirect limit", "http", "https://example.org", `{"redirects":{"limit":0,"expect":"there"}}`, map[string]string{"settings.redirects.limit": "1 to 5"}},
		{"redirect expect", "http", "https://example.org", `{"redirects":{"expect":"there"}}`, map[string]string{"settings.redirects.expect": "must be a URL"}},
		{"CA", "http", "https://example.org", `{"tls":{"ca":"x"}}`, map[string]string{"settings.tls.ca": "PEM"}},
		{"certificate alone", "tls", "example.org", `{"tls":{"certificate":"x"}}`, map[string]string{"settings.tls.key": "goes with"}},
		{"key alone", "tls", "example.org", `{"tls":{"key":"x"}}`, map[string]string{"settings.tls.certificate": "goes with"}},
		{"certificate and another's key", "tls", "example.org", `{"tls":{"certificate":"x","key":"y"}}`, map[string]string{"settings.tls.key": "does not go"}},
		{"assertion", "http", "https://example.org", `{"assertions":[{"source":"body","comparison":"matches","target":"a(b"}]}`, map[string]string{"settings.assertions[0].target": "regular expression"}},
		{"assertion of another kind", "tcp", "example.org:1", `{"assertions":[{"source":"body","comparison":"exists"}]}`, map[string]string{"settings.assertions[0].source": "a tcp check has"}},
		{"domain with assertions", "domain", "example.org", `{"assertions":[]}`, map[string]string{"settings.assertions": "unknown field"}},

		{"step of nothing", "tcp", "example.org:1", `{"steps":[{}]}`, map[string]string{"settings.steps[0]": "exactly one"}},
		{"step of two", "tcp", "example.org:1", `{"steps":[{"send":"a","expect":"b"}]}`, map[string]string{"settings.steps[0]": "exactly one"}},
		{"not captured", "tcp", "example.org:1", `{"steps":[{"expect":"(?P<a>.)"},{"expect":"(.)"},{"send":"${a}${1}${2}"}]}`, map[string]string{"settings.steps[2].send": "${2}"}},
		{"unclosed", "tcp", "example.org:1", `{"steps":[{"send":"${a"}]}`, map[string]string{"settings.steps[0].send": "without its }"}},
		{"captured in hex", "tcp", "example.org:1", `{"steps":[{"expect":"."},{"send":"${0}","encoding":"hex"}]}`, map[string]string{"settings.steps[1].send": "encoding is text"}},
		{"no hex", "tcp", "example.org:1", `{"steps":[{"send":"zz","encoding":"hex"}]}`, map[string]string{"settings.steps[0].send": "not hex"}},
		{"expression", "tcp", "example.org:1", `{"steps":[{"expect":"a{1000}{1000}"}]}`, map[string]string{"settings.steps[0].expect": "regular expression"}},
		{"TLS twice", "tcp", "example.org:1", `{"security":"tls","steps":[{"starttls":true}]}`, map[string]string{"settings.steps[0].starttls": "already"}},
		{"TLS settings for none", "tcp", "example.org:1", `{"tls":{"skip_verify":true}}`, map[string]string{"settings.tls": "starttls"}},
		{"secret expect", "tcp", "example.org:1", `{"steps":[{"expect":"a","secret":true}]}`, map[string]string{"settings.steps[0].secret": "send"}},
		{"nothing to send", "udp", "example.org:1", `{}`, map[string]string{"settings.send": "needed"}},
		{"no base64", "udp", "example.org:1", `{"send":"*","encoding":"base64"}`, map[string]string{"settings.send": "not base64"}},
		{"tries", "udp", "example.org:1", `{"send":"a","tries":6}`, map[string]string{"settings.tries": "1 to 5"}},
		{"subprotocol", "websocket", "wss://example.org", `{"subprotocols":["a b"]}`, map[string]string{"settings.subprotocols[0]": "subprotocol"}},

		{"record", "dns", "example.org", `{"record":"ANY"}`, map[string]string{"settings.record": "must be A, AAAA"}},
		{"nameserver", "dns", "example.org", `{"nameserver":"a b"}`, map[string]string{"settings.nameserver": "host name"}},
		{"DoT without nameserver", "dns", "example.org", `{"protocol":"tls"}`, map[string]string{"settings.nameserver": "needed"}},
		{"TLS settings without DoT", "dns", "example.org", `{"tls":{"skip_verify":true}}`, map[string]string{"settings.tls": "protocol tls"}},
		{"expect and NXDOMAIN", "dns", "example.org", `{"rcode":"NXDOMAIN","expect":{"values":["192.0.2.1"]}}`, map[string]string{"settings.expect": "NOERROR"}},
		{"values of another record", "dns", "example.org", `{"record":"AAAA","expect":{"values":["192.0.2.1","x"]}}`, map[string]string{"settings.expect.values[0]": "AAAA", "settings.expect.values[1]": "AAAA"}},
		{"MX without preference", "dns", "example.org", `{"record":"MX","expect":{"values":["mail.example.org"]}}`, map[string]string{"settings.expect.values[0]": "10 mail.example.org"}},
		{"no values", "dns", "example.org", `{"expect":{"values":[]}}`, map[string]string{"settings.expect.values": "at least 1"}},
		{"pin", "tls", "example.org", `{"pins":["` + pin[1:] + `"]}`, map[string]string{"settings.pins[0]": "SHA-256"}},
		{"count", "icmp", "example.org", `{"count":0}`, map[string]string{"settings.count": "1 to 20"}},
		{"metadata", "grpc", "example.org:443", `{"metadata":[{"name":"grpc-timeout","value":"1"},{"name":"a!b","value":"1"},{"name":"a-bin","value":"*"},{"name":"c","value":"ü"}]}`,
			map[string]string{"settings.metadata[0].name": "gRPC itself", "settings.metadata[1].name": "letters", "settings.metadata[2].value": "base64", "settings.metadata[3].value": "ASCII"}},
		{"plaintext with TLS settings", "grpc", "example.org:443", `{"security":"none","tls":{"server_name":"x"}}`, map[string]string{"settings.tls": "security"}},
		{"password in the clear", "smtp", "example.org", `{"security":"none","auth":{"username":"a","password":"b"}}`, map[string]string{"settings.auth": "in the clear"}},
		{"login without password", "smtp", "example.org", `{"auth":{"username":"a"}}`, map[string]string{"settings.auth.password": "needed"}},
		{"helo", "smtp", "example.org", `{"helo":"a b"}`, map[string]string{"settings.helo": "host name"}},
		{"days", "domain", "example.org", `{"min_days":-1}`, map[string]string{"settings.min_days": "0 to 3650"}},
		{"grace", "heartbeat", "", `{"grace_seconds":0}`, map[string]string{"settings.grace_seconds": "1 to 604800"}},
		{"a mask from nowhere", "http", "https://example.org", `{"auth":{"type":"bearer","token":"***"}}`, map[string]string{"settings.auth.token": "none is"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := monitorspec.Parse(uptime.Kind(tt.kind), tt.target, json.RawMessage(tt.settings))
			got := problems(t, err)
			for field, part := range tt.want {
				if !strings.Contains(got[field], part) {
					t.Errorf("%s: %q, want %q in it (all: %v)", field, got[field], part, got)
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("got %v, want problems with %v only", got, tt.want)
			}
		})
	}
}

func TestParseGivesOffsets(t *testing.T) {
	t.Parallel()
	_, err := monitorspec.Parse(uptime.KindTCP, "example.org:1", json.RawMessage(`{"steps":[{"expect":"ok("}]}`))
	var errs monitorspec.Errors
	if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Offset == monitorspec.NoOffset || !strings.Contains(errs.Error(), "at offset") {
		t.Errorf("got %v", err)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	tests := []struct{ kind, settings, target, want string }{ // want beginning with ! is part of the refusal
		{"http", ``, "example.org", "https://example.org"},
		{"http", ``, "  HTTP://Example.ORG:8080/A?b=C#d ", "http://example.org:8080/A?b=C"},
		{"http", ``, "//example.org/x", "https://example.org/x"},
		{"http", ``, "https://bücher.example/", "https://bücher.example/"},
		{"http", ``, "https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/"},
		{"http", ``, "", "!must not be empty"},
		{"http", ``, "https://user:pass@example.org/", "!use auth"},
		{"http", ``, "ftp://example.org/", "!must begin with https:// or http://"},
		{"http", ``, "mailto:a@example.org", "!must begin"},
		{"http", ``, "https://exa mple.org/", "!not a valid URL"},
		{"http", ``, "https:///x", "!host"},
		{"http", ``, "https://example.org:0/", "!port"},
		{"http", ``, "https://[fe80::1%25eth0]/", "!zone"},
		{"http", ``, "http://2130706433/", "!is a number"},
		{"http", ``, "0x7f.1", "!is a number"},
		{"http", ``, "http://127.0.0.1./", "!is a number"},
		{"tcp", ``, "0177.0.0.1:80", "!is a number"},
		{"icmp", ``, "127.1", "!is a number"},
		{"domain", ``, "example.1", "!is a number"},
		{"http", ``, "https://example.org/" + strings.Repeat("x", 2048), "!2048"},
		{"websocket", ``, "example.org/feed", "wss://example.org/feed"},
		{"websocket", ``, "https://example.org/feed", "wss://example.org/feed"},
		{"websocket", ``, "http://example.org/feed", "ws://example.org/feed"},
		{"websocket", ``, "ftp://example.org/feed", "!must begin with wss:// or ws://"},
		{"tcp", ``, "Example.ORG.:22", "example.org:22"},
		{"tcp", ``, "tcp://example.org:22/", "example.org:22"},
		{"tcp", ``, "[::ffff:192.0.2.1]:22", "192.0.2.1:22"},
		{"tcp", ``, "[2001:DB8::1]:22", "[2001:db8::1]:22"},
		{"tcp", ``, "example.org", "!needs a port"},
		{"tcp", ``, "2001:db8::1", "!needs a port"},
		{"tcp", ``, "example.org:99999", "!port"},
		{"tcp", ``, "example.org:+22", "!port"},
		{"tcp", ``, "exa_mple.org:ssh", "!port"},
		{"tcp", ``, "-example.org:22", "!host name"},
		{"tcp", ``, "http://example.org:22", "!host name"},
		{"tcp", ``, "bücher.example:22", "!punycode"},
		{"udp", `{"send":"x"}`, "udp://example.org:53", "example.org:53"},
		{"tls", ``, "example.org", "example.org:443"},
		{"tls", ``, "https://example.org/", "example.org:443"},
		{"tls", ``, "2001:db8::1", "[2001:db8::1]:443"},
		{"tls", ``, "example.org:636", "example.org:636"},
		{"smtp", ``, "mail.example.org", "mail.example.org:25"},
		{"smtp", `{"security":"tls"}`, "mail.example.org", "mail.example.org:465"},
		{"smtp", ``, "mail.example.org:587", "mail.example.org:587"},
		{"grpc", ``, "grpcs://api.example.org:443", "api.example.org:443"},
		{"grpc", ``, "api.example.org", "!needs a port"},
		{"icmp", ``, "ping://gw.example.org", "gw.example.org"},
		{"icmp", ``, "[2001:db8::1]", "2001:db8::1"},
		{"icmp", ``, "gw.example.org:80", "!host"},
		{"dns", ``, "_Dmarc.Example.org.", "_dmarc.example.org"},
		{"dns", ``, ".", "."},
		{"dns", ``, "192.0.2.1", "!PTR"},
		{"dns", `{"record":"PTR"}`, "192.0.2.1", "1.2.0.192.in-addr.arpa"},
		{"dns", `{"record":"PTR"}`, "2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
		{"dns", `{"record":"TXT"}`, "a..b", "!domain name"},
		{"dns", ``, "a b", "!domain name"},
		{"dns", ``, strings.Repeat("a", 64) + ".org", "!domain name"},
		{"domain", ``, "https://Example.org/", "example.org"},
		{"domain", ``, "www.example.org", "!without www"},
		{"domain", ``, "org", "!registered domain"},
		{"domain", ``, "192.0.2.1", "!address"},
		{"heartbeat", ``, "", ""},
		{"heartbeat", ``, "x", "!calls in by itself"},
	}
	for _, tt := range tests {
		s, err := monitorspec.Parse(uptime.Kind(tt.kind), tt.target, json.RawMessage(tt.settings))
		if part, refused := strings.CutPrefix(tt.want, "!"); refused {
			if got := problems(t, err); !strings.Contains(got["target"], part) {
				t.Errorf("%s %q: %v, want %q in what is wrong with the target", tt.kind, tt.target, err, part)
			}
			continue
		}
		if err != nil || s.Target != tt.want {
			t.Errorf("%s %q: %v, %v, want %q", tt.kind, tt.target, s, err, tt.want)
			continue
		}
		again, err := monitorspec.Parse(s.Kind, s.Target, json.RawMessage(tt.settings))
		if err != nil || again.Target != s.Target {
			t.Errorf("%s %q is not normal: %v", tt.kind, s.Target, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := monitorspec.Parse(uptime.KindHTTP, "example.org", json.RawMessage(`{"method":"post","expected_status":[204,"2xx"]}`))
	if err != nil {
		t.Fatal(err)
	}
	h, ok := s.Settings.(*monitorspec.HTTP)
	if !ok {
		t.Fatalf("settings are %T", s.Settings)
	}
	if h.Method != http.MethodPost || h.IPVersion != "auto" || !h.Follow() || h.Redirects.Limit != 5 || h.TLS.MinVersion != "1.2" {
		t.Errorf("got %+v", h)
	}
	for status, want := range map[int]bool{204: true, 299: true, 300: false, 404: false} {
		if h.ExpectsStatus(status) != want {
			t.Errorf("%d is expected: %v", status, !want)
		}
	}
	// What equals its default is not stored, and comes back when it is read.
	b, err := s.JSON()
	if want := `{"method":"POST","expected_status":["204","2xx"]}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	read, err := monitorspec.Read[monitorspec.HTTP](b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(h, read); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	none, err := monitorspec.Read[monitorspec.HTTP](nil)
	if err != nil || none.Method != http.MethodGet || !none.ExpectsStatus(399) || none.ExpectsStatus(400) {
		t.Errorf("defaults %+v, %v", none, err)
	}
}

// A newer api may say more than an older worker knows.
func TestReadSkipsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	u, err := monitorspec.Read[monitorspec.UDP]([]byte(`{"send":"x","flavour":"new"}`))
	if err != nil || u.Send != "x" || u.Tries != 2 {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, err := monitorspec.Read[monitorspec.UDP]([]byte(`{"send":1,"secret":"hunter2"}`)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("wrong settings: %v", err)
	}
}

func TestUpsideDown(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]bool{
		``: false, `{}`: false, `{"upside_down":true}`: true, `{"upside_down":false}`: false,
		`{"send":"\"upside_down\":true"}`: false, `{"upside_down":true`: false,
	} {
		if got := monitorspec.UpsideDown([]byte(settings)); got != want {
			t.Errorf("%s: %v", settings, got)
		}
	}
}
