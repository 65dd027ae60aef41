//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/miekg/dns"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/probefleet/probefleet/pkg/testenv/targets"
	"github.com/probefleet/probefleet/pkg/testenv/targets/dnsserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/grpcserver"
	"github.com/probefleet/probefleet/pkg/testenv/targets/smtpserver"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type object = map[string]any

// subject is a target of one kind and the monitor that watches it. While it is broken it
// repeats, where its kind lets it, every secret that it was told.
type subject struct {
	kind, target string
	settings     object
	secrets      []string
	reason       uptime.Reason // of every region's vote while it is broken

	broken atomic.Bool
	change func(t *testing.T, broken bool) // where the switch is not enough
}

func (s *subject) turn(t *testing.T, broken bool) {
	t.Helper()
	s.broken.Store(broken)
	if s.change != nil {
		s.change(t, broken)
	}
}

// secret remembers what must be nowhere but in the fleet's vault and at the target.
func (s *subject) secret(text string) string {
	s.secrets = append(s.secrets, text)
	return text
}

// inTheOpen is no secret: where it is found, a secret would have been found, too.
const inTheOpen = "in-the-open-for-all-to-see"

// shop is an API behind OAuth2 and a key in a header.
func shop(t *testing.T) *subject {
	s := &subject{kind: "http", reason: uptime.ReasonAssertion}
	key, password, token := s.secret("shop-api-key-d41a7f"), s.secret("shop-client-secret-88c2e1"), s.secret("shop-access-token-0b6f93")
	web := targets.New(t, nil)
	web.Set("/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if id, given, _ := r.BasicAuth(); id != "probe" || given != password || r.PostFormValue("scope") != "read" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, token)
	})
	web.Set("/stock", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("X-Api-Key") != key || r.Header.Get("X-Open") != inTheOpen {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"open":%t,"you":%q}`, !s.broken.Load(), r.Header.Get("X-Api-Key")+" "+r.Header.Get("Authorization"))
	})
	s.target = web.URL + "/stock"
	s.settings = object{
		"headers":    []object{{"name": "X-Api-Key", "value": key}, {"name": "X-Open", "value": inTheOpen}},
		"auth":       object{"type": "oauth2", "token_url": web.URL + "/token", "client_id": "probe", "client_secret": password, "scopes": []string{"read"}},
		"assertions": []object{{"source": "json", "property": "$.open", "comparison": "equals", "target": true}},
	}
	return s
}

// bank is a page for those who know a password and show a certificate.
func bank(t *testing.T) *subject {
	s := &subject{kind: "http", reason: uptime.ReasonAuth}
	ca := targets.NewTestCA(t)
	password, field := s.secret("bank-password-5e90c4"), s.secret("bank-form-field-7712aa")
	certificate, key := targets.PEM(t, ca.Issue(t, targets.Identity{}))
	s.secret(strings.Split(key, "\n")[1])
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, given, _ := r.BasicAuth()
		if s.broken.Load() || user != "probe" || given != password || r.PostFormValue("answer") != field || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(w, "who is", user, given, r.Header.Get("Authorization"), r.Form)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	web.TLS = &tls.Config{
		Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool,
	}
	web.StartTLS()
	t.Cleanup(web.Close)
	s.target = web.URL + "/"
	s.settings = object{
		"method": "POST", "body": object{"type": "form", "fields": []object{{"name": "answer", "value": field, "secret": true}}},
		"auth":            object{"type": "basic", "username": "probe", "password": password},
		"tls":             object{"ca": ca.PEM(), "certificate": certificate, "key": key},
		"expected_status": []any{201},
	}
	return s
}

// mailbox is a dialogue that begins TLS and answers a challenge.
func mailbox(t *testing.T) *subject {
	s := &subject{kind: "tcp", reason: uptime.ReasonAssertion}
	ca := targets.NewTestCA(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	password := s.secret("mailbox-password-c03d18")
	s.target = targets.Raw(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "* OK nonce=4711\r\n")
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			switch {
			case err != nil:
				return
			case line == "a1 STARTTLS\r\n":
				_, _ = io.WriteString(c, "a1 OK\r\n")
				c = tls.Server(c, cfg)
				r = bufio.NewReader(c)
			case line == "a2 LOGIN 4711 "+password+"\r\n" && !s.broken.Load():
				_, _ = io.WriteString(c, "a2 OK\r\n")
			default:
				_, _ = io.WriteString(c, "a2 NO "+line)
				return
			}
		}
	})
	s.settings = object{"tls": object{"ca": ca.PEM()}, "steps": []object{
		{"expect": `nonce=(?P<nonce>\d+)\r\n`}, {"send": "a1 STARTTLS\r\n"}, {"expect": `^a1 OK\r\n`}, {"starttls": true},
		{"send": "a2 LOGIN ${nonce} " + password + "\r\n", "secret": true}, {"expect": `^a2 OK`},
	}}
	return s
}

func gameServer(t *testing.T) *subject {
	s := &subject{kind: "udp", reason: uptime.ReasonAssertion}
	word := s.secret("game-word-41f7be")
	s.target = targets.Packets(t, func(packet []byte) [][]byte {
		if s.broken.Load() || string(packet) != "ping "+word {
			return [][]byte{append([]byte("what is "), packet...)}
		}
		return [][]byte{[]byte("pong")}
	})
	s.settings = object{"send": "ping " + word, "secret": true, "expect": "^pong$"}
	return s
}

func nameServer(t *testing.T) *subject {
	s := &subject{kind: "dns", target: "shop.example", reason: uptime.ReasonNXDomain}
	good := dnsserver.Authenticated(dnsserver.Zone("shop.example. 60 IN A 192.0.2.1", "shop.example. 60 IN A 192.0.2.2"))
	bad := dnsserver.Answer(dns.RcodeNameError)
	addr := dnsserver.New(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if s.broken.Load() {
			bad(w, q)
			return
		}
		good(w, q)
	}, nil).Addr
	s.settings = object{"nameserver": addr, "dnssec": true, "expect": object{"match": "exact", "values": []string{"192.0.2.2", "192.0.2.1"}}}
	return s
}

// certificate is a server whose certificate, of an authority between, runs out.
func certificate(t *testing.T) *subject {
	s := &subject{kind: "tls", reason: uptime.ReasonCertExpired}
	root := targets.NewTestCA(t)
	ca := root.Intermediate(t, time.Now().Add(60*24*time.Hour))
	good := ca.Chain(ca.Issue(t, targets.Identity{}))
	expired := ca.Chain(ca.Issue(t, targets.Identity{NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour)}))
	between, err := x509.ParseCertificate(good.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	pin := sha256.Sum256(between.RawSubjectPublicKeyInfo)
	s.target = targets.RawTLS(t, &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if s.broken.Load() {
			return &expired, nil
		}
		return &good, nil
	}}, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	s.settings = object{
		"tls":        object{"ca": root.PEM(), "min_version": "1.3"},
		"pins":       []string{base64.StdEncoding.EncodeToString(pin[:])},
		"assertions": []object{{"source": "certificate", "comparison": "greater_than", "target": 14}},
	}
	return s
}

func healthService(t *testing.T) *subject {
	s := &subject{kind: "grpc", reason: uptime.ReasonStatus}
	ca := targets.NewTestCA(t)
	token := s.secret("grpc-token-9a4c55")
	cfg := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12}
	s.target = grpcserver.New(t, cfg, func(ctx context.Context, service string) (healthpb.HealthCheckResponse_ServingStatus, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		if s.broken.Load() || service != "shop.Cart" || strings.Join(md.Get("x-token"), "") != token {
			return healthpb.HealthCheckResponse_NOT_SERVING, nil
		}
		return healthpb.HealthCheckResponse_SERVING, nil
	})
	s.settings = object{"service": "shop.Cart", "metadata": []object{{"name": "X-Token", "value": token}}, "tls": object{"ca": ca.PEM()}}
	return s
}

func feed(t *testing.T) *subject {
	s := &subject{kind: "websocket", reason: uptime.ReasonAssertion}
	cookie, login := s.secret("feed-cookie-3b81d0"), s.secret("feed-login-e6772f")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"feed.v1"}})
		if err != nil {
			return
		}
		defer c.CloseNow() //nolint:errcheck // it is closed already, or has failed
		kind, message, err := c.Read(r.Context())
		if err != nil {
			return
		}
		answer := []byte("welcome")
		if s.broken.Load() || string(message) != "login "+login || r.Header.Get("Cookie") != "id="+cookie {
			answer = []byte("go away " + r.Header.Get("Cookie") + " " + string(message))
		}
		_ = c.Write(r.Context(), kind, answer)
		_ = c.Close(websocket.StatusNormalClosure, "")
	}))
	t.Cleanup(func() { web.CloseClientConnections(); web.Close() })
	s.target = "ws" + strings.TrimPrefix(web.URL, "http") + "/"
	s.settings = object{
		"headers": []object{{"name": "Cookie", "value": "id=" + cookie}}, "subprotocols": []string{"feed.v1"},
		"send": "login " + login, "secret": true, "expect": "^welcome$",
	}
	return s
}

// mailServer forgets its user's password while it is broken.
func mailServer(t *testing.T) *subject {
	s := &subject{kind: "smtp", reason: uptime.ReasonAuth}
	ca := targets.NewTestCA(t)
	password := s.secret("smtp-password-70e2fb")
	cfg := smtpserver.Config{
		TLS:        &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, targets.Identity{})}, MinVersion: tls.VersionTLS12},
		Mechanisms: []string{"PLAIN"}, Username: "probe", Password: password,
	}
	good := smtpserver.New(t, cfg)
	cfg.Password = "another"
	forgetful := smtpserver.New(t, cfg)
	s.target = targets.Raw(t, func(c net.Conn) {
		to := good
		if s.broken.Load() {
			to = forgetful
		}
		forward(c, to)
	})
	s.settings = object{"auth": object{"username": "probe", "password": password}, "tls": object{"ca": ca.PEM()}}
	return s
}

// forward joins a connection with a server until either side has had enough.
func forward(c net.Conn, to string) {
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
	if err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, c)
		_ = server.Close()
	}()
	_, _ = io.Copy(c, server)
	_ = c.Close()
	<-done
}
