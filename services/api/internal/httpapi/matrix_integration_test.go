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
	nobody := estate{n: -1, region: "nowhere"}
	for _, id := range []*string{&nobody.website, &nobody.monitor, &nobody.heartbeat, &nobody.incident, &nobody.channel, &nobody.key} {
		*id = uptime.NewID(time.Now()).String()
	}
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
