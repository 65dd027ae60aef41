package spec_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/spec"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, text, host, key string }{
		{"example.com", "https://example.com", "example.com", "https://example.com/"},
		{"  example.com\n", "https://example.com", "example.com", "https://example.com/"},
		{"//example.com/x", "https://example.com/x", "example.com", "https://example.com/x"},
		{"http://example.com", "http://example.com", "example.com", "http://example.com/"},
		{"HTTP://EXAMPLE.com:80/A?b=C#d", "HTTP://EXAMPLE.com:80/A?b=C#d", "EXAMPLE.com", "http://example.com/A?b=C"},
		{"https://example.com:443", "https://example.com:443", "example.com", "https://example.com/"},
		{"https://example.com:0443/", "https://example.com:0443/", "example.com", "https://example.com/"},
		{"http://example.com:443", "http://example.com:443", "example.com", "http://example.com:443/"},
		{"localhost:3000", "https://localhost:3000", "localhost", "https://localhost:3000/"},
		{"https://example.com:", "https://example.com:", "example.com", "https://example.com/"},
		{"example.com.", "https://example.com.", "example.com.", "https://example.com/"},
		{"example.com/?u=http://x", "https://example.com/?u=http://x", "example.com", "https://example.com/?u=http://x"},
		{"example.com?", "https://example.com?", "example.com", "https://example.com/?"},
		{"192.0.2.1:8080/x", "https://192.0.2.1:8080/x", "192.0.2.1", "https://192.0.2.1:8080/x"},
		{"http://[2001:DB8:0:0::1]:80/", "http://[2001:DB8:0:0::1]:80/", "2001:DB8:0:0::1", "http://[2001:db8::1]/"},
		{"http://[::ffff:192.0.2.1]/", "http://[::ffff:192.0.2.1]/", "::ffff:192.0.2.1", "http://192.0.2.1/"},
		{"https://bücher.example/ü", "https://bücher.example/ü", "bücher.example", "https://xn--bcher-kva.example/%C3%BC"},
		{"https://BÜCHER.example/%C3%BC", "https://BÜCHER.example/%C3%BC", "BÜCHER.example", "https://xn--bcher-kva.example/%C3%BC"},
		{"_dmarc.example.com", "https://_dmarc.example.com", "_dmarc.example.com", "https://_dmarc.example.com/"},
	}
	for _, tt := range tests {
		got, err := spec.ParseURL(tt.in)
		if err != nil || got != (spec.URL{Text: tt.text, Host: tt.host, Key: tt.key}) {
			t.Errorf("%q: %+v, %v", tt.in, got, err)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, says string }{
		{"", "empty"}, {"  ", "empty"},
		{"ftp://example.com", "http:// or https://"}, {"mailto:a@b.example", "http:// or https://"}, {"javascript:alert(1)", "http:// or https://"},
		{"file:///etc/passwd", "http:// or https://"}, {"tcp://example.com:1", "http:// or https://"}, {"http:example.com", "http:// or https://"},
		{"https://u:p@example.com", "user name or password"}, {"u@example.com", "user name or password"}, {"https://@example.com", "user name or password"},
		{"https://", "no host"}, {"https:///x", "no host"}, {"https://:80", "no host"}, {"?x", "no host"}, {"/x", "no host"}, {"#x", "no host"},
		{"https://a b.example", "not a valid URL"}, {"https://example.com/a b", "not a valid URL"}, {"https://exa\x00mple.com", "not a valid URL"},
		{"https://example.com/%zz", "not a valid URL"}, {"https://[::1", "not a valid URL"}, {"https://example.com:port", "not a valid URL"},
		{"https://example.com:0", "valid port"}, {"https://example.com:65536", "valid port"}, {"https://example.com:99999999999999999999", "valid port"},
		{"https://-a.example", "valid host"}, {"https://a..example", "valid host"}, {"https://.", "valid host"}, {"https://a,b", "valid host"},
		{"https://" + strings.Repeat("a", 64) + ".example", "valid host"}, {"https://" + strings.Repeat("a.", 127) + "example", "valid host"},
		{"http://0177.0.0.1", "a number"}, {"http://0x7f000001/", "a number"}, {"http://2130706433:80/", "a number"}, {"127.1", "a number"}, {"http://0", "a number"},
		{"http://127.0.0.1./", "a number"}, {"http://１２７.０.０.１/", "a number"}, {"http://example.org@127.0.0.1/", "user name or password"},
		{"http://127%2e0%2e0%2e1/", "not a valid URL"}, {"http://example.1", "a number"}, {`http://127.0.0.1\@example.org/`, "not a valid URL"},
		{"https://[fe80::1%25eth0]/", "zone"}, {"https://example.com/" + strings.Repeat("x", 2048), "2048 bytes"},
	}
	for _, tt := range tests {
		got, err := spec.ParseURL(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%.60q: %+v, %v; want an error with %q", tt.in, got, err, tt.says)
		}
	}
}

func TestLongKeysFitAnIndex(t *testing.T) {
	t.Parallel()
	a, errA := spec.ParseURL("example.com/" + strings.Repeat("ü", 900))
	b, errB := spec.ParseURL("example.com/" + strings.Repeat("ü", 899) + "u")
	if errA != nil || errB != nil || len(a.Key) > 1024 || a.Key == b.Key {
		t.Errorf("keys %q and %q, %v, %v", a.Key, b.Key, errA, errB)
	}
}

// FuzzParseURL holds what the rest of the fleet relies on: what is accepted is http or
// https with a host and no password, and its key is a fixed point.
func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"example.com", "http://a:80/%41?b#c", "https://[::1]:443", "ü.example", "//x", "a:1", "https://a/%2f/../x", "HTTPS://A.B.:0443?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := spec.ParseURL(text)
		if err != nil {
			if got != (spec.URL{}) {
				t.Fatalf("%q: an error with %+v", text, got)
			}
			return
		}
		u, err := url.Parse(got.Text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(got.Text) > spec.MaxURLBytes {
			t.Fatalf("%q was accepted as %q", text, got.Text)
		}
		again, err := spec.ParseURL(got.Text)
		if err != nil || again != got {
			t.Fatalf("%q: accepted as %+v, then %+v, %v", text, got, again, err)
		}
		if strings.HasPrefix(got.Key, "sha256:") {
			return
		}
		byKey, err := spec.ParseURL(got.Key)
		if err != nil || byKey.Key != got.Key {
			t.Fatalf("%q: the key %q has the key %q, %v", text, got.Key, byKey.Key, err)
		}
		if strings.ContainsAny(got.Key, "#\x00 ") {
			t.Fatalf("%q: key %q", text, got.Key)
		}
	})
}

func TestASCII(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind     uptime.Kind
		in, want string
	}{
		{uptime.KindHTTP, "https://a.example/ü", "https://a.example/ü"},
		{uptime.KindHTTP, "https://bücher.example:8443/ü?q=1", "https://xn--bcher-kva.example:8443/ü?q=1"},
		{uptime.KindHTTP, "bücher.example", "xn--bcher-kva.example"},
		{uptime.KindWebSocket, "wss://bücher.example", "wss://xn--bcher-kva.example"},
		{uptime.KindHTTP, "https://ü\u00a0.example", "https://ü\u00a0.example"}, // no host name: refused later
		{uptime.KindTCP, "bücher.example:1", "bücher.example:1"},
	} {
		if got := spec.ASCII(tt.kind, tt.in); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.kind, tt.in, got, tt.want)
		}
	}
}
