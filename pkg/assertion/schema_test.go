package assertion_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/probefleet/probefleet/pkg/assertion"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(assertion.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("assertions.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("assertions.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// The schema and the parser agree on every shape: each source with each comparison,
// property and type of target.
func TestSchemaAgreesWithParse(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	sources := []string{"status", "header", "body", "json", "latency", "certificate", "dns", "payload", "rtt", "loss", "cookie", ""}
	comparisons := append([]assertion.Comparison{"is"}, assertion.Comparisons("body")...)
	properties := []string{"-", `""`, `"$.a"`, `"x-name"`, `"a b"`, `"ttfb"`, "1", "null"}
	targets := []string{"-", `""`, `"a"`, `"200"`, "200", "99", "1.5", "-1", "-40000", "1e7", "true", "null", "{}", "[1]"}
	severities := []string{"-", `"down"`, `"degraded"`, `"warning"`, `""`, "1"}
	agreed := map[bool]int{}
	for _, s := range sources {
		for _, c := range comparisons {
			for _, p := range properties {
				for i, target := range targets {
					doc := fmt.Sprintf(`{"source":%q,"comparison":%q`, s, c)
					for name, v := range map[string]string{"property": p, "target": target, "severity": severities[i%len(severities)]} {
						if v != "-" {
							doc += fmt.Sprintf(`,%q:%s`, name, v)
						}
					}
					agreed[agree(t, schema, "["+doc+"}]")]++
				}
			}
		}
	}
	for _, doc := range []string{
		`[]`, `{}`, `"x"`, `[1]`, `[{}]`, `[{"source":"body"}]`, `[{"source":"body","comparison":"exists","extra":1}]`,
		`[{"source":"body","comparison":"exists"},{"source":"status","comparison":"matches","target":"^2","severity":"degraded"}]`,
	} {
		agreed[agree(t, schema, doc)]++
	}
	if agreed[true] < 100 || agreed[false] < 200 {
		t.Errorf("only %d accepted and %d refused", agreed[true], agreed[false])
	}
}

func agree(t *testing.T, schema *jsonschema.Schema, doc string) bool {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(doc)))
	if err != nil {
		t.Fatal(err)
	}
	bySchema := schema.Validate(v)
	_, byParser := assertion.Parse([]byte(doc))
	if (bySchema == nil) != (byParser == nil) {
		t.Errorf("%s: the schema says %v, the parser %v", doc, bySchema, byParser)
	}
	return byParser == nil
}

func TestSchemaIsForOpenAPI(t *testing.T) {
	t.Parallel()
	var doc struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(assertion.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Defs) != 12 {
		t.Errorf("%d definitions, want the list, the assertion and one per source", len(doc.Defs))
	}
	for name, def := range doc.Defs {
		for _, word := range []string{`"const"`, `"if"`, `"$defs"`, `"prefixItems"`, `"type": [`, `"unevaluated`} {
			if bytes.Contains(def, []byte(word)) {
				t.Errorf("%s uses %s, which OpenAPI 3.0 has not", name, word)
			}
		}
	}
}
