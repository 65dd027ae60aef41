package statuspage_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oapi-codegen/nullable"
	openapi_types "github.com/oapi-codegen/runtime/types"
	"golang.org/x/net/html"

	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/statuspage"
)

var update = flag.Bool("update", false, "write the golden files")

var asOf = time.Date(2026, 11, 20, 14, 2, 10, 0, time.UTC)

func value[T any](v T) nullable.Nullable[T] { return nullable.NewNullableWithValue(v) }

func null[T any]() nullable.Nullable[T] { return nullable.NewNullNullable[T]() }

// days are 90 days that were up, but for some.
func days(but map[int]api.PublicDay) []api.PublicDay {
	out := make([]api.PublicDay, 90)
	for i := range out {
		d := api.PublicDay{UptimePercent: value(100.0), CoveragePercent: 100}
		if other, ok := but[i]; ok {
			d = other
		}
		d.Day = openapi_types.Date{Time: asOf.Truncate(24*time.Hour).AddDate(0, 0, i-89)}
		out[i] = d
	}
	return out
}

func vote(region string, v uptime.Outcome, fresh bool) api.SummaryVote {
	return api.SummaryVote{Region: region, Vote: v, Fresh: fresh, Counted: fresh}
}

func sample() *api.PublicStatus {
	return &api.PublicStatus{
		Slug: "acme", Title: "Acme <services>", Description: "How we are & were", Link: "https://acme.example/?a=1&b=2", Status: api.StatusDown, AsOf: asOf,
		Websites: []api.PublicWebsite{
			{
				Title: "Shop", Section: "For customers", Status: api.StatusDown, Since: value(asOf.Add(-5 * time.Minute)), Uptime90DPercent: value(99.9871), Coverage90DPercent: 100,
				Days: days(map[int]api.PublicDay{
					40: {UptimePercent: value(80.0), CoveragePercent: 100, DownSeconds: 17280},
					89: {UptimePercent: value(99.4), CoveragePercent: 100, DownSeconds: 300},
				}),
				Regions: []api.SummaryVote{vote("eu-west", uptime.OutcomeFail, true), vote("us-east", uptime.OutcomeFail, true), vote("ap-south", uptime.OutcomePass, true)},
			},
			{
				Title: "Search", Section: "For customers", Status: api.StatusUnknown, Since: value(asOf.Add(-time.Hour)), Uptime90DPercent: value(100.0), Coverage90DPercent: 40.5,
				Days:    days(map[int]api.PublicDay{0: {UptimePercent: null[float64]()}, 1: {UptimePercent: null[float64]()}, 2: {UptimePercent: value(100.0), CoveragePercent: 12.5}}),
				Regions: []api.SummaryVote{vote("eu-west", uptime.OutcomeNone, false)},
			},
			{Title: "<b>Mail</b>", Section: "For us", Status: api.StatusPending, Since: null[time.Time](), Uptime90DPercent: null[float64](), Days: days(nil)[:3], Regions: []api.SummaryVote{}},
		},
		Incidents: []api.PublicIncident{
			{Title: "Shop", Status: "acknowledged", OpenedAt: asOf.Add(-5 * time.Minute), ResolvedAt: null[time.Time](), DurationSeconds: 300},
			{Title: "Shop", Status: "resolved", OpenedAt: asOf.Add(-49 * 24 * time.Hour), ResolvedAt: value(asOf.Add(-49*24*time.Hour + 288*time.Minute)), DurationSeconds: 17280, Note: "A switch burned.\nWe have <two> now."},
		},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", name, diff)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	text, err := statuspage.HTML(statuspage.State{PublicStatus: sample(), Now: asOf.Add(12 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "page.html", text)
	for _, want := range []string{"as of <time datetime=\"2026-11-20T14:02:10Z\">14:02:10 UTC</time>, 12 s ago", "Acme &lt;services&gt;", "&lt;b&gt;Mail&lt;/b&gt;", "Not checked yet", "Unknown"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(string(text), "role=\"alert\"") {
		t.Error("what is 12 s old is told as old")
	}
}

func TestOldStateIsNotToldAsThePresentOne(t *testing.T) {
	t.Parallel()
	up := sample()
	up.Status = api.StatusUp
	tests := []struct {
		name  string
		age   time.Duration
		away  bool
		class string
		want  string
	}{
		{"fresh", time.Second, false, "state up", ""},
		{"two minutes", 2 * time.Minute, false, "state up", ""},
		{"more than two minutes", 2*time.Minute + time.Second, false, "state unknown", "is 2 min 1 s old"},
		{"the database is away", 20 * time.Second, true, "state up", "did not answer just now"},
		{"away for a day", 26 * time.Hour, true, "state unknown", "Then: everything is up."},
		{"a clock that is behind", -time.Minute, false, "state up", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := statuspage.HTML(statuspage.State{PublicStatus: up, Now: asOf.Add(tt.age), Away: tt.away})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), `class="`+tt.class+`"`) || !strings.Contains(string(text), tt.want) ||
				strings.Contains(string(text), `role="alert"`) != (tt.want != "") {
				t.Errorf("want %s and %q in\n%s", tt.class, tt.want, text)
			}
		})
	}
}

func TestALinkRunsNoScript(t *testing.T) {
	t.Parallel()
	s := sample()
	s.Link = "javascript:alert(1)"
	text, err := statuspage.HTML(statuspage.State{PublicStatus: s, Now: asOf})
	if err != nil || strings.Contains(string(text), "javascript") || strings.Contains(string(text), "ZgotmplZ") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestLandmarksAndNames looks at what those need who do not see the page.
func TestLandmarksAndNames(t *testing.T) {
	t.Parallel()
	text, err := statuspage.HTML(statuspage.State{PublicStatus: sample(), Now: asOf})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	count, ids := map[string]int{}, map[string]int{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
		}
		if id := attrs["id"]; id != "" {
			ids[id]++
		}
		if n.Data == "svg" && attrs["aria-hidden"] == "" && (attrs["role"] != "img" || attrs["aria-label"] == "") {
			t.Errorf("a drawing without a name: %v", attrs)
		}
		if n.Data == "script" || attrs["style"] != "" || strings.HasPrefix(attrs["href"], "//") {
			t.Errorf("%s %v", n.Data, attrs)
		}
	}
	if count["main"] != 1 || count["h1"] != 1 || count["header"] != 1 || count["footer"] != 1 || count["html"] != 1 {
		t.Errorf("elements %v", count)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q is there %d times", id, n)
		}
	}
}

func TestBadgeAndFeedAreXML(t *testing.T) {
	t.Parallel()
	feed, err := statuspage.Atom(statuspage.State{PublicStatus: sample(), Now: asOf}, "https://status.example/status/acme")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "feed.atom", feed)
	golden(t, "badge.svg", statuspage.Badge(statuspage.State{PublicStatus: sample(), Now: asOf}))
	for name, text := range map[string][]byte{"feed": feed, "badge": statuspage.Badge(statuspage.State{PublicStatus: sample(), Now: asOf.Add(time.Hour)})} {
		in := xml.NewDecoder(bytes.NewReader(text))
		for {
			if _, err := in.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
		}
	}
	if old := statuspage.Badge(statuspage.State{PublicStatus: sample(), Now: asOf.Add(time.Hour)}); !strings.Contains(string(old), ": Unknown") {
		t.Errorf("an old badge: %s", old)
	}
}
