package wsprobe_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe/probetest"
	"github.com/probefleet/probefleet/services/worker/internal/probe/wsprobe"
)

var kind = probetest.Kind{Kind: uptime.KindWebSocket, New: wsprobe.New}

// socket serves one WebSocket connection by f.
func socket(f func(ctx context.Context, c *websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"feed.v1"}, InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer c.CloseNow() //nolint:errcheck // it is closed already, or has failed
		f(r.Context(), c)
	}
}

func echo(ctx context.Context, c *websocket.Conn) {
	for {
		kind, b, err := c.Read(ctx)
		if err != nil || c.Write(ctx, kind, append([]byte("echo "), b...)) != nil {
			return
		}
	}
}

func mute(ctx context.Context, c *websocket.Conn) { _, _, _ = c.Read(ctx) }

// serve returns a URL of ws for as long as the test runs.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func TestReasons(t *testing.T) {
	t.Parallel()
	echoes, silent := serve(t, socket(echo)), serve(t, socket(mute))
	says := func(messages ...string) string {
		return serve(t, socket(func(ctx context.Context, c *websocket.Conn) {
			for _, m := range messages {
				if c.Write(ctx, websocket.MessageText, []byte(m)) != nil {
					return
				}
			}
			mute(ctx, c)
		}))
	}
	raw := func(answer string) string {
		return "ws://" + targets.Raw(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, answer)
		})
	}
	web := targets.New(t, nil)
	web.Set("/moved", targets.Redirect(302, "/"))
	web.Set("/forbidden", targets.Status(403))
	web.Set("/flood", targets.HeaderFlood(100<<10))
	web.Set("/hang", targets.Hang())
	web.Set("/reset", targets.Reset())
	plain := "ws" + strings.TrimPrefix(web.URL, "http")

	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "opens", Target: silent, Code: 101},
		{Name: "echo", Target: echoes, Settings: `{"send":"hi","expect":"^echo hi$"}`, Code: 101},
		{Name: "binary", Target: echoes, Settings: `{"send":"00ff","encoding":"hex","expect":"^6563686f2000ff$"}`, Code: 101},
		{Name: "over several messages", Target: says("one", "two", "three"), Settings: `{"expect":"onetwothree"}`, Code: 101},
		{Name: "subprotocol", Target: echoes, Settings: `{"subprotocols":["feed.v2","feed.v1"]}`, Code: 101},
		{Name: "no subprotocol", Target: echoes, Settings: `{"subprotocols":["feed.v3"]}`, Reason: uptime.ReasonProtocol, Code: 101, Detail: "none of the subprotocols"},
		{Name: "another answer", Target: echoes, Settings: `{"send":"hi","expect":"pong"}`, Timeout: probetest.Short, Reason: uptime.ReasonAssertion, Code: 101, Detail: `"echo hi" does not match "pong"`},
		{Name: "says nothing", Target: silent, Settings: `{"expect":"."}`, Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Code: 101, Detail: "no complete answer"},
		{Name: "closes", Target: serve(t, socket(func(_ context.Context, c *websocket.Conn) { _ = c.Close(websocket.StatusPolicyViolation, "go away") })),
			Settings: `{"expect":"."}`, Reason: uptime.ReasonReset, Code: 101, Detail: "1008"},
		{Name: "drops", Target: serve(t, socket(func(context.Context, *websocket.Conn) {})), Settings: `{"expect":"."}`, Reason: uptime.ReasonReset, Code: 101},
		{Name: "closes after another answer", Target: serve(t, socket(func(ctx context.Context, c *websocket.Conn) {
			_ = c.Write(ctx, websocket.MessageText, []byte("bye"))
			_ = c.Close(websocket.StatusNormalClosure, "")
		})), Settings: `{"expect":"pong"}`, Reason: uptime.ReasonAssertion, Code: 101, Detail: `"bye" does not match`},
		{Name: "a web page", Target: plain + "/", Reason: uptime.ReasonStatus, Code: 200, Detail: "200 OK, want 101"},
		{Name: "forbidden", Target: plain + "/forbidden", Reason: uptime.ReasonStatus, Code: 403, Detail: "403 Forbidden"},
		{Name: "redirect", Target: plain + "/moved", Reason: uptime.ReasonStatus, Code: 302},
		{Name: "hangs", Target: plain + "/hang", Timeout: probetest.Short, Reason: uptime.ReasonTimeout, Detail: "no answer"},
		{Name: "resets", Target: plain + "/reset", Reason: uptime.ReasonReset},
		{Name: "header flood", Target: plain + "/flood", Reason: uptime.ReasonHeaderTooLarge, Detail: "64 KiB"},
		{Name: "no HTTP", Target: raw("220 mail.test\r\n"), Reason: uptime.ReasonProtocol, Detail: "not HTTP"},
		{Name: "wrong key", Target: raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"),
			Reason: uptime.ReasonProtocol, Code: 101, Detail: "Sec-WebSocket-Accept"},
		{Name: "refused", Target: "ws" + strings.TrimPrefix(targets.Refused(t), "http"), Reason: uptime.ReasonConnectRefused},
		{Name: "dropped", Target: "ws" + strings.TrimPrefix(targets.Full(t), "http"), Timeout: probetest.Short, Reason: uptime.ReasonConnectTimeout},
		{Name: "blocked", Target: "ws://192.168.0.1/", Reason: uptime.ReasonBlockedTarget},
		{Name: "no lookup", Target: "ws://nowhere.invalid/", Reason: uptime.ReasonDNS},
		{Name: "no address of the version", Target: silent, Settings: `{"ip_version":"6"}`, Reason: uptime.ReasonDNS, Detail: "version of IP"},

		{Name: "assertion on the first message", Target: says(`{"ok":true}`), Settings: `{"assertions":[{"source":"json","property":"$.ok","comparison":"equals","target":true},{"source":"header","property":"Upgrade","comparison":"equals","target":"websocket"}]}`, Code: 101},
		{Name: "assertion fails", Target: says("no"), Settings: `{"assertions":[{"source":"payload","comparison":"equals","target":"yes"}]}`, Reason: uptime.ReasonAssertion, Code: 101, Detail: `payload is "no"`},
		{Name: "degraded", Target: silent, Settings: `{"assertions":[{"source":"latency","comparison":"less_than","target":0,"severity":"degraded"}]}`, Reason: uptime.ReasonAssertion, Code: 101, Degraded: true, Detail: "latency"},
	})
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca := targets.NewTestCA(t)
	env := probetest.Env()
	env.Roots = ca.Pool
	secured := func(cert tls.Certificate, change ...func(*tls.Config)) string {
		s := httptest.NewUnstartedServer(socket(echo))
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		for _, f := range change {
			f(s.TLS)
		}
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.StartTLS()
		t.Cleanup(s.Close)
		return "wss" + strings.TrimPrefix(s.URL, "https")
	}
	good := secured(ca.Issue(t, targets.Identity{}))
	plain := serve(t, socket(echo))
	mutual := func(c *tls.Config) {
		c.ClientAuth, c.ClientCAs, c.MaxVersion = tls.RequireAndVerifyClientCert, ca.Pool, tls.VersionTLS12
	}
	kind.Table(t, env, []probetest.Case{
		{Name: "good", Target: good, Settings: `{"send":"hi","expect":"echo"}`, Code: 101},
		{Name: "self-signed", Target: secured(targets.SelfSigned(t, targets.Identity{})), Reason: uptime.ReasonCertUntrusted, Detail: "self-signed"},
		{Name: "self-signed, not verified", Target: secured(targets.SelfSigned(t, targets.Identity{})), Settings: `{"tls":{"skip_verify":true}}`, Code: 101},
		{Name: "another name", Target: secured(ca.Issue(t, targets.Identity{Names: []string{"example.org"}})), Reason: uptime.ReasonCertName},
		{Name: "expired", Target: secured(ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)})), Reason: uptime.ReasonCertExpired},
		{Name: "wants a client certificate", Target: secured(ca.Issue(t, targets.Identity{}), mutual), Reason: uptime.ReasonAuth, Detail: "client certificate"},
		{Name: "no TLS there", Target: "wss" + strings.TrimPrefix(plain, "ws"), Reason: uptime.ReasonTLS, Detail: "without TLS"},
		{Name: "certificate", Target: good, Settings: `{"assertions":[{"source":"certificate","comparison":"greater_than","target":120}]}`, Reason: uptime.ReasonAssertion, Code: 101, Detail: "certificate is"},
	})
	f := kind.Run(t, env, good, ``, probetest.Long)
	if f.Phases.TLS <= 0 || f.Phases.TTFB <= 0 || f.Evidence.Certificate == nil || f.Evidence.Header.Get("Upgrade") == "" || f.IP.String() != "127.0.0.1" {
		t.Errorf("%+v %+v", f, f.Evidence)
	}
}

