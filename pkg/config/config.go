// Package config turns the environment into a service's settings. A setting is a
// struct field with the tags env (its name), envDefault and desc; this package reads
// them, checks them, names everything that is wrong in one error, and lists them for
// the documentation. It holds the settings that several services share.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// ErrSettings is what every error of [Load] wraps: the settings are wrong, and
// starting again without changing them is of no use.
var ErrSettings = errors.New("wrong settings")

// Validator is implemented by settings, or by a group of them, with rules of their
// own. The error may join several; each should begin with the variable's name.
type Validator interface{ Validate() error }

// Load reads T from environ, or from the process's environment when that is nil. A
// variable set to nothing counts as not set, so that `NAME=${NAME:-}` in a compose
// file does no harm; only a field tagged empty:"keep" takes it as a value. Lists are
// separated by commas, blanks around the elements are dropped.
//
// Validate is called on every group in T and on T itself, also when something did not
// parse: the error names all wrong settings, one a line, and wraps [ErrSettings]. Values
// that do not parse may be quoted in it, secrets never are.
func Load[T any](environ map[string]string) (T, error) {
	var v T
	if environ == nil {
		environ = env.ToMap(os.Environ())
	}
	fields := walk(reflect.ValueOf(&v).Elem())
	environ = normalise(environ, fields)
	var problems []string
	if err := env.ParseWithOptions(&v, env.Options{Environment: environ}); err != nil {
		problems = describe(err, fields, environ)
	}
	for _, f := range fields {
		if raw, set := environ[f.row.Name]; set && raw == "" && f.keepEmpty {
			f.value.SetZero()
		}
	}
	unread := names(problems)
	for _, line := range validate(reflect.ValueOf(&v).Elem()) {
		if !mentions(line, unread) { // that one has no value that could be judged
			problems = append(problems, line)
		}
	}
	if len(problems) == 0 {
		return v, nil
	}
	return v, wrong(problems)
}

// wrong is the error of [Load]: a line for each setting.
type wrong []string

func (w wrong) Error() string { return ErrSettings.Error() + ":\n  " + strings.Join(w, "\n  ") }

func (w wrong) Unwrap() error { return ErrSettings }

// Join makes one error of those of several calls of [Load], with each line once; nil if
// all are.
func Join(errs ...error) error {
	var all wrong
	for _, err := range errs {
		var w wrong
		switch {
		case errors.As(err, &w):
			all = append(all, w...)
		case err != nil:
			all = append(all, err.Error())
		}
	}
	if len(all) == 0 {
		return nil
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(line string) bool {
		defer func() { seen[line] = true }()
		return seen[line]
	})
}

// variable is what the name of a setting looks like.
var variable = regexp.MustCompile(`\b[A-Z][A-Z0-9_]{2,}\b`)

// names are the variables that the lines begin with.
func names(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = variable.FindString(line)
	}
	return out
}

func mentions(line string, names []string) bool {
	return slices.ContainsFunc(variable.FindAllString(line, -1), func(s string) bool { return slices.Contains(names, s) })
}

// normalise drops variables that are set to nothing, trims the elements of lists and
// drops the empty ones.
func normalise(environ map[string]string, fields []field) map[string]string {
	out := make(map[string]string, len(environ))
	for k, v := range environ {
		out[k] = v
	}
	for _, f := range fields {
		raw, set := out[f.row.Name]
		if set && raw == "" && !f.keepEmpty {
			delete(out, f.row.Name)
		}
		if raw == "" || f.value.Kind() != reflect.Slice {
			continue
		}
		parts := strings.Split(raw, ",")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		out[f.row.Name] = strings.Join(parts, ",")
	}
	return out
}

// describe turns the parser's errors, which name Go fields, into lines that name
// variables.
func describe(err error, fields []field, environ map[string]string) []string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []string{err.Error()}
	}
	var lines []string
	for _, e := range all.Errors {
		var missing env.VarIsNotSetError
		var empty env.EmptyVarError
		var parse env.ParseError
		switch {
		case errors.As(e, &missing):
			lines = append(lines, missing.Key+" is not set"+hint(missing.Key, fields))
		case errors.As(e, &empty):
			lines = append(lines, empty.Key+" is empty"+hint(empty.Key, fields))
		case errors.As(e, &parse):
			lines = append(lines, unparsed(parse, fields, environ))
		default:
			lines = append(lines, e.Error())
		}
	}
	return lines
}

func hint(name string, fields []field) string {
	for _, f := range fields {
		if f.row.Name == name && f.row.Description != "" {
			return " (" + f.row.Description + ")"
		}
	}
	return ""
}

// unparsed finds the variable behind a field that did not parse. Two groups may have
// a field of one name; then it is one of those that are set.
func unparsed(e env.ParseError, fields []field, environ map[string]string) string {
	for _, f := range fields {
		raw, set := environ[f.row.Name]
		if f.goName != e.Name || f.value.Type() != e.Type || !set {
			continue
		}
		if f.row.Secret {
			return fmt.Sprintf("%s is not a valid %s", f.row.Name, f.row.Type)
		}
		return fmt.Sprintf("%s=%q is not a valid %s", f.row.Name, raw, f.row.Type)
	}
	return fmt.Sprintf("%s: %v", e.Name, e.Err)
}

// validate calls Validate on the groups in v, then on v. The same line is kept once:
// a struct that embeds one group has the group's method for its own.
func validate(v reflect.Value) []string {
	var lines []string
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Struct && f.CanSet() {
			lines = append(lines, validate(f)...)
		}
	}
	if own, ok := v.Addr().Interface().(Validator); ok {
		if err := own.Validate(); err != nil {
			lines = append(lines, strings.Split(err.Error(), "\n")...)
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
