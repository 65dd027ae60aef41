package assertion

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// answer is whether a value has a property; unsure means that the end of a value that
// was cut could change it, costly that finding out takes too much work.
type answer uint8

const (
	no answer = iota
	yes
	unsure
	costly
)

// list tests texts: of several, one must pass (none must, for a negation); all must
// lie below or above a limit.
func (r *run) list(c *check, values []string, truncated bool) finding {
	if c.Comparison.numeric() {
		return r.limits(c, values, truncated)
	}
	worst := no
	for _, v := range values {
		switch a, at := r.has(c, v, truncated); a {
		case yes:
			if c.negated {
				return finding{actual: r.show(v, at)}
			}
			return finding{holds: true}
		case no:
		default:
			worst = a
		}
	}
	switch {
	case worst == costly:
		return missing("too long for this regular expression")
	case worst == unsure:
		return missing(fmt.Sprintf("not decided by its first %d bytes", len(values[0])))
	case c.negated:
		return finding{holds: true}
	}
	return finding{actual: r.showList(values)}
}

func (r *run) limits(c *check, values []string, truncated bool) finding {
	for _, v := range values {
		f, ok := numberOf(v)
		if !ok || truncated {
			return finding{actual: r.show(v, 0)}
		}
		if !c.within(f) {
			return finding{actual: formatNumber(f)}
		}
	}
	return finding{holds: true}
}

// within tells whether a number lies on the right side of the target.
func (c *check) within(f float64) bool {
	if c.Comparison == LessThan {
		return f < c.number
	}
	return f > c.number
}

// has tests one text, and says where what it looked for begins.
func (r *run) has(c *check, s string, truncated bool) (answer, int) {
	switch c.base {
	case Equals:
		switch {
		case s == c.literal.text && !truncated:
			return yes, 0
		case truncated && strings.HasPrefix(c.literal.text, s):
			return unsure, 0
		default:
			return no, 0
		}
	case Contains:
		return orUnsure(strings.Index(s, c.literal.text), truncated)
	default:
		if c.expr.literal != "" {
			return orUnsure(strings.Index(s, c.expr.literal), truncated)
		}
		r.regexpWork -= (len(s) + 1) * c.expr.size
		if r.regexpWork < 0 {
			return costly, 0
		}
		if truncated {
			// What was found may hang on the end that is not the real one.
			return r.matchCut(c, s)
		}
		if !c.negated && c.expr.brief(len(s)) {
			if c.expr.re.MatchString(s) {
				return yes, 0
			}
			return no, 0
		}
		loc, done := c.expr.find(r.ctx, s)
		switch {
		case !done:
			r.cut = true
			return costly, 0
		case loc == nil:
			return no, 0
		}
		return yes, loc[0]
	}
}

func orUnsure(at int, truncated bool) (answer, int) {
	switch {
	case at >= 0:
		return yes, at
	case truncated:
		return unsure, 0
	default:
		return no, 0
	}
}

// matchCut tests the beginning of a longer text: a match counts if it ends before the
// cut, so that no $ or \b has taken the cut for the end.
func (r *run) matchCut(c *check, s string) (answer, int) {
	loc, done := c.expr.find(r.ctx, s)
	if !done {
		r.cut = true
		return costly, 0
	}
	if loc == nil || loc[1] >= len(s) {
		return unsure, 0
	}
	return yes, loc[0]
}

// json tests the values that a JSONPath selects.
func (r *run) json(c *check) (f finding) {
	// The filters are evaluated by a library, on documents that hostile targets send.
	defer func() {
		if p := recover(); p != nil {
			f = missing("not decided: the JSONPath cannot be evaluated on this document")
		}
	}()
	if !r.doc.parsed {
		r.doc.parsed = true
		if r.obs.Body == nil && r.obs.Payload != nil {
			r.doc.root, r.doc.err = parseDocument(r.obs.Payload, r.obs.PayloadTruncated)
		} else {
			r.doc.root, r.doc.err = parseDocument(r.obs.Body, r.obs.BodyTruncated)
		}
	}
	if r.doc.err != nil {
		return missing(cut(r.doc.err.Error(), maxShown))
	}
	nodes, err := c.path.nodes(r.ctx, r.doc.root, &r.steps)
	if err != nil {
		r.cut = r.cut || !errors.Is(err, errSteps)
		return missing("not decided: " + err.Error())
	}
	switch {
	case c.Comparison == Exists:
		if len(nodes) > 0 {
			return finding{holds: true}
		}
		return missing("missing")
	case c.Comparison == Empty:
		if i := slices.IndexFunc(nodes, func(n any) bool { return !emptyJSON(n) }); i >= 0 {
			return finding{actual: r.showJSON(nodes[i : i+1])}
		}
		return finding{holds: true}
	case len(nodes) == 0 && !c.negated:
		return missing("missing")
	case c.Comparison.numeric():
		return r.jsonLimits(c, nodes)
	}
	return r.jsonList(c, nodes)
}

func (r *run) jsonLimits(c *check, nodes []any) finding {
	for i, n := range nodes {
		text, ok := scalarText(n)
		f, isNumber := numberOf(text)
		if !ok || !isNumber || !c.within(f) {
			return finding{actual: r.showJSON(nodes[i : i+1])}
		}
	}
	return finding{holds: true}
}

func (r *run) jsonList(c *check, nodes []any) finding {
	for i, n := range nodes {
		switch a := r.jsonHas(c, n); {
		case a == costly:
			return missing("too long for this regular expression")
		case a == yes && c.negated:
			return finding{actual: r.showJSON(nodes[i : i+1])}
		case a == yes:
			return finding{holds: true}
		}
	}
	if c.negated {
		return finding{holds: true}
	}
	return finding{actual: r.showJSON(nodes)}
}

func (r *run) jsonHas(c *check, node any) answer {
	switch c.base {
	case Equals:
		return toAnswer(equalJSON(c.literal, node))
	case Contains:
		switch node := node.(type) {
		case []any:
			return toAnswer(slices.ContainsFunc(node, func(v any) bool { return equalJSON(c.literal, v) }))
		case map[string]any:
			_, ok := node[c.literal.text]
			return toAnswer(ok && c.literal.kind == 's')
		case json.Number, string, bool, nil:
		}
	default:
	}
	text, ok := scalarText(node)
	if !ok {
		return no
	}
	a, _ := r.has(c, text, false)
	return a
}

func toAnswer(b bool) answer {
	if b {
		return yes
	}
	return no
}
