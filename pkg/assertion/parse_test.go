package assertion_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := assertion.Parse([]byte(`[{"source":"json","property":"$.a","comparison":"equals","target":null},
		{"severity":"degraded","source":"latency","comparison":"less_than","target":1.5e2}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []assertion.Assertion{
		{Source: "json", Property: "$.a", Comparison: "equals", Target: json.RawMessage("null"), Severity: "down"},
		{Source: "latency", Comparison: "less_than", Target: json.RawMessage("1.5e2"), Severity: "degraded"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := assertion.Parse(again); err != nil || !cmp.Equal(back, got) {
		t.Errorf("%s became %v, %v", again, back, err)
	}
	for _, none := range []string{"", " ", "null", "[]"} {
		if got, err := assertion.Parse([]byte(none)); len(got) != 0 || err != nil {
			t.Errorf("Parse(%q) = %v, %v", none, got, err)
		}
	}
}

func one(fields string) string { return "[{" + fields + "}]" }

const no = assertion.NoOffset

var long = strings.Repeat("x", assertion.MaxExpression+1)

func body(comparison, target string) string {
	b, _ := json.Marshal(target)
	return one(`"source":"body","comparison":"` + comparison + `","target":` + string(b))
}

func path(p string) string {
	b, _ := json.Marshal(p)
	return one(`"source":"json","comparison":"exists","property":` + string(b))
}

var refused = []struct {
	in      string
	pointer string // below assertions[0]; with "assertions" itself if it begins so
	detail  string // contained
	offset  int
}{
	{`{}`, "assertions", "array", no},
	{`[`, "assertions", "at byte 1", no},
	{"[\"\xff\"]", "assertions", "UTF-8", no},
	{`[` + strings.Repeat(" ", assertion.MaxInput) + `]`, "assertions", "bytes", no},
	{`[` + strings.Repeat(`{},`, 50) + `{}]`, "assertions", "51 entries", no},
	{`[1]`, "assertions[0]", "object", no},
	{`[[]]`, "assertions[0]", "object", no},
	{one(``), "source", "status, header", no},
	{one(`"source":"cookie","comparison":"exists"`), "source", "or loss", no},
	{one(`"source":1,"comparison":"exists"`), "source", "string", no},
	{one(`"Source":"body","comparison":"exists"`), "Source", "not a field", no},
	{one(`"source":"body","comparison":"exists","source":"body"`), "source", "twice", no},
	{one(`"source":"body","comparison":"is"`), "comparison", "of body", no},
	{one(`"source":"latency","comparison":"equals","target":1`), "comparison", "less_than or greater_than", no},
	{one(`"source":"status","comparison":"contains","target":"2"`), "comparison", "of status", no},
	{one(`"source":"body","comparison":"exists","severity":"warning"`), "severity", "degraded", no},
	{one(`"source":"body","comparison":"exists","severity":""`), "severity", "empty", no},
	{one(`"source":"body","comparison":"exists","target":"x"`), "target", "does not go", no},
	{one(`"source":"body","comparison":"empty","target":null`), "target", "does not go", no},
	{one(`"source":"body","comparison":"equals"`), "target", "missing", no},
	{one(`"source":"body","comparison":"equals","target":1`), "target", "string", no},
	{one(`"source":"body","comparison":"equals","target":{"a":1}`), "target", "must be a string", no},
	{one(`"source":"body","comparison":"matches","target":1`), "target", "regular expression", no},
	{one(`"source":"body","comparison":"less_than","target":"1"`), "target", "number", no},
	{one(`"source":"body","comparison":"less_than","target":1e999`), "target", "range", no},
	{one(`"source":"status","comparison":"equals","target":"200"`), "target", "number", no},
	{one(`"source":"status","comparison":"equals","target":1000`), "target", "between 0 and 999", no},
	{one(`"source":"status","comparison":"equals","target":200.5`), "target", "whole", no},
	{one(`"source":"loss","comparison":"less_than","target":-1`), "target", "between 0 and 100", no},
	{one(`"source":"latency","comparison":"less_than","target":1e9`), "target", "between", no},
	{one(`"source":"status","property":"x","comparison":"equals","target":200`), "property", "does not go", no},
	{one(`"source":"latency","property":"dial","comparison":"less_than","target":1`), "property", "ttfb", no},
	{one(`"source":"header","comparison":"exists"`), "property", "name of a header", no},
	{one(`"source":"header","property":"a b","comparison":"exists"`), "property", "name of a header", no},
	{one(`"source":"header","property":"` + long + `","comparison":"exists"`), "property", "1025 bytes", no},
	{body("equals", long), "target", "1025 bytes", no},
	{body("equals", strings.Repeat(long, 7)), "target", "bytes", no},
	{body("contains", ""), "target", "empty", no},
	{body("not_matches", ""), "target", "empty", no},

	{body("matches", "ok("), "target", "missing closing )", 2},
	{body("matches", `(a)[(]b\)(c`), "target", "missing closing )", 9},
	{body("matches", `(a)[)]\Q)\Eb)c`), "target", "unexpected )", 12},
	{body("matches", "ab[c"), "target", "missing closing ]", 2},
	{body("matches", "a[b]*c**"), "target", "invalid nested repetition", 6},
	{body("matches", "*a"), "target", "missing argument", 0},
	{body("matches", `a\*(*b)`), "target", "missing argument", 4},
	{body("matches", "[z-a]"), "target", "range", 1},
	{body("matches", `ab\y`), "target", "escape", 2},
	{body("matches", `ab\`), "target", "trailing backslash", 2},
	{body("matches", `a(?=b)`), "target", "(?=", 1},
	{body("matches", `a{1001}`), "target", "repeat", 1},
	{body("matches", `(.{100}){10}`), "target", "complex", 0},
	{body("matches", strings.Repeat(".{999}", 100)), "target", "complex", 0},

	{path(""), "property", "empty", no},
	{one(`"source":"json","comparison":"exists"`), "property", "unexpected end", 0},
	{path("a"), "property", "unexpected", 0},
	{path("$."), "property", "eof", 2},
	{path("$.a b"), "property", "unexpected", 4},
	{path("$.é["), "property", "eof", 5},
	{path(`$["a`), "property", "unterminated string", 4},
	{path("$[?@.a=1]"), "property", "operator", 6},
	{path("$[?first(@.a)]"), "property", "unknown function first()", 3},
	{path("$[?mAtch(@.a,'b')]"), "property", "unknown function mAtch()", 3},
	{path("$[?!match.(@.a,'b')]"), "property", "unexpected name", 4},
	{path("$[?count(1)>1]"), "property", "count() takes a query", 8},
	{path("$[?length(@.*)>1]"), "property", "length() takes a single value", 9},
	{path("$[?length($.a)>1]"), "property", "from @", 9},
	{path("$[?count(@.a, @.b)>1]"), "property", "one argument", 8},
	{path("$[?match(@.a, @.b)]"), "property", "literal", 8},
	{path("$[?match(@.a, '[')]"), "property", "missing closing ]", 8},
	{path("$[?match(@.a, 'a)|(b')]"), "property", "unexpected )", 8},
	{path("$[?search(@.a, '.{999}.{999}')]"), "property", "complex", 9},
	{path("$.a[?$..b]"), "property", "from $ must name one", 4},
	{path("$[?@..a..b]"), "property", "descend", 2},
	{path("$[?@..[?@.a]]"), "property", "descend", 2},
	{path("$[?@['a','b']]"), "property", "one selector", 2},
	{path("$[?(!(@[?@[0,1]]))]"), "property", "one selector", 2},
	{path("$[?count(@['a','b'])>1]"), "property", "one selector", 8},
	{path("$[?" + strings.Repeat("(", 1000)), "property", "eof", 1003},
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range refused {
		_, err := assertion.Parse([]byte(tc.in))
		var errs assertion.Errors
		if !errors.As(err, &errs) {
			t.Errorf("%.80s: %v, want Errors", tc.in, err)
			continue
		}
		pointer := tc.pointer
		if !strings.HasPrefix(pointer, "assertions") {
			pointer = "assertions[0]." + pointer
		}
		if p := errs[0]; p.Pointer != pointer || !strings.Contains(p.Detail, tc.detail) || p.Offset != tc.offset {
			t.Errorf("%.80s:\n got %+v\nwant %s … %s … %d", tc.in, p, pointer, tc.detail, tc.offset)
		}
	}
}

func TestParseReportsEverything(t *testing.T) {
	t.Parallel()
	_, err := assertion.ParseFor(uptime.KindTCP, []byte(`[
		{"source":"payload","comparison":"contains","target":"x"},
		{"source":"body","property":"x","comparison":"matches","target":"(","severity":"bad"},
		{"source":"latency","comparison":"less_than","target":"1"}]`))
	want := assertion.Errors{
		{Pointer: "assertions[1].severity", Detail: "must be down or degraded", Offset: -1},
		{Pointer: "assertions[1].property", Detail: "does not go with body", Offset: -1},
		{Pointer: "assertions[1].target", Detail: "must be a regular expression (RE2): missing closing )", Offset: 0},
		{Pointer: "assertions[2].target", Detail: "must be a number", Offset: -1},
		{Pointer: "assertions[1].source", Detail: "is body, a tcp check has latency, certificate or payload", Offset: -1},
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const text = "assertions[1].severity: must be down or degraded; assertions[1].property: does not go with body; " +
		"assertions[1].target: must be a regular expression (RE2): missing closing ) at offset 0; "
	if !strings.HasPrefix(err.Error(), text) {
		t.Errorf("got %s", err)
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for kind, want := range map[uptime.Kind]string{
		uptime.KindHTTP:      "[status header body json latency certificate]",
		uptime.KindTCP:       "[latency certificate payload]",
		uptime.KindDNS:       "[latency dns]",
		uptime.KindTLS:       "[latency certificate]",
		uptime.KindICMP:      "[rtt loss]",
		uptime.KindGRPC:      "[status latency certificate]",
		uptime.KindWebSocket: "[status header json latency certificate payload]",
		uptime.KindSMTP:      "[status latency certificate payload]",
		uptime.KindUDP:       "[latency payload]",
		uptime.KindDomain:    "[]",
		uptime.KindHeartbeat: "[]",
	} {
		if got := fmt.Sprint(assertion.Allowed(kind)); got != want {
			t.Errorf("%s has %s, want %s", kind, got, want)
		}
	}
	all := []assertion.Assertion{{Source: "loss", Comparison: "equals", Target: assertion.Number(0)}}
	if err := assertion.Validate(uptime.KindHeartbeat, all); err == nil || !strings.Contains(err.Error(), "nothing to assert") {
		t.Errorf("a heartbeat's loss: %v", err)
	}
	if err := assertion.Validate(uptime.KindICMP, all); err != nil {
		t.Error(err)
	}
}

func TestUses(t *testing.T) {
	t.Parallel()
	set := what{"header", "x", "exists", ""}.compile(t)
	if !set.Uses("header") || set.Uses("body") || set.Len() != 1 {
		t.Error("a set of one header assertion uses something else")
	}
}
