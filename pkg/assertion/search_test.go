package assertion_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

// FuzzFind holds that looking with an eye on the clock finds what the library does.
func FuzzFind(f *testing.F) {
	for _, x := range append(hostileExpressions, `(a)|b$`, `^\xff?(.)\b`, `(?s).(.*)(\d+)`, `é|\x{fffd}`) {
		f.Add(x, []byte("aaab \xff\xfe é 42\r\n"))
		f.Add(x, []byte("\x00\xc3(\xe2\x82\xf0\x9f\x98\x80"))
	}
	f.Fuzz(func(t *testing.T, expression string, text []byte) {
		x, err := assertion.CompileExpression(expression)
		if err != nil || len(text) == 0 || len(text) > 1<<12 || len(expression) > assertion.MaxExpression {
			return
		}
		long := []byte(strings.Repeat(string(text), (16<<10)/len(text)+1))
		got, done := x.Find(t.Context(), long)
		if want := x.Regexp().FindSubmatchIndex(long); !done || !slices.Equal(got, want) {
			t.Fatalf("%q finds %v (%v), want %v", expression, got, done, want)
		}
	})
}

// Looking ends with ctx, and what was not looked at to the end is neither a match nor none.
func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	x, err := assertion.CompileExpression(`(?:a{0,30}){15}b$|$`)
	if err != nil {
		t.Fatal(err)
	}
	if loc, done := x.Find(over, []byte(strings.Repeat("a", 60<<10))); done {
		t.Errorf("done, with %v", loc)
	}
	if _, done := x.Find(over, []byte("aaab")); !done {
		t.Error("a few bytes are not looked at")
	}
	for _, a := range []assertion.Assertion{
		{Source: assertion.SourceBody, Comparison: assertion.Matches, Target: assertion.Text(`(?:a{0,30}){15}b`)},
		{Source: assertion.SourceBody, Comparison: assertion.NotMatches, Target: assertion.Text(`(?:a{0,30}){15}b`)},
		{Source: assertion.SourceJSON, Property: "$..*..*..*..*", Comparison: assertion.Exists},
	} {
		set, err := assertion.Compile(uptime.KindHTTP, []assertion.Assertion{a})
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Repeat("a", 60<<10)
		if a.Source == assertion.SourceJSON {
			body = "[" + strings.Repeat("[0],", 10_000) + "0]"
		}
		if r := set.EvaluateWithin(over, &assertion.Observation{Body: []byte(body)}); !r.Cut {
			t.Errorf("%s %s: not cut: %+v", a.Source, a.Comparison, r)
		}
		if r := set.EvaluateWithin(t.Context(), &assertion.Observation{Body: []byte(body)}); r.Cut {
			t.Errorf("%s %s: cut with all the time there is", a.Source, a.Comparison)
		}
	}
}
