package docpage_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/net/html"

	"github.com/probefleet/probefleet/services/api/internal/httpapi/docpage"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// seen is what is in a page.
type seen struct {
	ids   map[string]int
	links []string
	bad   []string // what the policy would stop
	text  strings.Builder
}

func look(t *testing.T, page []byte) *seen {
	t.Helper()
	s := &seen{ids: map[string]int{}}
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if tokens.Err() != io.EOF { //nolint:errorlint // as the tokenizer documents
				t.Fatal(tokens.Err())
			}
			return s
		case html.TextToken:
			s.text.Write(tokens.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			s.tag(tokens.Token())
		}
	}
}

func (s *seen) tag(tag html.Token) {
	if tag.Data == "style" || tag.Data == "img" || tag.Data == "iframe" {
		s.bad = append(s.bad, tag.Data)
	}
	for _, a := range tag.Attr {
		switch {
		case a.Key == "id":
			s.ids[a.Val]++
		case a.Key == "href":
			s.links = append(s.links, a.Val)
		case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
			s.bad = append(s.bad, tag.Data+" "+a.Key)
		}
		if (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") {
			s.bad = append(s.bad, tag.Data+" "+a.Val)
		}
	}
}

func TestPageHasEveryOperationAndNothingThatThePolicyStops(t *testing.T) {
	t.Parallel()
	doc := load(t)
	page, err := docpage.Write(doc, "https://fleet.example", "/docs/page.css", "/docs/page.js")
	if err != nil {
		t.Fatal(err)
	}
	got := look(t, page)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if got.ids[op.OperationID] != 1 {
				t.Errorf("%s %s (%s) is on the page %d times", method, path, op.OperationID, got.ids[op.OperationID])
			}
		}
	}
	for _, link := range got.links {
		if name, here := strings.CutPrefix(link, "#"); here && got.ids[name] == 0 {
			t.Errorf("%s leads nowhere", link)
		}
	}
	for id, n := range got.ids {
		if n > 1 {
			t.Errorf("there are %d elements with the id %s", n, id)
		}
	}
	if len(got.bad) > 0 {
		t.Errorf("the page has %v", got.bad)
	}
	for _, want := range []string{
		"https://fleet.example/v1/websites", "Authorization: Bearer $API_KEY", "Idempotency-Key", "needed", "at most 1000", "by default 100",
	} {
		if !strings.Contains(got.text.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	t.Logf("%d bytes", len(page))
}

const hostile = `
openapi: 3.1.0
info: {title: "<script>alert(1)</script>", version: "1", description: "</p><img src=x onerror=alert(1)>"}
tags: [{name: t, description: "<b>"}]
paths:
  "/x/{a}":
    parameters: [{name: a, in: path, required: true, schema: {type: string, enum: ["<i>"]}}]
    post:
      operationId: op
      tags: [t]
      summary: "<u>"
      deprecated: true
      x-deprecated-at: "2026-01-01"
      x-sunset: "2027-01-01"
      security: [{bearer: [write]}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Node"}, example: {it: "it's </code>"}}}}
      responses: {"200": {description: "<s>", content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Node"}}}}}}
components:
  schemas:
    Node:
      type: object
      required: [it]
      properties:
        it: {type: string, description: "<em>"}
        next: {anyOf: [{$ref: "#/components/schemas/Node"}, {type: "null"}]}
`

func TestTextOfTheDocumentIsText(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(hostile))
	if err != nil {
		t.Fatal(err)
	}
	page, err := docpage.Write(doc, "", "/s", "/j")
	if err != nil {
		t.Fatal(err)
	}
	got := look(t, page)
	for _, tag := range []string{"<img", "<b>T", "<u>", "<s>", "<em>", "<i>", "alert(1)</script>"} {
		if bytes.Contains(page, []byte(tag)) {
			t.Errorf("%s went through", tag)
		}
	}
	text := html.UnescapeString(got.text.String())
	for _, want := range []string{
		"Deprecated since 2026-01-01; it may be gone from 2027-01-01 on", `$PROBEFLEET/x/$a`, `'{"it":"it'\''s \u003c/code\u003e"}'`, "object or null", "list of object",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestBackticksAreCode(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(hostile))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"takes `read` and `<b>`": "takes <code>read</code> and <code>&lt;b&gt;</code></p>",
		"`a` then ` alone":       "<code>a</code> then ` alone</p>",
	} {
		doc.Info.Description = text
		page, err := docpage.Write(doc, "", "/s", "/j")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("%q: the page lacks %q", text, want)
		}
	}
}
