package estate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Change is a field in which two states differ; a state that has it not is empty.
type Change struct {
	Field         string
	Before, After string // as JSON
}

// State is what there is of an object, by field.
type State map[string]any

// Diff returns what differs between two states, by field.
func Diff(before, after State) []Change {
	fields := make([]string, 0, len(before)+len(after))
	for field := range before {
		fields = append(fields, field)
	}
	for field := range after {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	var out []Change
	for _, field := range slices.Compact(fields) {
		b, a := encode(before, field), encode(after, field)
		if b != a {
			out = append(out, Change{Field: field, Before: b, After: a})
		}
	}
	return out
}

// encode writes a field so that what means the same is the same.
func encode(s State, field string) string {
	v, ok := s[field]
	if !ok {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	var plain any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&plain) != nil {
		return ""
	}
	text, _ = json.Marshal(plain) // Decoded from JSON.
	return string(text)
}

// mask stands for a secret.
const mask = "***"

// Replacing returns the merge patch (RFC 7396) that makes settings, as they are shown,
// be the given ones, except that secrets which are left out stay.
func Replacing(shown, given map[string]any) map[string]any {
	patch := map[string]any{}
	for name, was := range shown {
		if _, ok := given[name]; !ok && was != mask {
			patch[name] = nil
		}
	}
	for name, v := range given {
		switch v := v.(type) {
		case map[string]any:
			was, _ := shown[name].(map[string]any)
			patch[name] = Replacing(was, v)
		case []any:
			was, _ := shown[name].([]any)
			patch[name] = withSecrets(was, v)
		default:
			patch[name] = v
		}
	}
	return patch
}

// withSecrets puts the mask where an entry of a list leaves out a secret that the entry of
// the same name, or else in the same place, has.
func withSecrets(was, given []any) []any {
	out := slices.Clone(given)
	for i, v := range given {
		entry, ok := v.(map[string]any)
		if !ok {
			continue
		}
		known := counterpart(was, entry, i)
		whole := map[string]any{}
		for name, v := range entry {
			whole[name] = v
		}
		for name, v := range known {
			if _, ok := entry[name]; !ok && v == mask {
				whole[name] = mask
			}
		}
		out[i] = whole
	}
	return out
}

func counterpart(was []any, entry map[string]any, i int) map[string]any {
	if name, ok := entry["name"]; ok {
		for _, v := range was {
			if known, ok := v.(map[string]any); ok && known["name"] == name {
				return known
			}
		}
		return nil
	}
	if i < len(was) {
		known, _ := was[i].(map[string]any)
		return known
	}
	return nil
}

// Without returns settings without their secrets, and where those were as JSON pointers.
func Without(shown map[string]any) (map[string]any, []string) {
	var secrets []string
	v := strip(shown, "", &secrets)
	out, _ := v.(map[string]any)
	slices.Sort(secrets)
	return out, secrets
}

func strip(v any, at string, secrets *[]string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			if inner == mask {
				*secrets = append(*secrets, at+"/"+pointer(name))
				continue
			}
			out[name] = strip(inner, at+"/"+pointer(name), secrets)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = strip(inner, at+"/"+strconv.Itoa(i), secrets)
		}
		return out
	}
	return v
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(name string) string { return escaper.Replace(name) }
