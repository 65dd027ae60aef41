// Package shape checks JSON bodies and query parameters against the schemas of the
// API's own document, so that the document is the only place where a type, a bound or
// the set of fields is written down. It knows the keywords that the document uses for
// requests, and [Unsupported] finds any other.
package shape

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Error says what is wrong with one value. Pointer is the JSON pointer to it in URI
// fragment form (RFC 6901, section 6).
type Error struct {
	Pointer string
	Detail  string
	// Offset is where in an expression the mistake is, in bytes; nil for anything else.
	// This package finds none: it is for those who check what is left to them.
	Offset *int
}

// The years that a time may be in: those in which there may have been computers, up to
// the last that RFC 3339 can write.
const (
	firstYear = 1970
	lastYear  = 9999
)

// maxErrors bounds how much is said about one body.
const maxErrors = 50

// Body checks a decoded body; numbers must be of type [json.Number].
func Body(schema *openapi3.Schema, value any) []Error {
	c := checker{}
	c.value("#", schema, value)
	return c.errs
}

type checker struct{ errs []Error }

func (c *checker) add(at, format string, args ...any) {
	if len(c.errs) < maxErrors {
		c.errs = append(c.errs, Error{Pointer: at, Detail: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) value(at string, s *openapi3.Schema, v any) {
	if v == nil {
		if !permitsNull(s) {
			c.add(at, "must not be null")
		}
		return
	}
	if elsewhere(s) {
		if _, ok := v.(map[string]any); !ok {
			c.add(at, "must be an object")
			return
		}
		c.free(at, v)
		return
	}
	if len(s.AnyOf) > 0 { // the only form in use: an object or null
		for _, one := range s.AnyOf {
			if !one.Value.Type.Is("null") {
				c.value(at, one.Value, v)
				return
			}
		}
	}
	switch v := v.(type) {
	case map[string]any:
		c.object(at, s, v)
	case []any:
		c.array(at, s, v)
	case string:
		c.text(at, s, v)
	case json.Number:
		c.number(at, s, v)
	case bool:
		if !includes(s, "boolean") {
			c.wrongType(at, s, "true or false")
		}
	}
}

func (c *checker) wrongType(at string, s *openapi3.Schema, is string) {
	c.add(at, "must be %s, is %s", wanted(s), is)
}

func (c *checker) object(at string, s *openapi3.Schema, v map[string]any) {
	if !includes(s, "object") {
		c.wrongType(at, s, "an object")
		return
	}
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names) // so that errors come in the same order each time
	open := s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has
	for _, name := range names {
		switch property := s.Properties[name]; {
		case property != nil:
			c.value(at+"/"+escape(name), property.Value, v[name])
		case !open:
			c.add(at+"/"+escape(name), "unknown field%s", suggestion(name, s))
		case strings.ContainsRune(name, 0):
			c.add(at, "has a name with a NUL character")
		default:
			c.free(at+"/"+escape(name), v[name])
		}
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			c.add(at+"/"+escape(name), "is needed")
		}
	}
}

// free looks at what no schema describes: only that it can be stored.
func (c *checker) free(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			if strings.ContainsRune(name, 0) {
				c.add(at, "has a name with a NUL character")
			}
			c.free(at+"/"+escape(name), one)
		}
	case []any:
		for i, one := range v {
			c.free(at+"/"+strconv.Itoa(i), one)
		}
	case string:
		if strings.ContainsRune(v, 0) {
			c.add(at, "must not have a NUL character")
		}
	}
}

func (c *checker) array(at string, s *openapi3.Schema, v []any) {
	if !includes(s, "array") {
		c.wrongType(at, s, "a list")
		return
	}
	if n := uint64(len(v)); n < s.MinItems {
		c.add(at, "must have at least %d element%s", s.MinItems, plural(s.MinItems))
	} else if s.MaxItems != nil && n > *s.MaxItems {
		c.add(at, "must have at most %d elements", *s.MaxItems)
		return
	}
	seen := map[string]bool{}
	for i, one := range v {
		here := at + "/" + strconv.Itoa(i)
		if s.Items != nil {
			c.value(here, s.Items.Value, one)
		}
		if text, ok := one.(string); ok && s.UniqueItems {
			if seen[text] {
				c.add(here, "is named twice")
			}
			seen[text] = true
		}
	}
}

