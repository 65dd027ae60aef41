package assertion

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// document is the JSON of an observation, parsed when the first assertion asks.
type document struct {
	parsed bool
	root   any
	err    error
}

// parseDocument decodes one JSON value. It counts depth and values first, without
// allocating: a megabyte of brackets would decode to a hundred.
func parseDocument(body []byte, truncated bool) (any, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	switch depth, nodes := measure(body); {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, errors.New("empty, not JSON")
	case truncated:
		return nil, fmt.Errorf("cut after %d bytes, not readable as JSON", len(body))
	case depth > maxDepth:
		return nil, fmt.Errorf("JSON nested deeper than %d", maxDepth)
	case nodes > maxNodes:
		return nil, fmt.Errorf("JSON of more than %d values", maxNodes)
	}
	var v any
	if err := unmarshalNumbers(body, &v); err != nil {
		return nil, errors.New("not JSON: " + jsonMistake(err))
	}
	return v, nil
}

// measure returns the depth of JSON text and an upper bound of its values.
func measure(body []byte) (depth, nodes int) {
	level, quoted := 0, false
	nodes = 1
	for i := 0; i < len(body); i++ {
		c := body[i]
		if quoted {
			switch c {
			case '\\':
				i++
			case '"':
				quoted = false
			}
			continue
		}
		switch c {
		case '"':
			quoted = true
		case '[', '{':
			level++
			nodes++
			depth = max(depth, level)
		case ']', '}':
			level--
		case ',':
			nodes++
		}
	}
	return depth, nodes
}

// unmarshalNumbers decodes exactly one value and keeps numbers as they were written.
func unmarshalNumbers(b []byte, v *any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// equalJSON compares a value of a document with a target. A target that is a string
// also equals a number or a literal that it spells, because forms send text.
func equalJSON(want literal, node any) bool {
	switch node := node.(type) {
	case string:
		return want.kind == 's' && want.text == node
	case json.Number:
		return (want.kind == 'n' || want.kind == 's' && isNumber(want.text)) && equalNumbers(want.text, node.String())
	case bool:
		return (want.kind == 'b' || want.kind == 's') && want.text == strconv.FormatBool(node)
	case nil:
		return (want.kind == '0' || want.kind == 's') && want.text == "null"
	default:
		return false
	}
}

// equalNumbers compares two JSON numbers: whole ones digit by digit, so that long
// identifiers do not run together, others as 64 bit floats.
func equalNumbers(a, b string) bool {
	if a == b {
		return true
	}
	if !strings.ContainsAny(a, ".eE") && !strings.ContainsAny(b, ".eE") {
		return strings.Trim(a, "-") == "0" && strings.Trim(b, "-") == "0"
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}

const maxNumber = 64 // bytes of text that is read as a number

// isNumber tells whether s is a JSON number.
func isNumber(s string) bool {
	if s == "" || len(s) > maxNumber || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return false
	}
	return json.Valid([]byte(s)) && s[len(s)-1] > ' '
}

// numberOf reads text that is a JSON number, white space around it aside.
func numberOf(s string) (float64, bool) {
	if len(s) > 2*maxNumber {
		return 0, false
	}
	s = strings.TrimSpace(s)
	if !isNumber(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// scalarText is the text of a value that contains and matches look at; arrays and
// objects have none.
func scalarText(node any) (string, bool) {
	switch node := node.(type) {
	case string:
		return node, true
	case json.Number:
		return node.String(), true
	case bool:
		return strconv.FormatBool(node), true
	case nil:
		return "null", true
	default:
		return "", false
	}
}

func emptyJSON(node any) bool {
	switch node := node.(type) {
	case nil:
		return true
	case string:
		return node == ""
	case []any:
		return len(node) == 0
	case map[string]any:
		return len(node) == 0
	default:
		return false
	}
}

// writeJSON writes a value for people until b holds about limit bytes; redact is
// applied to each string.
func writeJSON(b *strings.Builder, node any, limit int, redact func(string) string) {
	if b.Len() > limit {
		return
	}
	switch node := node.(type) {
	case string:
		b.WriteString(strconv.Quote(redact(node)))
	case []any:
		b.WriteByte('[')
		for i, v := range node {
			if i > 0 {
				b.WriteByte(',')
			}
			if b.Len() > limit {
				break
			}
			writeJSON(b, v, limit, redact)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, name := range slices.Sorted(maps.Keys(node)) {
			if i > 0 {
				b.WriteByte(',')
			}
			if b.Len() > limit {
				break
			}
			b.WriteString(strconv.Quote(redact(name)) + ":")
			writeJSON(b, node[name], limit, redact)
		}
		b.WriteByte('}')
	default:
		text, _ := scalarText(node)
		b.WriteString(text)
	}
}
