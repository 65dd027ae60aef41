package shape_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
)

const document = `
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /x:
    get:
      parameters:
        - {name: n, in: query, schema: {type: integer, minimum: 1, maximum: 9}}
        - {name: f, in: query, schema: {type: number, exclusiveMinimum: 0}}
        - {name: b, in: query, schema: {type: boolean}}
        - {name: t, in: query, schema: {type: string, format: date-time}}
        - {name: s, in: query, schema: {type: string, maxLength: 3}}
        - {name: e, in: query, schema: {type: string, enum: [one, two]}}
        - {name: w, in: query, schema: {type: integer, enum: [60, 300]}}
        - {name: h, in: header, schema: {type: integer}}
      responses: {default: {description: x}}
components:
  schemas:
    Inner:
      type: object
      additionalProperties: false
      properties: {count: {type: [integer, "null"], minimum: 1, x-hint: "how many?"}}
    Body:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {type: string, minLength: 1, maxLength: 5}
        mode: {type: string, enum: [a, b, c]}
        at: {type: [string, "null"], format: date-time}
        id: {type: string, format: uuid}
        code: {type: string, pattern: "^[a-z]+$", x-hint: lower-case letters}
        flag: {type: boolean}
        share: {type: number, minimum: 0, maximum: 1}
        list: {type: [array, "null"], minItems: 1, maxItems: 3, uniqueItems: true, items: {type: string}}
        inner: {anyOf: [{$ref: "#/components/schemas/Inner"}, {type: "null"}]}
        free: {type: object}
        theirs: {anyOf: [{x-checked-by: "somebody", type: object, oneOf: [{$ref: "#/components/schemas/Inner"}]}, {type: "null"}]}
        bad: {type: integer, multipleOf: 2}
`

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestBody(t *testing.T) {
	t.Parallel()
	schema := load(t).Components.Schemas["Body"].Value
	tests := []struct {
		body string
		want []string
	}{
		{`{"name":"x"}`, nil},
		{`{"name":"x","mode":"b","at":"2026-01-31T12:00:00+02:00","id":"01890a5d-ac96-774b-bcce-b302099a8057","code":"abc","flag":false,"share":0.5,"list":["p","q"],"inner":{"count":3},"free":{"any":[1,{"x":null}]}}`, nil},
		{`{"name":"x","at":null,"list":null,"inner":null}`, nil},
		{`{"name":"x","inner":{"count":null}}`, nil},
		{`5`, []string{"# must be an object, is a number"}},
		{`null`, []string{"# must not be null"}},
		{`{}`, []string{"#/name is needed"}},
		{`{"name":""}`, []string{"#/name must not be empty"}},
		{`{"name":"äöüßéx"}`, []string{"#/name must have at most 5 characters"}},
		{`{"name":"äöüßé"}`, nil},
		{`{"Name":"x"}`, []string{"#/Name unknown field (name?)", "#/name is needed"}},
		{`{"name":"x","a/b~c":1}`, []string{"#/a~1b~0c unknown field"}},
		{`{"name":["x"]}`, []string{"#/name must be text, is a list"}},
		{`{"name":"x","mode":"d"}`, []string{"#/mode must be a, b or c"}},
		{`{"name":"x","at":"2026-01-31"}`, []string{"#/at must be a time as in 2026-01-31T12:00:00Z"}},
		{`{"name":"x","at":5}`, []string{"#/at must be text or null, is a number"}},
		{`{"name":"x","id":"1"}`, []string{"#/id must be an id as in 01890a5d-ac96-774b-bcce-b302099a8057"}},
		{`{"name":"x","code":"A"}`, []string{"#/code must be lower-case letters"}},
		{`{"name":"x","flag":"true"}`, []string{"#/flag must be true or false, is text"}},
		{`{"name":"x","share":1.01}`, []string{"#/share must be at most 1"}},
		{`{"name":"x","share":1e400}`, []string{"#/share is too large a number"}},
		{`{"name":"x","share":true}`, []string{"#/share must be a number, is true or false"}},
		{`{"name":"x","list":[]}`, []string{"#/list must have at least 1 element"}},
		{`{"name":"x","list":["a","b","c","d"]}`, []string{"#/list must have at most 3 elements"}},
		{`{"name":"x","list":["a",1,"a"]}`, []string{"#/list/1 must be text, is a number", "#/list/2 is named twice"}},
		{`{"name":"x","inner":{"count":0}}`, []string{"#/inner/count must be at least 1 (how many?)"}},
		{`{"name":"x","inner":{"count":1.5,"x":1}}`, []string{"#/inner/count must be a whole number", "#/inner/x unknown field"}},
		{`{"name":"x","inner":[]}`, []string{"#/inner must be an object, is a list"}},
		{`{"name":"a\tb"}`, []string{"#/name must not have control characters"}},
		{`{"name":"x","free":{"a":["ok","\u0000"]}}`, []string{"#/free/a/1 must not have a NUL character"}},
		{`{"name":"x","theirs":{"count":-1,"line":"a\r\n"}}`, nil},
		{`{"name":"x","theirs":null}`, nil},
		{`{"name":"x","theirs":[]}`, []string{"#/theirs must be an object"}},
		{`{"name":"x","theirs":{"a":"\u0000"}}`, []string{"#/theirs/a must not have a NUL character"}},
		{`{"name":"x","free":{"\u0000":1}}`, []string{"#/free has a name with a NUL character"}},
	}
	for _, tt := range tests {
		decoder := json.NewDecoder(strings.NewReader(tt.body))
		decoder.UseNumber()
		var v any
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, said(shape.Body(schema, v))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	params := load(t).Paths.Find("/x").Get.Parameters
	tests := []struct {
		query string
		want  []string
	}{
		{"", nil},
		{"n=5&f=0.1&b=true&t=2026-01-31T12:00:00Z&s=abc&e=two&h=x&unknown=1", nil},
		{"s=", nil},
		{"n=0", []string{"#/n must be at least 1"}},
		{"n=10", []string{"#/n must be at most 9"}},
		{"n=", []string{"#/n must be a whole number"}},
		{"n=five", []string{"#/n must be a whole number"}},
		{"n=true", []string{"#/n must be a whole number"}},
		{"n=null", []string{"#/n must be a whole number"}},
		{"n=+5", []string{"#/n must be a whole number"}},
		{"n=0x5", []string{"#/n must be a whole number"}},
		{"n=5.0", []string{"#/n must be a whole number"}},
		{"n=1&n=2", []string{"#/n is given 2 times"}},
		{"f=0", []string{"#/f must be more than 0"}},
		{"f=NaN", []string{"#/f must be a number"}},
		{"f=Inf", []string{"#/f must be a number"}},
		{"b=1", []string{"#/b must be true or false"}},
		{"t=", []string{"#/t must be a time as in 2026-01-31T12:00:00Z"}},
		{"t=1969-12-31T23:59:59Z", []string{"#/t must be in the years 1970 to 9999"}},
		{"t=9999-12-31T23:59:59-00:01", []string{"#/t must be in the years 1970 to 9999"}},
		{"t=9999-12-31T23:59:59Z&s=%C3%A9", nil}, {"s=%ff", []string{"#/s must be UTF-8"}},
		{"s=abcd", []string{"#/s must have at most 3 characters"}},
		{"s=%00", []string{"#/s must not have control characters"}},
		{"e=", []string{"#/e must be one or two"}},
		{"w=300", nil},
		{"w=301", []string{"#/w must be 60 or 300"}},
		{"e=three&n=x", []string{"#/n must be a whole number", "#/e must be one or two"}},
	}
	for _, tt := range tests {
		query, err := url.ParseQuery(strings.ReplaceAll(tt.query, "+", "%2B"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, said(shape.Query(params, query))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.query, diff)
		}
	}
}

func said(errs []shape.Error) []string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Pointer+" "+e.Detail)
	}
	return out
}

