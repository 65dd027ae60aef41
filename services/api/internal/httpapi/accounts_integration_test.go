//go:build integration

package httpapi_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/probefleet/probefleet/pkg/letter"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// secondFactor gives an account a second factor that is to be confirmed and returns its secret.
func (p *person) secondFactor() string {
	p.f.t.Helper()
	var begun struct {
		Secret, URL string
		QrSvg       string `json:"qr_svg"`
	}
	p.call("POST", "/v1/me/totp", map[string]any{"password": goodPassword}).want(201, &begun)
	u, err := url.Parse(begun.URL)
	p.f.ok(err)
	if u.Scheme != "otpauth" || u.Query().Get("secret") != begun.Secret || u.Query().Get("issuer") != "probefleet" {
		p.f.t.Errorf("address %s", begun.URL)
	}
	for d := xml.NewDecoder(strings.NewReader(begun.QrSvg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			p.f.t.Fatalf("the image is no SVG: %v", err)
		}
	}
	return begun.Secret
}

func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASecondFactorIsAskedFor(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c), withMail)
	p := f.owner()
	p.call("POST", "/v1/me/totp", map[string]any{"password": "wrong horse battery"}).invalid("#/password")
	p.call("POST", "/v1/me/totp/confirm", map[string]any{"code": "000000"}).problem(409)
	secret := p.secondFactor()
	f.person().signIn("ada@example.com", goodPassword).want(201, nil) // it is not confirmed yet
	p.call("POST", "/v1/me/totp/confirm", map[string]any{"code": code(t, secret, c.now().Add(-time.Hour))}).invalid("#/code")
	used := code(t, secret, c.now())
	var recovery struct {
		Codes []string `json:"recovery_codes"`
	}
	p.call("POST", "/v1/me/totp/confirm", map[string]any{"code": used}).want(200, &recovery)
	if len(recovery.Codes) != 10 || len(slices.Compact(slices.Sorted(slices.Values(recovery.Codes)))) != 10 || len(recovery.Codes[0]) != 19 {
		t.Fatalf("recovery codes %q", recovery.Codes)
	}
	p.call("POST", "/v1/me/totp", map[string]any{"password": goodPassword, "code": recovery.Codes[9]}).problem(409)

	q := f.person()
	if pr := q.signIn("ada@example.com", goodPassword).problem(401); !strings.HasSuffix(pr.Type, ":second-factor") {
		t.Errorf("got %+v", pr)
	}
	if pr := q.signIn("ada@example.com", "wrong horse battery", "code", used).problem(401); !strings.HasSuffix(pr.Type, ":credentials") {
		t.Errorf("a wrong password is told %+v", pr)
	}
	q.signIn("ada@example.com", goodPassword, "code", used).problem(401) // that it was confirmed with
	c.pass(30 * time.Second)
	next := code(t, secret, c.now())
	q.signIn("ada@example.com", goodPassword, "code", next[:3]+" "+next[3:]).want(201, nil)
	q.signIn("ada@example.com", goodPassword, "code", next).problem(401) // a second time
	c.pass(time.Minute)
	q.signIn("ada@example.com", goodPassword, "code", code(t, secret, c.now().Add(-30*time.Second))).want(201, nil) // a phone that is late
	q.signIn("ada@example.com", goodPassword, "code", code(t, secret, c.now().Add(-90*time.Second))).problem(401)   // far too late
	q.signIn("ada@example.com", goodPassword, "code", strings.ToUpper(recovery.Codes[0])).want(201, nil)
	q.signIn("ada@example.com", goodPassword, "code", recovery.Codes[0]).problem(401)

	var m me
	p.call("GET", "/v1/me", nil).want(200, &m)
	if !m.Account.Totp || m.Account.RecoveryCodesLeft != 8 {
		t.Errorf("got %+v", m.Account)
	}
	p.call("POST", "/v1/me/recovery-codes", map[string]any{"password": goodPassword}).invalid("#/code")
	p.call("POST", "/v1/me/recovery-codes", map[string]any{"password": goodPassword, "code": recovery.Codes[1]}).want(200, &recovery)
	q.signIn("ada@example.com", goodPassword, "code", recovery.Codes[3]).want(201, nil)
	p.call("DELETE", "/v1/me/totp", map[string]any{"password": goodPassword, "code": recovery.Codes[4]}).want(204, nil)
	q.signIn("ada@example.com", goodPassword).want(201, nil)

	var told []letter.Kind
	for _, l := range f.letters() {
		told = append(told, l.Kind)
		if l.To != "ada@example.com" {
			t.Errorf("told %s", l.To)
		}
	}
	if want := []letter.Kind{letter.FactorAdded, letter.CodesRenewed, letter.FactorRemoved}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}

