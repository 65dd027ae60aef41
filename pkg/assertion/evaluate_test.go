package assertion_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// kindOf is a kind that has the source.
var kindOf = map[assertion.Source]uptime.Kind{
	assertion.SourceDNS: uptime.KindDNS, assertion.SourcePayload: uptime.KindTCP,
	assertion.SourceRTT: uptime.KindICMP, assertion.SourceLoss: uptime.KindICMP,
}

func kindFor(s assertion.Source) uptime.Kind {
	if k, ok := kindOf[s]; ok {
		return k
	}
	return uptime.KindHTTP
}

// observed has something of everything.
func observed() *assertion.Observation {
	return &assertion.Observation{
		Status: 503,
		Header: http.Header{
			"Content-Type": {"text/html"}, "Vary": {"Accept", "Origin"}, "X-Empty": {""}, "X-Left": {"7"},
			"Set-Cookie": {"session=hunter2"},
		},
		Body: []byte(`{"status":"degraded","n":5,"f":1.50,"ok":true,"none":null,"s":"5","id":9007199254740993,
			"list":["a","b",3],"empty":[],"o":{"k":1},"text":"12.5 ","items":[{"v":1,"x":"up"},{"v":9},{"v":4,"x":"down"}]}`),
		Phases: uptime.Phases{
			DNS: time.Millisecond, Connect: 2 * time.Millisecond, TLS: 3 * time.Millisecond,
			TTFB: 40 * time.Millisecond, Transfer: 5 * time.Millisecond, Total: 51500 * time.Microsecond,
		},
		HasCertificate: true, CertificateDays: 13.5,
		DNS:     []string{"192.0.2.1", "192.0.2.2"},
		Payload: []byte("+PONG\r\n"),
		RTT:     20500 * time.Microsecond, Loss: 25,
	}
}

// what is one line of the table: source, property, comparison, target.
type what struct {
	source     assertion.Source
	property   string
	comparison assertion.Comparison
	target     string // JSON
}

func (w what) compile(tb testing.TB) *assertion.Set {
	tb.Helper()
	a := assertion.Assertion{Source: w.source, Property: w.property, Comparison: w.comparison}
	if w.target != "" {
		a.Target = json.RawMessage(w.target)
	}
	set, err := assertion.Compile(kindFor(w.source), []assertion.Assertion{a})
	if err != nil {
		tb.Fatalf("%+v: %v", w, err)
	}
	return set
}

