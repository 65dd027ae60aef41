// Package wsprobe opens a WebSocket (RFC 6455) and, if it is told to, sends a message and
// waits until what comes back matches. Redirects are not followed: a client would not.
package wsprobe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/link"
)

type prober struct{ env probe.Env }

// New returns the prober of kind websocket.
func New(env probe.Env) probe.Prober { return &prober{env} }

// Probe implements [probe.Prober].
func (p *prober) Probe(ctx context.Context, c *uptime.Check) probe.Finding {
	s, err := monitorspec.Read[monitorspec.WebSocket](c.Settings)
	if err != nil {
		return probe.Finding{Reason: uptime.ReasonInvalid, Final: true, Detail: "settings: " + err.Error()}
	}
	f := probe.Finding{Secrets: monitorspec.SecretsOf(s), Evidence: &probe.Evidence{}}
	v := visit{
		env: &p.env, settings: s, secrets: f.Secrets, trace: link.Begin(), hands: &link.Handshakes{}, obs: &assertion.Observation{},
		enough: make(chan struct{}), listens: s.Expect != "" || p.env.Asserts(c.Kind, s.Assertions, assertion.SourcePayload) || p.env.Asserts(c.Kind, s.Assertions, assertion.SourceJSON),
	}
	err = v.run(ctx, c.Target)
	f.Code = v.obs.Status
	v.hands.Observe(v.obs, f.Evidence)
	f.Evidence.Excerpt, f.Evidence.Header = probe.Excerpt(v.obs.Payload, f.Secrets), probe.Telling(v.obs.Header, f.Secrets)
	if err != nil {
		v.trace.Fail(ctx, &f, err)
	} else {
		v.trace.End(&f)
		p.env.Judge(ctx, &f, c.Kind, s.Assertions, v.obs)
	}
	v.leave()
	return f
}

// maxHeaderBytes is what a server's answer may have of headers.
const maxHeaderBytes = 64 << 10

// visit is one attempt.
type visit struct {
	env      *probe.Env
	settings *monitorspec.WebSocket
	secrets  []string
	trace    *link.Trace
	hands    *link.Handshakes
	obs      *assertion.Observation
	listens  bool
	conn     *websocket.Conn
	below    atomic.Pointer[net.Conn]
	reader   sync.WaitGroup
	enough   chan struct{}           // closed when no more messages are wanted
	cancel   context.CancelCauseFunc // ends the connection
}

func (v *visit) run(ctx context.Context, target string) error {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "" {
		return link.Failf(uptime.ReasonInvalid, "target: not a URL of ws or wss")
	}
	ctx, v.cancel = context.WithCancelCause(ctx)
	if err := v.open(ctx, u); err != nil {
		return err
	}
	if v.settings.Send != "" {
		if err := v.send(ctx); err != nil {
			return caused(ctx, err)
		}
	}
	if v.listens {
		return caused(ctx, v.listen(ctx))
	}
	return nil
}

// caused prefers what we ended a connection for over what that looked like.
func caused(ctx context.Context, err error) error {
	var failure *link.Failure
	if err != nil && errors.As(context.Cause(ctx), &failure) {
		return failure
	}
	return err
}

// maxPings is how many pings a server may send in one check.
const maxPings = 1000

// open shakes hands: TCP, TLS, WebSocket.
func (v *visit) open(ctx context.Context, u *url.URL) error {
	header, host := v.header()
	pings := 0
	conn, res, err := websocket.Dial(v.trace.Context(ctx), u.String(), &websocket.DialOptions{ //nolint:bodyclose // the library does, and says so
		HTTPClient: v.client(ctx, u.Hostname()), HTTPHeader: header, Host: host, Subprotocols: v.settings.Subprotocols,
		OnPingReceived: func(context.Context, []byte) bool {
			pings++
			if pings > maxPings {
				v.cancel(link.Failf(uptime.ReasonProtocol, "more than %d pings", maxPings))
			}
			return true
		},
	})
	if res != nil {
		v.obs.Status, v.obs.Header = res.StatusCode, res.Header
	}
	switch {
	case err == nil:
	case res != nil && res.StatusCode != http.StatusSwitchingProtocols:
		return link.Failf(uptime.ReasonStatus, "%s, want 101", strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode))))
	case res != nil:
		return link.Failf(uptime.ReasonProtocol, "%s", strings.TrimPrefix(err.Error(), "failed to WebSocket dial: "))
	default:
		return refused(err)
	}
	v.conn = conn
	if len(v.settings.Subprotocols) > 0 && conn.Subprotocol() == "" {
		return link.Failf(uptime.ReasonProtocol, "the server takes none of the subprotocols")
	}
	return nil
}

