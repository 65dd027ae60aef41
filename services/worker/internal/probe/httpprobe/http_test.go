package httpprobe_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/httpprobe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// unresolved is a resolver without servers.
var unresolved = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no name server")
}}

func newRunner(change ...func(*probe.Env)) *probe.Runner {
	env := probe.Env{
		Guard: egress.New(loopback), UserAgent: "probefleet/1 (eu-west)", Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&env)
	}
	return probe.NewRunner(probe.Kinds{uptime.KindHTTP: httpprobe.New}, env)
}

func check(target string, timeout time.Duration) *uptime.Check {
	return &uptime.Check{Kind: uptime.KindHTTP, Target: target, Timeout: timeout}
}

const (
	long  = 20 * time.Second // never reached
	short = 400 * time.Millisecond
)

func TestReasons(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	for path, b := range map[string]targets.Behaviour{
		"/500": targets.Status(500), "/404": targets.Status(404), "/304": targets.Status(304),
		"/hang": targets.Hang(), "/hang-body": targets.HangBody(), "/drip": targets.Drip(1000, 50*time.Millisecond),
		"/reset": targets.Reset(), "/cut": targets.Cut(), "/garbage": targets.Garbage(),
		"/bomb": targets.GzipBomb(50 << 20), "/small-bomb": targets.GzipBomb(500 << 10),
		"/large": targets.Body(httpprobe.MaxBodyBytes + 1), "/largest": targets.Body(httpprobe.MaxBodyBytes),
		"/flood": targets.HeaderFlood(100 << 10), "/loop": targets.RedirectLoop(),
		"/inward": targets.Redirect(302, "http://10.1.2.3/"), "/file": targets.Redirect(302, "file:///etc/passwd"),
		"/nowhere": targets.Redirect(302, "http://%zz/"), "/once": targets.Redirect(301, "/"), "/no-location": targets.Redirect(302, ""),
		"/metadata": targets.Redirect(302, "http://169.254.169.254/latest/meta-data/"),
	} {
		web.Set(path, b)
	}
	self := targets.NewTLS(t, &targets.Certificate{}, nil)
	mute := targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	tests := []struct {
		name, target string
		timeout      time.Duration
		reason       uptime.Reason
		code         int
		detail       string // is part of it
	}{
		{"passes", web.URL, long, uptime.ReasonNone, 200, ""},
		{"redirect followed", web.URL + "/once", long, uptime.ReasonNone, 200, ""},
		{"redirect without a location", web.URL + "/no-location", long, uptime.ReasonNone, 302, ""},
		{"not modified", web.URL + "/304", long, uptime.ReasonNone, 304, ""},
		{"as large as may be", web.URL + "/largest", long, uptime.ReasonNone, 200, ""},
		{"server error", web.URL + "/500", long, uptime.ReasonStatus, 500, "500 Internal Server Error"},
		{"client error", web.URL + "/404", long, uptime.ReasonStatus, 404, "404 Not Found"},
		{"hangs", web.URL + "/hang", short, uptime.ReasonTimeout, 0, "no answer within"},
		{"hangs in the body", web.URL + "/hang-body", short, uptime.ReasonTimeout, 200, "no complete answer"},
		{"drips", web.URL + "/drip", short, uptime.ReasonTimeout, 200, "no complete answer"},
		{"resets", web.URL + "/reset", long, uptime.ReasonReset, 0, "reset"},
		{"cuts the body", web.URL + "/cut", long, uptime.ReasonReset, 200, "unexpected EOF"},
		{"no HTTP", web.URL + "/garbage", long, uptime.ReasonProtocol, 0, "malformed"},
		{"gzip bomb", web.URL + "/bomb", long, uptime.ReasonBodyTooLarge, 200, "compressed more than 100 to 1"},
		{"gzip bomb below 1 MiB", web.URL + "/small-bomb", long, uptime.ReasonBodyTooLarge, 200, "compressed"},
		{"large body", web.URL + "/large", long, uptime.ReasonBodyTooLarge, 200, "more than 1 MiB"},
		{"header flood", web.URL + "/flood", long, uptime.ReasonHeaderTooLarge, 0, "64 KiB"},
		{"redirect loop", web.URL + "/loop", long, uptime.ReasonRedirect, 302, "more than 5 redirects"},
		{"redirect inwards", web.URL + "/inward", long, uptime.ReasonBlockedTarget, 302, "10.1.2.3"},
		{"redirect to metadata", web.URL + "/metadata", long, uptime.ReasonBlockedTarget, 302, "169.254.169.254"},
		{"redirect to a file", web.URL + "/file", long, uptime.ReasonRedirect, 302, `scheme "file"`},
		{"redirect to nonsense", web.URL + "/nowhere", long, uptime.ReasonRedirect, 302, "not a URL"},
		{"refused", targets.Refused(t), long, uptime.ReasonConnectRefused, 0, "connection refused"},
		{"dropped", targets.Full(t), short, uptime.ReasonConnectTimeout, 0, "no connection within"},
		{"blocked", "http://10.255.255.1/", long, uptime.ReasonBlockedTarget, 0, "private network"},
		{"no such name", "http://nowhere.invalid/", long, uptime.ReasonDNS, 0, "nowhere.invalid"},
		{"unknown authority", self.URL, long, uptime.ReasonCertUntrusted, 0, "self-signed"},
		{"TLS to a plain port", "https" + strings.TrimPrefix(web.URL, "http"), long, uptime.ReasonTLS, 0, "does not look like a TLS handshake"},
		{"plain to a TLS port", "http" + strings.TrimPrefix(self.URL, "https"), long, uptime.ReasonStatus, 400, ""},
		{"accepts and says nothing", "http://" + mute, short, uptime.ReasonTimeout, 0, "no answer"},
		{"TLS to who says nothing", "https://" + mute, short, uptime.ReasonTimeout, 0, "no TLS handshake"},
		{"not a URL", "http://[", long, uptime.ReasonInvalid, 0, "target"},
		{"another scheme", "ftp://127.0.0.1/", long, uptime.ReasonInvalid, 0, "ftp"},
	}
	r := newRunner(func(e *probe.Env) { e.Resolver = unresolved })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var f probe.Finding
			asWanted := false
			for timeout := range probetest.Longer(tt.timeout) {
				f = r.Run(t.Context(), check(tt.target, timeout))
				if len(f.Detail) > 256 {
					t.Errorf("%d bytes of detail", len(f.Detail))
				}
				if asWanted = f.Reason == tt.reason && f.Code == tt.code && strings.Contains(f.Detail, tt.detail); asWanted {
					break
				}
			}
			if !asWanted {
				t.Errorf("got %q (%d) %q, want %q (%d) %q", f.Reason, f.Code, f.Detail, tt.reason, tt.code, tt.detail)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca, err := targets.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(func(e *probe.Env) { e.Roots = ca.Pool })
	tests := []struct {
		name   string
		cert   *targets.Certificate
		reason uptime.Reason
		detail string
	}{
		{"HTTP/2", &targets.Certificate{CA: ca}, uptime.ReasonNone, ""},
		{"HTTP/1.1", &targets.Certificate{CA: ca, HTTP1: true}, uptime.ReasonNone, ""},
		{"expired", &targets.Certificate{CA: ca, Expires: time.Now().Add(-time.Hour)}, uptime.ReasonCertExpired, "expired"},
		{"another name", &targets.Certificate{CA: ca, Names: []string{"example.com"}}, uptime.ReasonCertName, "127.0.0.1"},
		{"self-signed", &targets.Certificate{}, uptime.ReasonCertUntrusted, "self-signed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := targets.NewTLS(t, tt.cert, nil)
			srv.Set("/flood", targets.HeaderFlood(70<<10))
			f := r.Run(t.Context(), check(srv.URL, long))
			if f.Reason != tt.reason || !strings.Contains(f.Detail, tt.detail) || f.Attempts != 1 {
				t.Errorf("got %q %q after %d attempts, want %q %q after 1", f.Reason, f.Detail, f.Attempts, tt.reason, tt.detail)
			}
			if f.Phases.TLS <= 0 || f.Phases.Connect <= 0 {
				t.Errorf("phases %+v", f.Phases)
			}
			if tt.reason == uptime.ReasonNone {
				if f := r.Run(t.Context(), check(srv.URL+"/flood", long)); f.Reason != uptime.ReasonHeaderTooLarge {
					t.Errorf("header flood: %q %q", f.Reason, f.Detail)
				}
			}
		})
	}
}

