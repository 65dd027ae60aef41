//go:build integration

package httpapi_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

type change struct {
	ID    int64
	At    time.Time
	Actor struct {
		Kind, Name string
		ID         *string
	}
	Address, Operation, Action string
	RequestID                  string `json:"request_id"`
	ObjectKind                 string `json:"object_kind"`
	ObjectID                   string `json:"object_id"`
	Before, After              map[string]any
}

// changes returns what the audit log says to a query, newest first.
func (f *fleet) changes(query string) []change {
	f.t.Helper()
	var p pageOf[change]
	f.as("admin").call("GET", "/v1/audit?limit=1000&"+query, nil).want(200, &p)
	return p.Items
}

// changesNothing are operations that look, and leave what is configured as it was.
var changesNothing = []string{"checkWebsite", "checkMonitor", "testMonitor", "testChannel", "pingByPost"}

// byKeys tells whether an operation is one of those that keys do; what people do beside
// them has tests of its own.
func byKeys(op route) bool { return op.scope == "read" || op.scope == "write" || op.scope == "admin" }

// undoes tells whether there must be something to undo for an operation to change anything.
func undoes(op route) bool {
	return strings.HasPrefix(op.id, "resume") || strings.HasPrefix(op.id, "unmute")
}

// stop pauses and mutes what an estate has.
func (f *fleet) stop(e *estate) {
	f.t.Helper()
	for _, path := range []string{"/v1/websites/" + e.website + "/pause", "/v1/websites/" + e.website + "/mute", "/v1/monitors/" + e.monitor + "/pause"} {
		f.call("POST", path, nil).want(200, nil)
	}
}

func TestEveryChangeIsWrittenDown(t *testing.T) {
	t.Parallel()
	f := newFleet(t, func(c *httpapi.Config) { c.TestWait = time.Millisecond })
	objects := map[string]string{
		"/v1/websites": "website", "/websites": "website", "/v1/monitors": "monitor", "/v1/regions": "region", "/regions": "region",
		"/v1/channels": "channel", "/v1/incidents": "incident", "/v1/api-keys": "api_key", "/v1/websites/{id}/monitors": "monitor",
		"/v1/websites/batch": "website", "/v1/websites/bulk": "website", "/v1/import": "website", "/v1/organisation": "organisation",
		"/v1/members": "member", "/v1/invitations": "invitation", "/v1/status-pages": "status_page",
	}
	for _, op := range routes(t) {
		if op.method == http.MethodGet || op.method == http.MethodHead || !byKeys(op) {
			continue
		}
		e := f.newEstate()
		if undoes(op) {
			f.stop(&e)
		}
		a := f.call(op.method, e.path(t, op.template), e.body(t, op))
		var found []change
		for _, c := range f.changes("") {
			if c.RequestID == a.header.Get("X-Request-ID") {
				found = append(found, c)
			}
		}
		if slices.Contains(changesNothing, op.id) {
			if len(found) > 0 {
				t.Errorf("%s changes %+v", op.id, found)
			}
			continue
		}
		if a.status >= 300 {
			t.Fatalf("%s: status %d: %s", op.id, a.status, a.body)
		}
		if len(found) == 0 {
			t.Errorf("%s leaves no record: add a trigger for what it writes, or add it to changesNothing", op.id)
			continue
		}
		kind := objects[op.template]
		if list, _, _ := strings.Cut(op.template, "/{"); kind == "" {
			kind = objects[list]
		}
		action := map[bool]string{true: "create", false: "update"}[a.status == http.StatusCreated || op.id == "batchWebsites" || op.id == "importWebsites"]
		if op.method == http.MethodDelete && op.id != "revokeApiKey" {
			action = "delete"
		}
		ok := slices.ContainsFunc(found, func(c change) bool {
			return c.ObjectKind == kind && c.Action == action && (c.Before == nil) == (action == "create") && (c.After == nil) == (action == "delete")
		})
		if c := found[0]; !ok || c.Operation != op.id || c.Actor.Kind != "api_key" || c.Actor.Name != "admin's key" || c.Address != "127.0.0.1" {
			t.Errorf("%s: want to %s a %s, found %+v", op.id, action, kind, found)
		}
		if bytes, _ := json.Marshal(found); strings.Contains(string(bytes), "hush") || strings.Contains(string(bytes), `\\x`) {
			t.Errorf("%s: the record holds a secret: %s", op.id, bytes)
		}
	}
}

