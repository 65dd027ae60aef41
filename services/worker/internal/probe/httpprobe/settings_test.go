package httpprobe_test

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/httpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

var kind = probetest.Kind{Kind: uptime.KindHTTP, New: httpprobe.New}

// settings is JSON of what a user writes.
func settings(t *testing.T, o object) string {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// mirror answers with what it was sent.
func mirror(t *testing.T, change ...func(*httptest.Server)) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if at, ok := strings.CutPrefix(r.URL.Path, "/to/"); ok {
			http.Redirect(w, r, "/"+at, http.StatusTemporaryRedirect)
			return
		}
		subject := ""
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			subject = r.TLS.PeerCertificates[0].Issuer.CommonName
		}
		w.Header().Set("Set-Cookie", "sid=c00kie-value")
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(object{
			"method": r.Method, "host": r.Host, "header": r.Header, "body": string(body), "proto": r.Proto, "client": subject,
		})
	}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for _, f := range change {
		f(srv)
	}
	if srv.TLS == nil {
		srv.Start()
	} else {
		srv.StartTLS()
	}
	t.Cleanup(srv.Close)
	return srv
}

// asserting demands that the mirror has seen a value.
func asserting(o object, pairs ...string) object {
	var list []object
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, object{"source": "json", "property": pairs[i], "comparison": "equals", "target": pairs[i+1]})
	}
	o["assertions"] = list
	return o
}

