//go:build integration

package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/live"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// namesAndKeys takes the names that tests call with, and keys that were made.
type namesAndKeys struct{ names, keys httpapi.Authenticator }

func withNamesAndKeys(c *httpapi.Config) {
	c.Auth = namesAndKeys{names: c.Auth, keys: keyring{auth.NewKeys(c.Store, time.Now)}}
}

func (a namesAndKeys) Forget(prefix string) { a.keys.Forget(prefix) }

func (a namesAndKeys) Authenticate(ctx context.Context, key string) (httpapi.Caller, error) {
	if _, err := auth.ParseKey(key); err == nil {
		return a.keys.Authenticate(ctx, key)
	}
	return a.names.Authenticate(ctx, key)
}

// confined returns the api called with a key that sees only some websites, and may write.
func (f *fleet) confined(by map[string]any) *fleet {
	f.t.Helper()
	body := map[string]any{"name": "confined", "scopes": []string{"read", "write"}}
	for k, v := range by {
		body[k] = v
	}
	var k apiKey
	f.call("POST", "/v1/api-keys", body).want(201, &k)
	return f.as(k.Key)
}

// kept returns a digest of what confined keys might change, by table.
func (f *fleet) kept() map[string]string {
	f.t.Helper()
	out := map[string]string{}
	for _, table := range []string{"website", "monitor", "heartbeat", "incident", "incident_event", "channel", "delivery", "status_page"} {
		var digest string
		f.ok(f.store.Pool().QueryRow(f.t.Context(), "SELECT COALESCE(md5(string_agg(x::text, ',' ORDER BY x::text)), '') FROM "+table+" x").Scan(&digest))
		out[table] = digest
	}
	return out
}

// TestAConfinedKeySeesNothingElse walks every route of the document with the ids of
// objects that are the same organisation's, but not of the key's websites.
func TestAConfinedKeySeesNothingElse(t *testing.T) {
	t.Parallel()
	f := newFleet(t, withTicks(t), withNamesAndKeys)
	outside, inside := f.newEstate(), f.newEstate()
	f.call("PATCH", "/v1/websites/"+inside.website, map[string]any{"tags": []string{"mine"}}).want(200, nil)
	hidden := []string{outside.website, outside.monitor, outside.heartbeat, outside.incident, outside.channel, inside.channel}
	for name, k := range map[string]*fleet{
		"by id":  f.confined(map[string]any{"website_ids": []string{inside.website}}),
		"by tag": f.confined(map[string]any{"tags": []string{"mine", "nobodys"}}),
	} {
		before := f.kept()
		paths, lists := 0, 0
		for _, op := range routes(t) {
			switch {
			case op.scope != "read" && op.scope != "write", op.id == "streamEvents", // looked at below
				strings.HasPrefix(op.template, "/v1/regions/"), strings.HasPrefix(op.template, "/v1/organisations/"):
			case strings.Contains(op.template, "{"):
				paths++
				if a := k.call(op.method, outside.path(t, op.template), outside.body(t, op)); !slices.Contains([]int{403, 404}, a.status) {
					t.Errorf("%s, %s: status %d for what it does not see", name, op.id, a.status)
				}
			case op.method == http.MethodGet:
				lists++
				for _, query := range outside.queries(op) {
					a := k.call(op.method, op.template+query, nil)
					for _, id := range hidden {
						if strings.Contains(string(a.body), id) && !strings.Contains(query, id) {
							t.Errorf("%s, %s%s tells of %s", name, op.id, query, id)
						}
					}
				}
			}
		}
		if diff := cmp.Diff(before, f.kept()); diff != "" {
			t.Errorf("%s: something has changed:\n%s", name, diff)
		}
		if paths < 30 || lists < 8 {
			t.Errorf("%s: walked only %d routes with ids and %d lists", name, paths, lists)
		}
		var websites pageOf[website]
		k.call("GET", "/v1/websites", nil).want(200, &websites)
		var incidents pageOf[incident]
		k.call("GET", "/v1/incidents", nil).want(200, &incidents)
		if len(websites.Items) != 1 || websites.Items[0].ID != inside.website || len(incidents.Items) != 1 || incidents.Items[0].ID != inside.incident {
			t.Errorf("%s: it sees %+v and %+v", name, websites.Items, incidents.Items)
		}
		k.call("GET", "/v1/monitors/"+inside.monitor, nil).want(200, nil)
		k.call("PATCH", "/v1/websites/"+inside.website, map[string]any{"name": name}).want(200, nil)
	}
}

