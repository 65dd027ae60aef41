package assertion

import (
	"math"
	"net/textproto"
	"slices"
	"strconv"

	"golang.org/x/net/http/httpguts"

	"github.com/probefleet/probefleet/pkg/uptime"
)

// Set is the compiled form of the assertions of one monitor. It is immutable and
// safe for concurrent use. A nil Set asserts nothing.
type Set struct {
	checks []check
	bytes  int
}

// check is one compiled assertion.
type check struct {
	Assertion
	index    int
	base     Comparison // Comparison, or what it negates
	negated  bool
	secret   bool    // a header whose value nobody may see
	number   float64 // of a numeric target
	literal  literal // of any other target
	expr     *expression
	path     *path
	expected string // the target as a failure shows it
}

// Compile prepares the assertions of a monitor, or returns [Errors].
func Compile(kind uptime.Kind, all []Assertion) (*Set, error) {
	set, errs := compile(all)
	allowed := Allowed(kind)
	for i, a := range all {
		if _, known := rules[a.Source]; known && !slices.Contains(allowed, a.Source) && i < MaxAssertions {
			if len(allowed) == 0 {
				errs.add(field(i, "source"), "a %s check has nothing to assert on", kind)
			} else {
				errs.add(field(i, "source"), "is %s, a %s check has %s", a.Source, kind, oneOf(allowed))
			}
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return set, nil
}

// Validate reports what [Compile] would refuse.
func Validate(kind uptime.Kind, all []Assertion) error {
	_, err := Compile(kind, all)
	return err
}

// Len returns how many assertions the set has.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.checks)
}

// Uses tells whether any assertion looks at the source, so that a probe need not
// keep what nobody asks for.
func (s *Set) Uses(source Source) bool {
	return s != nil && slices.ContainsFunc(s.checks, func(c check) bool { return c.Source == source })
}

// Bytes estimates the memory that the set holds.
func (s *Set) Bytes() int {
	if s == nil {
		return 0
	}
	return s.bytes
}

const (
	setBytes         = 256 // of a Set and its cache entry
	checkBytes       = 512 // of a check without its expressions
	instructionBytes = 160 // of a regular expression, per instruction
	pathByteBytes    = 64  // of a JSONPath's tree, per byte of its text
)

func compile(all []Assertion) (*Set, Errors) {
	var errs Errors
	if len(all) > MaxAssertions {
		errs.add("assertions", "has %d entries, at most %d are allowed", len(all), MaxAssertions)
		return nil, errs
	}
	set := &Set{checks: make([]check, len(all)), bytes: setBytes}
	for i, a := range all {
		c := &set.checks[i]
		*c = check{Assertion: a, index: i}
		c.compile(&errs)
		set.bytes += checkBytes + 2*len(a.Property) + 3*len(a.Target)
		if c.expr != nil {
			set.bytes += instructionBytes * c.expr.size
		}
		if c.path != nil {
			set.bytes += pathByteBytes*len(a.Property) + instructionBytes*c.path.regexpSize
		}
	}
	return set, errs
}

func (c *check) compile(errs *Errors) {
	r, ok := rules[c.Source]
	if !ok {
		errs.add(field(c.index, "source"), "must be %s", oneOf(order))
	}
	switch c.Severity {
	case "":
		c.Severity = SeverityDown
	case SeverityDown, SeverityDegraded:
	default:
		errs.add(field(c.index, "severity"), "must be down or degraded")
	}
	if !ok {
		return
	}
	c.compileProperty(errs)
	if !slices.Contains(r.comparisons, c.Comparison) {
		errs.add(field(c.index, "comparison"), "of %s must be %s", c.Source, oneOf(r.comparisons))
		return
	}
	c.base, c.negated = c.Comparison.negated()
	c.compileTarget(r, errs)
}

func (c *check) compileProperty(errs *Errors) {
	pointer := field(c.index, "property")
	if len(c.Property) > MaxExpression {
		errs.add(pointer, "has %d bytes, at most %d are allowed", len(c.Property), MaxExpression)
		return
	}
	switch c.Source {
	case SourceHeader:
		if !httpguts.ValidHeaderFieldName(c.Property) {
			errs.add(pointer, "must be the name of a header")
			return
		}
		c.Property = textproto.CanonicalMIMEHeaderKey(c.Property)
		c.secret = SpeaksOfCredentials(c.Property)
	case SourceJSON:
		p, problem := parsePath(c.Property)
		if problem != nil {
			errs.addAt(problem.Offset, pointer, "must be a JSONPath (RFC 9535): %s", problem.Detail)
			return
		}
		c.path = p
	case SourceLatency:
		if c.Property == "" {
			c.Property = phases[0]
		}
		if !slices.Contains(phases, c.Property) {
			errs.add(pointer, "must be %s", oneOf(phases))
		}
	default:
		if c.Property != "" {
			errs.add(pointer, "does not go with %s", c.Source)
		}
	}
}

func (c *check) compileTarget(r rule, errs *Errors) {
	pointer := field(c.index, "target")
	if c.Comparison.targetless() {
		if c.Target != nil {
			errs.add(pointer, "does not go with %s", c.Comparison)
		}
		return
	}
	if c.Target == nil {
		errs.add(pointer, "is missing")
		return
	}
	lit, ok := parseLiteral(c.Target)
	switch {
	case !ok:
		errs.add(pointer, "must be a string, a number, true, false or null")
		return
	case len(lit.text) > MaxExpression:
		errs.add(pointer, "has %d bytes, at most %d are allowed", len(lit.text), MaxExpression)
		return
	}
	c.literal = lit
	c.expected = cut(clean(lit.text), maxShown)
	if c.secret {
		c.expected = mask
	}
	switch {
	case c.base == Matches:
		c.compileRegexp(lit, pointer, errs)
	case c.Comparison.numeric() || r.numbersOnly():
		c.compileNumber(r, lit, pointer, errs)
	case c.Source != SourceJSON && lit.kind != 's':
		errs.add(pointer, "must be a string")
	case c.base == Contains && lit.text == "":
		errs.add(pointer, "must not be empty: everything contains nothing")
	}
}

// numbersOnly tells whether equals on the source compares numbers.
func (r rule) numbersOnly() bool { return r.max != 0 }

func (c *check) compileRegexp(lit literal, pointer string, errs *Errors) {
	if lit.kind != 's' {
		errs.add(pointer, "must be a string with a regular expression")
		return
	}
	if lit.text == "" {
		errs.add(pointer, "must not be empty: everything matches it")
		return
	}
	x, problem := compileExpression(lit.text)
	if problem != nil {
		errs.addAt(problem.Offset, pointer, "must be a regular expression (RE2): %s", problem.Detail)
		return
	}
	c.expr = x
}

func (c *check) compileNumber(r rule, lit literal, pointer string, errs *Errors) {
	if lit.kind != 'n' {
		errs.add(pointer, "must be a number")
		return
	}
	f, err := strconv.ParseFloat(lit.text, 64)
	switch {
	case err != nil:
		errs.add(pointer, "is a number out of range")
	case r.numbersOnly() && (f < r.min || f > r.max):
		errs.add(pointer, "must be between %v and %v", r.min, r.max)
	case r.whole && f != math.Trunc(f):
		errs.add(pointer, "must be a whole number")
	default:
		c.number = f
		c.expected = formatNumber(f)
	}
}
