package assertion

import (
	"context"
	"errors"
	"io"
	"regexp"
	"unicode/utf8"
)

// Expression is an RE2 expression of bounded size, to be looked for in what a target
// said.
type Expression struct{ *expression }

// CompileExpression compiles an expression; the error says what is wrong with it, or that
// its program would be larger than [MaxProgram].
func CompileExpression(s string) (Expression, error) {
	x, problem := compileExpression(s)
	if problem != nil {
		return Expression{}, errors.New(problem.Detail)
	}
	return Expression{x}, nil
}

// Regexp returns what it was compiled to.
func (x Expression) Regexp() *regexp.Regexp { return x.re }

// Find returns what [regexp.Regexp.FindSubmatchIndex] does, unless ctx ends before it is
// known: done is false then.
func (x Expression) Find(ctx context.Context, text []byte) (loc []int, done bool) {
	if x.brief(len(text)) {
		return x.re.FindSubmatchIndex(text), true
	}
	r := patient[[]byte]{ctx: ctx, text: text, decode: utf8.DecodeRune}
	loc = x.re.FindReaderSubmatchIndex(&r)
	return loc, !r.cut
}

// find returns where the first match is.
func (x *expression) find(ctx context.Context, text string) (loc []int, done bool) {
	if x.brief(len(text)) {
		return x.re.FindStringIndex(text), true
	}
	r := patient[string]{ctx: ctx, text: text, decode: utf8.DecodeRuneInString}
	loc = x.re.FindReaderIndex(&r)
	return loc, !r.cut
}

// briefWork is what is done without a look at the clock, in bytes times instructions:
// some hundredths of a second at worst.
const briefWork = 1 << 22

func (x *expression) brief(bytes int) bool { return (bytes+1)*x.size <= briefWork }

// patient reads text rune by rune, as the expression does itself, for as long as there
// is time.
type patient[T string | []byte] struct {
	ctx    context.Context
	text   T
	decode func(T) (rune, int)
	at     int
	ask    int // where ctx is asked again
	cut    bool
}

// askEvery is how many bytes are read between two looks at ctx.
const askEvery = 256

// ReadRune implements [io.RuneReader].
func (p *patient[T]) ReadRune() (rune, int, error) {
	if p.at >= p.ask {
		if p.ctx.Err() != nil {
			p.cut = true
		}
		p.ask = p.at + askEvery
	}
	if p.cut || p.at >= len(p.text) {
		return 0, 0, io.EOF
	}
	c, size := rune(p.text[p.at]), 1
	if c >= utf8.RuneSelf {
		c, size = p.decode(p.text[p.at:])
	}
	p.at += size
	return c, size, nil
}
