package assertion

import (
	"encoding/json"
	"strconv"
)

// literal is a target: a JSON scalar. Kind is s, n, b or 0 (null); text is the
// string, or the JSON text of anything else.
type literal struct {
	kind byte
	text string
}

func parseLiteral(raw json.RawMessage) (literal, bool) {
	var v any
	if len(raw) > 6*MaxExpression+2 { // every byte of a string may be written as \u00xx
		return literal{kind: 's', text: string(raw)}, true // refused for its length
	}
	if unmarshalNumbers(raw, &v) != nil {
		return literal{}, false
	}
	switch v := v.(type) {
	case string:
		return literal{'s', v}, true
	case json.Number:
		return literal{'n', v.String()}, true
	case bool:
		return literal{'b', strconv.FormatBool(v)}, true
	case nil:
		return literal{'0', "null"}, true
	default:
		return literal{}, false
	}
}
