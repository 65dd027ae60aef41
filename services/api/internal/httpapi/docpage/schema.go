package docpage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	// maxDepth bounds how deep objects in objects are shown.
	maxDepth = 5
	// maxNames bounds how many values of an enumeration are named.
	maxNames = 40
)

// field is a member of a body.
type field struct {
	Name, Kind, About string
	Needed            bool
	Fields            []field // of the object that it is, or a list of
}

// fieldsOf are the members of an object, or of those in a list.
func fieldsOf(ref *openapi3.SchemaRef) []field { return fieldsWithin(ref, map[*openapi3.Schema]bool{}) }

func fieldsWithin(ref *openapi3.SchemaRef, above map[*openapi3.Schema]bool) []field {
	s := object(ref)
	if s == nil || above[s] || len(above) == maxDepth {
		return nil
	}
	above[s] = true
	defer delete(above, s)
	out := make([]field, 0, len(s.Properties))
	for _, name := range inOrder(s) {
		p := s.Properties[name]
		out = append(out, field{
			Name: name, Kind: kindOf(p), About: p.Value.Description, Needed: slices.Contains(s.Required, name),
			Fields: fieldsWithin(p, above),
		})
	}
	return out
}

// inOrder puts what is needed first, as it is listed, and the rest by name.
func inOrder(s *openapi3.Schema) []string {
	var names []string
	for _, name := range s.Required {
		if s.Properties[name] != nil {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// object finds the object that a schema is about: itself, one in a list, or one that may
// be null.
func object(ref *openapi3.SchemaRef) *openapi3.Schema {
	for range maxDepth {
		s := ref.Value
		switch {
		case len(s.Properties) > 0:
			return s
		case s.Items != nil:
			ref = s.Items
		case len(s.AnyOf) > 0:
			ref = notNull(s.AnyOf)
		default:
			return nil
		}
	}
	return nil
}

func notNull(refs openapi3.SchemaRefs) *openapi3.SchemaRef {
	for _, one := range refs {
		if !one.Value.Type.Is("null") {
			return one
		}
	}
	return refs[0]
}

// kindOf says in a few words what a schema takes.
func kindOf(ref *openapi3.SchemaRef) string {
	s := ref.Value
	if len(s.AnyOf) > 0 && len(s.Properties) == 0 {
		kind := kindOf(notNull(s.AnyOf))
		if slices.ContainsFunc(s.AnyOf, func(one *openapi3.SchemaRef) bool { return one.Value.Type.Is("null") }) {
			kind += " or null"
		}
		return kind
	}
	var kinds []string
	if s.Type != nil {
		kinds = slices.Clone(*s.Type)
	}
	kind := strings.Join(kinds, " or ")
	if s.Items != nil {
		kind = strings.Replace(kind, "array", "list of "+kindOf(s.Items), 1)
	}
	if s.Format != "" {
		kind += ", " + s.Format
	}
	if n := len(s.Enum); n > 0 && n <= maxNames {
		names := make([]string, n)
		for i, v := range s.Enum {
			names[i] = fmt.Sprint(v)
		}
		kind += ": " + strings.Join(names, ", ")
	}
	return kind + boundsOf(s)
}

// boundsOf says how much a schema takes.
func boundsOf(s *openapi3.Schema) string {
	var out []string
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	switch {
	case s.Min != nil && s.Max != nil:
		out = append(out, number(*s.Min)+" to "+number(*s.Max))
	case s.Min != nil:
		out = append(out, "at least "+number(*s.Min))
	case s.Max != nil:
		out = append(out, "at most "+number(*s.Max))
	}
	if s.MaxLength != nil {
		out = append(out, fmt.Sprintf("at most %d characters", *s.MaxLength))
	}
	if s.MaxItems != nil {
		out = append(out, fmt.Sprintf("at most %d elements", *s.MaxItems))
	}
	if s.Default != nil {
		out = append(out, fmt.Sprintf("by default %v", s.Default))
	}
	if len(out) == 0 {
		return ""
	}
	return "; " + strings.Join(out, ", ")
}
