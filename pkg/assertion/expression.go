package assertion

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// expression is a compiled regular expression with what it costs.
type expression struct {
	re      *regexp.Regexp
	literal string // not empty: the expression is just this text
	size    int    // instructions, an upper bound
}

// compileExpression compiles an RE2 expression whose program is small enough. The
// offset of a problem points at the mistake.
func compileExpression(s string) (*expression, *Problem) {
	return compileTree(s, syntax.Perl, nil)
}

// compileTree parses s, lets edit change the tree, refuses programs that are too
// large before they are built, and compiles.
func compileTree(s string, flags syntax.Flags, edit func(*syntax.Regexp)) (*expression, *Problem) {
	tree, err := syntax.Parse(s, flags)
	if err != nil {
		return nil, regexpProblem(s, flags, err)
	}
	size := programSize(tree)
	if size > MaxProgram {
		return nil, &Problem{Detail: "it is too complex: repetitions and alternatives unfold to more than 1000 steps"}
	}
	if edit != nil {
		edit(tree)
		s = tree.String()
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, &Problem{Detail: err.Error()}
	}
	x := &expression{re: re, size: size}
	if tree.Op == syntax.OpLiteral && tree.Flags&syntax.FoldCase == 0 {
		x.literal = string(tree.Rune)
	}
	return x, nil
}

// programSize bounds the number of instructions that a tree compiles to, counting
// no further than a little past [MaxProgram].
func programSize(re *syntax.Regexp) int {
	n := 0
	for _, sub := range re.Sub {
		n = min(n+programSize(sub), MaxProgram+1)
	}
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpConcat:
	case syntax.OpAlternate:
		n += len(re.Sub)
	case syntax.OpCapture:
		n += 2
	case syntax.OpRepeat:
		// At most about 1000 times, and a branch for each that may be left out.
		if re.Max == re.Min {
			n *= re.Max
		} else {
			n = (n + 1) * max(re.Max, re.Min+1)
		}
	default:
		n++
	}
	return min(n, MaxProgram+1)
}

// regexpProblem finds the place of a mistake: the library names the wrong fragment,
// not where it stands.
func regexpProblem(s string, flags syntax.Flags, err error) *Problem {
	var se *syntax.Error
	if !errors.As(err, &se) {
		return &Problem{Detail: err.Error()}
	}
	p := &Problem{Detail: se.Code.String()}
	switch se.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		p.Offset = unbalanced(s)
	case syntax.ErrTrailingBackslash:
		p.Offset = len(s) - 1
	default:
		p.Detail += ": " + clean(cut(se.Expr, maxShownName))
		p.Offset = fragment(s, flags, se)
	}
	return p
}

const maxCandidates = 32 // places of a fragment that are tried

// fragment returns the first place where the text up to and with the fragment makes
// the same mistake.
func fragment(s string, flags syntax.Flags, want *syntax.Error) int {
	first := max(strings.Index(s, want.Expr), 0)
	at := first
	for range maxCandidates {
		var got *syntax.Error
		_, err := syntax.Parse(s[:at+len(want.Expr)], flags)
		if errors.As(err, &got) && got.Code == want.Code && got.Expr == want.Expr {
			return at
		}
		next := strings.Index(s[at+1:], want.Expr)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return first
}

// unbalanced returns the offset of the closing parenthesis that nothing opened, or
// else of the last one that is never closed.
func unbalanced(s string) int {
	var open []int
	class := -1 // where a character class began
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && strings.HasPrefix(s[i:], `\Q`):
			end := strings.Index(s[i:], `\E`)
			if end < 0 {
				i = len(s)
			} else {
				i += end + 1
			}
		case c == '\\':
			i++
		case class >= 0:
			first := i == class+1 || i == class+2 && s[class+1] == '^'
			if c == ']' && !first {
				class = -1
			}
		case c == '[':
			class = i
		case c == '(':
			open = append(open, i)
		case c == ')' && len(open) == 0:
			return i
		case c == ')':
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0
	}
	return open[len(open)-1]
}