// Each check dials for itself and resumes nothing, and the phases add up to the total.
func TestPhases(t *testing.T) {
	t.Parallel()
	web := targets.New(t, targets.Delay(60*time.Millisecond, targets.Drip(4, 20*time.Millisecond)))
	r := newRunner()
	for range 2 {
		f := r.Run(t.Context(), check(web.URL, long))
		p := f.Phases
		if p.Connect <= 0 || p.TTFB < 60*time.Millisecond || p.Transfer < 60*time.Millisecond || p.DNS != 0 || p.TLS != 0 {
			t.Errorf("phases %+v", p)
		}
		if sum := p.DNS + p.Connect + p.TLS + p.TTFB + p.Transfer; sum != p.Total {
			t.Errorf("phases add up to %s, total is %s", sum, p.Total)
		}
		if f.IP != netip.MustParseAddr("127.0.0.1") || !f.Exempt || f.Attempts != 1 {
			t.Errorf("finding %+v", f)
		}
	}
	f := r.Run(t.Context(), check(targets.Full(t), short))
	if f.Phases.Connect < short/2 || f.Phases.Connect != f.Phases.Total || !f.Exempt {
		t.Errorf("of a connect timeout: %+v", f)
	}
}

func TestIntroducesItself(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	newRunner().Run(t.Context(), check(web.URL, long))
	if got := web.LastHeader("/").Get("User-Agent"); got != "probefleet/1 (eu-west)" {
		t.Errorf("User-Agent %q", got)
	}
}

