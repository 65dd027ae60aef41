package assertion

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/registry"
	"github.com/theory/jsonpath/spec"
)

// path is a compiled JSONPath that walks a document within a budget.
//
// The library parses and evaluates filters; the walk over segments is ours (walk.go),
// because the library's has no bound and visits members in random order. The five
// functions of RFC 9535 are ours, too: the library's match and search dereference
// nil when their argument selects nothing, and compile their expression once per node,
// even one that the hostile document itself supplies.
type path struct {
	segments   []*spec.Segment
	regexps    map[string]*regexp.Regexp // of match and search, written while parsing only
	regexpSize int                       // instructions of all of them
	queries    int                       // inside filters: what one costs for each value that it looks at
}

// aliases are the names under which our functions are registered: the library's
// registry does not let its own be replaced. They are as long as the originals, so
// that positions in errors stay true.
var aliases = map[string]string{
	"length": "lEngth", "count": "cOunt", "value": "vAlue", "match": "mAtch", "search": "sEarch",
}

// parsePath compiles an expression. The offset of a problem is in bytes.
func parsePath(text string) (*path, *Problem) {
	aliased, filter, problem := alias(text)
	if problem != nil {
		return nil, problem
	}
	p := &path{regexps: map[string]*regexp.Regexp{}}
	reg, err := p.functions()
	if err != nil {
		return nil, &Problem{Detail: err.Error()}
	}
	parsed, err := jsonpath.NewParser(jsonpath.WithRegistry(reg)).Parse(aliased)
	if err != nil {
		return nil, pathProblem(text, err)
	}
	p.segments = parsed.Query().Segments()
	for _, seg := range p.segments {
		for _, sel := range seg.Selectors() {
			if f, ok := sel.(*spec.FilterSelector); ok {
				if err := p.bound(f.LogicalOr); err != nil {
					return nil, &Problem{Detail: err.Error(), Offset: filter}
				}
			}
		}
	}
	return p, nil
}

// pathProblem takes the position out of the library's text.
func pathProblem(text string, err error) *Problem {
	detail := strings.TrimPrefix(err.Error(), jsonpath.ErrPathParse.Error()+": ")
	for name, ours := range aliases {
		detail = strings.ReplaceAll(detail, ours+"()", name+"()")
	}
	offset := len(text)
	if i := strings.LastIndex(detail, " at position "); i >= 0 {
		if n, err := strconv.Atoi(detail[i+len(" at position "):]); err == nil {
			offset = min(max(n-1, 0), len(text))
			detail = detail[:i]
		}
	}
	return &Problem{Detail: clean(detail), Offset: offset}
}

// alias replaces the names of functions outside of strings, and returns where the
// first filter begins. A name that is not after a dot and not followed by "(" is
// none of JSONPath's except true, false and null.
func alias(text string) (out string, filter int, problem *Problem) {
	b := []byte(text)
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c == '"' || c == '\'':
			i = stringEnd(b, i)
		case c == '?':
			if filter == 0 {
				filter = i
			}
			i++
		case c >= '0' && c <= '9':
			i = numberEnd(b, i)
		case nameByte(c):
			end := i
			for end < len(b) && nameByte(b[end]) || end < len(b) && b[end] >= '0' && b[end] <= '9' {
				end++
			}
			name := text[i:end]
			switch {
			case i > 0 && b[i-1] == '.', name == "true", name == "false", name == "null":
			case i == 0 || end == len(b) || b[end] != '(':
				return "", 0, &Problem{Detail: "unexpected name", Offset: i}
			case aliases[name] == "":
				return "", 0, &Problem{Detail: "unknown function " + clean(cut(name, maxShownName)) + "()", Offset: i}
			default:
				copy(b[i:], aliases[name])
			}
			i = end
		default:
			i++
		}
	}
	return string(b), filter, nil
}

func stringEnd(b []byte, i int) int {
	quote := b[i]
	for i++; i < len(b) && b[i] != quote; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(b))
}