func TestRequest(t *testing.T) {
	t.Parallel()
	web := mirror(t)
	tests := []struct {
		name string
		path string
		set  object
	}{
		{"method", "", asserting(object{"method": "options"}, "$.method", "OPTIONS")},
		{"raw body", "", asserting(object{"method": "PUT", "body": object{"type": "raw", "text": "hi"}}, "$.body", "hi", "$.header['Content-Type'][0]", "text/plain; charset=utf-8", "$.method", "PUT")},
		{"JSON body", "", asserting(object{"method": "POST", "body": object{"type": "json", "text": "{}"}}, "$.body", "{}", "$.header['Content-Type'][0]", "application/json")},
		{"form", "", asserting(object{"method": "POST", "body": object{"type": "form", "fields": []object{{"name": "a b", "value": "c&d"}}}}, "$.body", "a+b=c%26d", "$.header['Content-Type'][0]", "application/x-www-form-urlencoded")},
		{"type of one's own", "", asserting(object{"method": "POST", "body": object{"type": "json", "text": "{}", "content_type": "application/vnd.x"}}, "$.header['Content-Type'][0]", "application/vnd.x")},
		{"headers", "", asserting(object{"headers": []object{{"name": "X-A", "value": "1"}, {"name": "x-a", "value": "2"}, {"name": "User-Agent", "value": "me"}, {"name": "Host", "value": "shop.example"}}},
			"$.header['X-A'][0]", "1", "$.header['X-A'][1]", "2", "$.header['User-Agent'][0]", "me", "$.host", "shop.example")},
		{"basic", "", asserting(object{"auth": object{"type": "basic", "username": "me", "password": "pw"}}, "$.header.Authorization[0]", "Basic bWU6cHc=")},
		{"bearer", "", asserting(object{"auth": object{"type": "bearer", "token": "t0k"}}, "$.header.Authorization[0]", "Bearer t0k")},
		{"body along a redirect", "/to/here", asserting(object{"method": "POST", "body": object{"type": "raw", "text": "hi"}}, "$.body", "hi", "$.method", "POST")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := kind.Run(t, probetest.Env(), web.URL+tt.path, settings(t, tt.set), probetest.Long)
			if f.Reason != uptime.ReasonNone {
				t.Errorf("%s %s %+v", f.Reason, f.Detail, f.Evidence)
			}
		})
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	web := mirror(t)
	answers := targets.New(t, nil)
	for path, b := range map[string]targets.Behaviour{
		"/401": targets.Status(401), "/404": targets.Status(404), "/there": targets.Redirect(302, "/404"), "/ok": targets.Status(200),
		"/1": targets.Redirect(302, "/2"), "/2": targets.Redirect(302, "/ok"),
	} {
		answers.Set(path, b)
	}
	port6 := loopback6(t)
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "assertion holds", Target: web.URL, Settings: `{"assertions":[{"source":"body","comparison":"contains","target":"GET"},{"source":"header","property":"content-type","comparison":"equals","target":"application/json"},{"source":"latency","comparison":"less_than","target":60000},{"source":"status","comparison":"equals","target":200}]}`, Code: 200},
		{Name: "assertion fails", Target: web.URL, Settings: `{"assertions":[{"source":"json","property":"$.method","comparison":"equals","target":"POST"}]}`, Code: 200, Reason: uptime.ReasonAssertion, Detail: "GET", Attempts: 1},
		{Name: "degraded", Target: web.URL, Settings: `{"assertions":[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]}`, Code: 200, Reason: uptime.ReasonAssertion, Detail: "latency", Degraded: true},
		{Name: "no certificate", Target: web.URL, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":1}]}`, Code: 200, Reason: uptime.ReasonAssertion, Detail: "certificate"},
		{Name: "credentials refused", Target: answers.URL + "/401", Settings: `{"auth":{"type":"bearer","token":"t0k"}}`, Code: 401, Reason: uptime.ReasonAuth, Detail: "401 Unauthorized"},
		{Name: "401 without credentials", Target: answers.URL + "/401", Settings: `{}`, Code: 401, Reason: uptime.ReasonStatus},
		{Name: "expected status", Target: answers.URL + "/404", Settings: `{"expected_status":["4xx"]}`, Code: 404},
		{Name: "not followed", Target: answers.URL + "/there", Settings: `{"redirects":{"follow":false}}`, Code: 302},
		{Name: "limit", Target: answers.URL + "/1", Settings: `{"redirects":{"limit":1}}`, Code: 302, Reason: uptime.ReasonRedirect, Detail: "more than 1 redirects"},
		{Name: "within the limit", Target: answers.URL + "/1", Settings: `{"redirects":{"limit":2,"expect":"/ok"}}`, Code: 200},
		{Name: "elsewhere", Target: answers.URL + "/1", Settings: `{"redirects":{"expect":"/okay"}}`, Code: 200, Reason: uptime.ReasonRedirect, Detail: "/ok, want "},
		{Name: "names where to go", Target: answers.URL + "/1", Settings: `{"redirects":{"follow":false,"expect":"/2"}}`, Code: 302},
		{Name: "names something else", Target: answers.URL + "/1", Settings: `{"redirects":{"follow":false,"expect":"/3"}}`, Code: 302, Reason: uptime.ReasonRedirect, Detail: "the redirect is to"},
		{Name: "no redirect", Target: answers.URL + "/ok", Settings: `{"redirects":{"follow":false,"expect":"/3"}}`, Code: 200, Reason: uptime.ReasonRedirect, Detail: "200 OK is no redirect"},
		{Name: "upside down", Target: answers.URL + "/404", Settings: `{"upside_down":true}`, Code: 404},
		{Name: "IPv4", Target: "http://localhost:" + port(web.URL), Settings: `{"ip_version":"4"}`, Code: 200},
		{Name: "IPv6", Target: "http://[::1]:" + port6, Settings: `{"ip_version":"6"}`, Code: 204},
		{Name: "no IPv6", Target: web.URL, Settings: `{"ip_version":"6"}`, Reason: uptime.ReasonDNS, Detail: "this version of IP"},

		{Name: "HTTP/2 without TLS of HTTP/1.1", Target: web.URL, Settings: `{"http_version":"2"}`, Reason: uptime.ReasonProtocol, Detail: "HTTP/2"},
	})
}

func port(url string) string { return url[strings.LastIndex(url, ":")+1:] }

// loopback6 is a server on ::1 only.
func loopback6(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return port(l.Addr().String())
}

