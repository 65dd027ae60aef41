package sources

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
)

func monitorOf(kind, target string) fleetfile.Monitor {
	return fleetfile.Monitor{Kind: kind, Target: target}
}

// condition is one of Gatus: a placeholder, a comparison, a value.
var condition = regexp.MustCompile(`^\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.*?)\s*$`)

// anyStatus lets the assertions alone decide.
const anyStatus = "100-599"

// conditions turns what Gatus wants of an answer into settings and assertions.
func (b *builder) conditions(e *gatusEndpoint, f *found) {
	var asserted []any
	var statuses []any
	for _, text := range e.Conditions {
		m := condition.FindStringSubmatch(text)
		if m == nil {
			b.note(f.name, "the condition %q cannot be read", text)
			continue
		}
		what, op, value := m[1], m[2], m[3]
		if what == "[STATUS]" && op == "==" && f.monitor.Kind == "http" && statuses == nil {
			if statuses = anyOf(value); statuses == nil {
				statuses = []any{value}
			}
			continue
		}
		one, ok := conditionOf(what, op, value, f)
		if !ok {
			b.note(f.name, "the condition %q has no counterpart", text)
			continue
		}
		asserted = append(asserted, one...)
	}
	if f.monitor.Kind == "http" {
		if statuses == nil {
			statuses = []any{anyStatus}
		}
		f.settings["expected_status"] = statuses
	}
	if len(asserted) > 0 {
		f.settings["assertions"] = asserted
	}
}

// conditionOf returns the assertions of one condition; none and true: it is kept by itself.
func conditionOf(what, op, value string, f *found) (out []any, ok bool) {
	kind := f.monitor.Kind
	switch {
	case what == "[CONNECTED]":
		return nil, op == "==" && value == "true"
	case what == "[STATUS]" && kind == "http":
		return number("status", "", op, value, 1)
	case what == "[RESPONSE_TIME]" && kind == "icmp":
		return number("rtt", "", op, value, 1)
	case what == "[RESPONSE_TIME]":
		return number("latency", "", op, value, 1)
	case what == "[CERTIFICATE_EXPIRATION]":
		d, err := time.ParseDuration(value)
		if err != nil || op != ">" && op != ">=" || kind != "http" && kind != "tls" && kind != "smtp" && kind != "websocket" && kind != "grpc" {
			return nil, false
		}
		return []any{assertion("certificate", "", "greater_than", d.Hours()/24)}, true
	case what == "[DNS_RCODE]" && kind == "dns" && op == "==":
		f.settings["rcode"] = value
		return nil, true
	case what == "[BODY]" && kind == "dns":
		return dnsAnswer(op, value, f)
	case what == "[BODY]":
		source := map[string]string{"http": "body", "websocket": "payload", "udp": "payload", "tcp": "payload"}[kind]
		if source == "" {
			return nil, false
		}
		return textual(source, "", op, value)
	case strings.HasPrefix(what, "has([BODY]") && strings.HasSuffix(what, ")") && op == "==" && value == "true":
		path, ok := pathOf(strings.TrimSuffix(strings.TrimPrefix(what, "has("), ")"))
		return []any{assertion("json", path, "exists", nil)}, ok && (kind == "http" || kind == "websocket")
	case strings.HasPrefix(what, "[BODY]"):
		path, ok := pathOf(what)
		if !ok || kind != "http" && kind != "websocket" {
			return nil, false
		}
		if strings.ContainsAny(op, "<>") {
			return number("json", path, op, value, 0)
		}
		return textual("json", path, op, value)
	}
	return nil, false
}

// number compares with a number. The API's comparisons are strict: of whole numbers, <= 5
// is < 6. Step 0: there may be others between.
func number(source, property, op, value string, step float64) ([]any, bool) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		d, err := time.ParseDuration(value)
		if err != nil || source != "latency" && source != "rtt" {
			return nil, false
		}
		n = float64(d.Milliseconds())
	}
	if step == 0 && strings.HasSuffix(op, "=") {
		return nil, false
	}
	comparison := map[string]string{"==": "equals", "!=": "not_equals", "<": "less_than", "<=": "less_than", ">": "greater_than", ">=": "greater_than"}[op]
	switch op {
	case "<=":
		n += step
	case ">=":
		n -= step
	case "==", "!=":
		if source != "status" {
			return nil, false
		}
	}
	return []any{assertion(source, property, comparison, n)}, true
}

// textual compares with a text, a pattern or one of several texts.
func textual(source, property, op, value string) ([]any, bool) {
	comparison, negated := "equals", "not_equals"
	target := value
	if expression, ok := expressionOf(value); ok {
		comparison, negated, target = "matches", "not_matches", expression
	}
	switch op {
	case "==":
		return []any{assertion(source, property, comparison, target)}, true
	case "!=":
		return []any{assertion(source, property, negated, target)}, true
	}
	return nil, false
}

// expressionOf returns the regular expression of pat(*x*) or any(a, b).
func expressionOf(value string) (string, bool) {
	if inner, ok := strings.CutPrefix(value, "pat("); ok && strings.HasSuffix(inner, ")") {
		pattern := regexp.QuoteMeta(strings.TrimSuffix(inner, ")"))
		return "(?s)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(pattern) + "$", true
	}
	if values := anyOf(value); values != nil {
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = regexp.QuoteMeta(v.(string))
		}
		return "^(" + strings.Join(parts, "|") + ")$", true
	}
	return "", false
}

// anyOf returns the values of any(a, b), nil for something else.
func anyOf(value string) []any {
	inner, ok := strings.CutPrefix(value, "any(")
	if !ok || !strings.HasSuffix(inner, ")") {
		return nil
	}
	var out []any
	for v := range strings.SplitSeq(strings.TrimSuffix(inner, ")"), ",") {
		out = append(out, strings.TrimSpace(v))
	}
	return out
}

// dnsAnswer wants values among the answers.
func dnsAnswer(op, value string, f *found) ([]any, bool) {
	if strings.HasPrefix(value, "pat(") || op != "==" {
		return textual("dns", "", op, value)
	}
	values := anyOf(value)
	if values == nil {
		values = []any{value}
	}
	f.settings["expect"] = map[string]any{"values": values}
	return nil, true
}

var plainPath = regexp.MustCompile(`^(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])+$`)

// pathOf returns the JSONPath of [BODY].a[0].b, if that says the same in both.
func pathOf(what string) (string, bool) {
	rest := strings.TrimPrefix(what, "[BODY]")
	if !plainPath.MatchString(rest) {
		return "", false
	}
	if !strings.Contains(rest, "-") {
		return "$" + rest, true
	}
	var b strings.Builder // a hyphen needs the form with brackets
	b.WriteString("$")
	for _, part := range regexp.MustCompile(`\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\]`).FindAllString(rest, -1) {
		if name, ok := strings.CutPrefix(part, "."); ok {
			b.WriteString("['" + name + "']")
		} else {
			b.WriteString(part)
		}
	}
	return b.String(), true
}
