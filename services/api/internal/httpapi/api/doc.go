// Package api is the HTTP interface as openapi.yaml describes it: the types, the
// routes and the strict server's interface are generated from that document, and a
// copy of it is embedded to be served. Nothing in it is written by hand.
package api

import _ "embed"

//go:generate oapi-codegen -config ../../../oapi-codegen.yaml ../../../openapi.yaml
//go:generate cp ../../../openapi.yaml openapi.gen.yaml

// Document is openapi.yaml as it was when the code was generated.
//
//go:embed openapi.gen.yaml
var Document []byte
