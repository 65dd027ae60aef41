package httpapi

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestEveryOperationHasExamples also holds them to their schemas, and those of requests to
// what requests are held to.
func TestEveryOperationHasExamples(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody != nil {
				for _, value := range examplesOf(t, op.OperationID+" request", op.RequestBody.Value.Content) {
					text, err := json.Marshal(value)
					if err != nil {
						t.Fatal(err)
					}
					schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
					if err := shaped(text, &operation{body: schema}); err != nil {
						t.Errorf("%s: its example would be refused: %v", op.OperationID, err)
					}
					n++
				}
			}
			for status, res := range op.Responses.Map() {
				if strings.HasPrefix(status, "2") && method != "HEAD" {
					n += len(examplesOf(t, op.OperationID+" "+status, res.Value.Content))
				}
			}
			guarded := slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == headerRepeat })
			if public := len(*op.Security) == 0; method == "POST" && guarded == public {
				t.Errorf("%s %s: Idempotency-Key is offered: %v, everybody may call it: %v", method, path, guarded, public)
			}
		}
	}
	if n < 120 {
		t.Errorf("only %d examples", n)
	}
}

// examplesOf returns the values of the JSON examples of a body, each of whose forms must
// have one.
func examplesOf(t *testing.T, at string, content openapi3.Content) []any {
	t.Helper()
	var out []any
	for kind, media := range content {
		values := []any{media.Example}
		for _, one := range media.Examples {
			values = append(values, one.Value.Value)
		}
		values = slices.DeleteFunc(values, func(v any) bool { return v == nil })
		if len(values) == 0 {
			t.Errorf("%s has no example as %s", at, kind)
		}
		if kind != "application/json" {
			continue
		}
		for _, value := range values {
			if err := media.Schema.Value.VisitJSON(value, openapi3.EnableFormatValidation()); err != nil {
				t.Errorf("%s: its example is not as its schema: %v", at, err)
			}
			out = append(out, value)
		}
	}
	return out
}
