package monitorspec

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/probefleet/probefleet/pkg/assertion"
	"github.com/probefleet/probefleet/pkg/uptime"
)

//go:embed schema/*.json
var schemas embed.FS

// Schema returns the JSON Schema (2020-12) of a kind's settings, with the definitions of
// assertions in it. It says all that a schema can: what settings mean together,
// expressions, and bounds in bytes are for [Parse]. The error is for an unknown kind.
func Schema(kind uptime.Kind) ([]byte, error) {
	own, err := schemas.ReadFile("schema/" + string(kind) + ".json")
	if err != nil || !Known(kind) {
		return nil, fmt.Errorf("no schema for kind %q", kind)
	}
	if len(assertion.Allowed(kind)) == 0 {
		return own, nil
	}
	var doc, assertions map[string]json.RawMessage
	if err := json.Unmarshal(own, &doc); err != nil {
		return nil, fmt.Errorf("schema of %s: %w", kind, err)
	}
	if err := json.Unmarshal(assertion.Schema(), &assertions); err != nil {
		return nil, fmt.Errorf("schema of assertions: %w", err)
	}
	doc["$defs"] = assertions["$defs"]
	return json.MarshalIndent(doc, "", "  ")
}
