package fleetfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the largest file that is read: that of an import.
const MaxBytes = 16 << 20

// maxNodes and maxDepth bound what anchors may grow a file into.
const maxNodes, maxDepth = 2_000_000, 100

// File is a fleet file that has been read.
type File struct {
	Name      string // for messages
	ManagedBy string // empty: the file does not say
	// Body is the Estate for the API: websites and, if given, version.
	Body map[string]any

	root *yaml.Node
}

// Mistake is one thing that is wrong with a file.
type Mistake struct {
	File   string
	Line   int // 0: not known
	Detail string
}

// Mistakes are all that is wrong with a file.
type Mistakes []Mistake

// Error implements error.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.File + ": " + one.Detail
		if one.Line > 0 {
			lines[i] = fmt.Sprintf("%s:%d: %s", one.File, one.Line, one.Detail)
		}
	}
	return strings.Join(lines, "\n")
}

// reader turns nodes into what JSON knows.
type reader struct {
	file   string
	lookup func(string) (string, bool)
	wrong  Mistakes
	nodes  int
	told   bool // that it is too large
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// Read reads a fleet file; lookup knows what ${NAME} stands for. The error is [Mistakes].
func Read(name string, text []byte, lookup func(string) (string, bool)) (*File, error) {
	r := &reader{file: name, lookup: lookup}
	if len(text) > MaxBytes {
		return nil, Mistakes{{name, 0, fmt.Sprintf("is larger than %d MiB", MaxBytes>>20)}}
	}
	var doc, more yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, Mistakes{{name, 0, "is empty"}}
	} else if err != nil {
		return nil, Mistakes{syntax(name, err)}
	}
	if err := dec.Decode(&more); err == nil {
		return nil, Mistakes{{name, more.Line, "begins a second document: a file has one"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, Mistakes{syntax(name, err)}
	}
	f := &File{Name: name, Body: map[string]any{}, root: doc.Content[0]}
	top, ok := r.value(f.root, 0).(map[string]any)
	if !ok && len(r.wrong) == 0 {
		r.add(f.root, "must be an object with websites")
	}
	for key, v := range top {
		switch key {
		case "managed_by":
			text, isText := v.(string)
			if !isText || text == "" {
				r.add(at(f.root, []string{key}), "managed_by must be a text")
			}
			f.ManagedBy = text
		case "version", "websites":
			f.Body[key] = v
		default:
			r.add(keyOf(f.root, key), fmt.Sprintf("%s is not known: a file has managed_by, version and websites", key))
		}
	}
	if _, there := top["websites"]; ok && !there {
		r.add(f.root, "has no websites; to have none, write websites: []")
	}
	if len(r.wrong) > 0 {
		slices.SortFunc(r.wrong, func(a, b Mistake) int { return a.Line - b.Line })
		return nil, r.wrong
	}
	return f, nil
}

func syntax(name string, err error) Mistake {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	line := 0
	if m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return Mistake{name, line, "is not YAML: " + text}
}

func (r *reader) add(n *yaml.Node, detail string) {
	line := 0
	if n != nil {
		line = n.Line
	}
	r.wrong = append(r.wrong, Mistake{r.file, line, detail})
}

// value returns what a node says, with nothing but texts, numbers, truths, lists and
// objects.
func (r *reader) value(n *yaml.Node, depth int) any {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		if !r.told {
			r.add(n, "is too large or too deep")
		}
		r.told, r.nodes = true, maxNodes
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, one := range n.Content {
			out = append(out, r.value(one, depth+1))
		}
		return out
	case yaml.MappingNode:
		return r.object(n, depth)
	case yaml.ScalarNode:
		return r.scalar(n)
	}
	return nil
}

func (r *reader) object(n *yaml.Node, depth int) map[string]any {
	out, merged := map[string]any{}, map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			for _, from := range r.sources(v, depth) {
				for k, one := range from {
					if _, there := merged[k]; !there {
						merged[k] = one
					}
				}
			}
			continue
		}
		if key.Kind != yaml.ScalarNode {
			r.add(key, "must be the name of a field")
			continue
		}
		if _, twice := out[key.Value]; twice {
			r.add(key, key.Value+" is there twice")
		}
		out[key.Value] = r.value(v, depth+1)
	}
	for k, v := range merged {
		if _, there := out[k]; !there {
			out[k] = v
		}
	}
	return out
}

// sources are the objects that <<: names.
func (r *reader) sources(n *yaml.Node, depth int) []map[string]any {
	v := r.value(n, depth+1)
	if list, ok := v.([]any); ok {
		var out []map[string]any
		for _, one := range list {
			if m, ok := one.(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	}
	if m, ok := v.(map[string]any); ok {
		return []map[string]any{m}
	}
	r.add(n, "<< must name an object")
	return nil
}

func (r *reader) scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			r.add(n, "is not true or false")
		}
		return b
	case "!!int":
		var i int64
		if err := n.Decode(&i); err != nil {
			r.add(n, n.Value+" is too large a number")
		}
		return json.Number(strconv.FormatInt(i, 10))
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			r.add(n, n.Value+" is no number that JSON knows")
			return nil
		}
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return r.expand(n) // a text, and what only looks like a date
}

var reference = regexp.MustCompile(`\$\$\{|\$\{([^}]*)\}|\$\{`)

// expand replaces ${NAME} by the variable of that name; $${ is ${ itself. The result is
// a text, whatever it looks like.
func (r *reader) expand(n *yaml.Node) string {
	return reference.ReplaceAllStringFunc(n.Value, func(m string) string {
		if m == "$${" {
			return "${"
		}
		name := strings.TrimSuffix(strings.TrimPrefix(m, "${"), "}")
		if !variable.MatchString(name) {
			r.add(n, fmt.Sprintf("%.40s names no variable; write $${ for ${ itself", m))
			return ""
		}
		v, there := r.lookup(name)
		if !there {
			r.add(n, "the variable "+name+" is not set")
		}
		return v
	})
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// LineOf returns the line of what a JSON pointer names in the file, or of the nearest
// thing around it.
func (f *File) LineOf(pointer string) int {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/"), "/")
	for len(parts) > 0 {
		if n := at(f.root, parts); n != nil {
			return n.Line
		}
		parts = parts[:len(parts)-1]
	}
	return f.root.Line
}

// at follows a path into a node, nil if it leads nowhere.
func at(n *yaml.Node, path []string) *yaml.Node {
	for _, part := range path {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		for n != nil && n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		if n == nil {
			return nil
		}
		switch n.Kind {
		case yaml.MappingNode:
			n = member(n, part)
		case yaml.SequenceNode:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(n.Content) {
				return nil
			}
			n = n.Content[i]
		default:
			return nil
		}
	}
	return n
}

// member returns the value of a key.
func member(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

func keyOf(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i]
		}
	}
	return n
}