// refused knows errors of net/http that have no type.
func refused(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "response headers exceeded"):
		return link.Failf(uptime.ReasonHeaderTooLarge, "more than %d KiB of headers", maxHeaderBytes>>10)
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return link.Failf(uptime.ReasonTLS, "the server speaks HTTP without TLS")
	case strings.Contains(text, "malformed HTTP"):
		return link.Failf(uptime.ReasonProtocol, "the answer is not HTTP")
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		if wrapped.Op == "parse" {
			return link.Failf(uptime.ReasonInvalid, "target: %s", wrapped.Err)
		}
		return wrapped.Err // without the URL
	}
	return err
}

func (v *visit) header() (h http.Header, host string) {
	h = http.Header{"User-Agent": {v.env.UserAgent}}
	for _, header := range v.settings.Headers {
		if strings.EqualFold(header.Name, "Host") {
			host = header.Value
			continue
		}
		if strings.EqualFold(header.Name, "User-Agent") {
			h.Del("User-Agent")
		}
		h.Add(header.Name, header.Value)
	}
	return h, host
}

// client makes one connection, through the guard. It dials and shakes hands itself under
// ctx: net/http would go on with both after the request has ended.
func (v *visit) client(ctx context.Context, host string) *http.Client {
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		conn, err := link.Dial(ctx, v.env, v.trace, "tcp", v.settings.IPVersion, address)
		if err != nil {
			return nil, err
		}
		below := net.Conn(conn)
		v.below.Store(&below)
		return conn, nil
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:       nil, // a proxy would dial for us, past the guard
		DialContext: dial,
		DialTLSContext: func(_ context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			secured, err := v.hands.Secure(ctx, v.env, v.trace, conn, &v.settings.TLS, host)
			if err != nil {
				_ = conn.Close()
				return nil, err
			}
			return secured, nil
		},
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeaderBytes,
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (v *visit) send(ctx context.Context) error {
	b, err := monitorspec.Decode(v.settings.Send, v.settings.Encoding)
	if err != nil {
		return link.Failf(uptime.ReasonInvalid, "settings: what is to be sent is not %s", v.settings.Encoding)
	}
	kind := websocket.MessageText
	if v.settings.Encoding != monitorspec.EncodingText {
		kind = websocket.MessageBinary
	}
	return v.conn.Write(ctx, kind, b)
}

// message is what the reader hears: one message, or why there are no more.
type message struct {
	b   []byte
	err error
}

// listen takes messages until they match or, without an expression, the first one.
func (v *visit) listen(ctx context.Context) error {
	m, err := link.NewMatcher(v.settings.Expect, v.settings.Encoding, v.secrets)
	if err != nil {
		return err
	}
	v.conn.SetReadLimit(link.MaxPayload)
	heard := make(chan message)
	v.reader.Go(func() {
		for {
			_, b, err := v.conn.Read(ctx)
			select {
			case heard <- message{b, err}:
			case <-v.enough:
				return
			}
			if err != nil {
				return
			}
		}
	})
	err = v.match(ctx, m, heard)
	v.obs.Payload = m.Bytes()
	return err
}

func (v *visit) match(ctx context.Context, m *link.Matcher, heard <-chan message) error {
	look := time.NewTimer(time.Hour) // for what came during a rest
	defer look.Stop()
	for {
		select {
		case next := <-heard:
			if next.err != nil {
				return v.ended(ctx, next.err, m)
			}
			if !m.Add(next.b) {
				return m.Flooded()
			}
			if v.settings.Expect == "" {
				return nil
			}
		case <-look.C:
		case <-ctx.Done():
			return v.ended(ctx, ctx.Err(), m)
		}
		if !m.Unseen() {
			continue
		}
		if rest := m.Rest(); rest > 0 {
			look.Reset(rest)
			continue
		}
		if _, ok := m.Look(ctx); ok {
			return nil
		}
	}
}

// ended says what it means that no more messages come.
func (v *visit) ended(ctx context.Context, err error, m *link.Matcher) error {
	if m.Unseen() && v.settings.Expect != "" {
		if _, ok := m.Look(ctx); ok {
			return nil
		}
	}
	closed := websocket.CloseError{}
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		return link.Failf(uptime.ReasonBodyTooLarge, "a message of more than %d KiB", link.MaxPayload>>10)
	case len(m.Bytes()) > 0 && (ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &closed)):
		return m.Mismatch()
	case errors.As(err, &closed):
		return &link.Failure{Reason: uptime.ReasonReset, Detail: strings.TrimSpace(fmt.Sprintf("the server closed: %d %s", closed.Code, closed.Reason))}
	}
	return err
}

// farewell is how long a server gets to say goodbye.
const farewell = 250 * time.Millisecond

// leave says goodbye and closes.
func (v *visit) leave() {
	close(v.enough)
	if v.conn != nil {
		// Close waits for the server's word for ten seconds, and CloseNow for Close.
		impatient := time.AfterFunc(farewell, func() {
			if conn := v.below.Load(); conn != nil {
				_ = (*conn).Close()
			}
		})
		_ = v.conn.Close(websocket.StatusNormalClosure, "")
		impatient.Stop()
	}
	if v.cancel != nil {
		v.cancel(nil)
	}
	v.reader.Wait()
}
