package docpage

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// view is what the page shows.
type view struct {
	Title, Base, Style, Script string
	About                      []string // paragraphs
	Tags                       []tag
	Count                      int
}

type tag struct {
	Name, ID, About string
	Operations      []operation
}

type operation struct {
	ID, Method, Path string
	Summary          string
	About            []string
	Scope            string
	Deprecated       bool
	Retired, Sunset  string
	Params           []param
	Body             *content
	Needed           bool // whether there must be a body
	Answers          []answer
	Curl             string
}

type param struct {
	Name, In, Kind, About string
	Needed                bool
}

type answer struct {
	Status, About string
	Headers       []param
	Bodies        []content
}

type content struct {
	Type    string
	Fields  []field
	Kind    string // of the whole
	Example string
}

// methods are in the order in which they are shown.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

func read(doc *openapi3.T, base string) (view, error) {
	v := view{Title: doc.Info.Title, Base: base, About: paragraphs(doc.Info.Description)}
	at := map[string]int{}
	for i, t := range doc.Tags {
		at[t.Name] = i
		v.Tags = append(v.Tags, tag{Name: t.Name, ID: "tag-" + strings.ReplaceAll(t.Name, " ", "-"), About: t.Description})
	}
	for _, path := range doc.Paths.InMatchingOrder() {
		item := doc.Paths.Value(path)
		for _, method := range methods {
			op := item.GetOperation(method)
			if op == nil {
				continue
			}
			i, ok := at[op.Tags[0]]
			if !ok {
				return v, fmt.Errorf("operation %s has the unknown tag %q", op.OperationID, op.Tags[0])
			}
			v.Tags[i].Operations = append(v.Tags[i].Operations, readOperation(base, path, method, item, op))
			v.Count++
		}
	}
	for i := range v.Tags {
		slices.SortStableFunc(v.Tags[i].Operations, func(a, b operation) int { return strings.Compare(a.Path, b.Path) })
	}
	return v, nil
}

func readOperation(base, path, method string, item *openapi3.PathItem, op *openapi3.Operation) operation {
	o := operation{
		ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, About: paragraphs(op.Description),
		Scope: scopeOf(op), Deprecated: op.Deprecated,
	}
	o.Retired, _ = op.Extensions["x-deprecated-at"].(string)
	o.Sunset, _ = op.Extensions["x-sunset"].(string)
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		o.Params = append(o.Params, paramOf(p.Value.Name, p.Value.In, p.Value))
	}
	if op.RequestBody != nil {
		bodies := contents(op.RequestBody.Value.Content)
		o.Body, o.Needed = &bodies[0], op.RequestBody.Value.Required
		for _, other := range bodies[1:] {
			o.About = append(o.About, "The body may be "+other.Type+", too.")
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		res := op.Responses.Value(status).Value
		a := answer{Status: status, Bodies: contents(res.Content)}
		if res.Description != nil {
			a.About = *res.Description
		}
		for _, name := range slices.Sorted(maps.Keys(res.Headers)) {
			a.Headers = append(a.Headers, paramOf(name, "header", &res.Headers[name].Value.Parameter))
		}
		o.Answers = append(o.Answers, a)
	}
	o.Curl = curl(base, path, method, op, o.Body)
	return o
}

func paramOf(name, in string, p *openapi3.Parameter) param {
	out := param{Name: name, In: in, About: p.Description, Needed: p.Required}
	if p.Schema != nil {
		out.Kind = kindOf(p.Schema)
		if out.About == "" {
			out.About = p.Schema.Value.Description
		}
	}
	return out
}

// scopeOf names what a caller needs; empty: nothing.
func scopeOf(op *openapi3.Operation) string {
	if op.Security == nil {
		return ""
	}
	for _, need := range *op.Security {
		for _, scopes := range need {
			return strings.Join(scopes, ", ")
		}
	}
	return ""
}

// contents are the forms of a body, JSON first.
func contents(of openapi3.Content) []content {
	var out []content
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		media := of[kind]
		c := content{Type: kind}
		if media.Schema != nil && kind != "application/problem+json" { // all alike: the page's head tells of it
			c.Kind, c.Fields, c.Example = kindOf(media.Schema), fieldsOf(media.Schema), exampleOf(media)
		}
		out = append(out, c)
	}
	return out
}

// exampleOf writes a form's first example.
func exampleOf(media *openapi3.MediaType) string {
	value := media.Example
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		value = media.Examples[name].Value.Value
		break
	}
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		text, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return ""
		}
		return string(text)
	}
}

// curl writes a call that a shell takes.
func curl(base, path, method string, op *openapi3.Operation, body *content) string {
	if base == "" {
		base = "$PROBEFLEET"
	}
	text := "curl"
	switch method {
	case "GET":
	case "HEAD":
		text += " -I"
	default:
		text += " -X " + method
	}
	text += ` "` + base + strings.NewReplacer("{", "$", "}", "").Replace(path) + `"`
	switch scope := scopeOf(op); scope {
	case "":
	case "self", "owner":
		text += " \\\n  -b cookies.txt -H 'X-Requested-With: probefleet'"
	default:
		text += " \\\n  -H \"Authorization: Bearer $API_KEY\""
	}
	if body == nil {
		return text
	}
	var short strings.Builder
	if compact, err := compacted(body.Example); err == nil {
		short.WriteString(strings.ReplaceAll(compact, "'", `'\''`))
	}
	return text + " \\\n  -H 'Content-Type: " + body.Type + "' \\\n  -d '" + short.String() + "'"
}

func compacted(text string) (string, error) {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return "", err //nolint:wrapcheck // it is only asked whether there is one
	}
	out, err := json.Marshal(value)
	return string(out), err
}

// paragraphs splits a description where it has an empty line.
func paragraphs(text string) []string {
	var out []string
	for _, one := range strings.Split(text, "\n\n") {
		if one = strings.Join(strings.Fields(one), " "); one != "" {
			out = append(out, one)
		}
	}
	return out
}
