package config

import (
	"encoding"
	"reflect"
	"strings"
	"time"
)

// Row describes one setting for people.
type Row struct {
	Name        string // of the environment variable
	Type        string // text, number, boolean, duration, list, secret …
	Default     string // as one would write it; empty: none
	Required    bool
	Description string
	Secret      bool
}

// field is a setting with the place that it is read into.
type field struct {
	row       Row
	goName    string
	value     reflect.Value
	keepEmpty bool
}

// Table lists the settings of a struct, or of a pointer to one, in the order in which
// they are declared.
func Table(v any) []Row {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	fields := walk(reflect.New(t).Elem())
	rows := make([]Row, len(fields))
	for i, f := range fields {
		rows[i] = f.row
	}
	return rows
}

func walk(v reflect.Value) []field {
	var out []field
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("env")
		if !tagged {
			if sf.Type.Kind() == reflect.Struct && (sf.IsExported() || sf.Anonymous) {
				out = append(out, walk(v.Field(i))...)
			}
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		shown := sf.Tag.Get("envDefault")
		if doc, ok := sf.Tag.Lookup("default"); ok {
			shown = doc
		}
		kind := typeName(sf.Type)
		if own := sf.Tag.Get("type"); own != "" {
			kind = own
		}
		out = append(out, field{
			row: Row{
				Name:        name,
				Type:        kind,
				Default:     shown,
				Required:    strings.Contains(options, "required") || strings.Contains(options, "notEmpty"),
				Description: sf.Tag.Get("desc"),
				Secret:      isSecret(sf.Type),
			},
			goName:    sf.Name,
			value:     v.Field(i),
			keepEmpty: sf.Tag.Get("empty") == "keep",
		})
	}
	return out
}

var (
	secretType   = reflect.TypeFor[Secret]()
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func isSecret(t reflect.Type) bool {
	return t == secretType || t.Kind() == reflect.Slice && t.Elem() == secretType
}

func typeName(t reflect.Type) string {
	switch {
	case t == secretType:
		return "secret"
	case t == durationType:
		return "duration"
	case reflect.PointerTo(t).Implements(textType):
		return strings.ToLower(t.Name())
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "whole number"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	default:
		return "text"
	}
}
