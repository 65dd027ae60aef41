package postgres_test

import (
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/postgres"
)

func TestPlainObject(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "{}", "null": "{}", "[1]": "{}", `"x"`: "{}", "{": "{}", `{"a":"\u0000"}`: "{}", `{"\u0000":1}`: "{}", `{"n":1e999}`: "{}",
		`{"a":"\ud800b"}`: `{"a":"` + "\ufffd" + `b"}`, "{\"a\":\"\xff\"}": `{"a":"` + "\ufffd" + `"}`,
		`{"b": [1, {"c": null}], "a": "x"}`:                                   `{"a":"x","b":[1,{"c":null}]}`,
		`{"a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}": "{}",
	} {
		if got := string(postgres.PlainObject([]byte(in))); got != want {
			t.Errorf("%.40q: %s, want %s", in, got, want)
		}
	}
}