var table = []struct {
	what
	holds bool
}{
	{what{"status", "", "equals", "503"}, true},
	{what{"status", "", "equals", "200"}, false},
	{what{"status", "", "not_equals", "200"}, true},
	{what{"status", "", "not_equals", "503"}, false},
	{what{"status", "", "less_than", "504"}, true},
	{what{"status", "", "less_than", "503"}, false},
	{what{"status", "", "greater_than", "502"}, true},
	{what{"status", "", "greater_than", "503"}, false},
	{what{"status", "", "matches", `"^5..$"`}, true},
	{what{"status", "", "matches", `"^2"`}, false},
	{what{"status", "", "not_matches", `"^2"`}, true},
	{what{"status", "", "not_matches", `"^5"`}, false},

	{what{"header", "content-type", "equals", `"text/html"`}, true},
	{what{"header", "content-type", "equals", `"TEXT/HTML"`}, false},
	{what{"header", "vary", "equals", `"Origin"`}, true},
	{what{"header", "vary", "not_equals", `"Cookie"`}, true},
	{what{"header", "vary", "not_equals", `"Origin"`}, false},
	{what{"header", "x-missing", "not_equals", `"x"`}, true},
	{what{"header", "x-missing", "equals", `""`}, false},
	{what{"header", "vary", "contains", `"rig"`}, true},
	{what{"header", "vary", "contains", `"x"`}, false},
	{what{"header", "vary", "not_contains", `"x"`}, true},
	{what{"header", "vary", "not_contains", `"rig"`}, false},
	{what{"header", "vary", "matches", `"(?i)^origin$"`}, true},
	{what{"header", "vary", "matches", `"^rigin"`}, false},
	{what{"header", "vary", "not_matches", `"^rigin"`}, true},
	{what{"header", "vary", "not_matches", `"Acc"`}, false},
	{what{"header", "x-left", "less_than", "8"}, true},
	{what{"header", "x-left", "less_than", "7"}, false},
	{what{"header", "vary", "less_than", "7"}, false},
	{what{"header", "x-left", "greater_than", "6.5"}, true},
	{what{"header", "x-left", "greater_than", "7"}, false},
	{what{"header", "x-missing", "greater_than", "0"}, false},
	{what{"header", "x-empty", "exists", ""}, true},
	{what{"header", "x-missing", "exists", ""}, false},
	{what{"header", "x-empty", "empty", ""}, true},
	{what{"header", "x-missing", "empty", ""}, true},
	{what{"header", "vary", "empty", ""}, false},

	{what{"body", "", "equals", `"x"`}, false},
	{what{"body", "", "not_equals", `"x"`}, true},
	{what{"body", "", "contains", `"degraded"`}, true},
	{what{"body", "", "contains", `"healthy"`}, false},
	{what{"body", "", "not_contains", `"healthy"`}, true},
	{what{"body", "", "not_contains", `"degraded"`}, false},
	{what{"body", "", "matches", `"\"n\":\\d"`}, true},
	{what{"body", "", "matches", `"^\\d"`}, false},
	{what{"body", "", "not_matches", `"^\\d"`}, true},
	{what{"body", "", "not_matches", `"d.g"`}, false},
	{what{"body", "", "less_than", "5"}, false},
	{what{"body", "", "greater_than", "5"}, false},
	{what{"body", "", "exists", ""}, true},
	{what{"body", "", "empty", ""}, false},

	{what{"json", "$.status", "equals", `"degraded"`}, true},
	{what{"json", "$.status", "equals", `"up"`}, false},
	{what{"json", "$.n", "equals", "5.0"}, true},
	{what{"json", "$.n", "equals", `"5"`}, true},
	{what{"json", "$.s", "equals", "5"}, false},
	{what{"json", "$.f", "equals", "1.5"}, true},
	{what{"json", "$.id", "equals", "9007199254740993"}, true},
	{what{"json", "$.id", "equals", "9007199254740992"}, false},
	{what{"json", "$.ok", "equals", "true"}, true},
	{what{"json", "$.ok", "equals", `"true"`}, true},
	{what{"json", "$.ok", "equals", "false"}, false},
	{what{"json", "$.none", "equals", "null"}, true},
	{what{"json", "$.nowhere", "equals", "null"}, false},
	{what{"json", "$.o", "equals", `"k"`}, false},
	{what{"json", "$.items[*].v", "equals", "9"}, true},
	{what{"json", "$.items[*].v", "equals", "2"}, false},
	{what{"json", "$.items[*].v", "not_equals", "2"}, true},
	{what{"json", "$.items[*].v", "not_equals", "9"}, false},
	{what{"json", "$.nowhere", "not_equals", "9"}, true},
	{what{"json", "$.status", "contains", `"grad"`}, true},
	{what{"json", "$.status", "contains", `"x"`}, false},
	{what{"json", "$.list", "contains", `"b"`}, true},
	{what{"json", "$.list", "contains", "3"}, true},
	{what{"json", "$.list", "contains", `"c"`}, false},
	{what{"json", "$.o", "contains", `"k"`}, true},
	{what{"json", "$.o", "contains", `"l"`}, false},
	{what{"json", "$.list", "not_contains", `"c"`}, true},
	{what{"json", "$.list", "not_contains", `"a"`}, false},
	{what{"json", "$.n", "matches", `"^\\d$"`}, true},
	{what{"json", "$.o", "matches", `"."`}, false},
	{what{"json", "$.o", "not_matches", `"."`}, true},
	{what{"json", "$.n", "not_matches", `"5"`}, false},
	{what{"json", "$.items[*].v", "less_than", "10"}, true},
	{what{"json", "$.items[*].v", "less_than", "9"}, false},
	{what{"json", "$.text", "greater_than", "12"}, true},
	{what{"json", "$.status", "greater_than", "0"}, false},
	{what{"json", "$.nowhere", "greater_than", "0"}, false},
	{what{"json", "$.none", "exists", ""}, true},
	{what{"json", "$.nowhere", "exists", ""}, false},
	{what{"json", "$.empty", "empty", ""}, true},
	{what{"json", "$.none", "empty", ""}, true},
	{what{"json", "$.nowhere", "empty", ""}, true},
	{what{"json", "$.list", "empty", ""}, false},
	{what{"json", "$.items[?@.x=='down'].v", "equals", "4"}, true},
	{what{"json", "$.items[?match(@.x, 'u.')].v", "equals", "1"}, true}, // @.x is missing in one item
	{what{"json", "$.items[?search(@.x, 'own')].v", "equals", "4"}, true},
	{what{"json", "$[?count(@[*]) > 2][0].v", "equals", "1"}, true},
	{what{"json", "$.items[?length(@.x) == 4].v", "equals", "4"}, true},
	{what{"json", "$.items[?value(@..x) == 'up'].v", "equals", "1"}, true},
	{what{"json", "$..v", "greater_than", "0"}, true},
	{what{"json", "$.list[-1]", "equals", "3"}, true},
	{what{"json", "$.list[::-2]", "equals", `"a"`}, true},
	{what{"json", "$.list[0:2]", "equals", "3"}, false},
	{what{"json", "$['list','o']", "contains", `"k"`}, true},

	{what{"latency", "", "less_than", "52"}, true},
	{what{"latency", "total", "less_than", "51.5"}, false},
	{what{"latency", "total", "greater_than", "51"}, true},
	{what{"latency", "dns", "greater_than", "1"}, false},
	{what{"latency", "connect", "less_than", "2.5"}, true},
	{what{"latency", "tls", "less_than", "3.5"}, true},
	{what{"latency", "ttfb", "greater_than", "39"}, true},
	{what{"latency", "transfer", "less_than", "5"}, false},

	{what{"certificate", "", "greater_than", "13"}, true},
	{what{"certificate", "", "greater_than", "14"}, false},
	{what{"certificate", "", "less_than", "14"}, true},
	{what{"certificate", "", "less_than", "7"}, false},

	{what{"dns", "", "equals", `"192.0.2.2"`}, true},
	{what{"dns", "", "equals", `"192.0.2.3"`}, false},
	{what{"dns", "", "not_equals", `"192.0.2.3"`}, true},
	{what{"dns", "", "not_equals", `"192.0.2.1"`}, false},
	{what{"dns", "", "contains", `"0.2."`}, true},
	{what{"dns", "", "contains", `"::"`}, false},
	{what{"dns", "", "not_contains", `"::"`}, true},
	{what{"dns", "", "not_contains", `"0.2."`}, false},
	{what{"dns", "", "matches", `"\\.2$"`}, true},
	{what{"dns", "", "matches", `"\\.3$"`}, false},
	{what{"dns", "", "not_matches", `"\\.3$"`}, true},
	{what{"dns", "", "not_matches", `"\\.2$"`}, false},
	{what{"dns", "", "exists", ""}, true},
	{what{"dns", "", "empty", ""}, false},

	{what{"payload", "", "equals", `"+PONG\r\n"`}, true},
	{what{"payload", "", "equals", `"+PONG"`}, false},
	{what{"payload", "", "not_equals", `"+PONG"`}, true},
	{what{"payload", "", "not_equals", `"+PONG\r\n"`}, false},
	{what{"payload", "", "contains", `"PONG"`}, true},
	{what{"payload", "", "contains", `"PING"`}, false},
	{what{"payload", "", "not_contains", `"PING"`}, true},
	{what{"payload", "", "not_contains", `"PONG"`}, false},
	{what{"payload", "", "matches", `"^\\+P[A-Z]NG\\s*$"`}, true},
	{what{"payload", "", "matches", `"^-ERR"`}, false},
	{what{"payload", "", "not_matches", `"^-ERR"`}, true},
	{what{"payload", "", "not_matches", `"^.P"`}, false},
	{what{"payload", "", "less_than", "1"}, false},
	{what{"payload", "", "greater_than", "1"}, false},
	{what{"payload", "", "exists", ""}, true},
	{what{"payload", "", "empty", ""}, false},

	{what{"rtt", "", "less_than", "21"}, true},
	{what{"rtt", "", "less_than", "20.5"}, false},
	{what{"rtt", "", "greater_than", "20"}, true},
	{what{"rtt", "", "greater_than", "21"}, false},
	{what{"loss", "", "equals", "25"}, true},
	{what{"loss", "", "equals", "0"}, false},
	{what{"loss", "", "not_equals", "0"}, true},
	{what{"loss", "", "not_equals", "25"}, false},
	{what{"loss", "", "less_than", "30"}, true},
	{what{"loss", "", "less_than", "25"}, false},
	{what{"loss", "", "greater_than", "24"}, true},
	{what{"loss", "", "greater_than", "25"}, false},
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	obs := observed()
	for _, tc := range table {
		t.Run(fmt.Sprintf("%s %s %s %s", tc.source, tc.property, tc.comparison, tc.target), func(t *testing.T) {
			t.Parallel()
			report := tc.compile(t).Evaluate(obs)
			if holds := report.Outcome == uptime.OutcomePass; holds != tc.holds {
				t.Errorf("holds: %v, want %v (%s)", holds, tc.holds, report.Detail())
			}
			if (len(report.Failures) == 0) != tc.holds {
				t.Errorf("%d failures", len(report.Failures))
			}
		})
	}
}

