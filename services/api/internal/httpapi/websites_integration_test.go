//go:build integration

package httpapi_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/queue"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestCreateWebsiteGivesItsFirstMonitor(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west", "ap-south")
	majority := uptime.Policy{Quorum: uptime.Quorum{Mode: "majority"}, RecoveryRounds: 2}
	tests := []struct {
		name string
		body map[string]any
		want monitor
		site website
	}{
		{"least", map[string]any{"url": "example.com"},
			monitor{Target: "https://example.com", IntervalSeconds: 60, TimeoutMs: 10000, Policy: majority},
			website{URL: "https://example.com", Name: "example.com"}},
		{"http stays http", map[string]any{"url": "http://plain.example/x?y=1"},
			monitor{Target: "http://plain.example/x?y=1", IntervalSeconds: 60, TimeoutMs: 10000, Policy: majority},
			website{URL: "http://plain.example/x?y=1", Name: "plain.example"}},
		{"nulls are defaults", map[string]any{"url": "n.example", "name": nil, "regions": nil, "policy": nil, "external_id": nil},
			monitor{Target: "https://n.example", IntervalSeconds: 60, TimeoutMs: 10000, Policy: majority},
			website{URL: "https://n.example", Name: "n.example"}},
		{"timeout clamps to the interval", map[string]any{"url": "c.example", "interval_seconds": 5},
			monitor{Target: "https://c.example", IntervalSeconds: 5, TimeoutMs: 5000, Policy: majority},
			website{URL: "https://c.example", Name: "c.example"}},
		{"all", map[string]any{
			"url": "all.example:8443", "name": "All of it", "interval_seconds": 300, "timeout_ms": 2500, "regions": []string{"us-east", "ap-south"},
			"policy":      map[string]any{"quorum": map[string]any{"mode": "count", "count": 2}, "confirmation_seconds": 30, "recovery_rounds": 5},
			"external_id": "x-1",
		},
			monitor{Target: "https://all.example:8443", IntervalSeconds: 300, TimeoutMs: 2500, Regions: []string{"us-east", "ap-south"},
				Policy: uptime.Policy{Quorum: uptime.Quorum{Mode: "count", Count: 2}, ConfirmationSeconds: 30, RecoveryRounds: 5}},
			website{URL: "https://all.example:8443", Name: "All of it", ExternalID: new("x-1")}},
		{"part of a policy", map[string]any{"url": "p.example", "policy": map[string]any{"recovery_rounds": 3}},
			monitor{Target: "https://p.example", IntervalSeconds: 60, TimeoutMs: 10000,
				Policy: uptime.Policy{Quorum: uptime.Quorum{Mode: "majority"}, RecoveryRounds: 3}},
			website{URL: "https://p.example", Name: "p.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			got := f.addWebsite(tt.body)
			var again website
			f.call("GET", "/v1/websites/"+got.ID, nil).want(200, &again)
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("what POST and GET say differs:\n%s", diff)
			}
			if len(got.Monitors) != 1 {
				t.Fatalf("%d monitors, want 1", len(got.Monitors))
			}
			m := got.Monitors[0]
			tt.want.ID, tt.want.WebsiteID, tt.want.Status, tt.want.Verdict, tt.want.Revision = m.ID, got.ID, "pending", "unknown", 1
			tt.site.ID, tt.site.Status, tt.site.Verdict, tt.site.Monitors = got.ID, "pending", "unknown", []monitor{tt.want}
			tt.site.AdvisoryRegions = []string{}
			if diff := cmp.Diff(tt.site, got); diff != "" {
				t.Errorf("website (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCreateWebsiteRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west")
	tests := []struct {
		name, body string
		status     int
		pointers   []string
		says       string
	}{
		{"no body", ``, 400, nil, "JSON body"},
		{"malformed", `{"url":`, 400, nil, "not valid JSON"},
		{"two values", `{"url":"a.example"} {}`, 400, nil, "more than one"},
		{"not an object", `["a.example"]`, 422, []string{"#"}, "must be an object"},
		{"no url", `{}`, 422, []string{"#/url"}, "is needed"},
		{"null url", `{"url":null}`, 422, []string{"#/url"}, "must not be null"},
		{"empty url", `{"url":""}`, 422, []string{"#/url"}, "must not be empty"},
		{"url is a number", `{"url":5}`, 422, []string{"#/url"}, "must be text"},
		{"ftp", `{"url":"ftp://a.example"}`, 422, []string{"#/url"}, "http:// or https://"},
		{"script", `{"url":"javascript:alert(1)"}`, 422, []string{"#/url"}, "http:// or https://"},
		{"no host", `{"url":"https:///x"}`, 422, []string{"#/url"}, "no host"},
		{"password", `{"url":"https://u:p@a.example"}`, 422, []string{"#/url"}, "user name or password"},
		{"unknown field", `{"url":"a.example","intervall_seconds":9}`, 422, []string{"#/intervall_seconds"}, "interval_seconds?"},
		{"unknown nested field", `{"url":"a.example","policy":{"quorum":{"kind":"any"}}}`, 422, []string{"#/policy/quorum/kind"}, "unknown field"},
		{"seconds for milliseconds", `{"url":"a.example","timeout_ms":10}`, 422, []string{"#/timeout_ms"}, "milliseconds?"},
		{"timeout above interval", `{"url":"a.example","interval_seconds":5,"timeout_ms":5001}`, 422, []string{"#/timeout_ms"}, "timeout_ms: must be at most the interval"},
		{"timeout above any check's", `{"url":"a.example","interval_seconds":120,"timeout_ms":60001}`, 422, []string{"#/timeout_ms"}, "timeout_ms: must be at most 60000"},
		{"interval too short", `{"url":"a.example","interval_seconds":4}`, 422, []string{"#/interval_seconds"}, "at least 5"},
		{"interval too long", `{"url":"a.example","interval_seconds":86401}`, 422, []string{"#/interval_seconds"}, "at most 86400"},
		{"interval as text", `{"url":"a.example","interval_seconds":"60"}`, 422, []string{"#/interval_seconds"}, "whole number"},
		{"interval with a fraction", `{"url":"a.example","interval_seconds":60.5}`, 422, []string{"#/interval_seconds"}, "whole number"},
		{"interval of a size", `{"url":"a.example","interval_seconds":1e999}`, 422, []string{"#/interval_seconds"}, "whole number"},
		{"no regions", `{"url":"a.example","regions":[]}`, 422, []string{"#/regions"}, "at least 1"},
		{"unknown region", `{"url":"a.example","regions":["us-east","mars"]}`, 422, []string{"#/regions/1"}, `no region "mars"`},
		{"region twice", `{"url":"a.example","regions":["us-east","us-east"]}`, 422, []string{"#/regions/1"}, "twice"},
		{"regions as text", `{"url":"a.example","regions":"us-east"}`, 422, []string{"#/regions"}, "a list"},
		{"unknown mode", `{"url":"a.example","policy":{"quorum":{"mode":"most"}}}`, 422, []string{"#/policy/quorum/mode"}, "majority, any, all or count"},
		{"count beyond regions", `{"url":"a.example","policy":{"quorum":{"mode":"count","count":3}}}`, 422, []string{"#/policy/quorum/count"}, "1 to 2"},
		{"count of one region", `{"url":"a.example","regions":["us-east"],"policy":{"quorum":{"mode":"count","count":2}}}`, 422, []string{"#/policy/quorum/count"}, "1 to 1"},
		{"count missing", `{"url":"a.example","policy":{"quorum":{"mode":"count"}}}`, 422, []string{"#/policy/quorum/count"}, "1 to 2"},
		{"count without its mode", `{"url":"a.example","policy":{"quorum":{"count":1}}}`, 422, []string{"#/policy/quorum/count"}, "count"},
		{"rounds", `{"url":"a.example","policy":{"recovery_rounds":0}}`, 422, []string{"#/policy/recovery_rounds"}, "at least 1"},
		{"control character", `{"url":"a.example","name":"a\u0000b"}`, 422, []string{"#/name"}, "control characters"},
		{"name too long", `{"url":"a.example","name":"` + strings.Repeat("x", 201) + `"}`, 422, []string{"#/name"}, "at most 200"},
		{"url too long", `{"url":"a.example/` + strings.Repeat("é", 1500) + `"}`, 422, []string{"#/url"}, "2048 bytes"},
		{"all of it at once", `{"timeout_ms":1,"regions":[],"x":1}`, 422, []string{"#/regions", "#/timeout_ms", "#/x", "#/url"}, ""},
		{"too large", `{"url":"` + strings.Repeat("x", 1<<20) + `"}`, 413, nil, "1 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := f.in(t).call("POST", "/v1/websites", tt.body)
			p := a.problem(tt.status)
			if tt.status == 422 {
				p = a.invalid(tt.pointers...)
			}
			if !strings.Contains(p.Detail, tt.says) {
				t.Errorf("says %q, want %q in it", p.Detail, tt.says)
			}
		})
	}
	t.Cleanup(func() { // after the subtests
		n, err := f.store.Websites(context.Background(), f.org, postgres.WebsiteFilter{})
		if err != nil || len(n) != 0 {
			t.Errorf("%d websites were made, %v", len(n), err)
		}
	})
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	first := f.addWebsite(map[string]any{"url": "HTTPS://Dup.Example:443/#top", "external_id": "e1"})
	for _, same := range []string{"dup.example", "https://dup.example/", "https://DUP.example.:443"} {
		if p := f.call("POST", "/v1/websites", map[string]any{"url": same}).problem(409); p.ExistingID != first.ID {
			t.Errorf("%s: existing %q, want %q", same, p.ExistingID, first.ID)
		}
	}
	for _, differs := range []string{"http://dup.example", "dup.example/x", "dup.example:8443", "dup.example?x", "www.dup.example"} {
		f.addWebsite(map[string]any{"url": differs})
	}
	second := f.addWebsite(map[string]any{"url": "dup.example", "allow_duplicate": true})
	if p := f.call("POST", "/v1/websites", map[string]any{"url": "dup.example"}).problem(409); p.ExistingID != first.ID {
		t.Errorf("existing %q, want the oldest, %q", p.ExistingID, first.ID)
	}
	f.call("DELETE", "/v1/websites/"+first.ID, nil).want(204, nil)
	if p := f.call("POST", "/v1/websites", map[string]any{"url": "dup.example"}).problem(409); p.ExistingID != second.ID {
		t.Errorf("existing %q, want the one that allows duplicates, %q", p.ExistingID, second.ID)
	}
	// A change that makes one a duplicate is refused, too, one that leaves it as it is not.
	third := f.addWebsite(map[string]any{"url": "third.example", "external_id": "e3"})
	p := f.call("PATCH", "/v1/websites/"+third.ID, map[string]any{"url": "dup.example"}).problem(409)
	if p.ExistingID != second.ID || p.Errors[0].Pointer != "#/url" {
		t.Errorf("got %+v", p)
	}
	f.call("PATCH", "/v1/websites/"+third.ID, map[string]any{"url": "https://THIRD.example"}).want(200, nil)
	f.call("PATCH", "/v1/websites/"+second.ID, map[string]any{"allow_duplicate": false}).want(200, nil)
	// Ids of others are unique without exception.
	p = f.call("POST", "/v1/websites", map[string]any{"url": "e.example", "external_id": "e3", "allow_duplicate": true}).problem(409)
	if p.ExistingID != third.ID || p.Errors[0].Pointer != "#/external_id" {
		t.Errorf("got %+v", p)
	}
	p = f.call("PATCH", "/v1/websites/"+second.ID, map[string]any{"external_id": "e3"}).problem(409)
	if p.ExistingID != third.ID {
		t.Errorf("got %+v", p)
	}
	// Another tenant knows nothing of all that.
	f.as("other").addWebsite(map[string]any{"url": "dup.example", "external_id": "e3"})
}

func TestPatchTellsAbsentFromNull(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.addRegions("us-east", "eu-west")
	w := f.addWebsite(map[string]any{
		"url": "a.example", "name": "A", "external_id": "e", "interval_seconds": 120, "timeout_ms": 20000, "regions": []string{"us-east"},
		"policy": map[string]any{"quorum": map[string]any{"mode": "all"}, "recovery_rounds": 4},
	})
	steps := []struct {
		name, body string
		change     func(*website)
		revision   int64
	}{
		{"nothing", `{}`, func(*website) {}, 1},
		{"the same again", `{"name":"A","interval_seconds":120,"regions":["us-east"],"policy":{"recovery_rounds":4}}`, func(*website) {}, 1},
		{"name only", `{"name":"B"}`, func(w *website) { w.Name = "B" }, 1},
		{"name null", `{"name":null}`, func(w *website) { w.Name = "a.example" }, 1},
		{"external id null", `{"external_id":null}`, func(w *website) { w.ExternalID = nil }, 1},
		{"part of the policy", `{"policy":{"quorum":{"mode":"any"}}}`, func(w *website) { w.Monitors[0].Policy.Quorum.Mode = "any" }, 2},
		{"a count", `{"policy":{"quorum":{"mode":"count","count":1}}}`, func(w *website) { w.Monitors[0].Policy.Quorum = uptime.Quorum{Mode: "count", Count: 1} }, 3},
		{"no count any more", `{"policy":{"quorum":{"mode":"majority"}}}`, func(w *website) { w.Monitors[0].Policy.Quorum = uptime.Quorum{Mode: "majority"} }, 4},
		{"policy null", `{"policy":null}`, func(w *website) { w.Monitors[0].Policy = uptime.DefaultPolicy }, 5},
		{"regions null", `{"regions":null}`, func(w *website) { w.Monitors[0].Regions = nil }, 6},
		{"short interval lowers the timeout", `{"interval_seconds":10}`, func(w *website) { w.Monitors[0].IntervalSeconds, w.Monitors[0].TimeoutMs = 10, 10000 }, 7},
		{"both", `{"interval_seconds":30,"timeout_ms":25000}`, func(w *website) { w.Monitors[0].IntervalSeconds, w.Monitors[0].TimeoutMs = 30, 25000 }, 8},
		{"defaults", `{"interval_seconds":null,"timeout_ms":null}`, func(w *website) { w.Monitors[0].IntervalSeconds, w.Monitors[0].TimeoutMs = 60, 10000 }, 9},
		{"url", `{"url":"http://b.example"}`, func(w *website) { w.URL, w.Monitors[0].Target = "http://b.example", "http://b.example" }, 10},
	}
	for _, s := range steps {
		var got website
		f.call("PATCH", "/v1/websites/"+w.ID, s.body).want(200, &got)
		s.change(&w)
		w.Monitors[0].Revision = s.revision
		if diff := cmp.Diff(w, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", s.name, diff)
		}
	}
	f.call("PATCH", "/v1/websites/"+w.ID, `{"url":null}`).invalid("#/url")
	f.call("PATCH", "/v1/websites/"+w.ID, `{"url":"ftp://x"}`).invalid("#/url")
	f.call("PATCH", "/v1/websites/"+w.ID, `{"timeout_ms":60001}`).invalid("#/timeout_ms")
	f.call("PATCH", "/v1/websites/"+w.ID, `{"interval_seconds":120,"timeout_ms":60001}`).invalid("#/timeout_ms")
	f.call("PATCH", "/v1/websites/"+w.ID, `{"regions":["mars"]}`).invalid("#/regions/0")
	f.call("PATCH", "/v1/websites/"+w.ID, `{"paused":true}`).invalid("#/paused")
	f.call("PATCH", "/v1/websites/"+uptime.NewID(time.Now()).String(), `{}`).problem(404)
}

func TestListWebsitesInPages(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	var ids []string
	for i := range 7 {
		body := map[string]any{"url": fmt.Sprintf("s%d.example", i), "name": fmt.Sprintf("Site %d 100%%", i), "external_id": fmt.Sprintf("x_%d", i)}
		ids = append(ids, f.addWebsite(body).ID)
	}
	f.as("other").addWebsite(map[string]any{"url": "s1.example"})
	list := func(query string) (found []string, next *string) {
		t.Helper()
		var p pageOf[website]
		f.call("GET", "/v1/websites?"+query, nil).want(200, &p)
		for _, w := range p.Items {
			found = append(found, w.ID)
		}
		return found, p.NextCursor
	}
	for _, limit := range []int{1, 3, 7, 8} {
		var got []string
		for cursor := ""; ; {
			page, next := list(fmt.Sprintf("limit=%d&cursor=%s", limit, cursor))
			got = append(got, page...)
			if next == nil {
				break
			}
			cursor = url.QueryEscape(*next)
		}
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
	searches := map[string][]string{
		"q=S3.EXAMPLE": {ids[3]}, "q=site+5": {ids[5]}, "q=x_": ids, "q=%25": ids, "q=100%25": ids, "q=_xample": nil, "q=nothing": nil,
		"external_id=x_2": {ids[2]}, "external_id=x_": nil, "status=pending": ids, "status=up": nil, "q=": ids,
	}
	for query, want := range searches {
		if got, _ := list(query); !cmp.Equal(want, got) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	for query, pointer := range map[string]string{
		"limit=0": "#/limit", "limit=1001": "#/limit", "limit=ten": "#/limit", "limit=": "#/limit", "limit=1.5": "#/limit",
		"cursor=AAAA": "#/cursor", "cursor=%21": "#/cursor", "status=fine": "#/status", "status=": "#/status", "q=%00": "#/q",
		"limit=1&limit=2": "#/limit",
	} {
		f.call("GET", "/v1/websites?"+query, nil).invalid(pointer)
	}
}

func TestPauseAndMute(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	w := f.addWebsite(map[string]any{"url": "a.example"})
	do := func(verb string, body any) website {
		t.Helper()
		var got website
		f.call("POST", "/v1/websites/"+w.ID+"/"+verb, body).want(200, &got)
		return got
	}
	if got := do("pause", nil); !got.Paused || got.PausedUntil != nil || got.Status != "paused" || got.Monitors[0].Revision != 2 || got.Monitors[0].Paused {
		t.Errorf("paused: %+v", got)
	}
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	if got := do("pause", map[string]any{"until": later}); got.PausedUntil == nil || !got.PausedUntil.Equal(later) || got.Monitors[0].Revision != 2 {
		t.Errorf("paused again: %+v", got)
	}
	if got := do("resume", nil); got.Paused || got.PausedUntil != nil || got.Status != "pending" || got.Monitors[0].Revision != 3 {
		t.Errorf("resumed: %+v", got)
	}
	if got := do("mute", map[string]any{"until": later}); !got.Muted || !got.MutedUntil.Equal(later) || got.Monitors[0].Revision != 3 {
		t.Errorf("muted: %+v", got)
	}
	if got := do("mute", map[string]any{"until": nil}); !got.Muted || got.MutedUntil != nil {
		t.Errorf("muted for good: %+v", got)
	}
	if got := do("unmute", nil); got.Muted || got.MutedUntil != nil {
		t.Errorf("unmuted: %+v", got)
	}
	for _, verb := range []string{"pause", "mute"} {
		at := "/v1/websites/" + w.ID + "/" + verb
		f.call("POST", at, map[string]any{"until": time.Now().Add(-time.Second)}).invalid("#/until")
		f.call("POST", at, `{"until":"tomorrow"}`).invalid("#/until")
		f.call("POST", at, `{"for":60}`).invalid("#/for")
		f.call("POST", at, `[`).problem(400)
	}
	missing := "/v1/websites/" + uptime.NewID(time.Now()).String()
	for _, verb := range []string{"pause", "resume", "mute", "unmute", "check"} {
		f.call("POST", missing+"/"+verb, nil).problem(404)
		f.as("other").call("POST", "/v1/websites/"+w.ID+"/"+verb, nil).problem(404)
	}
}

func TestDeleteTakesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	ctx := context.Background()
	f.addRegions("us-east", "eu-west")
	doomed, kept := f.addWebsite(map[string]any{"url": "a.example"}), f.addWebsite(map[string]any{"url": "b.example"})
	now := uptime.InstantOf(time.Now())
	for _, w := range []website{doomed, kept} {
		m := id(t, w.Monitors[0].ID)
		f.judge(m, uptime.VerdictDown, "us-east")
		for _, region := range []string{"us-east", "eu-west"} {
			l := queue.Lane{Region: region, Shard: m.Shard(2)}
			f.ok(f.queue.EnsureLane(ctx, l))
			check := uptime.Check{Monitor: m, Revision: 1, Region: region, Due: now, Kind: uptime.KindHTTP, Target: "x", Request: uptime.NewID(time.Now())}
			f.ok(f.queue.PushUrgent(ctx, l, check, check))
		}
	}
	f.call("DELETE", "/v1/websites/"+doomed.ID, nil).want(204, nil)
	waiting := int64(0)
	for _, region := range []string{"us-east", "eu-west"} {
		for shard := range 2 {
			st, err := f.queue.LaneStats(ctx, queue.Lane{Region: region, Shard: shard})
			f.ok(err)
			waiting += st.Urgent.Waiting
		}
	}
	if waiting != 4 {
		t.Errorf("%d checks wait, want the other website's 4", waiting)
	}
	select {
	case <-f.woken:
	default:
		t.Error("the cleaner was not woken")
	}
	unclean, err := f.store.UncleanMonitors(ctx, postgres.UncleanMonitor{}, 10)
	f.ok(err)
	if len(unclean) != 1 || unclean[0].ID.String() != doomed.Monitors[0].ID {
		t.Errorf("to be cleaned: %v", unclean)
	}
	for _, path := range []string{"/v1/websites/" + doomed.ID, "/v1/monitors/" + doomed.Monitors[0].ID, "/v1/websites/" + doomed.ID + "/uptime"} {
		f.call("GET", path, nil).problem(404)
	}
	f.call("DELETE", "/v1/websites/"+doomed.ID, nil).problem(404)
	for _, table := range []string{"vote", "span", "vote_span", "incident", "monitor_state"} {
		var n int
		f.ok(f.store.Pool().QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n))
		if n != 1 {
			t.Errorf("%s has %d rows, want the other website's one", table, n)
		}
	}
	f.as("other").call("DELETE", "/v1/websites/"+kept.ID, nil).problem(404)
	f.call("GET", "/v1/websites/"+kept.ID, nil).want(200, nil)
}

// judge writes what the aggregator would: a verdict with all that goes with it.
func (f *fleet) judge(m uptime.ID, verdict uptime.Verdict, region string) {
	f.t.Helper()
	ctx := context.Background()
	since := uptime.InstantOf(time.Now().Add(-time.Minute))
	reason := uptime.ReasonNone
	outcome := uptime.OutcomePass
	if verdict == uptime.VerdictDown {
		reason, outcome = uptime.ReasonStatus, uptime.OutcomeFail
	}
	f.ok(f.store.Tx(ctx, func(tx pgx.Tx) error {
		var revision int64
		if err := tx.QueryRow(ctx, "SELECT revision FROM monitor WHERE id = $1", m).Scan(&revision); err != nil {
			return err
		}
		if err := postgres.UpsertVotes(ctx, tx, []postgres.Vote{{
			Monitor: m, Region: region, Revision: revision, Outcome: outcome, Reason: reason, Since: since, Due: since.Add(50 * time.Second),
			Latency: 12345 * time.Microsecond, Code: 500, IP: "192.0.2.1", Site: "home", Counted: true,
		}}); err != nil {
			return err
		}
		if err := postgres.UpsertMonitorStates(ctx, tx, []postgres.MonitorState{{Monitor: m, Revision: revision, Verdict: verdict, Since: since, Reason: reason}}); err != nil {
			return err
		}
		if err := postgres.SwitchSpans(ctx, tx, []postgres.SpanSwitch{{Monitor: m, At: since, Verdict: verdict, Reason: reason}}); err != nil {
			return err
		}
		if err := postgres.SwitchVoteSpans(ctx, tx, []postgres.VoteSpanSwitch{{Monitor: m, Region: region, At: since, Outcome: outcome, Reason: reason}}); err != nil {
			return err
		}
		if verdict != uptime.VerdictDown {
			return nil
		}
		_, err := postgres.OpenIncidents(ctx, tx, []postgres.NewIncident{{
			ID: postgres.IncidentID(m, since, verdict), Monitor: m, Severity: verdict, Opened: since,
			Explanation: "DOWN: 1 of 1 fresh regions, unexpected status",
			Evidence:    []byte(`{"round":2,"quorum":{"mode":"majority","k":1,"n":1},"votes":[{"region":"` + region + `","vote":"fail","due":"2026-01-01T00:00:00Z","latency_ms":12.3,"counted":true},{"region":"x","vote":"none","due":null,"latency_ms":0,"counted":false}]}`),
		}})
		return err
	}))
}
