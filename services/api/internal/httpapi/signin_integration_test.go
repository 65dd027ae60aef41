//go:build integration

package httpapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

func TestTheFirstAccountSetsTheFleetUp(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.Version = "1.2.3" })
	var setup struct {
		Needed, Mail bool
		SignUpOpen   bool `json:"sign_up_open"`
		Version      string
	}
	f.as("").call("GET", "/v1/setup", nil).want(200, &setup)
	if !setup.Needed || setup.Mail || setup.SignUpOpen || setup.Version != "1.2.3" {
		t.Errorf("got %+v", setup)
	}
	f.person().call("POST", "/v1/setup", map[string]any{"email": "no address", "password": goodPassword}).invalid("#/email")
	f.person().call("POST", "/v1/setup", map[string]any{"email": "a@example.com", "password": "short"}).invalid("#/password")

	// However many try at once, one of them is the first.
	statuses := make(chan int, 8)
	for i := range 8 {
		go func() {
			p := f.person()
			statuses <- p.call("POST", "/v1/setup", map[string]any{
				"email": fmt.Sprintf("p%d@example.com", i), "password": goodPassword, "organisation": "Acme",
			}).status
		}()
	}
	made := 0
	for range 8 {
		switch status := <-statuses; status {
		case 201:
			made++
		case 409:
		default:
			t.Errorf("status %d", status)
		}
	}
	if made != 1 {
		t.Errorf("%d first accounts", made)
	}
	f.as("").call("GET", "/v1/setup", nil).want(200, &setup)
	if setup.Needed {
		t.Error("it wants to be set up again")
	}
	f.person().call("POST", "/v1/setup", map[string]any{"email": "late@example.com", "password": goodPassword}).problem(409)
}

func TestWhoIsSignedInIsKnownByTheCookie(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p := f.owner()
	var m me
	p.call("GET", "/v1/me", nil).want(200, &m)
	if m.Account == nil || m.Account.Email != "ada@example.com" || m.Key != nil || m.Role == nil || *m.Role != "owner" || m.Organisation.Slug != "default" ||
		strings.Join(m.Scopes, " ") != "read write admin" || len(m.Organisations) != 1 {
		t.Errorf("got %+v", m)
	}
	p.call("GET", "/v1/websites", nil).want(200, nil)
	p.call("POST", "/v1/websites", map[string]any{"url": "a.example"}).want(201, nil)
	var log struct {
		Items []struct {
			Actor struct{ Kind, ID, Name string }
		}
	}
	p.call("GET", "/v1/audit?object_kind=website", nil).want(200, &log)
	if len(log.Items) != 1 || log.Items[0].Actor.Kind != "account" || log.Items[0].Actor.ID != m.Account.ID || log.Items[0].Actor.Name != "ada@example.com" {
		t.Errorf("audit %+v", log)
	}
	// A header goes before the cookie, even a wrong one.
	p.header.Set("Authorization", "Bearer wrong")
	p.call("GET", "/v1/me", nil).problem(401)
	p.header.Del("Authorization")
	p.call("DELETE", "/v1/session", nil).want(204, nil)
	if p.cookie != nil {
		t.Error("the cookie stays")
	}
	p.call("GET", "/v1/me", nil).problem(401)
}

func TestSigningInNeverKeepsAToken(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p := f.owner()
	before := p.cookie.Value
	p.signIn("ADA@example.com", goodPassword).want(201, nil) // with the cookie from before
	if p.cookie.Value == before {
		t.Fatal("the token is the one from before")
	}
	after := p.cookie
	p.cookie = &http.Cookie{Name: after.Name, Value: before}
	p.call("GET", "/v1/me", nil).problem(401)
	// Nor one that somebody else has made up.
	planted := auth.NewToken()
	p.cookie = &http.Cookie{Name: after.Name, Value: planted}
	p.signIn("ada@example.com", goodPassword).want(201, nil)
	if p.cookie.Value == planted {
		t.Error("a planted token is taken over")
	}
	var n int
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM session WHERE hash = $1", []byte(planted)).Scan(&n))
	var stored string
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT string_agg(s::text, ' ') FROM session s").Scan(&stored))
	if n != 0 || strings.Contains(stored, p.cookie.Value) {
		t.Error("a token is stored")
	}
}

func TestCookiesByWhereTheFleetIs(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]http.Cookie{
		"":                      {Name: "probefleet"},
		"http://localhost:3002": {Name: "probefleet"},
		"https://fleet.example": {Name: "__Host-probefleet", Secure: true},
	} {
		f := newFleet(t, func(c *httpapi.Config) { c.PublicURL = at })
		p := f.owner()
		c := p.cookie
		if c.Name != want.Name || c.Secure != want.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
			t.Errorf("%s: %+v", at, c)
		}
		p.signIn("ada@example.com", goodPassword, "remember", true).want(201, nil)
		if p.cookie.MaxAge != int(auth.SessionMost.Seconds()) {
			t.Errorf("%s: a session that is remembered ends after %d s", at, p.cookie.MaxAge)
		}
	}
}

func TestCallsOfOtherOriginsChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.PublicURL = "https://fleet.example" })
	p := f.owner()
	host := strings.TrimPrefix(f.url, "http://")
	for _, tt := range []struct {
		name    string
		header  map[string]string
		allowed bool // with a cookie
		door    bool // signing in without one
	}{
		{"same origin", map[string]string{"Sec-Fetch-Site": "same-origin"}, true, true},
		{"typed in", map[string]string{"Sec-Fetch-Site": "none"}, true, true},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false, false},
		{"a neighbour", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://blog.fleet.example"}, false, false},
		{"old browser, own page", map[string]string{"Origin": "http://" + host}, true, true},
		{"old browser, behind a proxy", map[string]string{"Origin": "https://fleet.example"}, true, true},
		{"old browser, another site", map[string]string{"Origin": "https://evil.example"}, false, false},
		{"old browser, no origin", map[string]string{"Origin": "null"}, false, false},
		{"another site that lies", map[string]string{"Sec-Fetch-Site": "cross-site", "X-Requested-With": "probefleet", "Origin": "https://evil.example"}, false, false},
		{"no sign at all", nil, false, true},
		{"a client that says what it is", map[string]string{"X-Requested-With": "probefleet"}, true, true},
		{"another client", map[string]string{"X-Requested-With": "XMLHttpRequest"}, false, true},
	} {
		q := *p
		q.header = http.Header{}
		for k, v := range tt.header {
			q.header.Set(k, v)
		}
		a := q.call("PATCH", "/v1/me", map[string]any{"name": tt.name})
		if ok := a.status == 200; ok != tt.allowed {
			t.Errorf("%s: status %d", tt.name, a.status)
		} else if !ok && !strings.HasSuffix(a.problem(403).Type, ":cross-origin") {
			t.Errorf("%s: %s", tt.name, a.body)
		}
		q.call("GET", "/v1/me", nil).want(200, nil)
		q.cookie = nil
		// Signing in, as somebody else.
		if a := q.signIn("ada@example.com", goodPassword); (a.status == 201) != tt.door {
			t.Errorf("%s: signing in gets %d", tt.name, a.status)
		}
	}
	// A key is no cookie: no browser sends it by itself.
	f.call("POST", "/v1/websites", map[string]any{"url": "a.example"}).want(201, nil)
}

func TestFailuresToSignInAreThrottled(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c))
	f.owner()
	p := f.person()
	for _, email := range []string{"ada@example.com", "nobody@example.com"} { // nobody is told apart
		var told string
		for i := range auth.AccountThrottle.Free + 1 {
			a := p.signIn(email, "wrong horse battery")
			pr := a.problem(401)
			if told == "" {
				told = pr.Detail
			}
			if !strings.HasSuffix(pr.Type, ":credentials") || pr.Detail != told || pr.Detail != "The e-mail address or the password is wrong." {
				t.Errorf("attempt %d as %s: %+v", i, email, pr)
			}
		}
		for _, pause := range []int{2, 4, 8} {
			a := p.signIn(strings.ToUpper(email), goodPassword) // even with the right one
			a.problem(429)
			if got, _ := strconv.Atoi(a.header.Get("Retry-After")); got != pause {
				t.Errorf("%s: Retry-After %d, want %d", email, got, pause)
			}
			c.pass(time.Duration(pause) * time.Second)
			p.signIn(email, "wrong horse battery").problem(401)
		}
	}
	c.pass(auth.AddressThrottle.Forget)
	for range 2 { // signing in ends the count
		for range auth.AccountThrottle.Free {
			p.signIn("ada@example.com", "wrong horse battery").problem(401)
		}
		p.signIn("ada@example.com", goodPassword).want(201, nil)
	}
}

func TestManyAttemptsAtOnceAreNoMoreThanOneAfterTheOther(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c))
	f.owner()
	var wg sync.WaitGroup
	statuses := make(chan int, 20)
	for range cap(statuses) {
		wg.Go(func() { statuses <- f.person().signIn("ada@example.com", "wrong horse battery").status })
	}
	wg.Wait()
	close(statuses)
	tried := 0
	for status := range statuses {
		if status == 401 {
			tried++
		} else if status != 429 {
			t.Errorf("status %d", status)
		}
	}
	if want := auth.AccountThrottle.Free + 1; tried != want {
		t.Errorf("%d passwords were tried, want %d", tried, want)
	}
}

func TestSessionsSlideAndEnd(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c))
	p := f.owner()
	for range 20 { // used every eleven hours
		c.pass(11 * time.Hour)
		p.call("GET", "/v1/me", nil).want(200, nil)
	}
	c.pass(auth.SessionIdle)
	p.call("GET", "/v1/me", nil).problem(401)

	p.signIn("ada@example.com", goodPassword, "remember", true).want(201, nil)
	for range 4 {
		c.pass(20 * 24 * time.Hour)
		p.call("GET", "/v1/me", nil).want(200, nil)
	}
	c.pass(10 * 24 * time.Hour) // ninety days
	p.call("GET", "/v1/me", nil).problem(401)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p := f.owner()
	q := f.person()
	q.header.Set("User-Agent", "Elsewhere/1.0")
	q.signIn("ada@example.com", goodPassword).want(201, nil)
	var list struct {
		Items []struct {
			ID, Address string
			Current     bool
			UserAgent   string `json:"user_agent"`
		}
	}
	p.call("GET", "/v1/sessions", nil).want(200, &list)
	if len(list.Items) != 2 || list.Items[0].Current || list.Items[0].UserAgent != "Elsewhere/1.0" || !list.Items[1].Current || list.Items[0].Address == "" {
		t.Fatalf("got %+v", list)
	}
	p.call("DELETE", "/v1/sessions/"+list.Items[0].ID, nil).want(204, nil)
	q.call("GET", "/v1/me", nil).problem(401)
	p.call("DELETE", "/v1/sessions/"+list.Items[0].ID, nil).problem(404)
	p.call("GET", "/v1/me", nil).want(200, nil)
}

func TestEveryReplicaSeesWhoSignsOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	other := f.replica()
	p := f.owner()
	q := *p
	q.url = other.url
	for range 3 { // known there by now
		q.call("GET", "/v1/me", nil).want(200, nil)
	}
	p.call("DELETE", "/v1/session", nil).want(204, nil)
	until(t, "the other replica refuses the session", func() bool { return q.call("GET", "/v1/me", nil).status == 401 })
}
