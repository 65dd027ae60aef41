package fleetfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Write returns an estate as YAML, as apply reads it: a text like ${HOME} is written
// $${HOME}, so that it comes back as it is.
func Write(estate any) ([]byte, error) {
	v, err := plain(estate)
	if err != nil {
		return nil, err
	}
	return marshal(nodeOf(v, true))
}

// WriteReferences is Write for an estate whose texts have references to variables.
func WriteReferences(estate any) ([]byte, error) { return YAML(estate) }

// YAML returns any value as YAML, as it is.
func YAML(v any) ([]byte, error) {
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	return marshal(nodeOf(v, false))
}

func marshal(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), nil
}

// plain returns a value as JSON has it, with numbers as they were written.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out, nil
}

func nodeOf(v any, escape bool) *yaml.Node {
	n := &yaml.Node{}
	switch v := v.(type) {
	case map[string]any:
		n.Kind = yaml.MappingNode
		keys := slices.SortedFunc(maps.Keys(v), func(a, b string) int {
			x, y := slices.Index(order, a), slices.Index(order, b)
			if x >= 0 && y >= 0 {
				return x - y
			}
			if x >= 0 || y >= 0 {
				return y - x // what is known comes first
			}
			return strings.Compare(a, b)
		})
		for _, k := range keys {
			key := &yaml.Node{}
			key.SetString(k)
			n.Content = append(n.Content, key, nodeOf(v[k], escape))
		}
		if len(v) == 0 {
			n.Style = yaml.FlowStyle
		}
	case []any:
		n.Kind = yaml.SequenceNode
		short := true
		for _, one := range v {
			n.Content = append(n.Content, nodeOf(one, escape))
			text, isText := one.(string)
			short = short && isText && len(text) < 30
		}
		if short && len(v) < 6 {
			n.Style = yaml.FlowStyle
		}
	case string:
		if escape {
			v = strings.ReplaceAll(v, "${", "$${")
		}
		n.SetString(v)
	case json.Number:
		n.Kind, n.Value, n.Tag = yaml.ScalarNode, v.String(), "!!int"
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Kind, n.Value, n.Tag = yaml.ScalarNode, fmt.Sprint(v), "!!bool"
	default:
		n.Kind, n.Value, n.Tag = yaml.ScalarNode, "null", "!!null"
	}
	return n
}
