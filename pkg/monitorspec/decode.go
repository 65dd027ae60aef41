package monitorspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxBytes bounds the settings of a monitor as a user writes them. Every check carries
// them through Redis.
const MaxBytes = 64 << 10

// maxShownName is how many bytes of a field's name an error repeats.
const maxShownName = 64

var rawMessage = reflect.TypeFor[json.RawMessage]()

// decode reads settings strictly: every unknown, repeated or mistyped field is named.
func (l *list) decode(path string, raw json.RawMessage, into reflect.Value) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return
	case len(raw) > MaxBytes:
		l.add(path, "has %d bytes, at most %d are allowed", len(raw), MaxBytes)
	case !utf8.Valid(raw):
		l.add(path, "is not UTF-8")
	case !json.Valid(raw):
		l.add(path, "is not valid JSON")
	default:
		l.value(path, raw, into, &field{})
	}
}

// value reads one valid JSON value; null leaves everything as it is.
func (l *list) value(path string, raw json.RawMessage, into reflect.Value, f *field) {
	if string(raw) == "null" {
		return
	}
	if into.Type() == rawMessage {
		into.SetBytes(bytes.Clone(raw))
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		l.object(path, raw, into)
	case reflect.Pointer:
		p := reflect.New(into.Type().Elem())
		l.value(path, raw, p.Elem(), f)
		into.Set(p)
	case reflect.Slice:
		l.array(path, raw, into, f)
	default:
		if f.numbers && raw[0] != '"' {
			if n, err := strconv.Atoi(string(raw)); err == nil {
				into.SetString(strconv.Itoa(n))
				return
			}
		}
		if err := json.Unmarshal(raw, into.Addr().Interface()); err != nil {
			l.add(path, "must be %s", typeName(into.Type()))
			return
		}
		if into.IsZero() && into.Kind() != reflect.Bool {
			l.bounds(path, into, f) // a zero that was written is no wish for the default
		}
	}
}

func (l *list) array(path string, raw json.RawMessage, into reflect.Value, f *field) {
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
		l.add(path, "must be a list")
		return
	}
	if f.max > 0 && len(items) > f.max {
		l.add(path, "has %d entries, at most %d are allowed", len(items), f.max)
		return
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if string(item) == "null" {
			l.add(at, "must be %s", typeName(into.Type().Elem()))
			continue
		}
		l.value(at, item, out.Index(i), &field{numbers: f.numbers})
	}
	into.Set(out)
}

// object reads field by field, so that every mistake has its path and names are matched
// by case, which encoding/json does not do.
func (l *list) object(path string, raw json.RawMessage, into reflect.Value) {
	if raw[0] != '{' {
		l.add(path, "must be an object")
		return
	}
	fields := fieldsOf(into.Type())
	seen := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	_, _ = dec.Token() // the brace; the text has been found valid
	for dec.More() {
		token, _ := dec.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			l.add(path, "is not valid JSON")
			return
		}
		at := path + "." + name
		if len(name) > maxShownName {
			at = fmt.Sprintf("%s.%.*s…", path, maxShownName, name)
		}
		i := 0
		for i < len(fields) && fields[i].name != name {
			i++
		}
		switch {
		case i == len(fields):
			l.add(at, "unknown field")
		case seen[name]:
			l.add(at, "is given twice")
		default:
			l.value(at, value, into.FieldByIndex(fields[i].index), &fields[i])
		}
		seen[name] = true
	}
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "an object"
	}
}

// checker is what a struct has to say beyond its tags.
type checker interface {
	check(l *list, path string)
}

// inspect tests a completed struct and all within it by their tags, then by their check
// methods.
func (l *list) inspect(path string, v reflect.Value) {
	before := len(l.errs)
	for _, f := range fieldsOf(v.Type()) {
		fv, at := v.FieldByIndex(f.index), path+"."+f.name
		if fv.IsZero() && !f.required {
			continue
		}
		if f.required && fv.IsZero() {
			l.add(at, "is needed")
			continue
		}
		l.bounds(at, fv, &f)
		eachStruct(fv, func(suffix string, s reflect.Value) { l.inspect(at+suffix, s) })
	}
	if len(l.errs) > before {
		return // what is wrong by itself is not worth looking at together
	}
	if c, ok := v.Addr().Interface().(checker); ok {
		c.check(l, path)
	}
}

func (l *list) bounds(at string, v reflect.Value, f *field) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		l.text(at, v.String(), f)
	case reflect.Int:
		if n := int(v.Int()); n < f.min || f.max > 0 && n > f.max {
			l.add(at, "must be %d to %d", f.min, f.max)
		}
	case reflect.Slice:
		if v.Type() == rawMessage {
			return
		}
		if v.Len() < f.min {
			l.add(at, "needs at least %d", f.min)
		}
		for i := range v.Len() {
			if item := v.Index(i); item.Kind() == reflect.String {
				l.text(at+"["+strconv.Itoa(i)+"]", item.String(), &field{enum: f.enum, max: f.each, min: 1})
			}
		}
	default:
	}
}

func (l *list) text(at, s string, f *field) {
	switch {
	case len(f.enum) > 0 && !slices.Contains(f.enum, s):
		l.add(at, "must be %s", oneOf(f.enum))
	case f.max > 0 && len(s) > f.max:
		l.add(at, "has %d bytes, at most %d are allowed", len(s), f.max)
	case len(s) < f.min:
		l.add(at, "must not be empty")
	}
}
