//go:build integration

package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// estate is one object of each kind that a tenant has.
type estate struct {
	website, monitor, heartbeat, incident, channel, key  string
	member, session, invitation, statusPage, org, region string
	n                                                    int64
}

// objects are the ids in it.
func (e *estate) objects() []*string {
	return []*string{
		&e.website, &e.monitor, &e.heartbeat, &e.incident, &e.channel, &e.key, &e.member, &e.session, &e.invitation, &e.statusPage, &e.org,
	}
}

var estates atomic.Int64

// newEstate makes an estate of the caller's tenant.
func (f *fleet) newEstate() estate {
	f.t.Helper()
	e := estate{n: estates.Add(1)}
	e.region = fmt.Sprintf("region-%d", e.n)
	f.addPrivateRegion(e.region)
	w := f.addWebsite(map[string]any{"url": fmt.Sprintf("estate%d.example", e.n)})
	e.website, e.monitor = w.ID, w.Monitors[0].ID
	var beat monitor
	f.call("POST", "/v1/websites/"+e.website+"/monitors", map[string]any{"kind": "heartbeat", "interval_seconds": 60}).want(201, &beat)
	e.heartbeat = beat.ID
	f.judge(id(f.t, e.monitor), uptime.VerdictDown, e.region)
	var open pageOf[incident]
	f.call("GET", "/v1/incidents?monitor_id="+e.monitor, nil).want(200, &open)
	e.incident = open.Items[0].ID
	var c channel
	f.call("POST", "/v1/channels", map[string]any{"name": "hook", "kind": "webhook", "config": map[string]any{"url": "https://h.example/x?token=hush", "secret": signingSecret}}).want(201, &c)
	e.channel = c.ID
	var k apiKey
	f.call("POST", "/v1/api-keys", map[string]any{"name": "spare", "scopes": []string{"read"}}).want(201, &k)
	e.key = k.ID
	org := map[bool]uptime.ID{true: f.other, false: f.org}[f.key == "other"]
	e.org = org.String()
	_, member := f.member(org, "editor")
	e.member = member.String()
	f.ok(f.store.Pool().QueryRow(f.t.Context(), "SELECT id FROM session WHERE account_id = $1", member).Scan(&e.session))
	var i struct{ ID string }
	f.call("POST", "/v1/invitations", map[string]any{"email": fmt.Sprintf("guest%d@example.com", e.n), "role": "viewer"}).want(201, &i)
	e.invitation = i.ID
	e.statusPage = uptime.NewID(time.Now()).String()
	f.exec("INSERT INTO status_page (id, org_id, slug, title) VALUES ($1, $2, $3, 'Page')", e.statusPage, org, fmt.Sprintf("page-%d", e.n))
	return e
}

// ids returns what must never be seen by another tenant.
func (e *estate) ids() []string {
	ids := []string{`"` + e.region + `"`}
	for _, id := range e.objects() {
		ids = append(ids, *id)
	}
	return ids
}

// path fills in the parameters of a path of the document.
func (e *estate) path(t testing.TB, path string) string {
	t.Helper()
	for _, one := range []struct{ under, id string }{
		{"/v1/websites/", e.website}, {"/websites/", e.website}, {"/monitor/", e.website},
		{"/v1/monitors/{id}/heartbeat/", e.heartbeat}, {"/v1/monitors/", e.monitor},
		{"/v1/incidents/", e.incident}, {"/v1/channels/", e.channel}, {"/v1/api-keys/", e.key}, {"/v1/members/", e.member},
		{"/v1/sessions/", e.session}, {"/v1/invitations/", e.invitation}, {"/v1/status-pages/", e.statusPage}, {"/v1/organisations/", e.org},
	} {
		if strings.HasPrefix(path, one.under) {
			path = strings.ReplaceAll(path, "{id}", one.id)
		}
	}
	path = strings.NewReplacer("{name}", e.region, "{token}", "nobodys", "{slug}", "nobodys").Replace(path)
	if strings.Contains(path, "{") {
		t.Fatalf("%s: say in this helper which object it is about", path)
	}
	return path
}

// body is what an operation that takes one is called with: something that it can do, or
// else the least that the document asks for.
func (e *estate) body(t testing.TB, op route) any {
	t.Helper()
	fresh := fmt.Sprintf("fresh%d.example", estates.Add(1))
	bodies := map[string]any{
		"createWebsite": map[string]any{"url": fresh}, "updateWebsite": map[string]any{"name": fresh},
		"pauseWebsite": nil, "muteWebsite": nil,
		"createMonitor": map[string]any{"kind": "tcp", "target": "a.example:443"}, "updateMonitor": map[string]any{"name": fresh},
		"cloneMonitor":  map[string]any{"target": "https://" + fresh},
		"testMonitor":   map[string]any{"kind": "http", "target": "https://" + fresh, "monitor_id": e.monitor},
		"createRegion":  map[string]any{"name": strings.Split(fresh, ".")[0]},
		"updateRegion":  map[string]any{"title": fresh},
		"createChannel": map[string]any{"name": fresh, "kind": "slack", "config": map[string]any{"webhook_url": "https://h.example/hush"}, "website_ids": []string{e.website}},
		"updateChannel": map[string]any{"name": fresh},
		"createApiKey":  map[string]any{"name": fresh, "scopes": []string{"read"}}, "updateApiKey": map[string]any{"name": fresh},
		"rotateApiKey": map[string]any{"overlap_seconds": 60},

		"updateOrganisation": map[string]any{"name": fresh}, "updateMember": map[string]any{"role": "viewer"},
		"createInvitation": map[string]any{"email": "guest@" + fresh, "role": "viewer"},
		"updateIncident":   map[string]any{"note": fresh},
		"createStatusPage": map[string]any{"slug": strings.Split(fresh, ".")[0], "title": fresh},
		"updateStatusPage": map[string]any{"title": fresh},
		"batchWebsites":    map[string]any{"items": []any{map[string]any{"create": map[string]any{"url": fresh}}}},
		"bulkWebsites":     map[string]any{"action": "tag", "ids": []string{e.website}, "tags": []string{"t" + strings.Split(fresh, ".")[0]}},
		"importWebsites":   map[string]any{"websites": []any{map[string]any{"name": fresh, "url": "https://" + fresh}}},

		"legacyCreateWebsite": map[string]any{"url": fresh}, "legacyUpdateWebsite": map[string]any{"name": fresh},
		"legacyCreateRegion": map[string]any{"name": strings.Split(fresh, ".")[0]},
	}
	body, ok := bodies[op.id]
	if !ok && op.RequestBody != nil {
		for kind, content := range op.RequestBody.Value.Content {
			if kind == "application/json" {
				return least(content.Schema.Value)
			}
		}
	}
	return body
}

// least returns the least value that a schema allows.
func least(s *openapi3.Schema) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is("object") || len(s.Properties) > 0:
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = least(s.Properties[name].Value)
		}
		return out
	case s.Type.Is("array"):
		out := []any{}
		for range s.MinItems {
			out = append(out, least(s.Items.Value))
		}
		return out
	case s.Type.Is("boolean"):
		return true
	case s.Type.Is("integer") || s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Format == "date-time":
		return time.Now().Add(time.Hour)
	case s.Format == "uuid":
		return uptime.NewID(time.Now()).String()
	}
	return strings.Repeat("x", max(1, int(s.MinLength)))
}

// route is an operation of the document.
type route struct {
	method, template, id string
	scope                string // empty: for everybody who has a token
	*openapi3.Operation
	params openapi3.Parameters
}

// routes returns every operation of the document.
func routes(t testing.TB) []route {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []route
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			r := route{method: method, template: path, id: op.OperationID, Operation: op}
			r.params = append(append(r.params, item.Parameters...), op.Parameters...)
			switch {
			case op.Security == nil:
				t.Fatalf("%s says nothing of who may call it", op.OperationID)
			case len(*op.Security) > 0:
				last := (*op.Security)[len(*op.Security)-1]
				r.scope = last["session"][0]
			}
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b route) int { return strings.Compare(a.id, b.id) })
	if len(out) < 60 {
		t.Fatalf("only %d operations", len(out))
	}
	return out
}

// exec changes the database behind the api's back.
func (f *fleet) exec(sql string, args ...any) {
	f.t.Helper()
	f.ok(f.store.Tx(f.t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(f.t.Context(), sql, args...)
		return err
	}))
}
