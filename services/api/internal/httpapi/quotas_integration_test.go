//go:build integration

package httpapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/postgres"
)

func TestQuotas(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west")
	limit := func(o postgres.Overrides) { t.Helper(); f.ok(f.store.SetOverrides(t.Context(), f.org, o)) }
	over := func(a answer, says string) {
		t.Helper()
		if p := a.problem(403); p.kind() != "quota" || !strings.Contains(p.Detail, says) {
			t.Errorf("%s: %s: %s", a.call, p.kind(), p.Detail)
		}
	}
	f.store.LimitTenants(postgres.Quotas{Websites: 2, Channels: 1})
	w := f.addWebsite(map[string]any{"url": "a.example"})
	second := f.addWebsite(map[string]any{"url": "b.example"})
	over(f.call("POST", "/v1/websites", map[string]any{"url": "c.example"}), "may have 2 websites and has 2; with this it would have 3")
	over(f.call("POST", "/websites", map[string]any{"url": "c.example"}), "websites")
	over(f.call("POST", "/v1/websites/batch", map[string]any{"items": []any{map[string]any{"create": map[string]any{"url": "c.example"}}}}), "websites")
	hook := map[string]any{"name": "x", "kind": "slack", "config": map[string]any{"webhook_url": "https://h.example/x"}}
	f.call("POST", "/v1/channels", hook).want(201, nil)
	over(f.call("POST", "/v1/channels", hook), "1 channels and has 1")
	// Others have their own.
	f.as("other").addWebsite(map[string]any{"url": "a.example"})

	// An organisation's own counts before the fleet's, and 0 is none.
	limit(postgres.Overrides{Websites: new(0), Monitors: new(3)})
	f.addWebsite(map[string]any{"url": "c.example"})
	over(f.call("POST", "/v1/websites", map[string]any{"url": "d.example"}), "3 monitors")
	over(f.call("POST", "/v1/websites/"+w.ID+"/monitors", map[string]any{"kind": "tcp", "target": "a.example:443"}), "3 monitors")
	over(f.call("POST", "/v1/monitors/"+w.Monitors[0].ID+"/clone", nil), "3 monitors")

	// Three monitors every minute from two regions are six checks a minute.
	limit(postgres.Overrides{ChecksPerMinute: new(7)})
	at := "/v1/monitors/" + w.Monitors[0].ID
	over(f.call("PATCH", at, map[string]any{"interval_seconds": 30}), "7 checks per minute and has 6; with this it would have 8")
	over(f.call("PATCH", "/v1/websites/"+w.ID, map[string]any{"interval_seconds": 30}), "checks per minute")
	f.call("PATCH", at, map[string]any{"interval_seconds": 30, "regions": []string{"us-east"}}).want(200, nil)
	over(f.call("PATCH", at, map[string]any{"regions": nil}), "checks per minute")
	f.call("POST", "/v1/websites/"+second.ID+"/pause", nil).want(200, nil)
	f.call("PATCH", at, map[string]any{"regions": nil}).want(200, nil)
	over(f.call("POST", "/v1/websites/"+second.ID+"/resume", nil), "checks per minute")
	// A pause that ends by itself frees nothing.
	f.call("POST", "/v1/websites/"+w.ID+"/pause", map[string]any{"until": "2100-01-01T00:00:00Z"}).want(200, nil)
	over(f.call("POST", "/v1/websites/"+second.ID+"/resume", nil), "has 6")
	f.call("POST", "/v1/websites/"+w.ID+"/resume", nil).want(200, nil)

	// What is too much by now may stay, and become less.
	limit(postgres.Overrides{ChecksPerMinute: new(2)})
	f.call("PATCH", at, map[string]any{"name": "Same"}).want(200, nil)
	f.call("PATCH", at, map[string]any{"interval_seconds": 40}).want(200, nil)
	over(f.call("PATCH", at, map[string]any{"interval_seconds": 30}), "2 checks per minute and has 5")

	var org organisation
	f.call("GET", "/v1/organisation", nil).want(200, &org)
	want := []quota{{3, new(2)}, {3, nil}, {5, new(2)}, {1, new(1)}}
	got := []quota{org.Quotas.Websites, org.Quotas.Monitors, org.Quotas.ChecksPerMinute, org.Quotas.Channels}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("quotas (-want +got):\n%s", diff)
	}
}

func TestNoTwoAreTheLastThatFits(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.store.LimitTenants(postgres.Quotas{Websites: 5})
	statuses := make([]int, 12)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = f.call("POST", "/v1/websites", map[string]any{"url": fmt.Sprintf("s%d.example", i)}).status
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if diff := cmp.Diff(map[int]int{201: 5, 403: 7}, count); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}
