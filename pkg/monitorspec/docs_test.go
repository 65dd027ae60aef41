package monitorspec

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/pkg/testenv/golden"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const docs = "../../docs/checks.md"

// example is a monitor as the docs show it.
type example struct {
	kind     uptime.Kind
	target   string
	settings string
}

var fenced = regexp.MustCompile("(?s)```json\n(.*?)```")

// examples returns every monitor of the docs.
func examples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for _, m := range fenced.FindAllStringSubmatch(string(text), -1) {
		var e struct {
			Kind     uptime.Kind     `json:"kind"`
			Target   string          `json:"target"`
			Settings json.RawMessage `json:"settings"`
		}
		if err := json.Unmarshal([]byte(m[1]), &e); err != nil {
			t.Errorf("example is no JSON: %v\n%s", err, m[1])
			continue
		}
		out = append(out, example{e.Kind, e.Target, string(e.Settings)})
	}
	return out
}

// Every kind has an example in the docs that the parser takes.
func TestExamplesOfTheDocs(t *testing.T) {
	t.Parallel()
	seen := map[uptime.Kind]bool{}
	for _, e := range examples(t) {
		if _, err := Parse(e.kind, e.target, []byte(e.settings)); err != nil {
			t.Errorf("%s %s: %v", e.kind, e.target, err)
		}
		seen[e.kind] = true
	}
	for _, k := range kinds {
		if !seen[k.kind] {
			t.Errorf("%s has no example", k.kind)
		}
	}
}

var (
	table  = regexp.MustCompile(`(?s)(<!-- settings: (\w+) -->\n).*?(<!-- end -->)`)
	limits = regexp.MustCompile(`(?s)(<!-- limits -->\n).*?(<!-- end -->)`)
)

// The tables of the docs are what the tags say; -update writes them.
func TestTablesOfTheDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]reflect.Type{"ClientTLS": reflect.TypeFor[ClientTLS]()}
	for _, k := range kinds {
		typ := reflect.TypeOf(k.make()).Elem()
		types[typ.Name()] = typ
	}
	n := 0
	got := table.ReplaceAllStringFunc(string(text), func(s string) string {
		n++
		m := table.FindStringSubmatch(s)
		if types[m[2]] == nil {
			t.Errorf("the docs name %s, which is not a struct of settings", m[2])
			return s
		}
		var b strings.Builder
		b.WriteString("|Setting|Default|Values|Meaning|\n|-|-|-|-|\n")
		rows(&b, "", types[m[2]])
		return m[1] + b.String() + m[3]
	})
	if n != len(types) {
		t.Errorf("%d tables, want %d", n, len(types))
	}
	got = limits.ReplaceAllString(got, "${1}"+strings.ReplaceAll(limitsTable(), "$", "$$")+"${2}")
	golden.Check(t, "../"+docs, []byte(got))
}

func rows(b *strings.Builder, prefix string, t reflect.Type) {
	for _, f := range fieldsOf(t) {
		typ, name := f.typ, prefix+f.name
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ == reflect.TypeFor[ClientTLS]() {
			fmt.Fprintf(b, "|`%s`||[TLS settings](#tls-settings)|%s|\n", name, f.doc)
			continue
		}
		if f.name == "assertions" || f.name == "upside_down" {
			continue // said once, at the top
		}
		doc := f.doc
		if f.secret {
			doc += " (secret)"
		}
		def := f.def
		if f.required {
			def = "*needed*"
		}
		fmt.Fprintf(b, "|`%s`|%s|%s|%s|\n", name, def, values(&f, typ), strings.ReplaceAll(doc, "|", "\\|"))
		switch {
		case typ.Kind() == reflect.Struct:
			rows(b, name+".", typ)
		case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
			rows(b, name+"[].", typ.Elem())
		}
	}
}

func values(f *field, t reflect.Type) string {
	switch {
	case len(f.enum) > 0:
		return strings.Join(f.enum, ", ")
	case t.Kind() == reflect.Bool:
		return "true, false"
	case t.Kind() == reflect.Int && f.max > 0:
		return fmt.Sprintf("%d to %d", f.min, f.max)
	case t.Kind() == reflect.Slice && t != rawMessage:
		return fmt.Sprintf("list, at most %d", f.max)
	case t.Kind() == reflect.Struct:
		return "object"
	case f.max > 0:
		return fmt.Sprintf("text, at most %d bytes", f.max)
	}
	return ""
}

func limitsTable() string {
	var b strings.Builder
	b.WriteString("|Kind|Interval|Timeout|Asked again at the earliest after|\n|-|-|-|-|\n")
	for _, k := range kinds {
		l := LimitsOf(k.kind)
		timeout, again := "–", "–"
		if l.MaxTimeout > 0 {
			timeout = fmt.Sprintf("%s to %s, default %s", short(l.MinTimeout), short(l.MaxTimeout), short(l.DefaultTimeout))
		}
		if l.MinRecheck > 0 {
			again = short(l.MinRecheck)
		}
		fmt.Fprintf(&b, "|%s|%s to %s, default %s|%s|%s|\n", k.kind, short(l.MinInterval), short(l.MaxInterval), short(l.DefaultInterval), timeout, again)
	}
	return b.String()
}

func short(d time.Duration) string {
	switch {
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + " d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + " s"
	}
	return strconv.Itoa(int(d/time.Millisecond)) + " ms"
}

// The docs name every reason.
func TestReasonsOfTheDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Reasons\n")
	for r := uptime.ReasonNone + 1; ; r++ {
		if _, err := uptime.ParseReason(r.String()); err != nil {
			break
		}
		if !strings.Contains(section, "`"+r.String()+"`") {
			t.Errorf("the docs do not explain %s", r)
		}
	}
}
