package assertion_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func FuzzParse(f *testing.F) {
	for _, tc := range table {
		f.Add([]byte(`[{"source":"`+string(tc.source)+`","property":"`+tc.property+`","comparison":"`+string(tc.comparison)+`","target":`+tc.target+`}]`), "$.a", "x")
	}
	for _, p := range hostilePaths {
		f.Add([]byte(`[`), p, `a(b[c]{2}`)
	}
	f.Fuzz(func(t *testing.T, raw []byte, path, expression string) {
		list, err := assertion.Parse(raw)
		var errs assertion.Errors
		switch {
		case err == nil:
			again, merr := json.Marshal(list)
			if merr != nil {
				t.Fatal(merr)
			}
			if _, err := assertion.Parse(again); err != nil {
				t.Fatalf("%s was read, but not again as %s: %v", raw, again, err)
			}
		case !errors.As(err, &errs) || len(errs) == 0:
			t.Fatalf("%v is not Errors", err)
		}
		for _, a := range []assertion.Assertion{
			{Source: "json", Property: path, Comparison: "exists"},
			{Source: "body", Comparison: "matches", Target: assertion.Text(expression)},
		} {
			text := a.Property
			if text == "" {
				_ = json.Unmarshal(a.Target, &text)
			}
			if err := assertion.Validate(uptime.KindHTTP, []assertion.Assertion{a}); errors.As(err, &errs) {
				for _, p := range errs {
					if p.Offset < assertion.NoOffset || p.Offset > len(text) || !strings.HasPrefix(p.Pointer, "assertions[0]") {
						t.Fatalf("%q: %+v", text, p)
					}
				}
			}
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	for name, body := range hostileBodies {
		f.Add([]byte(body[:min(len(body), 500)]), "$..*", "(a|b)*", name, false)
	}
	for _, p := range hostilePaths {
		f.Add(observed().Body, p, "x", "y", true)
	}
	for _, tc := range table {
		f.Add(observed().Body, tc.property, strings.Trim(tc.target, `"`), "degraded", false)
	}
	f.Fuzz(func(t *testing.T, body []byte, path, target, secret string, truncated bool) {
		obs := &assertion.Observation{
			Body: body, BodyTruncated: truncated, Header: http.Header{"X": {string(body)}}, DNS: []string{string(body), target},
			Secrets: []string{secret},
		}
		for _, s := range []assertion.Source{"body", "json", "header", "dns"} {
			property := map[assertion.Source]string{"json": path, "header": "x"}[s]
			for _, c := range assertion.Comparisons(s) {
				a := assertion.Assertion{Source: s, Property: property, Comparison: c}
				switch c {
				case "exists", "empty":
				case "less_than", "greater_than":
					a.Target = assertion.Number(1)
				default:
					a.Target = assertion.Text(target)
				}
				set, err := assertion.Compile(kindFor(s), []assertion.Assertion{a})
				if err != nil {
					continue
				}
				r := set.Evaluate(obs)
				for _, failure := range r.Failures {
					for _, shown := range []string{failure.Actual, failure.Expected, failure.Property, r.Detail()} {
						if len(shown) > 256 || !utf8.ValidString(shown) || strings.ContainsRune(shown, 0) {
							t.Fatalf("%s %s shows %q", s, c, shown)
						}
					}
				}
			}
		}
	})
}
