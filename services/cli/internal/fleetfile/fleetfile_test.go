package fleetfile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
)

func variables(name string) (string, bool) {
	v, set := map[string]string{"TOKEN": "t0ken: ${HOME}", "EMPTY": "", "NUMBER": "5"}[name]
	return v, set
}

func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"plain", "websites: []", `{"websites":[]}`},
		{"json", `{"version": 1, "websites": [{"name": "A", "paused": true, "x": null, "f": 1.5}]}`, `{"version":1,"websites":[{"f":1.5,"name":"A","paused":true,"x":null}]}`},
		{"variables", "websites: [{name: 'a ${TOKEN}', url: '${EMPTY}', tags: ['$${TOKEN}', $TOKEN, '${NUMBER}']}]", `{"websites":[{"name":"a t0ken: ${HOME}","tags":["${TOKEN}","$TOKEN","5"],"url":""}]}`},
		{"anchors", "websites:\n  - &a {name: A, tags: [x, y]}\n  - {<<: *a, name: B}\n  - {<<: [*a, {url: u}]}", `{"websites":[{"name":"A","tags":["x","y"]},{"name":"B","tags":["x","y"]},{"name":"A","tags":["x","y"],"url":"u"}]}`},
		{"what looks like something else", "websites: [{name: 2026-01-01, tags: [yes, on, 0x10, '1']}]", `{"websites":[{"name":"2026-01-01","tags":["yes","on",16,"1"]}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := fleetfile.Read("f.yaml", []byte(tt.file), variables)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(f.Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, want string }{
		{"empty", "", "f.yaml: is empty"},
		{"a list", "- 1", "f.yaml:1: must be an object"},
		{"tabs", "websites:\n\t- a", "f.yaml:2: is not YAML"},
		{"two documents", "websites: []\n---\nwebsites: []", "f.yaml:2: begins a second document"},
		{"a variable that is not set", "websites:\n  - name: ${NONE}", "f.yaml:2: the variable NONE is not set"},
		{"no variable", "websites:\n  - name: '${NO NE}'", "f.yaml:2: ${NO NE} names no variable"},
		{"an open reference", "websites:\n  - name: '${TOKEN'", "names no variable"},
		{"no number of JSON", "websites:\n  - f: .inf", "f.yaml:2: .inf is no number"},
		{"a key that is a list", "websites:\n  - [a]: b", "f.yaml:2: must be the name of a field"},
		{"two mistakes", "a: 1\nwebsites: []\nb: 2", "f.yaml:1: a is not known: a file has managed_by, version and websites\nf.yaml:3: b is"},
		{"whose", "managed_by: [a]\nwebsites: []", "f.yaml:1: managed_by must be a text"},
		{"a bomb", bomb(), "is too large or too deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := fleetfile.Read("f.yaml", []byte(tt.file), variables)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// bomb is a small file that anchors grow to 10^12 texts.
func bomb() string {
	var b strings.Builder
	b.WriteString("websites:\n  - a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		level := string(rune('a' + i))
		before := "a0"
		if i > 0 {
			before = string(rune('a'+i-1)) + "1"
		}
		b.WriteString("    " + level + "1: &" + level + "1 [*" + strings.Repeat(before+", *", 9) + before + "]\n")
	}
	return b.String()
}

func TestLineOf(t *testing.T) {
	t.Parallel()
	f, err := fleetfile.Read("f.yaml", []byte("managed_by: x\nwebsites:\n  - name: A\n    monitors:\n      - kind: http\n        settings:\n          a/b: 1\n"), variables)
	if err != nil {
		t.Fatal(err)
	}
	for pointer, line := range map[string]int{
		"#/websites/0": 3, "#/websites/0/name": 3, "#/websites/0/monitors/0/kind": 5, "#/websites/0/monitors/0/settings/a~1b": 7,
		"#/websites/0/monitors/0/nothing": 5, "#/websites/9": 3, "#/nothing": 1, "": 1,
	} {
		if got := f.LineOf(pointer); got != line {
			t.Errorf("%s: line %d, want %d", pointer, got, line)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	e := fleetfile.Estate{ManagedBy: "git", Websites: []fleetfile.Website{
		{Name: "yes", URL: "https://a.example", Tags: []string{"1", "null", "2026-01-01", "~"}, Paused: new(false), Monitors: []fleetfile.Monitor{
			{Kind: "http", IntervalSeconds: 30, Settings: json.RawMessage(`{"body":{"type":"raw","text":"a\nb: ${HOME} #x\n"},"n":1.50,"big":12345678901234567}`)},
		}},
		{Name: "# not a comment: {really}", ExternalID: "0x10"},
	}}
	text, err := fleetfile.Write(e)
	if err != nil {
		t.Fatal(err)
	}
	f, err := fleetfile.Read("f.yaml", text, variables)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	got, err := json.Marshal(map[string]any{"managed_by": f.ManagedBy, "websites": f.Body["websites"]})
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil {
		t.Fatal("no JSON")
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("(-written +read)\n%s\n%s", diff, text)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("websites: [{name: '${TOKEN}'}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("websites: {<<: 1}"))
	f.Add([]byte(bomb()))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := fleetfile.Read("f.yaml", text, variables)
		if err != nil {
			return
		}
		if _, err := json.Marshal(file.Body); err != nil {
			t.Error(err)
		}
		file.LineOf("#/websites/0/name")
	})
}