func TestIntroducesItself(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 2)
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header.Clone()
		h.Set("Host", r.Host)
		seen <- h
		socket(mute)(w, r)
	}))
	kind.Run(t, probetest.Env(), target, ``, probetest.Long)
	if h := <-seen; h.Get("User-Agent") != "probefleet/1 (eu-west)" || h.Get("Sec-Websocket-Extensions") != "" {
		t.Errorf("%v", h)
	}
	kind.Run(t, probetest.Env(), target, `{"headers":[{"name":"Host","value":"feed.example.org"},{"name":"Origin","value":"https://example.org"},{"name":"User-Agent","value":"mine"}]}`, probetest.Long)
	if h := <-seen; h.Get("User-Agent") != "mine" || h.Get("Host") != "feed.example.org" || h.Get("Origin") != "https://example.org" {
		t.Errorf("%v", h)
	}
}

// A server may say anything, as fast as it likes, and is left in the end.
func TestHostile(t *testing.T) {
	t.Parallel()
	forever := func(f func(ctx context.Context, c *websocket.Conn) error) string {
		return serve(t, socket(func(ctx context.Context, c *websocket.Conn) {
			for f(ctx, c) == nil {
			}
		}))
	}
	write := func(kind websocket.MessageType, text string, pause time.Duration) func(context.Context, *websocket.Conn) error {
		return func(ctx context.Context, c *websocket.Conn) error {
			time.Sleep(pause)
			return c.Write(ctx, kind, []byte(text))
		}
	}
	frame := func(b string) string {
		return "ws://" + targets.Raw(t, func(c net.Conn) {
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept(r.Header.Get("Sec-Websocket-Key")))
			for {
				if _, err := io.WriteString(c, b); err != nil {
					return
				}
			}
		})
	}
	kind.Table(t, probetest.Env(), []probetest.Case{
		{Name: "one large message", Target: forever(write(websocket.MessageText, strings.Repeat("x", 128<<10), 0)), Settings: `{"expect":"y"}`, Reason: uptime.ReasonBodyTooLarge, Code: 101},
		{Name: "many messages", Target: forever(write(websocket.MessageText, strings.Repeat("x", 1024), 0)), Settings: `{"expect":"y"}`, Reason: uptime.ReasonBodyTooLarge, Code: 101, Detail: "more than 64 KiB"},
		{Name: "empty messages", Target: forever(write(websocket.MessageText, "", time.Millisecond)), Timeout: probetest.Short, Settings: `{"expect":"y"}`, Reason: uptime.ReasonTimeout, Code: 101},
		{Name: "drip", Target: forever(write(websocket.MessageText, "x", 20*time.Millisecond)), Timeout: probetest.Short, Settings: `{"expect":"y"}`, Reason: uptime.ReasonAssertion, Code: 101},
		{Name: "pings", Target: frame("\x89\x00"), Settings: `{"expect":"y"}`, Reason: uptime.ReasonProtocol, Code: 101, Detail: "more than 1000 pings"},
		{Name: "reserved bits", Target: frame("\xf1\x01x"), Settings: `{"expect":"y"}`, Reason: uptime.ReasonProtocol, Code: 101},
		{Name: "a length of 2^63", Target: frame("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), Settings: `{"expect":"y"}`, Reason: uptime.ReasonProtocol, Code: 101},
		{Name: "never leaves", Target: frame("\x81\x01y"), Settings: `{"expect":"y"}`, Code: 101},
	})
}

// Many small messages and an expression that is slow on them end with the timeout, or
// before it when they get too many.
func TestSlowExpression(t *testing.T) {
	t.Parallel()
	target := serve(t, socket(func(ctx context.Context, c *websocket.Conn) {
		for c.Write(ctx, websocket.MessageText, []byte("ab")) == nil {
		}
	}))
	f := kind.Run(t, probetest.Env(), target, `{"expect":"(a|b|ab)*(x|y){40}c$"}`, time.Second)
	if f.Reason != uptime.ReasonBodyTooLarge && f.Reason != uptime.ReasonAssertion {
		t.Errorf("%s %s", f.Reason, f.Detail)
	}
}

// accept answers the key of an opening request (RFC 6455, section 4.2.2).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	target := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "you sent "+r.Header.Get("X-Token"))
		socket(echo)(w, r)
	}))
	const set = `{"headers":[{"name":"X-Token","value":"hunter22"}],"send":"login s3cr3t-key","secret":true,"expect":"never"}`
	f := kind.RunUntil(t, probetest.Env(), target, set, probetest.Short, probetest.Because(uptime.ReasonAssertion))
	all, err := json.Marshal(f.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	if text := f.Detail + string(all); f.Reason != uptime.ReasonAssertion || strings.Contains(text, "hunter22") || strings.Contains(text, "s3cr3t") {
		t.Errorf("%s %s", f.Reason, text)
	}
}
