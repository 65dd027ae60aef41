package assertion

import (
	"fmt"
	"strings"
)

// NoOffset is the offset of a problem that has no place inside an expression.
const NoOffset = -1

// Problem is one thing that is wrong with the assertions of a monitor.
type Problem struct {
	Pointer string `json:"pointer"` // the field, as in "assertions[2].target"
	Detail  string `json:"detail"`
	// Offset is where in a regular expression or JSONPath the mistake is, in bytes
	// from its beginning; [NoOffset] for anything else.
	Offset int `json:"offset"`
}

// Errors is everything that is wrong, in the order of the assertions. [Parse],
// [Compile] and [Validate] return no other type of error.
type Errors []Problem

// Error joins the problems with "; ".
func (e Errors) Error() string {
	var b strings.Builder
	for i, p := range e {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(p.Pointer + ": " + p.Detail)
		if p.Offset != NoOffset {
			fmt.Fprintf(&b, " at offset %d", p.Offset)
		}
	}
	return b.String()
}

func (e *Errors) add(pointer, format string, args ...any) {
	e.addAt(NoOffset, pointer, format, args...)
}

func (e *Errors) addAt(offset int, pointer, format string, args ...any) {
	*e = append(*e, Problem{Pointer: pointer, Detail: fmt.Sprintf(format, args...), Offset: offset})
}

func field(index int, name string) string { return fmt.Sprintf("assertions[%d].%s", index, name) }

// oneOf joins names for people: "a, b or c".
func oneOf[T ~string](names []T) string {
	var b strings.Builder
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(n))
	}
	return b.String()
}
