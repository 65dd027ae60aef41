//go:build integration

package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// batchResult is the answer to a batch as a client sees it.
type batchResult struct {
	Applied, Failed int
	Items           []struct {
		Status  int
		ID      string
		Website *tagged
		Problem *problem
	}
}

// tagged is a website with what lists are narrowed by.
type tagged struct {
	website
	Tags      []string
	ManagedBy string `json:"managed_by"`
}

func (r *batchResult) statuses() []int {
	var out []int
	for _, item := range r.Items {
		out = append(out, item.Status)
	}
	return out
}

func TestBatchAnswersAsSingleCallsWould(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	kept := f.addWebsite(map[string]any{"url": "kept.example", "external_id": "k"})
	old := f.addWebsite(map[string]any{"url": "old.example"})
	foreign := f.as("other").addWebsite(map[string]any{"url": "foreign.example"})
	var got batchResult
	f.call("POST", "/v1/websites/batch", map[string]any{"items": []any{
		map[string]any{"create": map[string]any{"url": "new.example", "tags": []string{"b", "a"}, "managed_by": "git"}},
		map[string]any{"create": map[string]any{"url": "https://NEW.example/"}},                             // twice in the batch
		map[string]any{"create": map[string]any{"url": "ftp://x.example"}},                                  // wrong
		map[string]any{"create": map[string]any{"url": "old.example"}},                                      // there until the next one
		map[string]any{"delete": old.ID},                                                                    // makes room
		map[string]any{"create": map[string]any{"url": "old.example", "external_id": "k"}},                  // another one's id
		map[string]any{"create": map[string]any{"url": "old.example", "external_id": "o"}},                  // now it may
		map[string]any{"id": kept.ID, "update": map[string]any{"url": "moved.example", "tags": []string{}}}, // sees what is before
		map[string]any{"id": kept.ID, "update": map[string]any{"name": "Kept", "interval_seconds": 30}},
		map[string]any{"id": kept.ID, "update": map[string]any{"regions": []string{"mars"}}},
		map[string]any{"delete": foreign.ID},
		map[string]any{"delete": old.ID},
		map[string]any{},
		map[string]any{"delete": kept.ID, "create": map[string]any{"url": "two.example"}},
	}}).want(200, &got)
	want := []int{201, 409, 422, 409, 204, 409, 201, 200, 200, 422, 404, 404, 422, 422}
	if !slices.Equal(got.statuses(), want) || got.Applied != 5 || got.Failed != 9 {
		t.Fatalf("statuses %v, want %v; %d applied, %d failed", got.statuses(), want, got.Applied, got.Failed)
	}
	made := got.Items[0].Website
	if got.Items[1].Problem.ExistingID != made.ID || !slices.Equal(made.Tags, []string{"a", "b"}) || made.ManagedBy != "git" || len(made.Monitors) != 1 {
		t.Errorf("got %+v", got.Items[:2])
	}
	if p := got.Items[9].Problem; p.Errors[0].Pointer != "#/regions/0" || p.RequestID == "" {
		t.Errorf("got %+v", p)
	}
	var after tagged
	f.call("GET", "/v1/websites/"+kept.ID, nil).want(200, &after)
	if after.Name != "Kept" || after.URL != "https://moved.example" || after.Monitors[0].IntervalSeconds != 30 || after.Monitors[0].Target != after.URL {
		t.Errorf("got %+v", after)
	}
	f.call("GET", "/v1/websites/"+old.ID, nil).problem(404)
	f.as("other").call("GET", "/v1/websites/"+foreign.ID, nil).want(200, nil)
}

func TestAtomicBatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "here.example"})
	before := f.holdings(f.org)
	for name, last := range map[string]map[string]any{
		"a wrong one":   {"create": map[string]any{"url": "ftp://x"}},
		"a duplicate":   {"create": map[string]any{"url": "fresh.example"}},
		"a missing one": {"delete": uptime.NewID(time.Now())},
	} {
		var got batchResult
		f.call("POST", "/v1/websites/batch", map[string]any{"atomic": true, "items": []any{
			map[string]any{"create": map[string]any{"url": "fresh.example"}},
			map[string]any{"id": w.ID, "update": map[string]any{"name": "changed"}}, last,
		}}).want(200, &got)
		if s := got.statuses(); s[0] != http.StatusFailedDependency || s[1] != http.StatusFailedDependency || s[2] < 400 || s[2] == 424 || got.Failed != 3 {
			t.Errorf("%s: statuses %v", name, s)
		}
		if p := got.Items[2].Problem; p.ExistingID != "" {
			t.Errorf("%s: names a website that there is not: %+v", name, p)
		}
	}
	if after := f.holdings(f.org); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("something was changed: %v, was %v", after, before)
	}
	var got batchResult
	f.call("POST", "/v1/websites/batch", map[string]any{"atomic": true, "items": []any{
		map[string]any{"create": map[string]any{"url": "fresh.example"}}, map[string]any{"delete": w.ID},
	}}).want(200, &got)
	if !slices.Equal(got.statuses(), []int{201, 204}) {
		t.Errorf("statuses %v", got.statuses())
	}
}

// TestBatchOfAThousand makes, changes and removes as many as a call may, each with its
// record and its first check.
func TestBatchOfAThousand(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	items := func(each func(i int) map[string]any) []map[string]any {
		out := make([]map[string]any, 1000)
		for i := range out {
			out[i] = each(i)
		}
		return out
	}
	run := func(of []map[string]any) batchResult {
		var got batchResult
		begun := time.Now()
		f.call("POST", "/v1/websites/batch", map[string]any{"items": of}).want(200, &got)
		t.Logf("%d changes in %v", len(of), time.Since(begun).Round(time.Millisecond))
		if got.Applied != len(of) {
			t.Fatalf("%d of %d applied", got.Applied, len(of))
		}
		return got
	}
	conn, err := f.store.Pool().Acquire(t.Context())
	f.ok(err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), "LISTEN monitor_changed")
	f.ok(err)
	long := strings.Repeat("x", 150) // 1,000 with long names are more than other bodies may have
	made := run(items(func(i int) map[string]any {
		return map[string]any{"create": map[string]any{
			"url": fmt.Sprintf("https://site%04d.example/%s", i, strings.Repeat("p", 900)), "name": fmt.Sprintf("Site %04d %s", i, long), "tags": []string{"many"},
		}}
	}))
	var list pageOf[tagged]
	f.call("GET", "/v1/websites?limit=1000&tag=many", nil).want(200, &list)
	if len(list.Items) != 1000 {
		t.Errorf("%d websites", len(list.Items))
	}
	var records int
	f.ok(f.store.Pool().QueryRow(t.Context(), "SELECT count(*) FROM audit WHERE operation = 'batchWebsites' AND action = 'create'").Scan(&records))
	if records != 2000 { // each with its monitor
		t.Errorf("%d records", records)
	}
	for range 1000 {
		_, err := conn.Conn().WaitForNotification(t.Context())
		f.ok(err)
	}
	run(items(func(i int) map[string]any {
		return map[string]any{"id": made.Items[i].Website.ID, "update": map[string]any{"interval_seconds": 120}}
	}))
	run(items(func(i int) map[string]any { return map[string]any{"delete": made.Items[i].Website.ID} }))
	f.call("POST", "/v1/websites/batch", map[string]any{"items": append(items(func(int) map[string]any { return map[string]any{} }), map[string]any{})}).invalid("#/items")
}