func TestAConfinedKeyMakesOnlyWhatItSees(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)}
	f := newFleet(t, withKeys(c)).firstKey()
	f.addRegions("us-east")
	taken := f.addWebsite(map[string]any{"url": "taken.example"})
	w := f.addWebsite(map[string]any{"url": "mine.example", "tags": []string{"mine"}})
	byID, byTag := f.confined(map[string]any{"website_ids": []string{w.ID}}), f.confined(map[string]any{"tags": []string{"mine"}})

	byID.call("POST", "/v1/websites", map[string]any{"url": "new.example"}).problem(403)
	byTag.call("POST", "/v1/websites", map[string]any{"url": "new.example"}).problem(403)
	p := byTag.call("POST", "/v1/websites", map[string]any{"url": "new.example", "tags": []string{"other"}}).problem(403)
	if p.Type != "urn:probefleet:problem:confined" || !strings.Contains(p.Detail, "tag") {
		t.Errorf("it is told: %+v", p)
	}
	var made website
	byTag.call("POST", "/v1/websites", map[string]any{"url": "new.example", "tags": []string{"mine", "x"}}).want(201, &made)
	byTag.call("PATCH", "/v1/websites/"+made.ID, map[string]any{"tags": []string{"x"}}).problem(403)
	byTag.call("POST", "/v1/websites/"+made.ID+"/monitors", map[string]any{"kind": "tcp", "target": "a.example:443"}).want(201, nil)
	byID.call("GET", "/v1/websites/"+made.ID, nil).problem(404)
	// What is in the way is not named to those who do not see it.
	p = byTag.call("POST", "/v1/websites", map[string]any{"url": "taken.example", "tags": []string{"mine"}}).problem(409)
	if strings.Contains(p.ExistingID+p.Detail, taken.ID) {
		t.Errorf("it is told: %+v", p)
	}
	// What concerns the whole organisation.
	for _, op := range [][2]string{{"POST", "/v1/channels"}, {"GET", "/v1/members"}, {"POST", "/v1/status-pages"}, {"POST", "/v1/api-keys"}, {"GET", "/v1/audit"}, {"POST", "/v1/regions"}} {
		byTag.call(op[0], op[1], nil).problem(403)
	}
	// A website that loses its tag is gone for the key.
	f.call("PATCH", "/v1/websites/"+w.ID, map[string]any{"tags": []string{}}).want(200, nil)
	byTag.call("GET", "/v1/websites/"+w.ID, nil).problem(404)
	byID.call("GET", "/v1/websites/"+w.ID, nil).want(200, nil)
}

