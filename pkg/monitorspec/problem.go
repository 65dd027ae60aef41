package monitorspec

import (
	"fmt"
	"strings"

	"github.com/probefleet/probefleet/pkg/assertion"
)

// NoOffset is the offset of a mistake that has no place inside an expression.
const NoOffset = assertion.NoOffset

// FieldError says what is wrong with one field, named by its path from the request's
// body: "kind", "target", "settings.headers[0].name". The message follows the name, as
// in "must be 1 to 65535".
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
	// Offset is where in a regular expression or JSONPath the mistake is, in bytes;
	// [NoOffset] for anything else.
	Offset int `json:"offset"`
}

// Error implements error.
func (e FieldError) Error() string {
	text := e.Field + ": " + e.Message
	if e.Offset != NoOffset {
		text += fmt.Sprintf(" at offset %d", e.Offset)
	}
	return text
}

// Errors are all that is wrong with a monitor, in the order of its fields. [Parse] and
// [Spec.Merge] return no other type of error for what a user wrote.
type Errors []FieldError

// Error joins the mistakes with "; ".
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, f := range e {
		texts[i] = f.Error()
	}
	return strings.Join(texts, "; ")
}

// list gathers mistakes.
type list struct{ errs Errors }

func (l *list) add(field, format string, args ...any) {
	l.errs = append(l.errs, FieldError{field, fmt.Sprintf(format, args...), NoOffset})
}

// err returns what was gathered, nil if nothing was.
func (l *list) err() error {
	if len(l.errs) == 0 {
		return nil
	}
	return l.errs
}

// oneOf joins names for people: "a, b or c".
func oneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
