package monitorspec_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	captured := map[string][]byte{"name": []byte("World"), "1": []byte("${name}"), "long": bytes.Repeat([]byte("x"), 40<<10)}
	tests := []struct{ in, want string }{
		{"plain $ and {} $5", "plain $ and {} $5"},
		{"Hello ${name}!", "Hello World!"},
		{"${1}", "${name}"}, // what came is not expanded again
		{"${none}.", "."},
		{"$${name}", "${name}"},
		{"$$${name}", "$${name}"},
		{"${", "!"},
		{"${long}${long}", "!"},
	}
	for _, tt := range tests {
		got, err := monitorspec.Expand([]byte(tt.in), captured)
		if (err != nil) != (tt.want == "!") || err == nil && string(got) != tt.want {
			t.Errorf("%q: %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, encoding, want string }{
		{"a b", "text", "a b"}, {"61 62:63\n64", "hex", "abcd"}, {"YQ==", "base64", "a"}, {"6", "hex", "!"}, {"YQ", "base64", "!"},
	}
	for _, tt := range tests {
		got, err := monitorspec.Decode(tt.text, tt.encoding)
		if (err != nil) != (tt.want == "!") || err == nil && string(got) != tt.want {
			t.Errorf("%q as %s: %q, %v", tt.text, tt.encoding, got, err)
		}
	}
	if got := monitorspec.Received([]byte("\x1b\xff"), "hex"); string(got) != "1bff" {
		t.Errorf("received %q", got)
	}
}

func TestNormaliseAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct{ record, in, want string }{
		{"A", " 192.0.2.1 ", "192.0.2.1"}, {"AAAA", "2001:DB8:0::1", "2001:db8::1"}, {"AAAA", "x", "x"},
		{"MX", "10  Mail.Example.ORG.", "10 mail.example.org"}, {"MX", "0 .", "0 ."}, {"NS", "NS1.example.org.", "ns1.example.org"},
		{"TXT", " As It. ", " As It. "}, {"CAA", `0 ISSUE "LetsEncrypt.org; a=B"`, `0 issue "LetsEncrypt.org; a=B"`}, {"CAA", "0 issue ca.example.org", `0 issue "ca.example.org"`},
		{"SRV", "0 5 443 Host.example.org.", "0 5 443 host.example.org"},
	}
	for _, tt := range tests {
		if got := monitorspec.NormaliseAnswer(tt.record, tt.in); got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.record, tt.in, got, tt.want)
		}
		if got := monitorspec.NormaliseAnswer(tt.record, tt.want); got != tt.want {
			t.Errorf("%s %q is not normal: %q", tt.record, tt.want, got)
		}
	}
}

func TestBodyEncodes(t *testing.T) {
	t.Parallel()
	tests := []struct{ settings, body, contentType string }{
		{`{"body":{"type":"raw","text":"x"}}`, "x", "text/plain; charset=utf-8"},
		{`{"body":{"type":"json","text":"{}"}}`, "{}", "application/json"},
		{`{"body":{"type":"json","text":"{}","content_type":"application/ld+json"}}`, "{}", "application/ld+json"},
		{`{"body":{"type":"form","fields":[{"name":"b[]","value":"1 2"},{"name":"b[]","value":"&"}]}}`, "b%5B%5D=1+2&b%5B%5D=%26", "application/x-www-form-urlencoded"},
	}
	for _, tt := range tests {
		h, ok := parse(t, uptime.KindHTTP, "https://example.org", tt.settings).Settings.(*monitorspec.HTTP)
		if !ok {
			t.Fatal("not HTTP")
		}
		if body, contentType := h.Body.Encode(); body != tt.body || contentType != tt.contentType {
			t.Errorf("%s: %q %q", tt.settings, body, contentType)
		}
	}
}

// Whatever is given, Parse does not panic; what it takes survives being stored, sent
// and parsed again unchanged, and shows no secret.
func FuzzParse(f *testing.F) {
	for _, tt := range withSecrets {
		f.Add(string(tt.kind), tt.target, tt.settings)
	}
	f.Add("dns", "example.org", `{"record":"CAA","expect":{"values":["0 issue \"x\""]}}`)
	f.Add("icmp", "::1", `{"count":20,"assertions":[]}`)
	f.Fuzz(func(t *testing.T, kind, target, settings string) {
		s, err := monitorspec.Parse(uptime.Kind(kind), target, json.RawMessage(settings))
		if err != nil {
			return
		}
		full, err := s.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := monitorspec.Parse(s.Kind, s.Target, full)
		if err != nil {
			t.Fatalf("%s was taken and is refused: %v", full, err)
		}
		twice, err := again.JSON()
		if err != nil || !bytes.Equal(full, twice) || again.Target != s.Target {
			t.Fatalf("%s %s became %s %s, %v", s.Target, full, again.Target, twice, err)
		}
		public, secrets, err := s.Split()
		if err != nil {
			t.Fatal(err)
		}
		joined, err := monitorspec.Join(s.Kind, s.Target, public, secrets)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := joined.JSON(); err != nil || !bytes.Equal(full, back) {
			t.Fatalf("%s was split and joined to %s, %v", full, back, err)
		}
		for _, secret := range s.Secrets() {
			if quoted, _ := json.Marshal(secret); len(secret) > 12 && strings.Contains(string(public), string(quoted)) && !strings.Contains(settings, "secret") {
				t.Fatalf("%s shows %s", public, quoted)
			}
		}
	})
}