// Every comparison that a source allows is seen to hold and to fail, here or among
// the other observations.
func TestTheTableIsComplete(t *testing.T) {
	t.Parallel()
	type pair struct {
		s     assertion.Source
		c     assertion.Comparison
		holds bool
	}
	seen := map[pair]bool{}
	for _, tc := range table {
		seen[pair{tc.source, tc.comparison, tc.holds}] = true
	}
	for _, tc := range others {
		seen[pair{tc.source, tc.comparison, tc.holds}] = true
	}
	for _, s := range append(assertion.Allowed(uptime.KindHTTP), assertion.Allowed(uptime.KindTCP)[1], "dns", "rtt", "loss") {
		for _, c := range assertion.Comparisons(s) {
			for _, holds := range []bool{true, false} {
				if !seen[pair{s, c, holds}] {
					t.Errorf("%s %s is never seen with holds %v", s, c, holds)
				}
			}
		}
	}
}

// others look at observations with little in them.
var others = []struct {
	what
	obs   assertion.Observation
	holds bool
}{
	{what{"status", "", "not_equals", "200"}, assertion.Observation{}, false},
	{what{"certificate", "", "less_than", "10"}, assertion.Observation{}, false},
	{what{"rtt", "", "less_than", "10"}, assertion.Observation{Loss: 100}, false},
	{what{"latency", "tls", "less_than", "10"}, assertion.Observation{}, true},
	{what{"dns", "", "empty", ""}, assertion.Observation{}, true},
	{what{"dns", "", "exists", ""}, assertion.Observation{}, false},
	{what{"dns", "", "equals", `""`}, assertion.Observation{}, false},
	{what{"dns", "", "not_equals", `"x"`}, assertion.Observation{}, true},
	{what{"body", "", "empty", ""}, assertion.Observation{}, true},
	{what{"body", "", "exists", ""}, assertion.Observation{}, false},
	{what{"body", "", "equals", `""`}, assertion.Observation{}, true},
	{what{"body", "", "equals", `"ok"`}, assertion.Observation{Body: []byte("ok")}, true},
	{what{"body", "", "not_equals", `"ok"`}, assertion.Observation{Body: []byte("ok")}, false},
	{what{"body", "", "less_than", "43"}, assertion.Observation{Body: []byte(" 42.5\n")}, true},
	{what{"body", "", "greater_than", "42"}, assertion.Observation{Body: []byte(" 42.5\n")}, true},
	{what{"payload", "", "less_than", "43"}, assertion.Observation{Payload: []byte("42")}, true},
	{what{"payload", "", "greater_than", "41"}, assertion.Observation{Payload: []byte("42")}, true},
	{what{"payload", "", "empty", ""}, assertion.Observation{}, true},
	{what{"payload", "", "exists", ""}, assertion.Observation{}, false},
	{what{"body", "", "contains", `"\ufffd"`}, assertion.Observation{Body: []byte("a\xff")}, false},

	// A cut body decides what its beginning decides.
	{what{"body", "", "contains", `"a"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, true},
	{what{"body", "", "contains", `"d"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, false},
	{what{"body", "", "not_contains", `"d"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, false},
	{what{"body", "", "not_equals", `"x"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, true},
	{what{"body", "", "equals", `"abc"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, false},
	{what{"body", "", "not_equals", `"abcd"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, false},
	{what{"body", "", "matches", `"^a.$|^a[a-z]c$"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, false},
	{what{"body", "", "matches", `"^a[b]"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, true},
	{what{"body", "", "not_matches", `"x+"`}, assertion.Observation{Body: []byte("abc"), BodyTruncated: true}, false},
	{what{"body", "", "less_than", "1000"}, assertion.Observation{Body: []byte("12"), BodyTruncated: true}, false},
	{what{"body", "", "exists", ""}, assertion.Observation{BodyTruncated: true}, true},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte("12"), BodyTruncated: true}, false},

	// What is not JSON fails everything.
	{what{"json", "$.a", "not_equals", "1"}, assertion.Observation{Body: []byte("<html>")}, false},
	{what{"json", "$.a", "empty", ""}, assertion.Observation{}, false},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte("{} {}")}, false},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte("{")}, false},
	{what{"json", "$.a", "equals", "2"}, assertion.Observation{Body: []byte("\xef\xbb\xbf{\"a\":1,\"a\":2}")}, true},
	{what{"json", "$", "equals", `"�"`}, assertion.Observation{Body: []byte("\"\xff\"")}, true},
	{what{"json", "$", "equals", "1"}, assertion.Observation{Payload: []byte("1")}, true},
	{what{"json", "$", "equals", "0"}, assertion.Observation{Body: []byte("-0")}, true},
	{what{"json", "$", "greater_than", "1"}, assertion.Observation{Body: []byte("1e999")}, false},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte(strings.Repeat("[", 64) + strings.Repeat("]", 64))}, true},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte(strings.Repeat("[", 65) + strings.Repeat("]", 65))}, false},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte(strings.Repeat("[", 1<<20))}, false},
	{what{"json", "$", "exists", ""}, assertion.Observation{Body: []byte("[" + strings.Repeat("0,", 1<<19) + "0]")}, false},
}

