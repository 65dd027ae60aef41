//go:build integration

package httpapi_test

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// names returns the names on all pages of a list, two to a page.
func (f *fleet) names(query string) []string {
	f.t.Helper()
	var out []string
	for cursor := ""; ; {
		var page pageOf[tagged]
		f.call("GET", "/v1/websites?limit=2&"+query+cursor, nil).want(200, &page)
		for _, w := range page.Items {
			out = append(out, w.Name)
		}
		if page.NextCursor == nil {
			return out
		}
		cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
	}
}

func TestListsAreNarrowedAndOrdered(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east")
	add := func(name, verdict string, more map[string]any) website {
		body := map[string]any{"url": strings.ToLower(name) + ".example", "name": name}
		for k, v := range more {
			body[k] = v
		}
		w := f.addWebsite(body)
		if v, err := uptime.ParseVerdict(verdict); err == nil {
			f.judge(id(t, w.Monitors[0].ID), v, "us-east")
		}
		return w
	}
	add("delta", "up", map[string]any{"tags": []string{"prod", "eu"}, "managed_by": "git"})
	add("Bravo", "down", map[string]any{"tags": []string{"prod"}})
	add("alpha", "", map[string]any{"tags": []string{"test"}, "external_id": "x1"})
	add("Echo", "degraded", map[string]any{"tags": []string{"eu", "prod"}})
	paused := add("charlie", "down", map[string]any{"managed_by": "git"})
	f.call("POST", "/v1/websites/"+paused.ID+"/pause", nil).want(200, nil)
	f.addMonitor(add("foxtrot", "up", nil).ID, `{"kind":"tcp","target":"a.example:25"}`)
	f.as("other").addWebsite(map[string]any{"url": "delta.example", "name": "theirs", "tags": []string{"prod"}})

	byAge := []string{"delta", "Bravo", "alpha", "Echo", "charlie", "foxtrot"}
	byName := []string{"alpha", "Bravo", "charlie", "delta", "Echo", "foxtrot"}
	byStatus := []string{"Bravo", "Echo", "alpha", "delta", "foxtrot", "charlie"}
	turned := func(names []string) []string { names = slices.Clone(names); slices.Reverse(names); return names }
	for query, want := range map[string][]string{
		"": byAge, "sort=created": byAge, "sort=-created": turned(byAge), "sort=name": byName, "sort=-name": turned(byName),
		"sort=status": byStatus, "sort=-status": turned(byStatus),
		"tag=prod": {"delta", "Bravo", "Echo"}, "tag=eu,prod": {"delta", "Echo"}, "tag=PROD,%20eu&sort=-name": {"Echo", "delta"}, "tag=none": nil,
		"kind=tcp": {"foxtrot"}, "kind=http&sort=name": byName, "kind=dns": nil,
		"status=down": {"Bravo"}, "status=down,degraded": {"Bravo", "Echo"}, "status=paused,pending": {"alpha", "charlie"},
		"status=up,down&sort=-status": {"foxtrot", "delta", "Bravo"}, "status=unknown": nil,
		"managed_by=git": {"delta", "charlie"}, "external_id=x1": {"alpha"}, "q=AR&sort=name": {"charlie"}, "tag=prod&status=up&managed_by=git": {"delta"},
	} {
		if got := f.names(query); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	var tags struct {
		Items []struct {
			Tag      string
			Websites int
			Counts   map[string]int
		}
	}
	f.call("GET", "/v1/tags", nil).want(200, &tags)
	if got := fmt.Sprint(tags.Items); got != fmt.Sprint([]any{
		"{eu 2 map[degraded:1 down:0 paused:0 pending:0 unknown:0 up:1]}", "{prod 3 map[degraded:1 down:1 paused:0 pending:0 unknown:0 up:1]}",
		"{test 1 map[degraded:0 down:0 paused:0 pending:1 unknown:0 up:0]}",
	}) {
		t.Errorf("tags %v", got)
	}
}

// TestCursorsBelongToTheirList shows that a cursor holds where its website is gone or
// renamed, and is refused by any other list.
func TestCursorsBelongToTheirList(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var made []website
	for _, name := range []string{"a", "b", "c", "d", strings.Repeat("e", 200)} {
		made = append(made, f.addWebsite(map[string]any{"url": name[:1] + ".example", "name": name}))
	}
	first := func(query string) string {
		var page pageOf[tagged]
		f.call("GET", "/v1/websites?limit=2&"+query, nil).want(200, &page)
		return "&cursor=" + url.QueryEscape(*page.NextCursor)
	}
	cursor := first("sort=name")
	for _, other := range []string{"", "sort=-name", "sort=created", "sort=name&q=a", "sort=name&tag=x", "sort=name&status=up", "sort=name&kind=http", "sort=name&managed_by=x"} {
		f.call("GET", "/v1/websites?limit=2&"+other+cursor, nil).invalid("#/cursor")
	}
	f.call("GET", "/v1/websites?sort=name&cursor=bm90aGluZw", nil).invalid("#/cursor")
	if a, b := first(""), first("sort=created"); a != b {
		t.Errorf("the same order has two cursors: %s and %s", a, b)
	}
	f.call("PATCH", "/v1/websites/"+made[1].ID, map[string]any{"name": "z"}).want(200, nil)
	f.call("DELETE", "/v1/websites/"+made[0].ID, nil).want(204, nil)
	var rest pageOf[tagged]
	f.call("GET", "/v1/websites?limit=2&sort=name"+cursor, nil).want(200, &rest)
	if got := []string{rest.Items[0].Name, rest.Items[1].Name}; !slices.Equal(got, []string{"c", "d"}) {
		t.Errorf("after b come %v", got)
	}
	long := first("sort=-name&q=e") // with the longest name
	f.call("GET", "/v1/websites?limit=2&sort=-name&q=e"+long, nil).want(200, &rest)
	if len(rest.Items) == 0 || cmp.Compare(rest.Items[0].Name, "e") > 0 {
		t.Errorf("got %+v", rest.Items)
	}
}