func TestVersions(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	secure := func(protocols ...string) *httptest.Server {
		return mirror(t, func(s *httptest.Server) {
			s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, NextProtos: protocols}
			s.EnableHTTP2 = len(protocols) == 0
		})
	}
	both, first := secure(), secure("http/1.1")
	h2c := mirror(t, func(s *httptest.Server) {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
	})
	tests := []struct {
		url, version, proto string
		reason              uptime.Reason
	}{
		{both.URL, "auto", "HTTP/2.0", uptime.ReasonNone},
		{both.URL, "2", "HTTP/2.0", uptime.ReasonNone},
		{both.URL, "1.1", "HTTP/1.1", uptime.ReasonNone},
		{first.URL, "auto", "HTTP/1.1", uptime.ReasonNone},
		{first.URL, "2", "", uptime.ReasonProtocol},
		{h2c.URL, "2", "HTTP/2.0", uptime.ReasonNone},
	}
	for _, tt := range tests {
		o := asserting(object{"http_version": tt.version, "tls": object{"ca": ca.PEM()}}, "$.proto", tt.proto)
		f := kind.Run(t, probetest.Env(), tt.url, settings(t, o), probetest.Long)
		if f.Reason != tt.reason {
			t.Errorf("%s by %s: %s %s", tt.url, tt.version, f.Reason, f.Detail)
		}
	}
}

func TestTLSSettings(t *testing.T) {
	t.Parallel()
	ca, other := targets.NewTestCA(t), targets.NewTestCA(t)
	mutual := mirror(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{
			Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool,
		}
	})
	named := mirror(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{Names: []string{"shop.example"}})}}
	})
	old := mirror(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MaxVersion: tls.VersionTLS12}
	})
	cert, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	days := []object{{"source": "certificate", "comparison": "greater_than", "target": 30}}
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "own authority", Target: old.URL, Settings: settings(t, object{"tls": object{"ca": ca.PEM()}, "assertions": days}), Code: 200},
		{Name: "certificate days", Target: old.URL, Settings: settings(t, object{"tls": object{"ca": ca.PEM()}, "assertions": []object{{"source": "certificate", "comparison": "greater_than", "target": 100}}}), Code: 200, Reason: uptime.ReasonAssertion, Detail: "certificate"},
		{Name: "another authority", Target: old.URL, Settings: settings(t, object{"tls": object{"ca": other.PEM()}}), Reason: uptime.ReasonCertUntrusted},
		{Name: "any certificate", Target: old.URL, Settings: settings(t, object{"tls": object{"skip_verify": true}}), Code: 200},
		{Name: "version", Target: old.URL, Settings: settings(t, object{"tls": object{"ca": ca.PEM(), "min_version": "1.3"}}), Reason: uptime.ReasonTLSVersion, Detail: "1.3"},
		{Name: "name", Target: named.URL, Settings: settings(t, object{"tls": object{"ca": ca.PEM()}}), Reason: uptime.ReasonCertName},
		{Name: "another name", Target: named.URL, Settings: settings(t, object{"tls": object{"ca": ca.PEM(), "server_name": "shop.example"}}), Code: 200},
		{Name: "mutual", Target: mutual.URL, Settings: settings(t, asserting(object{"tls": object{"ca": ca.PEM(), "certificate": cert, "key": key}}, "$.method", "GET")), Code: 200},
		{Name: "no client certificate", Target: mutual.URL, Settings: settings(t, object{"tls": object{"ca": ca.PEM()}}), Reason: uptime.ReasonAuth, Detail: "client certificate"},
	})
}

// The client certificate is for the target, not for whom it sends us to.
func TestClientCertificateStaysBehind(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	shown := make(chan int, 1)
	other := mirror(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{
			Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, ClientAuth: tls.RequestClientCert,
			VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error { shown <- len(raw); return nil },
		}
	})
	first := mirror(t, func(s *httptest.Server) {
		s.Config.Handler = http.RedirectHandler(other.URL, http.StatusFound)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, ClientAuth: tls.RequireAnyClientCert}
	})
	cert, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	f := kind.Run(t, probetest.Env(), first.URL, settings(t, object{"tls": object{"ca": ca.PEM(), "certificate": cert, "key": key}}), probetest.Long)
	if f.Reason != uptime.ReasonNone {
		t.Fatalf("%s %s", f.Reason, f.Detail)
	}
	select {
	case n := <-shown:
		if n > 0 {
			t.Error("another host was shown the client certificate")
		}
	default: // not asked, as there was none
	}
}

