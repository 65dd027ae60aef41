// Package dnsserver provides a name server on loopback for tests: over UDP, TCP and TLS,
// with the records that it is given or as badly behaved as a handler makes it.
package dnsserver

import (
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Server is a running name server.
type Server struct {
	Addr    string // host:port, the same for UDP and TCP
	TLSAddr string // host:port of DNS over TLS; empty without a configuration for it
}

// New starts a server for as long as a test runs. With cfg it speaks TLS, too.
func New(t testing.TB, handler dns.HandlerFunc, cfg *tls.Config) *Server {
	t.Helper()
	packets, listener := listen(t)
	s := &Server{Addr: listener.Addr().String()}
	serve(t, &dns.Server{PacketConn: packets, Handler: handler})
	serve(t, &dns.Server{Listener: listener, Handler: handler})
	if cfg != nil {
		l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
		if err != nil {
			t.Fatalf("dnsserver: %v", err)
		}
		s.TLSAddr = l.Addr().String()
		serve(t, &dns.Server{Listener: l, Net: "tcp-tls", Handler: handler})
	}
	return s
}

// listen finds a port that is free for both protocols.
func listen(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("dnsserver: %v", err)
		}
		packets, err := net.ListenPacket("udp", listener.Addr().String())
		if err == nil {
			return packets, listener
		}
		_ = listener.Close()
	}
	t.Fatal("dnsserver: no port is free for both UDP and TCP")
	return nil, nil
}

func serve(t testing.TB, s *dns.Server) {
	t.Helper()
	started, done := make(chan struct{}), make(chan struct{})
	s.NotifyStartedFunc = func() { close(started) }
	go func() {
		defer close(done)
		_ = s.ActivateAndServe()
	}()
	<-started
	t.Cleanup(func() {
		_ = s.Shutdown()
		<-done
	})
}

// Zone answers from records in presentation form, as in "www.example.org. 60 IN A
// 192.0.2.1". A name that it has no record of does not exist. Aliases are followed.
func Zone(records ...string) dns.HandlerFunc {
	var all []dns.RR
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil || rr == nil {
			panic("dnsserver: not a record: " + text)
		}
		all = append(all, rr)
	}
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.Authoritative, m.RecursionAvailable = true, true
		name, exists := strings.ToLower(q.Question[0].Name), false
		for range 8 {
			alias := ""
			for _, rr := range all {
				if !strings.EqualFold(rr.Header().Name, name) {
					continue
				}
				exists = true
				if rr.Header().Rrtype == q.Question[0].Qtype {
					m.Answer = append(m.Answer, rr)
				} else if c, ok := rr.(*dns.CNAME); ok {
					m.Answer, alias = append(m.Answer, rr), strings.ToLower(c.Target)
				}
			}
			if alias == "" {
				break
			}
			name = alias
		}
		if !exists {
			m.Rcode = dns.RcodeNameError
		}
		_ = w.WriteMsg(m)
	}
}

// Answer answers every question with a response code and nothing else.
func Answer(rcode int) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetRcode(q, rcode)
		_ = w.WriteMsg(m)
	}
}

// Silence answers nothing.
func Silence() dns.HandlerFunc { return func(dns.ResponseWriter, *dns.Msg) {} }

// Authenticated sets the AD flag of what another handler answers.
func Authenticated(h dns.HandlerFunc) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		h(&changed{w, func(m *dns.Msg) { m.AuthenticatedData = true }}, q)
	}
}

// Truncated answers over UDP that the answer did not fit.
func Truncated(h dns.HandlerFunc) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		h(&changed{w, func(m *dns.Msg) {
			if w.RemoteAddr().Network() == "udp" {
				m.Answer, m.Truncated = nil, true
			}
		}}, q)
	}
}

// WithoutEDNS refuses questions with EDNS, as some old servers do.
func WithoutEDNS(h dns.HandlerFunc) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		if slices.ContainsFunc(q.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeOPT }) {
			Answer(dns.RcodeFormatError)(w, q)
			return
		}
		h(w, q)
	}
}

// changed changes messages before they are sent.
type changed struct {
	dns.ResponseWriter
	change func(*dns.Msg)
}

func (c *changed) WriteMsg(m *dns.Msg) error {
	c.change(m)
	return c.ResponseWriter.WriteMsg(m)
}