func TestEvaluateWithLittle(t *testing.T) {
	t.Parallel()
	for i, tc := range others {
		report := tc.compile(t).Evaluate(&tc.obs)
		if holds := report.Outcome == uptime.OutcomePass; holds != tc.holds {
			t.Errorf("%d %v: holds %v, want %v (%s)", i, tc.what, holds, tc.holds, report.Detail())
		}
	}
}

func TestOutcomeReasonAndDetail(t *testing.T) {
	t.Parallel()
	const list = `[
		{"source":"latency","comparison":"less_than","target":10,"severity":"degraded"},
		{"source":"header","property":"server","comparison":"exists","severity":"degraded"},
		{"source":"status","comparison":"equals","target":200}]`
	for _, tc := range []struct {
		name    string
		obs     assertion.Observation
		outcome uptime.Outcome
		reason  uptime.Reason
		detail  string
	}{
		{
			"all well", assertion.Observation{Status: 200, Header: http.Header{"Server": {""}}},
			uptime.OutcomePass, uptime.ReasonNone, "",
		},
		{
			"slow", assertion.Observation{Status: 200, Phases: uptime.Phases{Total: 12345678}},
			uptime.OutcomeDegraded, uptime.ReasonAssertion, "latency total is 12.346 ms, want less than 10 ms (and 1 more)",
		},
		{
			"the gravest comes first", assertion.Observation{Status: 503},
			uptime.OutcomeFail, uptime.ReasonStatus, "status is 503, want equals 200 (and 1 more)",
		},
	} {
		all, err := assertion.ParseFor(uptime.KindHTTP, []byte(list))
		if err != nil {
			t.Fatal(err)
		}
		set, err := assertion.Compile(uptime.KindHTTP, all)
		if err != nil {
			t.Fatal(err)
		}
		r := set.Evaluate(&tc.obs)
		if r.Outcome != tc.outcome || r.Reason() != tc.reason || r.Detail() != tc.detail {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", tc.name, r.Outcome, r.Reason(), r.Detail(), tc.outcome, tc.reason, tc.detail)
		}
	}
}

