package assertion

import (
	"regexp/syntax"
	"testing"
)

// The estimate is never below what the compiler makes, but for the few instructions
// that every program has.
func TestProgramSizeBoundsTheProgram(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"a", "abc", "a*", "a+?", "(a|b|cd)*", "[a-z]{3,}", "a{0,5}b{2}", "(ab{2,3}){4,5}", "x{900}", "(?:)", "a||b", "^$", `\b\w+\b`,
		"(?i)hello", "((a?)*)+", "[^b]{900}b", "a{0}", "(a{0,1}){1,}", `(?s).*x.*`, "[a-z]?|[0-9]*",
	} {
		tree, err := syntax.Parse(s, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		size := programSize(tree)
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		const frame = 4 // fail, match, and no-ops of empty parts
		if n := len(prog.Inst); n > size+frame {
			t.Errorf("%s: %d instructions, estimated %d", s, n, size)
		}
	}
}
