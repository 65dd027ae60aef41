package httpapi

import (
	"bytes"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
	"github.com/probefleet/probefleet/services/api/internal/httpapi/shape"
)

func readDocument(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	if err := readDocument(t).Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
}

func TestEveryOperationHasTheScopeThatTheDocumentSays(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for path, item := range readDocument(t).Paths.Map() {
		for method, op := range item.Operations() {
			scope, ok := scopes[op.OperationID]
			if !ok {
				t.Errorf("%s %s: operation %q has no scope", method, path, op.OperationID)
				continue
			}
			seen[op.OperationID] = true
			want := &openapi3.SecurityRequirements{{"bearer": []string{string(scope)}}, {"session": []string{string(scope)}}}
			switch scope {
			case scopeNone:
				want = &openapi3.SecurityRequirements{}
			case scopeSelf, scopeOwner:
				want = &openapi3.SecurityRequirements{{"session": []string{string(scope)}}}
			}
			if diff := cmp.Diff(want, op.Security); diff != "" {
				t.Errorf("%s: the document's security (-table +document):\n%s", op.OperationID, diff)
			}
			if op.Summary == "" || len(op.Tags) != 1 || op.Responses.Default() == nil {
				t.Errorf("%s lacks a summary, its tag or the default response", op.OperationID)
			}
			if method != "GET" && scope == scopeRead {
				t.Errorf("%s changes something with the scope read", op.OperationID)
			}
		}
	}
	for id := range scopes {
		if !seen[id] {
			t.Errorf("the table has %q, the document has not", id)
		}
	}
}

func TestRequestsUseOnlyKeywordsThatAreChecked(t *testing.T) {
	t.Parallel()
	for _, item := range readDocument(t).Paths.Map() {
		for _, op := range item.Operations() {
			for _, p := range append(item.Parameters, op.Parameters...) {
				for _, bad := range shape.Unsupported(op.OperationID+" "+p.Value.Name, p.Value.Schema.Value) {
					t.Error(bad)
				}
			}
			if op.RequestBody != nil {
				schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
				for _, bad := range shape.Unsupported(op.OperationID, schema) {
					t.Error(bad)
				}
				if schema.AdditionalProperties.Has == nil || *schema.AdditionalProperties.Has {
					t.Errorf("%s: its body takes unknown fields", op.OperationID)
				}
			}
		}
	}
}

func TestServedDocumentIsTheWrittenOne(t *testing.T) {
	t.Parallel()
	written, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, api.Document) {
		t.Error("openapi.yaml has changed since the code was generated: run go generate")
	}
}