func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c))
	p := f.owner()
	secret := p.secondFactor()
	p.call("POST", "/v1/me/totp/confirm", map[string]any{"code": code(t, secret, c.now())}).want(200, nil)
	q := f.person()
	for range auth.AccountThrottle.Free + 1 {
		q.signIn("ada@example.com", goodPassword).problem(401) // knowing the password ends no count
		q.signIn("ada@example.com", goodPassword, "code", "000000").problem(401)
	}
	q.signIn("ada@example.com", goodPassword, "code", "000000").problem(429)
}

func TestANewPasswordEndsEveryOtherSession(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withMail)
	p := f.owner()
	q := f.person()
	q.signIn("ada@example.com", goodPassword).want(201, nil)
	p.call("PATCH", "/v1/me", map[string]any{"new_password": "another horse"}).invalid("#/password")
	p.call("PATCH", "/v1/me", map[string]any{"new_password": "another horse", "password": "wrong horse battery"}).invalid("#/password")
	p.call("PATCH", "/v1/me", map[string]any{"new_password": "short", "password": goodPassword}).invalid("#/new_password")
	q.call("GET", "/v1/me", nil).want(200, nil)
	p.call("PATCH", "/v1/me", map[string]any{"new_password": "another horse", "password": goodPassword}).want(200, nil)
	q.call("GET", "/v1/me", nil).problem(401)
	p.call("GET", "/v1/me", nil).want(200, nil)
	q.signIn("ada@example.com", goodPassword).problem(401)
	q.signIn("ada@example.com", "another horse").want(201, nil)

	p.call("PATCH", "/v1/me", map[string]any{"email": "lovelace@example.com"}).invalid("#/password")
	var m me
	p.call("PATCH", "/v1/me", map[string]any{"email": "lovelace@example.com", "name": " Countess ", "password": "another horse"}).want(200, &m)
	if m.Account.Email != "lovelace@example.com" || m.Account.Name != "Countess" {
		t.Errorf("got %+v", m.Account)
	}
	var told []string
	for _, l := range f.letters() {
		told = append(told, string(l.Kind)+" "+l.To)
	}
	if want := []string{"password_changed ada@example.com", "email_changed ada@example.com"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	a := p.call("GET", "/v1/audit?object_kind=account", nil)
	a.want(200, nil)
	if n := strings.Count(string(a.body), `"operation":"updateMe"`); n != 2 || strings.Contains(string(a.body), "argon2id") {
		t.Errorf("%d changes recorded: %s", n, a.body)
	}
}

func TestAnAccountIsRemovedButNotTheLastOwner(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p := f.owner()
	p.call("DELETE", "/v1/me", map[string]any{"password": goodPassword}).problem(409)
	f.exec(`INSERT INTO account (id, email, password_hash) SELECT gen_random_uuid(), 'bob@example.com', password_hash FROM account`)
	f.exec(`INSERT INTO membership (account_id, org_id, role) SELECT id, $1, 'owner' FROM account WHERE email = 'bob@example.com'`, f.org)
	p.call("DELETE", "/v1/me", map[string]any{"password": "wrong horse battery"}).invalid("#/password")
	p.call("DELETE", "/v1/me", map[string]any{"password": goodPassword}).want(204, nil)
	if p.cookie != nil {
		t.Error("the cookie stays")
	}
	p.signIn("ada@example.com", goodPassword).problem(401)
	p.signIn("bob@example.com", goodPassword).want(201, nil)
}

func TestWhoBelongsNowhereMayFindThatOut(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	p := f.owner()
	f.exec(`DELETE FROM membership`)
	until(t, "the membership is forgotten", func() bool { return p.call("GET", "/v1/websites", nil).status == 403 })
	var m me
	p.call("GET", "/v1/me", nil).want(200, &m)
	if m.Organisation != nil || m.Role != nil || len(m.Scopes) != 0 || len(m.Organisations) != 0 {
		t.Errorf("got %+v", m)
	}
	p.call("PATCH", "/v1/me", map[string]any{"name": "Homeless"}).want(200, nil)
	p.signIn("ada@example.com", goodPassword).want(201, nil)
}

func TestKeysSeeWhatTheyAre(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)}
	f := newFleet(t, withKeys(c)).firstKey()
	var m me
	f.call("GET", "/v1/me", nil).want(200, &m)
	if m.Account != nil || m.Key == nil || m.Organisation == nil || m.Role != nil || strings.Join(m.Scopes, " ") != "read write admin" {
		t.Errorf("got %+v", m)
	}
	f.call("PATCH", "/v1/me", map[string]any{"name": "x"}).problem(403)
}