func TestHowMuchIsSaidIsBounded(t *testing.T) {
	t.Parallel()
	body := map[string]any{"name": "x"}
	for i := range 1000 {
		body[strings.Repeat("y", i+6)] = true
	}
	errs := shape.Body(load(t).Components.Schemas["Body"].Value, body)
	if len(errs) != 50 {
		t.Errorf("%d errors, want 50", len(errs))
	}
	for _, e := range errs {
		if len(e.Pointer) > 120 {
			t.Errorf("a pointer of %d bytes", len(e.Pointer))
		}
	}
}

func TestUnsupportedFindsWhatIsNotChecked(t *testing.T) {
	t.Parallel()
	got := shape.Unsupported("Body", load(t).Components.Schemas["Body"].Value)
	if diff := cmp.Diff([]string{"Body/bad: multipleOf"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzBody holds that no body makes the check panic or accept a field that the schema
// does not have.
func FuzzBody(f *testing.F) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(document))
	if err != nil {
		f.Fatal(err)
	}
	schema := doc.Components.Schemas["Body"].Value
	f.Add(`{"name":"x","list":["a"],"inner":{"count":1},"free":{"a":[]}}`)
	f.Add(`{"name":"x","share":-0.0e0}`)
	f.Fuzz(func(t *testing.T, text string) {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var v any
		if decoder.Decode(&v) != nil {
			return
		}
		errs := shape.Body(schema, v)
		object, ok := v.(map[string]any)
		if !ok && len(errs) == 0 {
			t.Fatalf("accepted %s", text)
		}
		for name := range object {
			if schema.Properties[name] == nil && len(errs) == 0 {
				t.Fatalf("accepted the field %q", name)
			}
		}
	})
}