func TestNoChangeWithoutItsRecord(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	e, stopped := f.newEstate(), f.newEstate() // so that neither region is the only one
	f.stop(&stopped)
	type counts map[string]string
	state := func() counts {
		c := counts{}
		for _, table := range []string{"website", "monitor", "region", "channel", "api_key", "incident", "heartbeat", "org", "membership", "invitation", "status_page"} {
			var text string
			f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM "+table+" x").Scan(&text))
			c[table] = text
		}
		return c
	}
	before := state()
	f.exec("ALTER TABLE audit ADD CHECK (false) NOT VALID")
	for _, op := range routes(t) {
		if op.method == http.MethodGet || op.method == http.MethodHead || slices.Contains(changesNothing, op.id) || !byKeys(op) {
			continue
		}
		on := &e
		if undoes(op) {
			on = &stopped
		}
		if a := f.call(op.method, on.path(t, op.template), on.body(t, op)); a.status != http.StatusInternalServerError {
			t.Errorf("%s: status %d, though it cannot be written down: %s", op.id, a.status, a.body)
		}
	}
	if diff := cmp.Diff(before, state()); diff != "" {
		t.Errorf("changed without a record:\n%s", diff)
	}
}

// TestWhatPeopleDoIsWrittenDown has what people change of themselves, and where they belong,
// in the logs of those whom it concerns.
func TestWhatPeopleDoIsWrittenDown(t *testing.T) {
	t.Parallel()
	f := newFleet(t, openly)
	p := f.person()
	p.call("POST", "/v1/sign-up", map[string]any{"email": "eve@example.com", "password": goodPassword, "organisation": "Acme"}).want(201, nil)
	acme := p.me().Organisation.ID
	account := p.me().Account.ID
	p.call("PATCH", "/v1/me", map[string]any{"name": "Eve", "new_password": goodPassword + "!", "password": goodPassword}).want(200, nil)
	f.exec("INSERT INTO membership (account_id, org_id, role) VALUES ($1, $2, 'viewer')", account, f.org)
	p.call("PATCH", "/v1/me", map[string]any{"name": "Eva"}).want(200, nil)
	_, other := f.member(id(t, acme), "editor")
	p.call("PATCH", "/v1/members/"+other.String(), map[string]any{"role": "viewer"}).want(200, nil)
	p.call("DELETE", "/v1/members/"+other.String(), nil).want(204, nil)
	var i invitation
	p.call("POST", "/v1/invitations", map[string]any{"email": "bob@example.com", "role": "owner"}).want(201, &i)
	bob := f.person()
	bob.call("POST", "/v1"+i.page(), map[string]any{"password": goodPassword}).want(201, nil)
	bob.call("DELETE", "/v1/organisations/"+acme+"/membership", nil).want(204, nil)

	var log pageOf[change]
	a := p.call("GET", "/v1/audit?limit=1000", nil).want(200, &log)
	for _, secret := range []string{"argon2", goodPassword, i.URL[strings.LastIndex(i.URL, "/")+1:], `\\x`} {
		if strings.Contains(string(a.body), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	var got []string
	for _, c := range log.Items {
		got = append(got, strings.Join([]string{c.Actor.Name, c.Operation, c.Action, c.ObjectKind}, " "))
	}
	slices.Reverse(got)
	want := []string{
		"eve@example.com signUp create organisation", "eve@example.com signUp create member",
		"eve@example.com updateMe update account", "eve@example.com updateMe update account",
		"eve@example.com updateMember update member", "eve@example.com removeMember delete member",
		"eve@example.com createInvitation create invitation",
		"bob@example.com acceptInvitation delete invitation", "bob@example.com acceptInvitation create member",
		"bob@example.com leaveOrganisation delete member",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	// Where she came to later, only what was done since.
	found := f.changes("object_kind=account")
	if len(found) != 1 || found[0].After["name"] != "Eva" || found[0].After["password_hash"] != "***" || found[0].Actor.Kind != "account" {
		t.Errorf("the other log: %+v", found)
	}
}

func TestAuditSaysWhoWhatAndFromWhere(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(time.Minute)} // after what commands made
	f := newFleet(t, withKeys(c), func(cfg *httpapi.Config) {
		cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}).firstKey()
	var k apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "=cmd()", "scopes": []string{"write"}}).want(201, &k)
	w := f.as(k.Key).addWebsite(map[string]any{"url": "a.example"})
	f.as(k.Key).call("PATCH", "/v1/websites/"+w.ID, `{"name":"renamed","interval_seconds":30}`).want(200, nil)
	list := func(query string) []change {
		t.Helper()
		var p pageOf[change]
		f.call("GET", "/v1/audit?"+query, nil).want(200, &p)
		return p.Items
	}
	got := list("object_kind=website&object_id=" + w.ID)
	if len(got) != 2 || got[0].Action != "update" || got[1].Action != "create" {
		t.Fatalf("the website's history: %+v", got)
	}
	if u := got[0]; u.Before["name"] != "a.example" || u.After["name"] != "renamed" || u.Actor.ID == nil || *u.Actor.ID != k.ID || u.Actor.Name != "=cmd()" {
		t.Errorf("renamed: %+v", u)
	}
	if m := list("object_kind=monitor&actor_id=" + k.ID); len(m) != 2 || m[0].Before["interval_ms"] != 60000.0 || m[0].After["interval_ms"] != 30000.0 {
		t.Errorf("the monitor's history: %+v", m)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/v1/websites/"+w.ID+"/mute", nil)
	f.ok(err)
	req.Header.Set("Authorization", "Bearer "+k.Key)
	req.Header.Set("X-Forwarded-For", "198.51.100.7") // by a proxy that is trusted
	req.Header.Set("X-Request-ID", "my-request-1")
	res, err := http.DefaultClient.Do(req)
	f.ok(err)
	res.Body.Close()
	if m := list("object_kind=website")[0]; m.Operation != "muteWebsite" || m.Address != "198.51.100.7" || m.RequestID != "my-request-1" {
		t.Errorf("muted through a proxy: %+v", m)
	}
	// What changes nothing leaves nothing.
	f.as(k.Key).call("PATCH", "/v1/websites/"+w.ID, `{"name":"renamed"}`).want(200, nil)
	if again := list("object_kind=website&object_id=" + w.ID); len(again) != 3 {
		t.Errorf("a change of nothing: %+v", again[0])
	}
	// Keys show neither themselves nor their hashes.
	f.call("POST", "/v1/api-keys/"+k.ID+"/rotate", `{"overlap_seconds":60}`).want(200, nil)
	if r := list("object_id=" + k.ID); r[0].Operation != "rotateApiKey" || r[0].After["hash"] != "***" || r[0].After["previous_hash"] != "***" || r[0].Before["previous_hash"] != nil {
		t.Errorf("rotated: %+v", r[0])
	}
	all := list("")
	if n := len(list("from=" + url.QueryEscape(got[1].At.Format(time.RFC3339Nano)))); n == 0 || n >= len(all) {
		t.Errorf("%d of %d changes since the website was made", n, len(all))
	}
	if n := len(list("to=" + url.QueryEscape(got[1].At.Format(time.RFC3339Nano)))); n == 0 || n >= len(all) {
		t.Errorf("%d of %d changes before the website was made", n, len(all))
	}
	var paged []int64
	for cursor := ""; ; {
		var p pageOf[change]
		a := f.call("GET", "/v1/audit?limit=2&cursor="+cursor, nil).want(200, &p)
		for _, c := range p.Items {
			paged = append(paged, c.ID)
		}
		if p.NextCursor == nil {
			break
		}
		if cursor = *p.NextCursor; a.header.Get("X-Next-Cursor") != cursor {
			t.Errorf("the header says %q", a.header.Get("X-Next-Cursor"))
		}
	}
	if !slices.IsSortedFunc(paged, func(a, b int64) int { return int(b - a) }) || len(paged) != len(all) {
		t.Errorf("in pages: %v", paged)
	}
	for query, pointer := range map[string]string{
		"cursor=x": "#/cursor", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": "#/from", "object_kind=cat": "#/object_kind", "format=xml": "#/format", "actor_id=1": "#/actor_id",
	} {
		f.call("GET", "/v1/audit?"+query, nil).invalid(pointer)
	}
	f.as(k.Key).call("GET", "/v1/audit", nil).problem(403)
}

func TestAuditOfCommandsAndOfTheFleetItself(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := postgres.WithActor(t.Context(), postgres.Actor{Kind: postgres.ActorSystem, Name: "api bootstrap", Operation: "bootstrap"})
	_, err := auth.MakeKey(ctx, f.store, "made by hand")
	f.ok(err)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	f.ok(f.store.SeeRegions(t.Context(), []string{"us-east"}))
	f.judge(id(t, w.Monitors[0].ID), uptime.VerdictDown, "us-east")
	f.exec("UPDATE website SET paused = true")
	got := f.changes("")
	if len(got) != 3 {
		t.Fatalf("want the key, the website and its monitor, found %+v", got)
	}
	if k := got[2]; k.Actor.Kind != "system" || k.Actor.ID != nil || k.Actor.Name != "api bootstrap" || k.Address != "" || k.ObjectKind != "api_key" || k.After["name"] != "made by hand" {
		t.Errorf("the command: %+v", k)
	}
}

// A connection goes back to the pool as it came: whoever gets it next is not taken for
// the one who had it before.
func TestNobodyActsForAnother(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	pool := f.store.Pool()
	w := f.addWebsite(map[string]any{"url": "a.example"})
	f.call("POST", "/v1/websites/"+w.ID+"/mute", nil).want(200, nil)
	before := len(f.changes(""))
	for range int(pool.Stat().TotalConns()) * 3 {
		_, err := pool.Exec(t.Context(), "UPDATE website SET name = name || 'x'")
		f.ok(err)
	}
	if after := len(f.changes("")); after != before {
		t.Errorf("%d changes by nobody are put down to somebody", after-before)
	}
}

func TestAuditAsATable(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addWebsite(map[string]any{"url": "a.example"})
	f.call("POST", "/v1/api-keys", map[string]any{"name": "x", "scopes": []string{"read"}}).want(201, nil)
	f.exec("UPDATE audit SET actor_name = '=HYPERLINK(1)', request_id = '-1', operation = '@x' WHERE object_kind = 'website'")
	table := func(path, accept string) [][]string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+path, nil)
		f.ok(err)
		req.Header.Set("Authorization", "Bearer admin")
		req.Header.Set("Accept", accept)
		res, err := http.DefaultClient.Do(req)
		f.ok(err)
		defer res.Body.Close()
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/csv" {
			t.Fatalf("%s: status %d, %s", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
		rows, err := csv.NewReader(res.Body).ReadAll()
		f.ok(err)
		return rows
	}
	rows := table("/v1/audit?object_kind=website", "text/csv; charset=utf-8, */*;q=0.1")
	if len(rows) != 2 || rows[0][0] != "id" || rows[1][4] != "'=HYPERLINK(1)" || rows[1][6] != "'-1" || rows[1][7] != "'@x" || rows[1][11] != "" || !json.Valid([]byte(rows[1][12])) {
		t.Errorf("%q", rows)
	}
	if byParam := table("/v1/audit?format=csv&object_kind=website", "*/*"); !cmp.Equal(rows, byParam) {
		t.Errorf("by parameter %q", byParam)
	}
	f.call("GET", "/v1/audit?format=json", nil).want(200, &pageOf[change]{})
}

func TestAuditIsPurged(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addWebsite(map[string]any{"url": "a.example"})
	f.exec("UPDATE audit SET at = now() - interval '10 days' WHERE object_kind = 'monitor'")
	n, err := f.store.PurgeAudit(t.Context(), 9*24*time.Hour)
	f.ok(err)
	if left := f.changes(""); n != 1 || len(left) != 1 || left[0].ObjectKind != "website" {
		t.Errorf("%d purged, left %+v", n, left)
	}
}
