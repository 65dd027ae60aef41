package tsdb

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// fake2 answers as InfluxDB 2.x does (its public API reference) as far as the client
// asks: organisations, buckets, write, query, delete. The real engine of the tests is
// a 1.8, which shares write and query with it but has no such buckets.
type fake2 struct {
	mu      sync.Mutex
	buckets map[string]int64 // retention in seconds by name
	calls   []string
}

func (f *fake2) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Token secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	bucket := func(name string) string {
		return fmt.Sprintf(`{"id":"id-%s","orgID":"org-id","name":%q,"retentionRules":[{"type":"expire","everySeconds":%d}]}`,
			name, name, f.buckets[name])
	}
	var posted struct {
		Name           string
		Predicate      string
		Query          string
		OrgID          string
		RetentionRules []struct{ EverySeconds int64 }
	}
	_ = json.Unmarshal(body, &posted)
	switch q := r.URL.Query(); r.Method + " " + r.URL.Path {
	case "GET /api/v2/orgs":
		fmt.Fprintf(w, `{"orgs":[{"id":"org-id","name":%q}]}`, q.Get("org"))
	case "GET /api/v2/buckets":
		if _, ok := f.buckets[q.Get("name")]; !ok {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"code":"not found","message":"bucket %q not found"}`, q.Get("name"))
			return
		}
		fmt.Fprintf(w, `{"buckets":[%s]}`, bucket(q.Get("name")))
	case "POST /api/v2/buckets":
		f.buckets[posted.Name] = posted.RetentionRules[0].EverySeconds
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, bucket(posted.Name))
	case "POST /api/v2/write":
		f.calls = append(f.calls, fmt.Sprintf("write %s %s %s", q.Get("org"), q.Get("bucket"), q.Get("precision")))
		w.WriteHeader(http.StatusNoContent)
	case "POST /api/v2/query":
		from, _, _ := strings.Cut(posted.Query, "\n")
		f.calls = append(f.calls, fmt.Sprintf("query %s %s", q.Get("org"), from))
	case "POST /api/v2/delete":
		f.calls = append(f.calls, fmt.Sprintf("delete %s %s %s", q.Get("org"), q.Get("bucket"), posted.Predicate))
		w.WriteHeader(http.StatusNoContent)
	default:
		if name, ok := strings.CutPrefix(r.URL.Path, "/api/v2/buckets/id-"); ok && r.Method == http.MethodPatch {
			f.buckets[name] = posted.RetentionRules[0].EverySeconds
			fmt.Fprint(w, bucket(name))
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestVersion2(t *testing.T) {
	t.Parallel()
	fake := &fake2{buckets: map[string]int64{"website_ticks": 60, "website_ticks_5m": 90 * 86400}}
	srv := httptest.NewServer(fake)
	defer srv.Close()
	c, err := Open(Config{URL: srv.URL, Org: "fleet", Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 { // again changes nothing
		if err := c.EnsureBuckets(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]int64{
		"website_ticks": 30 * 86400, "website_ticks_5m": 90 * 86400, "website_ticks_1h": 400 * 86400,
	}, fake.buckets); diff != "" {
		t.Errorf("retention: %s", diff)
	}
	now := time.Now()
	if err := c.Write(t.Context(), []uptime.Result{{
		Monitor: testMonitor, Region: "eu", Due: uptime.InstantOf(now), Outcome: uptime.OutcomePass,
	}}); err != nil {
		t.Error(err)
	}
	if _, err := c.Ticks(t.Context(), TickQuery{Monitor: testMonitor, From: now.Add(-time.Minute), To: now}); err != nil {
		t.Error(err)
	}
	if err := c.DeleteMonitor(t.Context(), testMonitor); err != nil {
		t.Error(err)
	}
	predicate := fmt.Sprintf("monitor_id=%q", testMonitor)
	want := []string{
		"write fleet website_ticks us", `query fleet from(bucket: "website_ticks")`,
		"delete fleet website_ticks " + predicate, "delete fleet website_ticks_5m " + predicate, "delete fleet website_ticks_1h " + predicate,
	}
	if diff := cmp.Diff(want, fake.calls); diff != "" {
		t.Error(diff)
	}
}

func TestVersion2RefusesAWrongToken(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(&fake2{buckets: map[string]int64{}})
	defer srv.Close()
	c, err := Open(Config{URL: srv.URL, Org: "fleet", Token: "wrong"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.EnsureBuckets(t.Context()); err == nil || !strings.Contains(err.Error(), "website_ticks") {
		t.Errorf("got %v, want an error that names the bucket", err)
	}
}

func TestVersionByConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		org, token string
		v2         bool
	}{
		{"fleet", "secret", true},
		{"fleet", "", false}, // a 1.8 has no use for the default organisation
		{"fleet", "user:password", false},
		{"", "user:password", false},
		{"", "", false},
	} {
		c, err := Open(Config{URL: "http://127.0.0.1:8086", Org: tt.org, Token: tt.token})
		if err != nil || c.isV2() != tt.v2 {
			t.Errorf("organisation %q, token %q: 2.x: %v, %v, want %v", tt.org, tt.token, !tt.v2, err, tt.v2)
		}
	}
}
