package assertion

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/theory/jsonpath/spec"
)

// takes returns the validator of a function with one argument.
func (p *path) takes(want spec.FuncType) spec.Validator {
	return func(args []spec.FuncExprArg) error {
		if len(args) != 1 {
			return errors.New("takes one argument")
		}
		if !args[0].ConvertsTo(want) {
			if want == spec.FuncNodes {
				return errors.New("takes a query")
			}
			return errors.New("takes a single value")
		}
		return p.boundArgument(args[0])
	}
}

// takesPattern returns the validator of match and search. The expression must be a
// literal, so that it is compiled here and never comes from the document; the text must
// lie under the tested node, whose size the walk has paid for.
func (p *path) takesPattern(before, after string) spec.Validator {
	return func(args []spec.FuncExprArg) error {
		if len(args) != 2 || !args[0].ConvertsTo(spec.FuncValue) {
			return errPattern
		}
		lit, ok := args[1].(*spec.LiteralArg)
		if !ok {
			return errPattern
		}
		text, ok := lit.Value().(string)
		if !ok {
			return errPattern
		}
		if err := p.boundArgument(args[0]); err != nil {
			return err
		}
		return p.pattern(before, text, after)
	}
}

func (p *path) boundArgument(arg spec.FuncExprArg) error {
	p.queries++
	if strings.HasPrefix(arg.String(), "$") {
		return errRootArgument
	}
	if q, ok := arg.(*spec.PathQuery); ok {
		return p.boundQuery(q)
	}
	return nil
}

// test returns the evaluator of match and search: false unless the argument is a
// string.
func (p *path) test(before, after string) spec.Evaluator {
	return func(args []spec.PathValue) spec.PathValue {
		text, ok := textOf(args[0])
		pattern, isText := textOf(args[1])
		if !ok || !isText {
			return spec.LogicalFalse
		}
		re := p.regexps[before+pattern+after]
		return spec.Logical(re != nil && re.MatchString(text))
	}
}

func textOf(v spec.PathValue) (string, bool) {
	value := spec.ValueFrom(v)
	if value == nil {
		return "", false
	}
	s, ok := value.Value().(string)
	return s, ok
}

// length is of a string in characters, of an array in elements, of an object in
// members; anything else has none.
func length(args []spec.PathValue) spec.PathValue {
	v := spec.ValueFrom(args[0])
	if v == nil {
		return nil
	}
	switch v := v.Value().(type) {
	case string:
		return spec.Value(utf8.RuneCountInString(v))
	case []any:
		return spec.Value(len(v))
	case map[string]any:
		return spec.Value(len(v))
	default:
		return nil
	}
}

func count(args []spec.PathValue) spec.PathValue { return spec.Value(len(nodesOf(args[0]))) }

// value is that of the only node selected, nothing for none or several.
func value(args []spec.PathValue) spec.PathValue {
	if nodes := nodesOf(args[0]); len(nodes) == 1 {
		return spec.Value(nodes[0])
	}
	return nil
}

// nodesOf converts the argument that a query became: a list of nodes, or for a query
// of one value that value or nothing.
func nodesOf(v spec.PathValue) []any {
	switch v := v.(type) {
	case spec.NodesType:
		return v
	case *spec.ValueType:
		return []any{v.Value()}
	default:
		return nil
	}
}
