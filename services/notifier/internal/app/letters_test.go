//go:build integration

package app_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/pkg/postgres"
)

const secretLink = "https://status.example.com/reset/c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I"

// mailServer starts a mail server on loopback that the fleet sends by.
func (f *fleet) mailServer(in smtp.Backend) {
	f.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	server := smtp.NewServer(in)
	go func() { _ = server.Serve(listener) }()
	f.t.Cleanup(func() { _ = server.Close() })
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	f.env = append(f.env, "SMTP_HOST="+host, "SMTP_PORT="+port, "SMTP_SECURITY=none", "SMTP_FROM=fleet@example.com")
}

// write writes a letter that was begun at a time.
func (f *fleet) write(l letter.Letter, at time.Time) letter.Args {
	f.t.Helper()
	args, err := letter.Seal(f.box, l, at)
	if err != nil {
		f.t.Fatal(err)
	}
	jobs, err := postgres.NewJobs(f.store)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx := context.Background()
	if err := f.store.Tx(ctx, func(tx pgx.Tx) error { return postgres.EnqueueLetter(ctx, tx, jobs, args) }); err != nil {
		f.t.Fatal(err)
	}
	return args
}

// ended waits until the job of a letter is over, and returns how.
func (f *fleet) ended(a letter.Args) string {
	f.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		var state string
		err := f.store.Pool().QueryRow(context.Background(), `SELECT state FROM river_job WHERE args ->> 'id' = $1`, a.ID.String()).Scan(&state)
		if err != nil {
			f.t.Fatal(err)
		}
		if state == "completed" || state == "cancelled" || state == "discarded" {
			return state
		}
		if time.Now().After(end) {
			f.t.Fatalf("the letter's job is still %s", state)
		}
	}
}

// parts returns the texts of a mail by type.
func parts(t *testing.T, text string) (*mail.Message, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, out
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		out[kind] = string(b)
	}
}

func TestALetterComesByTheFleetsMailServer(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	in := &inbox{}
	f.mailServer(in)
	a := f.write(letter.Letter{Kind: letter.PasswordReset, To: "ada@example.com", Link: secretLink, Until: time.Now().Add(time.Hour)}, time.Now())
	var stored string
	err := f.store.Pool().QueryRow(context.Background(), `SELECT args::text FROM river_job WHERE args ->> 'id' = $1`, a.ID.String()).Scan(&stored)
	if err != nil || strings.Contains(stored, "reset-password") || strings.Contains(stored, "ada@") {
		t.Errorf("the queue holds a secret in the clear: %v %s", err, stored)
	}
	cmd := f.start()
	if state := f.ended(a); state != "completed" {
		t.Fatalf("the job is %s", state)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.got) != 1 {
		t.Fatalf("%d mails", len(in.got))
	}
	m, texts := parts(t, in.got[0])
	if m.Header.Get("To") != "<ada@example.com>" || m.Header.Get("Subject") != "Choose a new password" || !strings.Contains(m.Header.Get("From"), "fleet@example.com") {
		t.Errorf("header %v", m.Header)
	}
	for _, kind := range []string{"text/plain", "text/html"} {
		if !strings.Contains(texts[kind], secretLink) {
			t.Errorf("%s has no link: %s", kind, texts[kind])
		}
	}
	if log, ok := cmd.Stdout.(interface{ String() string }); !ok || strings.Contains(log.String(), "c2VjcmV0") {
		t.Errorf("the link is in the logs")
	}
}

func TestALetterThatIsTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	in := &inbox{}
	f.mailServer(in)
	late := f.write(letter.Letter{Kind: letter.Invitation, To: "ada@example.com", Link: secretLink}, time.Now().Add(-2*letter.Lasts))
	fresh := f.write(letter.Letter{Kind: letter.Invitation, To: "ada@example.com", Link: secretLink}, time.Now())
	f.start()
	if state := f.ended(late); state != "cancelled" {
		t.Errorf("the job is %s", state)
	}
	if state := f.ended(fresh); state != "completed" {
		t.Errorf("the job is %s", state)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.got) != 1 {
		t.Errorf("%d mails, want that of the fresh one", len(in.got))
	}
}

// moody is a mail server that is ill at first.
type moody struct {
	inbox
	ill int
}

// NewSession implements smtp.Backend.
func (m *moody) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &moodySession{mailSession{&m.inbox}, m}, nil
}

type moodySession struct {
	mailSession
	server *moody
}

func (s *moodySession) Mail(string, *smtp.MailOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.ill > 0 {
		s.server.ill--
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "not now"}
	}
	return nil
}

func TestALetterIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	in := &moody{ill: 1}
	f.mailServer(in)
	a := f.write(letter.Letter{Kind: letter.PasswordChanged, To: "ada@example.com"}, time.Now())
	f.start()
	if state := f.ended(a); state != "completed" {
		t.Errorf("the job is %s", state)
	}
	var attempts int
	var errs []json.RawMessage
	err := f.store.Pool().QueryRow(context.Background(), `SELECT attempt, errors FROM river_job WHERE args ->> 'id' = $1`, a.ID.String()).Scan(&attempts, &errs)
	if err != nil || attempts != 2 || len(errs) != 1 {
		t.Errorf("%d attempts, errors %s, %v", attempts, errs, err)
	}
}