func TestNothingToAssert(t *testing.T) {
	t.Parallel()
	var set *assertion.Set
	if r := set.Evaluate(&assertion.Observation{}); r.Outcome != uptime.OutcomePass || r.Failures != nil {
		t.Errorf("nil set: %+v", r)
	}
	if set.Len() != 0 || set.Bytes() != 0 || set.Uses(assertion.SourceBody) {
		t.Error("a nil set has something")
	}
}

func TestFailureIsPlainData(t *testing.T) {
	t.Parallel()
	r := what{"status", "", "equals", "200"}.compile(t).Evaluate(observed())
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"outcome":"fail","failures":[{"index":0,"source":"status","comparison":"equals","expected":"200","actual":"503","severity":"down"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A status of 0 is missing, unless it is one.
func TestStatusZero(t *testing.T) {
	t.Parallel()
	set := what{assertion.SourceStatus, "", assertion.Equals, "0"}.compile(t)
	none, ok := set.Evaluate(&assertion.Observation{}), set.Evaluate(&assertion.Observation{HasStatus: true})
	if none.Outcome != uptime.OutcomeFail || !none.Failures[0].Missing || ok.Outcome != uptime.OutcomePass {
		t.Errorf("without a status %+v, with status 0 %+v", none, ok)
	}
}
