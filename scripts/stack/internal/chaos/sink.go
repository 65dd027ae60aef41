package chaos

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// told is one alert as a receiver took it.
type told struct {
	key, event, website string // of a webhook
	combined            bool   // a recovery that tells of the outage, too
	body                string
	at                  time.Time
}

// sink is where alerts arrive. What it answers can be made to fail; only what it took
// is kept.
type sink struct {
	mu      sync.Mutex
	got     []told
	refused int
	refuse  http.Handler // nil: take everything
}

// failWith makes it answer so from now on; nil: take everything.
func (s *sink) failWith(h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = h
}

// all returns what was taken.
func (s *sink) all() []told {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]told(nil), s.got...)
}

// turnedAway returns how many it answered with a failure.
func (s *sink) turnedAway() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// mentions returns how many of those that were taken contain all texts.
func (s *sink) mentions(texts ...string) int {
	n := 0
	for _, t := range s.all() {
		ok := true
		for _, text := range texts {
			ok = ok && strings.Contains(t.body, text)
		}
		if ok {
			n++
		}
	}
	return n
}

func (s *sink) add(t told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.at = time.Now()
	s.got = append(s.got, t)
}

// ServeHTTP takes webhooks, and Slack's messages likewise.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	s.mu.Lock()
	refuse := s.refuse
	if refuse != nil {
		s.refused++
	}
	s.mu.Unlock()
	if refuse != nil {
		refuse.ServeHTTP(w, r)
		return
	}
	var hook struct {
		Data struct {
			Event    string `json:"event"`
			Combined bool   `json:"combined"`
			Website  struct {
				ID string `json:"id"`
			} `json:"website"`
		} `json:"data"`
	}
	_ = json.Unmarshal(body, &hook) // Slack's has none of it
	s.add(told{
		key: r.Header.Get("webhook-id"), event: hook.Data.Event, website: hook.Data.Website.ID,
		combined: hook.Data.Combined, body: string(body),
	})
	_, _ = io.WriteString(w, "ok")
}

// listenMail makes the sink an SMTP server on loopback, too.
func (s *sink) listenMail() (address string, closeServer func() error, err error) {
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{to: s}, nil }))
	srv.Domain = "inbox.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() { _ = srv.Serve(l) }() // ends when it is closed
	return l.Addr().String(), srv.Close, nil
}

type mailSession struct{ to *sink }

func (*mailSession) Reset()                               {}
func (*mailSession) Logout() error                        { return nil }
func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (*mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (m *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, 1<<20))
	m.to.add(told{body: strings.ReplaceAll(string(b), "=\r\n", "")})
	return err
}

// answer is a handler that answers with a status and headers.
func answer(status int, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
	})
}
