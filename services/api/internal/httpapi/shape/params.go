package shape

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Query checks the query parameters of an operation. What is no parameter is
// left to [Unknown]; one without a value whose type is text is ignored.
func Query(params openapi3.Parameters, query url.Values) []Error {
	c := checker{}
	for _, ref := range params {
		p := ref.Value
		values, ok := query[p.Name]
		if p.In != openapi3.ParameterInQuery || !ok {
			continue
		}
		at, s := "#/"+escape(p.Name), p.Schema.Value
		if len(values) > 1 {
			c.add(at, "is given %d times", len(values))
			continue
		}
		switch v := values[0]; {
		case v == "" && includes(s, "string") && len(s.Enum) == 0 && s.Format == "" && s.Pattern == "":
		case includes(s, "string"):
			c.text(at, s, v)
		case includes(s, "boolean"):
			if v != "true" && v != "false" {
				c.add(at, "must be true or false")
			}
		case json.Valid([]byte(v)) && v != "" && strings.ContainsAny(v[:1], "-0123456789"):
			c.number(at, s, json.Number(v))
		default:
			c.add(at, "must be %s", wanted(s))
		}
	}
	return c.errs
}

// Unknown names what is in a query and no parameter.
func Unknown(params openapi3.Parameters, query url.Values) []Error {
	known := map[string]bool{}
	for _, ref := range params {
		if ref.Value.In == openapi3.ParameterInQuery {
			known[ref.Value.Name] = true
		}
	}
	c := checker{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !known[name] && len(c.errs) < maxErrors {
			c.add("#/"+escape(strings.ToValidUTF8(name, "\uFFFD")), "is no parameter here%s", nearest(name, maps.Keys(known)))
		}
	}
	return c.errs
}

// Unsupported returns the keywords of a request's schema that this package does not
// check, with where they stand.
func Unsupported(at string, s *openapi3.Schema) []string {
	if elsewhere(s) {
		return nil
	}
	var out []string
	bad := func(found bool, keyword string) {
		if found {
			out = append(out, at+": "+keyword)
		}
	}
	bad(len(s.OneOf) > 0 || len(s.AllOf) > 0 || s.Not != nil, "oneOf, allOf, not")
	bad(s.MultipleOf != nil, "multipleOf")
	bad(s.ExclusiveMax.Value != nil || s.ExclusiveMin.Bool != nil || s.ExclusiveMax.Bool != nil, "exclusiveMaximum")
	bad(s.MinProps > 0 || s.MaxProps != nil, "minProperties, maxProperties")
	bad(s.AdditionalProperties.Schema != nil, "additionalProperties with a schema")
	bad(s.Format != "" && s.Format != "date-time" && s.Format != "uuid" && s.Format != "double" && s.Format != "int64", "format "+s.Format)
	bad(s.MinLength > 1, "minLength above 1")
	bad(s.Pattern != "" && hint(s) == "", "pattern without x-hint")
	bad(s.UniqueItems && (s.Items == nil || !includes(s.Items.Value, "string")), "uniqueItems of other than text")
	if len(s.AnyOf) > 0 {
		nulls := 0
		for i, one := range s.AnyOf {
			if one.Value.Type.Is("null") {
				nulls++
				continue
			}
			out = append(out, Unsupported(fmt.Sprintf("%s/anyOf/%d", at, i), one.Value)...)
		}
		bad(nulls != 1 || len(s.AnyOf) != 2, "anyOf of other than one schema or null")
	}
	for name, p := range s.Properties {
		out = append(out, Unsupported(at+"/"+name, p.Value)...)
	}
	if s.Items != nil {
		out = append(out, Unsupported(at+"/items", s.Items.Value)...)
	}
	return out
}

// suggestion names the field that was probably meant: a small slip of the hand.
func suggestion(name string, s *openapi3.Schema) string {
	return nearest(name, maps.Keys(s.Properties))
}

func nearest(name string, names iter.Seq[string]) string {
	best, distance := "", 3
	for known := range names {
		if d := editDistance(name, known); d < distance || d == distance && known < best {
			best, distance = known, d
		}
	}
	if best == "" || distance >= len(best) {
		return ""
	}
	return fmt.Sprintf(" (%s?)", best)
}

// editDistance counts insertions, deletions and replacements (Levenshtein).
func editDistance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