func (c *checker) text(at string, s *openapi3.Schema, v string) {
	if !includes(s, "string") {
		c.wrongType(at, s, "text")
		return
	}
	n := uint64(utf8.RuneCountInString(v))
	switch {
	case !utf8.ValidString(v):
		c.add(at, "must be UTF-8")
	case len(s.Enum) > 0:
		if !slices.Contains(s.Enum, any(v)) {
			c.add(at, "must be %s", oneOf(s.Enum))
		}
	case n < s.MinLength:
		c.add(at, "must not be empty")
	case s.MaxLength != nil && n > *s.MaxLength:
		c.add(at, "must have at most %d characters", *s.MaxLength)
	case strings.ContainsFunc(v, func(r rune) bool { return r == 0x7f || r < ' ' && (!lines(s) || !strings.ContainsRune("\n\r\t", r)) }):
		c.add(at, "must not have control characters")
	case s.Pattern != "" && !matches(s.Pattern, v):
		c.add(at, "must be %s", hint(s))
	case s.Format == "date-time":
		if t, err := time.Parse(time.RFC3339, v); err != nil {
			c.add(at, "must be a time as in 2026-01-31T12:00:00Z")
		} else if year := t.UTC().Year(); year < firstYear || year > lastYear {
			c.add(at, "must be in the years %d to %d", firstYear, lastYear)
		}
	case s.Format == "uuid":
		if _, err := uptime.ParseID(v); err != nil {
			c.add(at, "must be an id as in 01890a5d-ac96-774b-bcce-b302099a8057")
		}
	}
}

func (c *checker) number(at string, s *openapi3.Schema, v json.Number) {
	whole := includes(s, "integer")
	if !whole && !includes(s, "number") {
		c.wrongType(at, s, "a number")
		return
	}
	if whole && strings.ContainsAny(string(v), ".eE") {
		c.add(at, "must be a whole number")
		return
	}
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		c.add(at, "is too large a number")
		return
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, any(n)) { // the document's numbers are read as such
		c.add(at, "must be %s", oneOf(s.Enum))
		return
	}
	reason := ""
	if h := hint(s); h != "" {
		reason = " (" + h + ")"
	}
	if s.Min != nil && n < *s.Min {
		c.add(at, "must be at least %s%s", decimal(*s.Min), reason)
	}
	if s.Max != nil && n > *s.Max {
		c.add(at, "must be at most %s", decimal(*s.Max))
	}
	if m := s.ExclusiveMin.Value; m != nil && n <= *m {
		c.add(at, "must be more than %s", decimal(*m))
	}
}

// elsewhere tells whether the extension x-checked-by leaves an object to another
// package, because its schema depends on its neighbours.
func elsewhere(s *openapi3.Schema) bool { return s.Extensions["x-checked-by"] != nil }

func permitsNull(s *openapi3.Schema) bool {
	for _, one := range s.AnyOf {
		if one.Value.Type.Is("null") {
			return true
		}
	}
	return includes(s, "null")
}

func includes(s *openapi3.Schema, name string) bool { return s.Type != nil && s.Type.Includes(name) }

var patterns sync.Map // of *regexp.Regexp, by text: the document has a few

func matches(pattern, v string) bool {
	re, ok := patterns.Load(pattern)
	if !ok {
		re, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	return re.(*regexp.Regexp).MatchString(v)
}

var typeNames = map[string]string{
	"object": "an object", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number",
	"boolean": "true or false", "null": "null",
}

// wanted names the types that a schema takes.
func wanted(s *openapi3.Schema) string {
	if s.Type == nil {
		return "something else"
	}
	names := make([]string, 0, len(*s.Type))
	for _, t := range *s.Type {
		names = append(names, typeNames[t])
	}
	return strings.Join(names, " or ")
}

// lines tells whether a text may have several lines.
func lines(s *openapi3.Schema) bool { return s.Extensions["x-lines"] == true }

func hint(s *openapi3.Schema) string {
	text, _ := s.Extensions["x-hint"].(string)
	return text
}

func oneOf(values []any) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = fmt.Sprint(v)
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func plural(n uint64) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// escape writes a name as a part of a JSON pointer.
func escape(name string) string {
	if len(name) > 100 {
		name = name[:100] + "…"
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
