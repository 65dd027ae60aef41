package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	netmail "net/mail"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// sinks take the fleet's alerts: a web server and a mail server on loopback.
type sinks struct {
	url  string // for webhooks
	port int    // of the mail server
	web  *http.Server
	post *smtp.Server

	mu    sync.Mutex
	hooks []hook
	mails []mail
}

// mail is one that came.
type mail struct {
	at     time.Time
	digest int // websites that it tells of together; 0: it tells of one
}

// hook is a webhook that came.
type hook struct {
	at   time.Time
	kind string // alert.down, …
	site int
}

const maxAlert = 4 << 20 // bytes of one; a digest lists many

func openSinks() (*sinks, error) {
	s := &sinks{}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	post, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = web.Close()
		return nil, err
	}
	s.url, s.port = "http://"+web.Addr().String(), post.Addr().(*net.TCPAddr).Port
	s.web = &http.Server{Handler: http.HandlerFunc(s.hook), ReadHeaderTimeout: 10 * time.Second}
	s.post = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s}, nil }))
	s.post.Domain, s.post.ReadTimeout, s.post.WriteTimeout = "sink.test", time.Minute, time.Minute
	go func() { _ = s.web.Serve(web) }()   // ends with close
	go func() { _ = s.post.Serve(post) }() // likewise
	return s, nil
}

func (s *sinks) close() {
	_ = s.web.Close()
	_ = s.post.Close()
}

func (s *sinks) hook(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var body struct {
		Type string
		Data struct{ Website struct{ URL string } }
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxAlert)).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{at, body.Type, siteOf(body.Data.Website.URL)})
}

// told returns the webhooks and when mails came.
func (s *sinks) told() (hooks []hook, mails []mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(hooks, s.hooks...), append(mails, s.mails...)
}

// session is one of the mail server's; it takes everything.
type session struct{ to *sinks }

func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s *session) Data(r io.Reader) error {
	at := time.Now()
	text, err := io.ReadAll(io.LimitReader(r, maxAlert))
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	s.to.mails = append(s.to.mails, mail{at, digestOf(text)})
	return err
}

var digestSubject = regexp.MustCompile(`^[A-Z ]+ (\d+) websites`)

// digestOf returns of how many websites a mail tells together, by its subject.
func digestOf(text []byte) int {
	m, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return 0
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return 0
	}
	found := digestSubject.FindStringSubmatch(subject)
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1]) // digits
	return n
}

// tellSinks makes a channel of every kind wanted for all websites, and returns what
// removes them.
func (f *fleet) tellSinks(ctx context.Context, kinds ...string) (remove func(context.Context) error, err error) {
	config := map[string]any{
		"webhook": map[string]any{"url": f.sinks.url + "/hook"},
		"email": map[string]any{"to": []string{"ops@example.com"}, "smtp": map[string]any{
			"host": "127.0.0.1", "port": f.sinks.port, "security": "none", "from": "fleet@example.com",
		}},
	}
	var paths []string
	for _, kind := range kinds {
		var made struct{ ID string }
		in := map[string]any{"name": kind, "kind": kind, "config": config[kind], "events": []string{"down"}}
		if err := f.Client().Do(ctx, http.MethodPost, "/v1/channels", in, &made); err != nil {
			return nil, err
		}
		paths = append(paths, "/v1/channels/"+made.ID)
	}
	return func(ctx context.Context) error {
		for _, path := range paths {
			if err := f.Client().Do(ctx, http.MethodDelete, path, nil, nil); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