func numberEnd(b []byte, i int) int {
	digits := func() {
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
	}
	digits()
	if i+1 < len(b) && b[i] == '.' && b[i+1] >= '0' && b[i+1] <= '9' {
		i++
		digits()
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		digits()
	}
	return i
}

func nameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// What a filter may not do, because its cost could be more than linear in the size
// of the node that it tests.
var (
	errManySelectors = errors.New("inside a filter, brackets take one selector each")
	errManyDescents  = errors.New("inside a filter, a query may descend (..) once, and then not filter again")
	errRootQuery     = errors.New("inside a filter, a query from $ must name one value")
	errRootArgument  = errors.New("takes a query from @, not from $")
	errPattern       = errors.New("takes a value and a literal regular expression")
)

// descentPrice is what a descent costs a filter above other queries: the library
// copies what it found on each level once more.
const descentPrice = 8

// bound refuses filters whose cost is not linear, and counts their queries.
func (p *path) bound(or spec.LogicalOr) error {
	for _, and := range or {
		for _, e := range and {
			var err error
			p.queries++
			switch e := e.(type) {
			case *spec.ExistExpr:
				err = p.boundQuery(e.PathQuery)
			case *spec.NonExistExpr:
				err = p.boundQuery(e.PathQuery)
			case *spec.ParenExpr:
				err = p.bound(e.LogicalOr)
			case *spec.NotParenExpr:
				err = p.bound(e.LogicalOr)
			default:
				// Comparisons are of single values, and functions have bounded
				// their arguments while they were parsed.
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *path) boundQuery(q *spec.PathQuery) error {
	p.queries++
	if q.Singular() != nil {
		return nil
	}
	if strings.HasPrefix(q.String(), "$") {
		return errRootQuery
	}
	descents, filters := 0, 0
	for _, seg := range q.Segments() {
		if len(seg.Selectors()) != 1 {
			return errManySelectors
		}
		if seg.IsDescendant() {
			descents++
			p.queries += descentPrice
		}
		if f, ok := seg.Selectors()[0].(*spec.FilterSelector); ok {
			filters++
			if err := p.bound(f.LogicalOr); err != nil {
				return err
			}
		}
	}
	if descents > 1 || descents == 1 && filters > 0 {
		return errManyDescents
	}
	return nil
}

// pattern compiles the expression of match or search by the rules of I-Regexp
// (RFC 9485), where a dot is anything but a line break.
func (p *path) pattern(before, text, after string) error {
	key := before + text + after
	if p.regexps[key] != nil {
		return nil
	}
	// Alone first, so that it cannot close the group that is put around it.
	x, problem := compileTree(text, syntax.Perl|syntax.DotNL, dotsSpareLineBreaks)
	if problem == nil {
		x, problem = compileTree(key, syntax.Perl|syntax.DotNL, dotsSpareLineBreaks)
	}
	if problem != nil {
		return errors.New("has a wrong regular expression: " + problem.Detail)
	}
	p.regexps[key] = x.re
	p.regexpSize += x.size
	if p.regexpSize > MaxProgram {
		return errors.New("has too complex regular expressions")
	}
	return nil
}

var noLineBreak, _ = syntax.Parse(`[^\n\r]`, syntax.Perl)

func dotsSpareLineBreaks(re *syntax.Regexp) {
	if re.Op == syntax.OpAnyChar {
		*re = *noLineBreak
	}
	for _, sub := range re.Sub {
		dotsSpareLineBreaks(sub)
	}
}

func (p *path) functions() (*registry.Registry, error) {
	reg := registry.New()
	return reg, errors.Join(
		reg.Register(aliases["length"], spec.FuncValue, p.takes(spec.FuncValue), length),
		reg.Register(aliases["count"], spec.FuncValue, p.takes(spec.FuncNodes), count),
		reg.Register(aliases["value"], spec.FuncValue, p.takes(spec.FuncNodes), value),
		reg.Register(aliases["match"], spec.FuncLogical, p.takesPattern(`\A(?:`, `)\z`), p.test(`\A(?:`, `)\z`)),
		reg.Register(aliases["search"], spec.FuncLogical, p.takesPattern("", ""), p.test("", "")),
	)
}
