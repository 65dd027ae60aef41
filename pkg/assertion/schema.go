package assertion

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema of a monitor's list of assertions: definitions
// "Assertions", "Assertion" and one per source, written so that OpenAPI 3.0 and 3.1
// documents can take them over as components. It says all that a schema can; kinds,
// expressions and bounds in bytes are for [ParseFor].
func Schema() []byte { return append([]byte(nil), schema...) }
