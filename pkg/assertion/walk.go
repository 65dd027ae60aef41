package assertion

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/theory/jsonpath/spec"
)

// Bounds of the work that one [Set.Evaluate] does on JSON.
const (
	maxSteps = 4 << 20   // visits of nodes over all assertions; about a second at worst
	maxNodes = 100 << 10 // values of a document, and values that one path selects
	maxDepth = 64        // arrays and objects inside each other
	askSteps = 4 << 10   // between two looks at whether there is still time
)

var errSteps = errors.New("the JSONPath takes too much work on this document")

// walk is one evaluation of a path. Members are visited in the order of their names,
// so that the same document always gives the same answer.
type walk struct {
	ctx  context.Context
	ask  int // the steps left at which ctx is asked again
	path *path
	root any
	left *int // steps
}

// nodes returns what the path selects from the document.
func (p *path) nodes(ctx context.Context, root any, left *int) ([]any, error) {
	w := walk{ctx: ctx, ask: *left - askSteps, path: p, root: root, left: left}
	nodes := []any{root}
	for _, seg := range p.segments {
		var next []any
		for _, n := range nodes {
			if err := w.segment(seg, n, &next); err != nil {
				return nil, err
			}
		}
		nodes = next
	}
	return nodes, nil
}

func (w *walk) spend(steps int) error {
	*w.left -= steps
	if *w.left < 0 {
		return errSteps
	}
	if *w.left <= w.ask {
		w.ask = *w.left - askSteps
		return w.ctx.Err()
	}
	return nil
}

func (w *walk) segment(seg *spec.Segment, node any, out *[]any) error {
	for _, sel := range seg.Selectors() {
		if err := w.selector(sel, node, out); err != nil {
			return err
		}
	}
	if !seg.IsDescendant() {
		return nil
	}
	return w.children(node, func(child any) error { return w.segment(seg, child, out) })
}

func (w *walk) selector(sel spec.Selector, node any, out *[]any) error {
	if err := w.spend(1); err != nil {
		return err
	}
	take := func(v any) error {
		if len(*out) >= maxNodes {
			return errSteps
		}
		*out = append(*out, v)
		return nil
	}
	switch sel := sel.(type) {
	case spec.Name:
		if object, ok := node.(map[string]any); ok {
			if v, ok := object[string(sel)]; ok {
				return take(v)
			}
		}
	case spec.Index:
		if array, ok := node.([]any); ok {
			i := int(sel)
			if i < 0 {
				i += len(array)
			}
			if i >= 0 && i < len(array) {
				return take(array[i])
			}
		}
	case spec.WildcardSelector:
		return w.children(node, take)
	case spec.SliceSelector:
		if array, ok := node.([]any); ok {
			return w.slice(sel, array, take)
		}
	case *spec.FilterSelector:
		return w.children(node, func(child any) error { return w.filter(sel, child, take) })
	}
	return nil
}

func (w *walk) slice(sel spec.SliceSelector, array []any, take func(any) error) error {
	lower, upper := sel.Bounds(len(array))
	step := sel.Step()
	first, last := lower, upper
	if step < 0 {
		first, last = upper, lower
	}
	for i := first; step > 0 && i < last || step < 0 && i > last; i += step {
		if err := errors.Join(w.spend(1), take(array[i])); err != nil {
			return err
		}
	}
	return nil
}

// filter tests one node. The library evaluates the filter without a bound, so its
// cost, linear in the size of the node by what parsePath allows, is paid before.
func (w *walk) filter(sel *spec.FilterSelector, node any, take func(any) error) error {
	const instructionsPerStep = 4
	price := w.path.queries + w.path.regexpSize/instructionsPerStep
	if err := w.spend(price * weight(node, *w.left/price+1)); err != nil {
		return err
	}
	if sel.Eval(node, w.root) {
		return take(node)
	}
	return nil
}

func (w *walk) children(node any, visit func(any) error) error {
	switch node := node.(type) {
	case []any:
		for _, v := range node {
			if err := w.spend(1); err != nil {
				return err
			}
			if err := visit(v); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := w.spend(2 * len(node)); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(node)) {
			if err := visit(node[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// weight is the size of a value in steps, counted no further than a little past limit.
func weight(node any, limit int) int {
	const bytesPerStep = 4
	n := 1
	switch node := node.(type) {
	case string:
		n += len(node) / bytesPerStep
	case []any:
		for _, v := range node {
			if n > limit {
				break
			}
			n += weight(v, limit-n)
		}
	case map[string]any:
		for _, v := range node {
			if n > limit {
				break
			}
			n += weight(v, limit-n)
		}
	}
	return n
}
