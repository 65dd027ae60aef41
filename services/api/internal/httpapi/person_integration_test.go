//go:build integration

package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

const goodPassword = "correct horse battery"

// person is a browser: it keeps the session's cookie and says where its calls come from.
type person struct {
	f      *fleet
	url    string
	cookie *http.Cookie // nil: not signed in
	header http.Header  // sent with every call
}

func (f *fleet) person() *person {
	return &person{f: f, url: f.url, header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}
}

// call sends a request and keeps the cookie that the answer sets.
func (p *person) call(method, path string, body any) answer {
	p.f.t.Helper()
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		p.f.ok(err)
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(p.f.t.Context(), method, p.url+path, reader)
	p.f.ok(err)
	for name, values := range p.header {
		req.Header[name] = values
	}
	if p.cookie != nil {
		req.AddCookie(&http.Cookie{Name: p.cookie.Name, Value: p.cookie.Value})
	}
	res, err := http.DefaultClient.Do(req)
	p.f.ok(err)
	defer res.Body.Close()
	a := answer{t: p.f.t, call: method + " " + path, status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	p.f.ok(err)
	p.f.conforms(req, &a)
	for _, c := range res.Cookies() {
		p.cookie = c
		if c.MaxAge < 0 {
			p.cookie = nil
		}
	}
	return a
}

// me is the part of who calls that tests look at.
type me struct {
	Account *struct {
		ID, Email, Name   string
		Totp              bool
		RecoveryCodesLeft int `json:"recovery_codes_left"`
	}
	Key           *struct{ ID string }
	Organisation  *struct{ ID, Slug, Name string }
	Role          *string
	Scopes        []string
	Organisations []struct{ ID, Role string }
}

// owner sets the fleet up and returns who did.
func (f *fleet) owner() *person {
	f.t.Helper()
	p := f.person()
	p.call("POST", "/v1/setup", map[string]any{"email": "ada@example.com", "password": goodPassword, "name": "Ada"}).want(201, nil)
	return p
}

// signIn signs in as an account.
func (p *person) signIn(email, password string, more ...any) answer {
	p.f.t.Helper()
	body := map[string]any{"email": email, "password": password}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return p.call("POST", "/v1/sessions", body)
}

// withMail makes the fleet send letters.
func withMail(c *httpapi.Config) { c.SMTPConfigured, c.PublicURL = true, "https://fleet.example" }

func withClock(c *clock) func(*httpapi.Config) {
	return func(cfg *httpapi.Config) { cfg.Now = c.now }
}

func newClock() *clock { return &clock{at: time.Now().Truncate(time.Second)} }

// letters returns what waits to be sent, oldest first.
func (f *fleet) letters() []letter.Letter {
	f.t.Helper()
	rows, err := f.store.Pool().Query(f.t.Context(), "SELECT args, state FROM river_job WHERE kind = 'letter' ORDER BY id")
	f.ok(err)
	defer rows.Close()
	var out []letter.Letter
	for rows.Next() {
		var text []byte
		var state rivertype.JobState
		f.ok(rows.Scan(&text, &state))
		var args letter.Args
		f.ok(json.Unmarshal(text, &args))
		l, err := letter.Open(f.box, args)
		f.ok(err)
		out = append(out, l)
	}
	f.ok(rows.Err())
	return out
}