func withSettings(c *uptime.Check, settings any) *uptime.Check {
	b, err := json.Marshal(settings)
	if err != nil {
		panic(err)
	}
	c.Settings = b
	return c
}

type object = map[string]any

// What the user had us send to one host is not told to another.
func TestHeadersStayBehindOnAChangeOfHost(t *testing.T) {
	t.Parallel()
	other := targets.New(t, nil)
	web := targets.New(t, nil)
	web.Set("/there", targets.Redirect(307, "/here"))
	web.Set("/away", targets.Redirect(307, other.URL+"/"))
	target := strings.Replace(web.URL, "http://", "http://user:hunter22@", 1)
	settings := object{
		"method": "POST", "body": object{"type": "raw", "text": "payload"},
		"headers": []object{{"name": "X-Token", "value": "s3cret-token"}, {"name": "Cookie", "value": "a=b"}},
	}

	f := newRunner().Run(t.Context(), withSettings(check(target+"/there", long), settings))
	here := web.LastHeader("/here")
	if f.Reason != uptime.ReasonNone || here.Get("X-Token") != "s3cret-token" || here.Get("Authorization") == "" ||
		here.Get("Cookie") != "a=b" || here.Get("Content-Length") != "7" {
		t.Errorf("same host: %q %q, headers %v", f.Reason, f.Detail, here)
	}
	f = newRunner().Run(t.Context(), withSettings(check(target+"/away", long), settings))
	away := other.LastHeader("/")
	if f.Reason != uptime.ReasonNone || away == nil {
		t.Fatalf("other host: %q %q", f.Reason, f.Detail)
	}
	for _, name := range []string{"X-Token", "Authorization", "Cookie", "Content-Length"} {
		if v := away.Get(name); v != "" && v != "0" {
			t.Errorf("other host was told %s: %q", name, v)
		}
	}
	if away.Get("User-Agent") != "probefleet/1 (eu-west)" {
		t.Errorf("User-Agent %q", away.Get("User-Agent"))
	}
}

// A page that redirects to itself until it gets its cookie back is up.
func TestCookieRedirect(t *testing.T) {
	t.Parallel()
	web := targets.New(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("seen"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}
	})
	if f := newRunner().Run(t.Context(), check(web.URL+"/", long)); f.Reason != uptime.ReasonNone || f.Code != 200 {
		t.Errorf("got %q %q", f.Reason, f.Detail)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	web := targets.New(t, nil)
	web.Set("/418", targets.Status(418))
	web.Set("/moved", targets.Redirect(301, "/418"))
	tests := []struct {
		path     string
		settings any
		reason   uptime.Reason
	}{
		{"/418", object{"expected_status": []string{"200-299", "418"}}, uptime.ReasonNone},
		{"/", object{"expected_status": []string{"418"}}, uptime.ReasonStatus},
		{"/moved", object{"redirects": object{"follow": false}}, uptime.ReasonNone},
		{"/moved", object{"redirects": object{"follow": true}}, uptime.ReasonStatus},
		{"/", object{"method": "HEAD", "unknown": 1}, uptime.ReasonNone},
		{"/", object{"method": "GET /"}, uptime.ReasonInvalid},
		{"/", object{"expected_status": []string{"2xx"}}, uptime.ReasonNone},
		{"/", []int{1}, uptime.ReasonInvalid},
	}
	for _, tt := range tests {
		f := newRunner().Run(t.Context(), withSettings(check(web.URL+tt.path, long), tt.settings))
		if f.Reason != tt.reason {
			t.Errorf("%s with %v: %q %q, want %q", tt.path, tt.settings, f.Reason, f.Detail, tt.reason)
		}
		if (f.Outcome() == uptime.OutcomeInvalid) != (tt.reason == uptime.ReasonInvalid) {
			t.Errorf("%s with %v: outcome %s", tt.path, tt.settings, f.Outcome())
		}
	}
}

