package assertion

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxShown = 256 // bytes of a value in a failure
	before   = 64  // bytes shown before what should not have been there
	mask     = "***"
	ellipsis = "…"
)

// cut shortens s to at most limit bytes, an ellipsis included, between characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := max(limit-len(ellipsis), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// clean makes text fit for logs, messages and databases: valid UTF-8 without control
// characters (line breaks and tabs aside) or characters that reorder text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1 // of a line break
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return utf8.RuneError
		default:
			return r
		}
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

// redact replaces secrets in the beginning of s, of which it returns about limit bytes.
func redact(s string, secrets []string, limit int) string {
	if len(secrets) == 0 {
		return s[:min(len(s), limit)]
	}
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < limit; {
		longest := 0
		for _, secret := range secrets {
			if len(secret) > longest && strings.HasPrefix(s[i:], secret) {
				longest = len(secret)
			}
		}
		if longest > 0 {
			b.WriteString(mask)
			i += longest
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// show prepares a value for a failure, beginning near offset at.
func (r *run) show(s string, at int) string {
	start := max(at-before, 0)
	for start > 0 && start < len(s) && !utf8.RuneStart(s[start]) {
		start--
	}
	// A secret that the beginning would cut in two is shown whole, that is masked.
	for moved := true; moved; {
		moved = false
		for _, secret := range r.obs.Secrets {
			if start == 0 || len(secret) < 2 {
				continue
			}
			from, to := max(start-len(secret)+1, 0), min(start+len(secret)-1, len(s))
			if i := strings.Index(s[from:to], secret); i >= 0 {
				start, moved = from+i, true
			}
		}
	}
	shown := redact(s[start:], r.obs.Secrets, maxShown+utf8.UTFMax)
	if start > 0 {
		shown = ellipsis + shown
	}
	return cut(clean(shown), maxShown)
}

func (r *run) showJSON(nodes []any) string {
	var b strings.Builder
	var v any = nodes
	if len(nodes) == 1 {
		if text, ok := scalarText(nodes[0]); ok {
			return r.show(text, 0)
		}
		v = nodes[0]
	}
	writeJSON(&b, v, maxShown, func(s string) string { return clean(redact(s, r.obs.Secrets, maxShown)) })
	return cut(b.String(), maxShown)
}

func (r *run) showList(values []string) string {
	if len(values) == 1 {
		return r.show(values[0], 0)
	}
	var b strings.Builder
	for i, v := range values {
		if b.Len() > maxShown {
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.show(v, 0))
	}
	return cut(b.String(), maxShown)
}

// formatNumber writes a number with at most three decimals.
func formatNumber(f float64) string {
	s := strconv.FormatFloat(f, 'f', 3, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// credentialWords in a name mark a value that nobody may see.
var credentialWords = []string{
	"auth", "cookie", "token", "secret", "password", "passwd", "api-key", "apikey", "access-key", "session", "credential",
	"signature", "csrf", "xsrf", "jwt",
}

// SpeaksOfCredentials tells whether the value of a header or form field of that name is
// to be kept secret.
func SpeaksOfCredentials(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(credentialWords, func(word string) bool { return strings.Contains(name, word) })
}
