// Package smtpserver provides a mail server on loopback for tests: with or without TLS,
// and with logins by PLAIN and LOGIN. It takes no mail unless it is told to.
package smtpserver

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Config of a server. Zero values are the defaults named.
type Config struct {
	TLS        *tls.Config // no STARTTLS
	Implicit   bool        // TLS begins with the connection
	Mechanisms []string    // no login
	Username   string
	Password   string
	// Take is handed every mail, and refuses it by an error; nil: no mail is taken.
	Take func(from string, to []string, data []byte) error
}

// New starts a server for as long as a test runs. It returns host:port.
func New(t testing.TB, cfg Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("smtpserver: %v", err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{cfg: cfg}, nil }))
	s.Domain, s.ReadTimeout, s.WriteTimeout = "mail.test", time.Minute, time.Minute
	s.ErrorLog = quiet{}
	s.TLSConfig = cfg.TLS
	addr := l.Addr().String()
	if cfg.Implicit {
		l, s.TLSConfig = tls.NewListener(l, cfg.TLS), nil
		s.AllowInsecureAuth = true // it is not, but the server cannot tell
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return addr
}

// quiet swallows what the server would log: failing is a test's business.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

var errNoMail = errors.New("no mail is taken here")

type session struct {
	cfg  Config
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.cfg.Take == nil {
		return errNoMail
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.cfg.Take == nil {
		return errNoMail
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	if s.cfg.Take == nil {
		return errNoMail
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return s.cfg.Take(s.from, s.to, data)
}

func (s *session) AuthMechanisms() []string { return s.cfg.Mechanisms }
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if !slices.Contains(s.cfg.Mechanisms, mechanism) {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	if mechanism == "LOGIN" {
		return &login{check: s.check}, nil
	}
	return sasl.NewPlainServer(func(_, username, password string) error { return s.check(username, password) }), nil
}

func (s *session) check(username, password string) error {
	if username != s.cfg.Username || password != s.cfg.Password {
		return smtp.ErrAuthFailed
	}
	return nil
}

// login is the server's side of mechanism LOGIN.
type login struct {
	check    func(username, password string) error
	step     int
	username string
}

// Next implements [sasl.Server].
func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.username = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}
