// Package docpage writes the API's document as a page for people: every operation with its
// parameters, bodies, answers and a call that can be copied. The page is made once, by the
// server; it needs no other host, and nothing of it is in line but text.
package docpage

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

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

var page = template.Must(template.New("page").Funcs(template.FuncMap{"prose": prose}).Parse(pageText))

// prose writes text of the document with what stands between backticks as code.
func prose(text string) template.HTML {
	var b strings.Builder
	parts := strings.Split(text, "`")
	for i, part := range parts {
		part = template.HTMLEscapeString(part)
		switch {
		case i%2 == 0:
			b.WriteString(part)
		case i == len(parts)-1: // nothing closes it
			b.WriteString("`" + part)
		default:
			b.WriteString("<code>" + part + "</code>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // every part is escaped
}

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
