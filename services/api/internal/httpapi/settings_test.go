package httpapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/pkg/monitorspec"
	"github.com/probefleet/probefleet/pkg/testenv/golden"
	"github.com/probefleet/probefleet/pkg/uptime"
)

const (
	written = "../../openapi.yaml"
	begins  = "    # begin settings\n"
	ends    = "    # end settings\n"
)

// The document has the settings of every kind as package monitorspec has them; -update
// writes them.
func TestSettingsOfTheDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begins)
	_, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		t.Fatal("the document has no place for the settings")
	}
	var b strings.Builder
	names := []string{}
	definitions := map[string]any{}
	var schemas strings.Builder
	for _, kind := range monitorspec.Kinds() {
		schema := schemaOf(t, kind)
		own, _ := schema["$defs"].(map[string]any)
		for name, one := range own {
			definitions[name] = one
		}
		delete(schema, "$defs")
		delete(schema, "$schema")
		schema["x-go-type"] = "json.RawMessage"
		name := "Settings" + string(kind)
		names = append(names, name)
		component(t, &schemas, name, schema)
	}
	forms := []any{}
	for _, name := range names {
		forms = append(forms, map[string]any{"$ref": "#/components/schemas/" + name})
	}
	component(t, &b, "MonitorSettings", map[string]any{
		"type": "object", "x-go-type": "json.RawMessage", "x-checked-by": "pkg/monitorspec", "anyOf": forms,
		"description": "Those of the kind. Left out, a setting has its default; answers leave out what is at its default. Secrets are shown as ***.",
	})
	b.WriteString(schemas.String())
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		one, _ := definitions[name].(map[string]any)
		one["x-go-type"] = "json.RawMessage"
		component(t, &b, name, one)
	}
	golden.Check(t, "../"+written, []byte(before+begins+b.String()+ends+after))
}

func schemaOf(t *testing.T, kind uptime.Kind) map[string]any {
	t.Helper()
	raw, err := monitorspec.Schema(kind)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.ReplaceAll(raw, []byte(`"#/$defs/`), []byte(`"#/components/schemas/`))
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// shown says x-secret of what a schema has for writing only: answers have it, too, as
// placeholders of secrets.
func shown(value any) {
	switch value := value.(type) {
	case map[string]any:
		if value["writeOnly"] == true {
			delete(value, "writeOnly")
			value["x-secret"] = true
		}
		for _, one := range value {
			shown(one)
		}
	case []any:
		for _, one := range value {
			shown(one)
		}
	}
}

// component writes a schema as a member of components.schemas: YAML takes JSON.
func component(t *testing.T, b *strings.Builder, name string, schema map[string]any) {
	t.Helper()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("      ", "  ")
	shown(schema)
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	b.WriteString("    " + name + ":\n      " + text.String())
}
