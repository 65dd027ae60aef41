package assertion_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

func TestPhrases(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		what
		want string
	}{
		{what{"status", "", "equals", "200"}, "status is 503, want equals 200"},
		{what{"status", "", "matches", `"^2"`}, `status is "503", want matches "^2"`},
		{what{"header", "vary", "contains", `"Cookie"`}, `header Vary is "Accept, Origin", want contains "Cookie"`},
		{what{"header", "vary", "not_contains", `"Orig"`}, `header Vary is "Origin", want not contains "Orig"`},
		{what{"header", "server", "exists", ""}, `header Server is missing, want exists`},
		{what{"header", "x-left", "less_than", "5"}, `header X-Left is "7", want less than 5`},
		{what{"header", "set-cookie", "equals", `"session=x"`}, `header Set-Cookie is ***, want equals ***`},
		{what{"header", "set-cookie", "empty", ""}, `header Set-Cookie is ***, want empty`},
		{what{"json", "$.nope", "equals", "1"}, `json $.nope is missing, want equals "1"`},
		{what{"json", "$.list", "contains", `"z"`}, `json $.list is "[\"a\",\"b\",3]", want contains "z"`},
		{what{"json", "$.items[*].v", "less_than", "5"}, `json $.items[*].v is "9", want less than 5`},
		{what{"latency", "ttfb", "less_than", "30"}, "latency ttfb is 40 ms, want less than 30 ms"},
		{what{"certificate", "", "greater_than", "14"}, "certificate is 13.5 days, want greater than 14 days"},
		{what{"loss", "", "equals", "0"}, "loss is 25 %, want equals 0 %"},
		{what{"dns", "", "equals", `"192.0.2.9"`}, `dns is "192.0.2.1, 192.0.2.2", want equals "192.0.2.9"`},
		{what{"payload", "", "empty", ""}, `payload is "+PONG\n", want empty`},
	} {
		r := tc.compile(t).Evaluate(observed())
		if got := r.Detail(); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
	r := what{"rtt", "", "less_than", "5"}.compile(t).Evaluate(&assertion.Observation{})
	if got, want := r.Detail(), "rtt is missing, want less than 5 ms"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTextsAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for pad := range 4 {
		body := strings.Repeat("x", pad) + strings.Repeat("漢", 500)
		r := what{"body", "", "equals", `"` + strings.Repeat("語", 300) + `"`}.compile(t).Evaluate(&assertion.Observation{Body: []byte(body)})
		f := r.Failures[0]
		for name, s := range map[string]string{"actual": f.Actual, "expected": f.Expected, "phrase": f.Phrase(), "detail": r.Detail()} {
			if len(s) > 256 || !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
				t.Errorf("%s has %d bytes: %s", name, len(s), s)
			}
		}
		if len(f.Actual) < 250 {
			t.Errorf("actual has only %d bytes", len(f.Actual))
		}
	}
}

func TestWhatShouldNotBeThereIsShown(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("-", 5000) + "Fatal error: boom" + strings.Repeat("-", 5000)
	for _, w := range []what{
		{"body", "", "not_contains", `"Fatal"`},
		{"body", "", "not_matches", `"F[a-z]+l"`},
	} {
		f := w.compile(t).Evaluate(&assertion.Observation{Body: []byte(body)}).Failures[0]
		if !strings.Contains(f.Actual, "Fatal error: boom") || !strings.HasPrefix(f.Actual, "…") {
			t.Errorf("%s: actual is %s", w.comparison, f.Actual)
		}
	}
}

func TestControlCharactersAreRemoved(t *testing.T) {
	t.Parallel()
	f := what{"body", "", "equals", `"\u0000\u202e"`}.compile(t).Evaluate(&assertion.Observation{Body: []byte("a\x00\x1b[31m\xff\u202eb\n")}).Failures[0]
	if want := "a��[31m��b\n"; f.Actual != want || f.Expected != "��" {
		t.Errorf("actual %q, expected %q; want %q", f.Actual, f.Expected, want)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	const secret = "correct horse battery staple"
	for _, name := range []string{
		"Set-Cookie", "Cookie", "Authorization", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-Session-Id", "X-Hub-Signature",
	} {
		for _, w := range []what{
			{"header", name, "equals", `"other secret"`},
			{"header", name, "not_contains", `"horse"`},
			{"header", name, "less_than", `1`},
			{"header", name, "empty", ""},
		} {
			r := w.compile(t).Evaluate(&assertion.Observation{Header: http.Header{name: {secret}}})
			if len(r.Failures) != 1 {
				t.Fatalf("%v does not fail", w)
			}
			f := r.Failures[0]
			all := f.Actual + f.Expected + r.Detail()
			if strings.Contains(all, "horse") || strings.Contains(all, "other") {
				t.Errorf("%s %s shows %s", name, w.comparison, all)
			}
		}
	}
	// A target echoes what the monitor sent, at every place of what is shown.
	for pad := range 330 {
		body := strings.Repeat("-", pad) + secret + "-WRONG-" + secret
		obs := &assertion.Observation{Body: []byte(body), Header: http.Header{"X-Echo": {body}}, Secrets: []string{"", secret, "horse battery"}}
		for _, w := range []what{
			{"body", "", "equals", `"x"`},
			{"body", "", "not_contains", `"WRONG"`},
			{"header", "X-Echo", "equals", `"x"`},
		} {
			f := w.compile(t).Evaluate(obs).Failures[0]
			for _, part := range []string{"corr", "horse", "battery", "taple"} {
				if strings.Contains(f.Actual, part) {
					t.Fatalf("%d bytes before: %s %s shows %s", pad, w.source, w.comparison, f.Actual)
				}
			}
		}
	}
	obs := &assertion.Observation{Body: []byte(`{"k":["` + secret + `"],"` + secret + `":1}`), Secrets: []string{secret}}
	f := what{"json", "$", "empty", ""}.compile(t).Evaluate(obs).Failures[0]
	if want := `{"***":1,"k":["***"]}`; f.Actual != want {
		t.Errorf("json shows %s, want %s", f.Actual, want)
	}
}

func TestOnlyTheNamedHeaderIsShown(t *testing.T) {
	t.Parallel()
	obs := observed()
	for _, tc := range table {
		r := tc.compile(t).Evaluate(obs)
		if s := r.Detail(); strings.Contains(s, "hunter2") {
			t.Errorf("%v shows %s", tc.what, s)
		}
		if r.Outcome == uptime.OutcomePass && r.Detail() != "" {
			t.Errorf("%v passes with %s", tc.what, r.Detail())
		}
	}
}
