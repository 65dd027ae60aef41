//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// inbox keeps what was sent to it; it is both an SMTP server and a web server.
type inbox struct {
	mu   sync.Mutex
	got  []message
	smtp int // port
	url  string
}

type message struct {
	header http.Header // of a webhook
	to     []string    // of a mail
	body   string
}

func (b *inbox) add(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, m)
}

// with returns the messages that contain every text.
func (b *inbox) with(texts ...string) []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []message
	for _, m := range b.got {
		ok := true
		for _, text := range texts {
			ok = ok && strings.Contains(m.body, text)
		}
		if ok {
			out = append(out, m)
		}
	}
	return out
}

// newMailbox starts an SMTP server on loopback for as long as the test runs.
func newMailbox(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{to: b}, nil }))
	srv.Domain = "inbox.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.smtp = l.Addr().(*net.TCPAddr).Port
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return b
}

type session struct {
	to  *inbox
	rcp []string
}

func (s *session) Reset()                               { s.rcp = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.rcp = append(s.rcp, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	s.to.add(message{to: s.rcp, body: strings.ReplaceAll(string(b), "=\r\n", "")})
	return err
}

// newHook starts a web server that takes every POST for as long as the test runs.
func newHook(t *testing.T, answer string) *inbox {
	t.Helper()
	b := &inbox{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		b.add(message{header: r.Header.Clone(), body: string(body)})
		fmt.Fprint(w, answer)
	}))
	b.url = srv.URL
	t.Cleanup(srv.Close)
	return b
}