// Neither the password of a URL nor a header's value gets into a detail, even if the
// target echoes them.
func TestDetailKeepsSecrets(t *testing.T) {
	t.Parallel()
	echo := targets.Raw(t, func(c net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		buf := make([]byte, 64)
		_, _ = c.Read(buf)
		_, _ = io.WriteString(c, "hunter22 t0ken-value \x1b[31m\n")
	})
	settings := object{"headers": []object{{"name": "Authorization", "value": "Bearer t0ken-value", "secret": true}}}
	f := newRunner().Run(t.Context(), withSettings(check("http://user:hunter22@"+echo+"/", long), settings))
	if f.Reason != uptime.ReasonProtocol || strings.Contains(f.Detail, "hunter22") || strings.Contains(f.Detail, "t0ken") ||
		strings.Contains(f.Detail, "\x1b") || !strings.Contains(f.Detail, "***") {
		t.Errorf("got %q %q", f.Reason, f.Detail)
	}
}

// A failure of the network gets a second chance within the same deadline; an answer
// does not, and neither does a POST that may have had its effect.
func TestQuickRetry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		behave   targets.Behaviour
		settings object
		attempts int
		reason   uptime.Reason
	}{
		{"reset once", targets.Sequence(targets.Reset(), targets.Status(200)), nil, 2, uptime.ReasonNone},
		{"reset always", targets.Reset(), nil, 2, uptime.ReasonReset},
		{"error once", targets.Sequence(targets.Status(500), targets.Status(200)), nil, 1, uptime.ReasonStatus},
		{"reset of a POST", targets.Reset(), object{"method": "POST"}, 1, uptime.ReasonReset},
		{"cut of a POST", targets.Cut(), object{"method": "POST"}, 1, uptime.ReasonReset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			web := targets.New(t, tt.behave)
			c := check(web.URL+"/", long)
			if tt.settings != nil {
				withSettings(c, tt.settings)
			}
			f := newRunner().Run(t.Context(), c)
			if f.Attempts != tt.attempts || f.Reason != tt.reason || web.Requests("/") != tt.attempts {
				t.Errorf("%d attempts, %d requests, %q, want %d and %q", f.Attempts, web.Requests("/"), f.Reason, tt.attempts, tt.reason)
			}
		})
	}
}

func TestProxyIsNotUsed(t *testing.T) {
	proxy := targets.New(t, targets.Status(500))
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	// The standard library never uses a proxy for loopback: a name of another host is needed.
	f := newRunner(func(e *probe.Env) { e.Resolver = unresolved }).Run(t.Context(), check("http://shop.test/", long))
	if f.Reason != uptime.ReasonDNS {
		t.Errorf("got %q %q, want the name looked up here", f.Reason, f.Detail)
	}
}

// Whatever a target does, nothing of a probe is left behind: no goroutine, no socket.
func TestLeavesNothingBehind(t *testing.T) {
	web := targets.New(t, nil)
	paths := map[string]targets.Behaviour{
		"/hang": targets.Hang(), "/hang-body": targets.HangBody(), "/drip": targets.Drip(1000, 20*time.Millisecond),
		"/reset": targets.Reset(), "/cut": targets.Cut(), "/bomb": targets.GzipBomb(50 << 20), "/large": targets.Body(8 << 20),
		"/flood": targets.HeaderFlood(200 << 10), "/loop": targets.RedirectLoop(), "/500": targets.Status(500), "/ok": targets.Status(200),
	}
	for path, b := range paths {
		web.Set(path, b)
	}
	full := targets.Full(t)
	mute := targets.Raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	r := newRunner()
	goroutines, sockets := runtime.NumGoroutine(), openFiles(t)
	var wg sync.WaitGroup
	for range 10 {
		for path := range paths {
			wg.Go(func() { r.Run(t.Context(), check(web.URL+path, 200*time.Millisecond)) })
		}
		for _, target := range []string{full, "http://" + mute, "https://" + mute} {
			wg.Go(func() { r.Run(t.Context(), check(target, 200*time.Millisecond)) })
		}
	}
	wg.Wait()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		g, s := runtime.NumGoroutine(), openFiles(t)
		if g <= goroutines && s <= sockets {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, then %d; %d open files, then %d\n%s", goroutines, g, sockets, s, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// openFiles counts the files that the process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	return len(files)
}
