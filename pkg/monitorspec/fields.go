package monitorspec

import (
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// field is one setting as its tags describe it.
type field struct {
	name     string // in JSON
	index    []int
	typ      reflect.Type
	def      string
	enum     []string
	min, max int // max 0: none
	each     int
	required bool
	secret   bool // always
	secretIf bool // if the struct says so
	numbers  bool
	doc      string
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf returns the settings of a struct type in their order; those of embedded
// structs count as its own.
func fieldsOf(t reflect.Type) []field {
	if cached, ok := fieldCache.Load(t); ok {
		fields, _ := cached.([]field)
		return fields
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields = append(fields, parseField(f, name))
	}
	fieldCache.Store(t, fields)
	return fields
}

func parseField(f reflect.StructField, name string) field {
	out := field{name: name, index: f.Index, typ: f.Type, doc: f.Tag.Get("doc")}
	for rule := range strings.SplitSeq(f.Tag.Get("rule"), ",") {
		key, value, _ := strings.Cut(rule, "=")
		switch key {
		case "":
		case "default":
			out.def = value
		case "enum":
			out.enum = strings.Split(value, "|")
		case "min":
			out.min = atoi(value)
		case "max":
			out.max = atoi(value)
		case "each":
			out.each = atoi(value)
		case "required":
			out.required = true
		case "secret":
			out.secret = true
		case "secret-if":
			out.secretIf = true
		case "numbers":
			out.numbers = true
		default:
			panic("monitorspec: unknown rule " + rule) // a mistake of this package, found by any test
		}
	}
	return out
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("monitorspec: not a number: " + s)
	}
	return n
}

// complete fills in the defaults of a struct and of all within it.
func complete(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		fv := v.FieldByIndex(f.index)
		if f.def != "" && fv.IsZero() {
			fv.Set(f.defaultValue())
		}
		eachStruct(fv, func(_ string, s reflect.Value) { complete(s) })
	}
}

// trim is the reverse: what equals its default is emptied.
func trim(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		fv := v.FieldByIndex(f.index)
		eachStruct(fv, func(_ string, s reflect.Value) { trim(s) })
		if f.def != "" && reflect.DeepEqual(fv.Interface(), f.defaultValue().Interface()) {
			fv.SetZero()
		}
	}
}

func (f *field) defaultValue() reflect.Value {
	v := reflect.New(f.typ).Elem()
	switch f.typ.Kind() {
	case reflect.String:
		v.SetString(f.def)
	case reflect.Int:
		v.SetInt(int64(atoi(f.def)))
	case reflect.Pointer: // to bool
		b := f.def == "true"
		v.Set(reflect.ValueOf(&b))
	case reflect.Slice: // of text
		v.Set(reflect.ValueOf([]string{f.def}))
	default:
		panic("monitorspec: no default for " + f.name)
	}
	return v
}

// eachStruct calls f for every struct that a field holds: itself, what it points to, or
// the entries of a list, with how their path goes on after the field's name.
func eachStruct(v reflect.Value, f func(suffix string, s reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		f("", v)
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct {
			f("", v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				f("["+strconv.Itoa(i)+"]", v.Index(i))
			}
		}
	default:
	}
}