// A failure shows what came back, without secrets that the target echoes and without
// its cookies.
func TestEvidence(t *testing.T) {
	t.Parallel()
	web := mirror(t)
	o := object{
		"auth":            object{"type": "basic", "username": "me", "password": "hunter22"},
		"headers":         []object{{"name": "X-Api-Key", "value": "k3y-value"}},
		"expected_status": []int{204},
	}
	f := kind.Run(t, probetest.Env(), web.URL, settings(t, o), probetest.Long)
	if f.Reason != uptime.ReasonStatus || f.Evidence == nil || !f.IP.IsValid() || f.Phases.Total <= 0 || f.Code != 200 {
		t.Fatalf("finding %+v", f)
	}
	shown := fmt.Sprintf("%s %v", f.Evidence.Excerpt, f.Evidence.Header)
	if !strings.Contains(shown, `"method":"GET"`) || f.Evidence.Header.Get("Content-Type") != "application/json" {
		t.Errorf("evidence %s", shown)
	}
	for _, secret := range []string{"hunter22", "k3y-value", "bWU6aHVudGVyMjI=", "c00kie-value"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s in %s", secret, shown)
		}
	}
	if f = kind.Run(t, probetest.Env(), web.URL, `{}`, probetest.Long); f.Evidence != nil {
		t.Errorf("a pass over plain HTTP has evidence: %+v", f.Evidence)
	}
}

// The body of a bad answer that does not come is not waited for.
func TestEvidenceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	web := targets.New(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "out of ")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	f := kind.Run(t, probetest.Env(), web.URL, `{}`, probetest.Long)
	if f.Reason != uptime.ReasonStatus || f.Phases.Transfer > probetest.Long/2 || f.Evidence == nil || f.Evidence.Excerpt != "out of " {
		t.Errorf("%s %+v %+v", f.Reason, f.Phases, f.Evidence)
	}
}

// Redirects other than 307 and 308 turn a POST into a GET without its body.
func TestRedirectsOfAPost(t *testing.T) {
	t.Parallel()
	end := mirror(t)
	for status, want := range map[int][]string{
		301: {"GET", ""}, 302: {"GET", ""}, 303: {"GET", ""}, 307: {"POST", "hi"}, 308: {"POST", "hi"},
	} {
		web := targets.New(t, targets.Redirect(status, "/end"))
		web.Set("/end", end.Config.Handler.ServeHTTP)
		set := asserting(object{"method": "POST", "body": object{"type": "raw", "text": "hi"}}, "$.method", want[0], "$.body", want[1])
		if f := kind.Run(t, probetest.Env(), web.URL, settings(t, set), probetest.Long); f.Reason != uptime.ReasonNone {
			t.Errorf("%d: %s %s", status, f.Reason, f.Detail)
		}
	}
}

// A compressed page is asked for, and looked at as what it says.
func TestCompressedBody(t *testing.T) {
	t.Parallel()
	web := targets.New(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "all is well")
		_ = z.Close()
	})
	f := kind.Run(t, probetest.Env(), web.URL, `{"assertions":[{"source":"body","comparison":"equals","target":"all is well"}]}`, probetest.Long)
	if f.Reason != uptime.ReasonNone {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
}

// What was meant for a host under TLS is not told to the same host in the clear.
func TestRedirectOutOfTLS(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	heard := make(chan string, 1)
	var addr string
	addr = targets.Raw(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		if first, err := r.Peek(1); err != nil || first[0] != 22 { // no TLS
			req, err := http.ReadRequest(r)
			if err == nil {
				heard <- req.Header.Get("X-Token") + req.Header.Get("Authorization")
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
			return
		}
		secured := tls.Server(peeked{c, r}, cfg)
		if _, err := http.ReadRequest(bufio.NewReader(secured)); err == nil {
			_, _ = io.WriteString(secured, "HTTP/1.1 302 Found\r\nLocation: http://"+addr+"/\r\nContent-Length: 0\r\n\r\n")
		}
	})
	f := kind.Run(t, probetest.Env(), "https://"+addr+"/", settings(t, object{
		"tls": object{"ca": ca.PEM()}, "headers": []object{{"name": "X-Token", "value": "hunter22"}}, "auth": object{"type": "bearer", "token": "t0ken"},
	}), probetest.Long)
	if f.Reason != uptime.ReasonNone || f.Code != 200 {
		t.Fatalf("%s %s", f.Reason, f.Detail)
	}
	if got := <-heard; got != "" {
		t.Errorf("in the clear: %q", got)
	}
}

// peeked is a connection of which something was looked at already.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

// Read implements [net.Conn].
func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }
