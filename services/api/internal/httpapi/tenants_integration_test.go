//go:build integration

package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// holdings returns a digest of all that a tenant has, by table: every one whose rows have
// a tenant.
func (f *fleet) holdings(org uptime.ID) map[string]string {
	f.t.Helper()
	rows, err := f.store.Pool().Query(f.t.Context(),
		`SELECT table_name, 'org_id' FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'org_id'
		UNION ALL SELECT 'org', 'id'`)
	f.ok(err)
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Table, Column string }])
	f.ok(err)
	if len(columns) < 15 {
		f.t.Fatalf("only %d tables have tenants", len(columns))
	}
	out := map[string]string{}
	for _, c := range columns {
		var digest string
		f.ok(f.store.Pool().QueryRow(f.t.Context(), fmt.Sprintf(
			"SELECT COALESCE(md5(string_agg(x::text, ',' ORDER BY x::text)), '') FROM %s x WHERE %s = $1", c.Table, c.Column), org).Scan(&digest))
		out[c.Table] = digest
	}
	return out
}

// told says which of a tenant's objects an answer speaks of, beside those that were asked about.
func (e *estate) told(a answer, asked string) []string {
	var out []string
	for _, id := range e.ids() {
		if strings.Contains(string(a.body), id) && !strings.Contains(asked, strings.Trim(id, `"`)) {
			out = append(out, id)
		}
	}
	return out
}

// TestTenantsSeeNothingOfEachOther walks every route of the document with another
// tenant's ids: in the path, in each parameter, and in bodies.
func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	live, _ := withEvents(t)
	f := newFleet(t, withTicks(t), live)
	e := f.newEstate()
	o := f.as("other")
	own := o.newEstate()
	person, _ := f.member(f.other, "owner") // keys have no accounts
	before := f.holdings(f.org)
	paths, lists := 0, 0
	nothing := func(a answer) {
		t.Helper()
		if a.status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404: %s", a.call, a.status, a.body)
		}
	}
	for _, op := range routes(t) {
		path := e.path(t, op.template)
		switch {
		case op.scope == "": // the token in the path is the proof
		case op.scope == "self" || op.scope == "owner":
			if path != op.template {
				paths++
				nothing(person.call(op.method, path, e.body(t, op)))
				continue
			}
			if op.method == http.MethodGet {
				lists++
				if seen := e.told(person.call(op.method, path, nil), ""); len(seen) > 0 {
					t.Errorf("%s tells another tenant of %v", op.id, seen)
				}
			}
		case path != op.template:
			paths++
			nothing(o.call(op.method, path, e.body(t, op)))
			if op.method == http.MethodGet {
				f.call(op.method, path, nil).want(http.StatusOK, nil) // it is there
			}
		case op.method == http.MethodGet:
			lists++
			for _, query := range e.queries(op) {
				a := o.call(op.method, path+query, nil)
				if !slices.Contains([]int{http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity}, a.status) {
					t.Errorf("%s%s: status %d", op.id, query, a.status)
				}
				if seen := e.told(a, query); len(seen) > 0 {
					t.Errorf("%s%s tells another tenant of %v", op.id, query, seen)
				}
			}
		}
	}
	// Bodies that name what is not theirs, wherever one may name something.
	planted := 0
	for _, op := range routes(t) {
		if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil || op.scope == "" {
			continue
		}
		for _, id := range e.objects() {
			for _, body := range plant(op.RequestBody.Value.Content["application/json"].Schema.Value, *id) {
				planted++
				call := o.call
				if op.scope == "self" || op.scope == "owner" {
					call = person.call
				}
				if seen := e.told(call(op.method, own.path(t, op.template), body), *id); len(seen) > 0 {
					t.Errorf("%s with %v tells another tenant of %v", op.id, body, seen)
				}
			}
		}
	}
	if planted < 50 {
		t.Errorf("only %d bodies name something", planted)
	}
	for _, tt := range []struct {
		method, path string
		body         map[string]any
		status       int
	}{
		{"POST", "/v1/monitors/test", map[string]any{"kind": "http", "target": "https://a.example", "monitor_id": e.monitor}, 404},
		{"POST", "/v1/monitors/" + own.monitor + "/clone", map[string]any{"website_id": e.website}, 404},
		{"POST", "/v1/channels", map[string]any{"name": "x", "kind": "slack", "config": map[string]any{"webhook_url": "https://h.example/x"}, "website_ids": []string{e.website}}, 422},
		{"PATCH", "/v1/channels/" + own.channel, map[string]any{"website_ids": []string{e.website}}, 422},
		{"PATCH", "/v1/websites/" + own.website, map[string]any{"regions": []string{e.region}}, 422},
		{"POST", "/v1/websites", map[string]any{"url": "x.example", "regions": []string{e.region}}, 422},
		{"PATCH", "/v1/monitors/" + own.monitor, map[string]any{"regions": []string{e.region}}, 422},
		// What both may have is nobody's secret.
		{"POST", "/v1/websites", map[string]any{"url": fmt.Sprintf("estate%d.example", e.n)}, 201},
	} {
		o.call(tt.method, tt.path, tt.body).want(tt.status, nil)
	}
	if diff := cmp.Diff(before, f.holdings(f.org)); diff != "" {
		t.Errorf("another tenant has changed something:\n%s", diff)
	}
	if paths < 30 || lists < 10 {
		t.Errorf("walked only %d routes with ids and %d lists", paths, lists)
	}
}

// plant returns values of a schema that name an object in one place each.
func plant(s *openapi3.Schema, id string) []any {
	switch {
	case s.Format == "uuid":
		return []any{id}
	case s.Type.Is("array") && s.Items != nil:
		var out []any
		for _, one := range plant(s.Items.Value, id) {
			out = append(out, []any{one})
		}
		return out
	}
	var out []any
	for name, property := range s.Properties {
		for _, one := range plant(property.Value, id) {
			body := least(s).(map[string]any)
			body[name] = one
			out = append(out, body)
		}
	}
	for _, other := range append(s.AnyOf, s.OneOf...) {
		out = append(out, plant(other.Value, id)...)
	}
	return out
}

// queries returns the queries with which a route is asked about an estate: none, and one
// for each parameter that can name one of its objects.
func (e *estate) queries(op route) []string {
	out := []string{""}
	for _, p := range op.params {
		if p.Value.In != "query" {
			continue
		}
		ids := []string{e.region}
		for _, id := range e.objects() {
			ids = append(ids, *id)
		}
		by := map[string]string{"website_id": e.website, "monitor_id": e.monitor, "incident_id": e.incident, "channel_id": e.channel, "region": e.region}
		if id, ok := by[p.Value.Name]; ok {
			ids = []string{id}
		} else if !slices.Contains([]string{"q", "external_id", "object_id", "actor_id"}, p.Value.Name) {
			continue
		}
		for _, id := range ids {
			out = append(out, "?"+p.Value.Name+"="+url.QueryEscape(id))
		}
	}
	return out
}