func TestSignUpIsClosedUnlessItIsOpened(t *testing.T) {
	t.Parallel()
	closed := newFleet(t)
	if p := closed.person().call("POST", "/v1/sign-up", map[string]any{"email": "bob@example.com", "password": goodPassword}).problem(403); !strings.HasSuffix(p.Type, ":sign-up-closed") {
		t.Errorf("got %+v", p)
	}
	f := newFleet(t, func(c *httpapi.Config) { c.SignUpOpen = true })
	f.owner()
	p := f.person()
	var m me
	p.call("POST", "/v1/sign-up", map[string]any{"email": "bob@example.com", "password": goodPassword, "name": "Bob", "organisation": "Bob & Sons"}).want(201, &m)
	if m.Organisation.Name != "Bob & Sons" || *m.Role != "owner" || m.Organisation.ID == f.org.String() {
		t.Errorf("got %+v", m)
	}
	p.call("POST", "/v1/websites", map[string]any{"url": "bob.example"}).want(201, nil)
	q := f.person()
	q.call("POST", "/v1/sign-up", map[string]any{"email": "BOB@example.com", "password": goodPassword}).problem(409)
	q.call("POST", "/v1/sign-up", map[string]any{"email": "eve@example.com", "password": goodPassword, "organisation": "Bob & Sons"}).want(201, &m)
	if m.Organisation.Slug == "bob-sons" {
		t.Errorf("two organisations have one slug")
	}
}

func TestANewPasswordByMail(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := newFleet(t, withClock(c), withMail)
	p := f.owner()
	secret := p.secondFactor()
	p.call("POST", "/v1/me/totp/confirm", map[string]any{"code": code(t, secret, c.now())}).want(200, nil)
	q := f.person()
	known := q.call("POST", "/v1/password-resets", map[string]any{"email": "Ada@Example.com"}).want(202, nil)
	unknown := q.call("POST", "/v1/password-resets", map[string]any{"email": "nobody@example.com"}).want(202, nil)
	if string(known.body) != string(unknown.body) {
		t.Errorf("%q and %q", known.body, unknown.body)
	}
	letters := f.letters()
	last := letters[len(letters)-1]
	token, ok := strings.CutPrefix(last.Link, "https://fleet.example/reset/")
	if len(letters) != 2 || last.Kind != letter.PasswordReset || last.To != "ada@example.com" || !ok {
		t.Fatalf("letters %+v", letters)
	}
	var stored string
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT (SELECT string_agg(r::text, ' ') FROM password_reset r) || (SELECT string_agg(args::text, ' ') FROM river_job)").Scan(&stored))
	if strings.Contains(stored, token) {
		t.Error("the token is stored in the clear")
	}
	q.call("POST", "/v1/password-resets/"+auth.NewToken(), map[string]any{"password": "another horse"}).problem(404)
	q.call("POST", "/v1/password-resets/nonsense", map[string]any{"password": "another horse"}).problem(404)
	q.call("POST", "/v1/password-resets/"+token, map[string]any{"password": "short"}).invalid("#/password")
	q.call("POST", "/v1/password-resets/"+token, map[string]any{"password": "another horse"}).want(204, nil)
	q.call("POST", "/v1/password-resets/"+token, map[string]any{"password": "third horse!"}).problem(404)
	p.call("GET", "/v1/me", nil).problem(401) // every session has ended
	c.pass(time.Minute)
	q.signIn("ada@example.com", "another horse").problem(401) // the second factor stays
	q.signIn("ada@example.com", "another horse", "code", code(t, secret, c.now())).want(201, nil)

	// The next link ends the one before, and time ends it.
	q.call("POST", "/v1/password-resets", map[string]any{"email": "ada@example.com"}).want(202, nil)
	q.call("POST", "/v1/password-resets", map[string]any{"email": "ada@example.com"}).want(202, nil)
	letters = f.letters()
	tokens := []string{}
	for _, l := range letters[len(letters)-2:] {
		tokens = append(tokens, strings.TrimPrefix(l.Link, "https://fleet.example/reset/"))
	}
	q.call("POST", "/v1/password-resets/"+tokens[0], map[string]any{"password": "third horse!"}).problem(404)
	c.pass(time.Hour)
	q.call("POST", "/v1/password-resets/"+tokens[1], map[string]any{"password": "third horse!"}).problem(404)
}

func TestAskingForMailsIsThrottledAndNeedsAMailServer(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.owner()
	if p := f.person().call("POST", "/v1/password-resets", map[string]any{"email": "ada@example.com"}).problem(503); !strings.Contains(p.Detail, "api reset-password") {
		t.Errorf("got %+v", p)
	}
	g := newFleet(t, withMail)
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		p := g.person()
		for range auth.ResetThrottle.Free + 1 {
			p.call("POST", "/v1/password-resets", map[string]any{"email": email}).want(http.StatusAccepted, nil)
		}
		p.call("POST", "/v1/password-resets", map[string]any{"email": email}).problem(429)
	}
}
