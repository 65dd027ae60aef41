package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/oasdiff/yaml"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/api"
)

// document is the API's own description.
type document struct {
	spec *openapi3.T
	json []byte
}

// operation is what has to be known of one before its handler runs.
type operation struct {
	id     string
	scope  Scope
	params openapi3.Parameters
	body   *openapi3.Schema // nil: none is read
	needed bool             // whether there must be a body
	csv    bool             // whether a body may be CSV
	most   int64            // bytes of a body
	open   bool             // whether it takes query parameters that it does not know

	// What the document's headers offer: Idempotency-Key, If-Match, and ETag with If-None-Match.
	repeatable, guarded, tagged bool

	retired retirement
}

// loadDocument reads the document; at is where clients reach the API, if that is known.
func loadDocument(at string) (document, error) {
	spec, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		return document{}, fmt.Errorf("read the API's document: %w", err)
	}
	text, err := yaml.YAMLToJSON(api.Document)
	if err != nil {
		return document{}, fmt.Errorf("read the API's document: %w", err)
	}
	if at != "" {
		var whole map[string]json.RawMessage
		if err := json.Unmarshal(text, &whole); err != nil {
			return document{}, fmt.Errorf("read the API's document: %w", err)
		}
		if whole["servers"], err = json.Marshal([]map[string]string{{"url": at}}); err != nil {
			return document{}, fmt.Errorf("write the API's document: %w", err)
		}
		if text, err = json.Marshal(whole); err != nil {
			return document{}, fmt.Errorf("write the API's document: %w", err)
		}
	}
	return document{spec: spec, json: text}, nil
}

// operations returns the operations by method and path as Gin has it.
func (d *document) operations() (map[string]*operation, error) {
	ops := map[string]*operation{}
	for path, item := range d.spec.Paths.Map() {
		for method, op := range item.Operations() {
			scope, ok := scopes[op.OperationID]
			if !ok {
				return nil, fmt.Errorf("operation %s %s (%s) has no scope", method, path, op.OperationID)
			}
			o := &operation{id: op.OperationID, scope: scope}
			o.params = append(append(o.params, item.Parameters...), op.Parameters...)
			o.open, _ = op.Extensions["x-open-query"].(bool)
			o.repeatable = o.params.GetByInAndName(openapi3.ParameterInHeader, headerRepeat) != nil
			o.guarded = o.params.GetByInAndName(openapi3.ParameterInHeader, "If-Match") != nil
			o.tagged = o.params.GetByInAndName(openapi3.ParameterInHeader, "If-None-Match") != nil
			var err error
			if o.retired, err = retirementOf(op); err != nil {
				return nil, err
			}
			if op.RequestBody != nil {
				o.needed = op.RequestBody.Value.Required
				o.body = op.RequestBody.Value.Content.Get("application/json").Schema.Value
				o.csv = op.RequestBody.Value.Content["text/csv"] != nil
				o.most = maxBody
				if most, ok := op.RequestBody.Value.Extensions["x-max-bytes"].(float64); ok {
					o.most = int64(most)
				}
			}
			ops[method+" "+ginPath(path)] = o
		}
	}
	return ops, nil
}

// ginPath writes a path with {id} as Gin does, with :id.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// serveDocument serves the document, as it was written and as JSON, which also says
// where the API is.
func (s *Server) serveDocument(e *gin.Engine) {
	e.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", s.doc.json) })
	e.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", api.Document) })
}

// underAPI tells whether a path is one of the API's rather than of a web page.
func underAPI(path string) bool {
	for _, root := range []string{"/v1", "/monitor", "/websites", "/regions"} {
		if path == root || strings.HasPrefix(path, root+"/") {
			return true
		}
	}
	return false
}
