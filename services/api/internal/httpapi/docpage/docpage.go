// Package docpage writes the API's document as a page for people: every operation with its
// parameters, bodies, answers and a call that can be copied. The page is made once, by the
// server; it needs no other host, and nothing of it is in line but text.
package docpage

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed page.html
var pageText string

// Style is the page's style sheet.
//
//go:embed page.css
var Style []byte

// Script is what searches the page. Without it everything is there, too.
//
//go:embed page.js
var Script []byte

// Policy is the Content-Security-Policy that the page is made for.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var page = template.Must(template.New("page").Parse(pageText))

// Write writes the page of a document whose API is reached at base; style and
// script are where those are.
func Write(doc *openapi3.T, base, style, script string) ([]byte, error) {
	view, err := read(doc, base)
	if err != nil {
		return nil, err
	}
	view.Style, view.Script = style, script
	var out bytes.Buffer
	if err := page.Execute(&out, view); err != nil {
		return nil, fmt.Errorf("write the page of the API's document: %w", err)
	}
	return out.Bytes(), nil
}