func TestConfinementOfKeys(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)}
	f := newFleet(t, withKeys(c)).firstKey()
	f.addRegions("us-east")
	w := f.addWebsite(map[string]any{"url": "a.example"})
	for _, body := range []map[string]any{
		{"name": "n", "scopes": []string{"admin"}, "tags": []string{"x"}},
		{"name": "n", "scopes": []string{"read", "admin"}, "website_ids": []string{w.ID}},
		{"name": "n", "scopes": []string{"read"}, "website_ids": []string{uptime.NewID(time.Now()).String()}},
		{"name": "n", "scopes": []string{"read"}, "website_ids": []string{}},
		{"name": "n", "scopes": []string{"read"}, "tags": []string{}},
	} {
		f.call("POST", "/v1/api-keys", body).problem(422)
	}
	var k struct {
		apiKey
		WebsiteIDs []string `json:"website_ids"`
		Tags       []string `json:"tags"`
	}
	f.call("POST", "/v1/api-keys", map[string]any{"name": "n", "scopes": []string{"read"}, "website_ids": []string{w.ID}, "tags": []string{"b", "a"}}).want(201, &k)
	if !slices.Equal(k.WebsiteIDs, []string{w.ID}) || !slices.Equal(k.Tags, []string{"a", "b"}) {
		t.Errorf("made: %+v", k)
	}
	at := "/v1/api-keys/" + k.ID
	f.call("PATCH", at, map[string]any{"scopes": []string{"admin"}}).problem(422)
	f.call("PATCH", at, map[string]any{"website_ids": nil}).want(200, &k)
	if k.WebsiteIDs != nil || len(k.Tags) != 2 {
		t.Errorf("changed: %+v", k)
	}
	held := f.as(k.Key)
	var none pageOf[website]
	if held.call("GET", "/v1/websites", nil).want(200, &none); len(none.Items) != 0 {
		t.Errorf("it sees %+v", none.Items)
	}
	f.call("PATCH", at, map[string]any{"tags": nil, "scopes": []string{"admin"}}).want(200, nil)
	if held.call("GET", "/v1/websites", nil).want(200, &none); len(none.Items) != 1 {
		t.Errorf("a key that is confined no longer sees %+v", none.Items)
	}
}

// TestWithoutTheRoleNoKeyIsConfined is a database that lets the api make no role.
func TestWithoutTheRoleNoKeyIsConfined(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)}
	f := newFleet(t, withKeys(c))
	f.exec("CREATE OR REPLACE FUNCTION tenant_role() RETURNS boolean LANGUAGE sql AS 'SELECT false'")
	f = f.firstKey()
	f.addRegions("us-east")
	f.addWebsite(map[string]any{"url": "a.example"})
	p := f.call("POST", "/v1/api-keys", map[string]any{"name": "n", "scopes": []string{"read"}, "tags": []string{"x"}}).problem(409)
	if p.Type != "urn:probefleet:problem:not-confinable" {
		t.Errorf("it is told: %+v", p)
	}
	var k apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "n", "scopes": []string{"read"}}).want(201, &k)
	f.as(k.Key).call("GET", "/v1/websites", nil).want(200, nil)
	// One that was confined elsewhere, before the database was moved, sees nothing.
	f.exec("UPDATE api_key SET tags = '{x}' WHERE id = $1", k.ID)
	c.pass(time.Minute)
	f.as(k.Key).call("GET", "/v1/websites", nil).problem(409)
}

func TestAConfinedKeysStream(t *testing.T) {
	t.Parallel()
	with, _ := withEvents(t)
	c := &clock{at: time.Now().Add(time.Minute)}
	f := newFleet(t, with, withKeys(c)).firstKey()
	f.addRegions("us-east")
	w, x := f.twoWebsites()
	k := f.confined(map[string]any{"website_ids": []string{w.ID}})
	view := k.look("", "")
	from := view.position()
	tell := func(one website) {
		body := live.Verdict{MonitorID: id(t, one.Monitors[0].ID), WebsiteID: id(t, one.ID), To: uptime.VerdictUp, At: time.Now()}
		f.happens(live.Event{Org: f.org, Website: body.WebsiteID, Body: body})
	}
	tell(x)
	tell(w)
	f.happens(
		live.Event{Org: f.org, Body: live.Config{Change: live.Changed, Object: live.ObjectChannel, ID: "whole", At: time.Now()}},
		live.Event{Body: live.Fleet{Change: live.Opened, Kind: "blind", At: time.Now()}},
	)
	for _, v := range []*viewer{view, k.look("", from)} { // what is past is confined, too
		v.next().is(t, "verdict", map[string]any{"website_id": w.ID})
		v.next().is(t, "fleet", nil)
	}
	k.call("GET", "/v1/events?types=tick&monitor_id="+x.Monitors[0].ID, nil).problem(422)
}
