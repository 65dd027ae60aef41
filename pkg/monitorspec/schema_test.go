package monitorspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/testenv/golden"
	"github.com/probefleet/probefleet/pkg/uptime"
)

type object = map[string]any

// schemaOf writes the schema that the tags of a struct describe.
func schemaOf(t reflect.Type, kind uptime.Kind) object {
	properties, required := object{}, []string{}
	for _, f := range fieldsOf(t) {
		p := schemaOfField(&f, kind)
		p["description"] = f.doc
		if f.secret {
			p["writeOnly"] = true
		}
		if f.secretIf {
			p["x-secret-if"] = "secret"
		}
		properties[f.name] = p
		if f.required {
			required = append(required, f.name)
		}
	}
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func schemaOfField(f *field, kind uptime.Kind) object {
	t := f.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	p := object{}
	switch {
	case t == rawMessage:
		var refs []object
		for _, s := range assertion.Allowed(kind) {
			name := map[assertion.Source]string{"json": "JSON", "dns": "DNS", "rtt": "RTT"}[s]
			if name == "" {
				name = strings.ToUpper(string(s[:1])) + string(s[1:])
			}
			refs = append(refs, object{"$ref": "#/$defs/" + name + "Assertion"})
		}
		return object{"type": "array", "maxItems": assertion.MaxAssertions, "items": object{"oneOf": refs}}
	case t.Kind() == reflect.Struct:
		return schemaOf(t, kind)
	case t.Kind() == reflect.Bool:
		p["type"] = "boolean"
		if f.def != "" {
			p["default"] = f.def == "true"
		}
	case t.Kind() == reflect.Int:
		p["type"], p["minimum"] = "integer", f.min
		if f.max > 0 {
			p["maximum"] = f.max
		}
		if f.def != "" {
			p["default"] = atoi(f.def)
		}
	case t.Kind() == reflect.Slice:
		p["type"] = "array"
		if f.min > 0 {
			p["minItems"] = f.min
		}
		if f.max > 0 {
			p["maxItems"] = f.max
		}
		if t.Elem().Kind() == reflect.Struct {
			p["items"] = schemaOf(t.Elem(), kind)
			break
		}
		item := object{"type": "string", "minLength": 1, "maxLength": f.each}
		if f.numbers {
			item = object{"anyOf": []any{item, object{"type": "integer"}}}
		}
		p["items"] = item
		if f.def != "" {
			p["default"] = []string{f.def}
		}
	default:
		p["type"] = "string"
		if f.max > 0 {
			p["maxLength"] = f.max
		}
		if f.required {
			p["minLength"] = 1
		}
		if len(f.enum) > 0 {
			p["enum"] = f.enum
		}
		if f.def != "" {
			p["default"] = f.def
		}
	}
	return p
}

// The schemas are what the tags say; -update writes them.
func TestSchemasAreThoseOfTheStructs(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		doc := schemaOf(reflect.TypeOf(k.make()).Elem(), k.kind)
		doc["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		doc["title"] = fmt.Sprintf("Settings of a %s check", k.kind)
		b, err := json.MarshalIndent(doc, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "../schema/"+string(k.kind)+".json", append(b, '\n'))
	}
}

func compileSchema(t *testing.T, kind uptime.Kind) *jsonschema.Schema {
	t.Helper()
	b, err := Schema(kind)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("settings.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("settings.json")
	if err != nil {
		t.Fatalf("schema of %s: %v", kind, err)
	}
	return schema
}

// What the parser takes the schema takes, and wrong shapes are refused by both: unknown
// fields, other types, values outside of enumerations and bounds, wherever they stand.
func TestSchemasAgreeWithParse(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		schema := compileSchema(t, e.kind)
		if _, err := Parse(e.kind, e.target, []byte(e.settings)); err != nil {
			t.Errorf("%s %s: %v", e.kind, e.settings, err)
		}
		if err := validate(t, schema, e.settings); err != nil {
			t.Errorf("%s %s: the parser takes what the schema refuses: %v", e.kind, e.settings, err)
		}
	}
	n := 0
	for _, k := range kinds {
		schema := compileSchema(t, k.kind)
		for _, doc := range spoilt(reflect.TypeOf(k.make()).Elem()) {
			n++
			var l list
			v := reflect.ValueOf(k.make()).Elem()
			l.decode("settings", []byte(doc), v)
			complete(v)
			l.inspect("settings", v)
			if len(l.errs) == 0 {
				t.Errorf("%s: the parser takes %s", k.kind, doc)
			}
			if err := validate(t, schema, doc); err == nil {
				t.Errorf("%s: the schema takes %s", k.kind, doc)
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d spoilt documents", n)
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, doc string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(v)
}

// spoilt returns documents that are wrong in one field each.
func spoilt(t reflect.Type) []string {
	out := []string{`[]`, `"x"`, `1`, `{"surely_unknown":1}`, `{"Surely":{}}`}
	for _, f := range fieldsOf(t) {
		add := func(value string) { out = append(out, fmt.Sprintf(`{%q:%s}`, f.name, value)) }
		typ := f.typ
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		out = append(out, fmt.Sprintf(`{%q:1}`, strings.ToUpper(f.name))) // names are matched by case
		switch {
		case typ == rawMessage:
			continue // package assertion's business
		case typ.Kind() == reflect.Struct:
			for _, inner := range spoilt(typ) {
				add(inner)
			}
		case typ.Kind() == reflect.Bool:
			add(`"true"`)
			add(`1`)
		case typ.Kind() == reflect.Int:
			add(`"1"`)
			add(`1.5`)
			add(`true`)
			add(fmt.Sprint(f.min - 1))
			if f.max > 0 {
				add(fmt.Sprint(f.max + 1))
			}
		case typ.Kind() == reflect.Slice:
			add(`{}`)
			add(`"x"`)
			add(`[null]`)
			add(`[true]`)
			if typ.Elem().Kind() == reflect.Struct {
				for _, inner := range spoilt(typ.Elem()) {
					add("[" + inner + "]")
				}
			} else {
				add(`[""]`)
				add(`["` + strings.Repeat("x", f.each+1) + `"]`)
				add(`[` + strings.TrimSuffix(strings.Repeat(`"1",`, f.max+1), ",") + `]`)
			}
		default:
			add(`1`)
			add(`["x"]`)
			add(`true`)
			if f.max > 0 {
				add(`"` + strings.Repeat("x", f.max+1) + `"`)
			}
			if len(f.enum) > 0 {
				add(`"surely not"`)
				add(`""`)
			}
		}
	}
	return out
}

func TestSchemaOfUnknownKind(t *testing.T) {
	t.Parallel()
	for _, kind := range []uptime.Kind{"", "pigeon", "../schema/http"} {
		if b, err := Schema(kind); err == nil {
			t.Errorf("schema of %q: %s", kind, b)
		}
	}
}
