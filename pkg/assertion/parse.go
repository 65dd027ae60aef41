package assertion

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Parse reads a JSON array of assertions and refuses everything that can be wrong
// with them whatever the kind of the monitor, as [Errors]. Unknown and repeated
// fields are refused; a missing severity becomes down. No input, null and [] are no
// assertions.
func Parse(raw []byte) ([]Assertion, error) {
	list, errs := decode(raw)
	if len(errs) > 0 {
		return nil, errs
	}
	if _, errs = compile(list); len(errs) > 0 {
		return nil, errs
	}
	return list, nil
}

// ParseFor is [Parse] for the monitors of one kind: sources that the kind does not
// have are refused as well.
func ParseFor(kind uptime.Kind, raw []byte) ([]Assertion, error) {
	list, errs := decode(raw)
	if len(errs) > 0 {
		return nil, errs
	}
	return list, Validate(kind, list)
}

func decode(raw []byte) ([]Assertion, Errors) {
	var errs Errors
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	switch {
	case len(raw) > MaxInput:
		errs.add("assertions", "has %d bytes, at most %d are read", len(raw), MaxInput)
		return nil, errs
	case !utf8.Valid(raw):
		errs.add("assertions", "is not UTF-8")
		return nil, errs
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		errs.add("assertions", "must be a JSON array of objects: %s", jsonMistake(err))
		return nil, errs
	}
	if len(items) > MaxAssertions {
		errs.add("assertions", "has %d entries, at most %d are allowed", len(items), MaxAssertions)
		return nil, errs
	}
	out := make([]Assertion, len(items))
	for i, item := range items {
		decodeOne(i, item, &out[i], &errs)
	}
	return out, errs
}

// decodeOne reads one object field by field, so that every mistake has its pointer
// and names are matched by case, which encoding/json does not do for structs.
func decodeOne(i int, item json.RawMessage, a *Assertion, errs *Errors) {
	pointer := fmt.Sprintf("assertions[%d]", i)
	dec := json.NewDecoder(bytes.NewReader(item))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		errs.add(pointer, "must be an object")
		return
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			errs.add(pointer, "must be an object")
			return
		}
		if seen[name] {
			errs.add(field(i, cut(name, maxShownName)), "is given twice")
			continue
		}
		seen[name] = true
		a.set(i, name, value, errs)
	}
	if a.Severity == "" && !seen["severity"] {
		a.Severity = SeverityDown
	}
}

const maxShownName = 64 // bytes of a field name that an answer repeats

func (a *Assertion) set(i int, name string, value json.RawMessage, errs *Errors) {
	var into *string
	switch name {
	case "source":
		into = (*string)(&a.Source)
	case "property":
		into = &a.Property
	case "comparison":
		into = (*string)(&a.Comparison)
	case "severity":
		into = (*string)(&a.Severity)
	case "target":
		a.Target = value
		return
	default:
		errs.add(field(i, cut(name, maxShownName)), "is not a field of an assertion")
		return
	}
	if value[0] != '"' {
		errs.add(field(i, name), "must be a string")
		return
	}
	// A valid JSON value that begins with a quote is a string.
	_ = json.Unmarshal(value, into)
	if *into == "" {
		errs.add(field(i, name), "must not be empty")
	}
}

// jsonMistake says where JSON text is wrong.
func jsonMistake(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("%s at byte %d", syntax.Error(), syntax.Offset)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return "it is something else"
}
