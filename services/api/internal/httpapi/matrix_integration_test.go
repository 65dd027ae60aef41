//go:build integration

package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// TestPermissions holds every route to what the document says of it, with keys of every
// sort. A route that the document says nothing about ends the test.
func TestPermissions(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)} // after what commands made
	f := newFleet(t, withKeys(c)).firstKey()
	keys := map[string]string{"none": "", "no key": "hello", "unknown": auth.NewKey()}
	for name, body := range map[string]map[string]any{
		"read": {}, "write": {}, "admin": {}, "revoked": {}, "expired": {"expires_at": c.now().Add(time.Minute)},
	} {
		body["name"], body["scopes"] = name, []string{"admin"}
		if name == "read" || name == "write" {
			body["scopes"] = []string{name}
		}
		var k apiKey
		f.call("POST", "/v1/api-keys", body).want(201, &k)
		keys[name] = k.Key
		switch name {
		case "revoked":
			f.as(k.Key).call("GET", "/v1/regions", nil).want(200, nil) // it is known when it is revoked
			f.call("DELETE", "/v1/api-keys/"+k.ID, nil).want(204, nil)
		case "read":
			keys["another secret"] = auth.NewSecret(k.Prefix)
		}
	}
	c.pass(time.Minute)
	includes := map[string]string{"read": "read", "write": "read write", "admin": "read write admin"}
	nobody := nobodys()
	calls := 0
	for _, op := range routes(t) {
		if op.scope == "read" && op.method != http.MethodGet && op.method != http.MethodHead {
			t.Errorf("%s changes something with the scope read", op.id)
		}
		for name, key := range keys {
			a := f.as(key).call(op.method, nobody.path(t, op.template), nil)
			calls++
			want, got := "let in", a.status
			switch {
			case op.scope == "":
			case includes[name] == "":
				want = "unknown"
			case !strings.Contains(includes[name], op.scope):
				want = "refused"
			}
			ok := map[string]bool{"unknown": got == 401, "refused": got == 403, "let in": got != 401 && got != 403}[want]
			if away := got == http.StatusServiceUnavailable; got >= 500 && !away {
				t.Errorf("%s with a key of sort %q: status %d", op.id, name, got)
			}
			if !ok {
				t.Errorf("%s needs %q; a key of sort %q must be %s and gets %d", op.id, op.scope, name, want, got)
			}
		}
	}
	t.Logf("%d calls", calls)
}

// TestPermissionsOfPeople holds every route to what the document says of it, with sessions
// of every role, of nobody's organisation, and that have ended.
func TestPermissionsOfPeople(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	includes := map[string]string{
		"viewer": "self read", "editor": "self read write", "admin": "self read write admin", "owner": "self read write admin owner",
		"homeless": "self", "ended": "", "nobody": "",
	}
	people, accounts := map[string]*person{}, map[string]uptime.ID{}
	for name := range includes {
		role := name
		if name == "homeless" || name == "ended" || name == "nobody" {
			role = ""
		}
		people[name], accounts[name] = f.member(f.org, role)
	}
	f.member(f.org, "owner") // who stays
	f.exec("DELETE FROM session WHERE account_id = $1", accounts["ended"])
	people["nobody"].cookie = nil
	nowhere := nobodys()
	for _, op := range routes(t) {
		session := sessionScopes(t, op)
		if session == "" && len(*op.Security) > 0 {
			t.Errorf("%s says nothing of sessions", op.id)
		}
		for name, p := range people {
			if strings.HasPrefix(op.id, "ping") || op.id == "streamEvents" && name != "nobody" {
				continue // takes no session; does not end
			}
			a := p.call(op.method, nowhere.path(t, op.template), nil)
			if op.id == "signOut" && includes[name] != "" {
				p.enter(accounts[name])
			}
			want, got := "let in", a.status
			switch {
			case len(*op.Security) == 0:
				continue // the handler's own matter
			case includes[name] == "":
				want = "unknown"
			case name == "homeless" && op.id == "getMe":
			case !strings.Contains(includes[name], session):
				want = "refused"
			}
			ok := map[string]bool{"unknown": got == 401, "refused": got == 403, "let in": got != 401 && got != 403}[want]
			if away := got == http.StatusServiceUnavailable; got >= 500 && !away {
				t.Errorf("%s by %s: status %d", op.id, name, got)
			}
			if !ok {
				t.Errorf("%s needs %q; %s must be %s and gets %d: %s", op.id, session, name, want, got, a.body)
			}
		}
	}
}

// sessionScopes returns what a session needs for an operation.
func sessionScopes(t *testing.T, op route) string {
	t.Helper()
	for _, way := range *op.Security {
		if scopes, ok := way["session"]; ok {
			return scopes[0]
		}
	}
	return ""
}

// nobodys is an estate of ids that are nobody's.
func nobodys() estate {
	e := estate{n: -1, region: "nowhere"}
	for _, id := range e.objects() {
		*id = uptime.NewID(time.Now()).String()
	}
	return e
}
