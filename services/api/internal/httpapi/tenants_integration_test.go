//go:build integration

package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// holdings returns a digest of all that a tenant has, by table.
func (f *fleet) holdings(org uptime.ID) map[string]string {
	f.t.Helper()
	out := map[string]string{}
	for _, table := range []string{"website", "monitor", "region", "channel", "api_key", "incident", "incident_event", "heartbeat", "delivery", "audit"} {
		var digest string
		f.ok(f.store.Pool().QueryRow(f.t.Context(),
			"SELECT COALESCE(md5(string_agg(x::text, ',' ORDER BY x::text)), '') FROM "+table+" x WHERE org_id = $1", org).Scan(&digest))
		out[table] = digest
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
	before := f.holdings(f.org)
	paths, lists := 0, 0
	for _, op := range routes(t) {
		path := e.path(t, op.template)
		switch {
		case op.scope == "": // the token in the path is the proof
		case path != op.template:
			paths++
			o.call(op.method, path, e.body(t, op)).problem(http.StatusNotFound)
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
	// Bodies that name what is not theirs.
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

// queries returns the queries with which a route is asked about an estate: none, and one
// for each parameter that can name one of its objects.
func (e *estate) queries(op route) []string {
	out := []string{""}
	for _, p := range op.params {
		if p.Value.In != "query" {
			continue
		}
		ids := []string{e.website, e.monitor, e.heartbeat, e.incident, e.channel, e.key, e.region}
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
