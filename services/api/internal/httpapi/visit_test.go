package httpapi

import (
	"net/http"
	"testing"
)

func TestInsecureCookies(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]bool{
		"": false, "http://localhost:3002": false, "http://127.0.0.1:3002": false, "http://[::1]:3002": false, "http://fleet.localhost": false,
		"https://fleet.example": false, "HTTPS://fleet.example": false, "http://fleet.example": true, "http://10.0.0.7:3002": true,
		"http://localhost.evil.example": true,
	} {
		if got := InsecureCookies(at); got != want {
			t.Errorf("%q: %v", at, got)
		}
	}
}

func TestSubnet(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::1": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "@": "@",
	} {
		if got := subnet(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		public, method, host string
		header               map[string]string
		cookie, ok           bool
	}{
		{"", "POST", "a.example", nil, true, false},
		{"", "POST", "a.example", nil, false, true},
		{"", "GET", "a.example", map[string]string{"Sec-Fetch-Site": "cross-site"}, true, true},
		{"", "HEAD", "a.example", nil, true, true},
		{"", "DELETE", "a.example", map[string]string{"Sec-Fetch-Site": "same-origin"}, true, true},
		{"", "DELETE", "a.example", map[string]string{"Sec-Fetch-Site": "cross-site"}, true, false},
		{"", "POST", "a.example", map[string]string{"Origin": "https://a.example"}, true, true},
		{"", "POST", "a.example:8080", map[string]string{"Origin": "https://a.example"}, true, false},
		{"https://a.example/", "POST", "10.0.0.1:3002", map[string]string{"Origin": "https://a.example"}, true, true},
		{"https://A.example:443", "POST", "10.0.0.1:3002", map[string]string{"Origin": "https://a.example"}, true, true},
		{"http://[::1]:80", "POST", "10.0.0.1:3002", map[string]string{"Origin": "http://[::1]"}, true, true},
		{"https://a.example:8443", "POST", "10.0.0.1:3002", map[string]string{"Origin": "https://a.example"}, true, false},
		{"https://a.example", "POST", "10.0.0.1:3002", map[string]string{"Origin": "http://a.example"}, true, false},
		{"", "POST", "a.example", map[string]string{"Origin": "null"}, false, false},
		{"", "POST", "a.example", map[string]string{"X-Requested-With": "probefleet"}, true, true},
		{"", "POST", "a.example", map[string]string{"X-Requested-With": "Probefleet"}, true, false},
	} {
		r := &http.Request{Method: tt.method, Host: tt.host, Header: http.Header{}}
		for k, v := range tt.header {
			r.Header.Set(k, v)
		}
		if err := newOrigins(tt.public).check(r, tt.cookie); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func FuzzEmailOf(f *testing.F) {
	f.Add("ada@example.com")
	f.Add("Ada <ada@example.com>")
	f.Add("\"a b\"@example.com")
	f.Fuzz(func(t *testing.T, text string) {
		email, err := emailOf(text)
		if err != nil {
			return
		}
		again, err := emailOf(email)
		if err != nil || again != email {
			t.Errorf("%q is kept as %q, which is %q: %v", text, email, again, err)
		}
		for _, c := range email {
			if c <= ' ' || c == '<' || c == '>' || c == 0x7f {
				t.Errorf("%q has %q", email, c)
			}
		}
	})
}
