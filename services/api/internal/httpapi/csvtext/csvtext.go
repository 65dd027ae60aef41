// Package csvtext writes CSV that spreadsheets may open: what others have named is text
// to them, never a formula. It is pure.
package csvtext

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// Guard returns a text as a cell may hold it. What begins like a formula gets an
// apostrophe before it, which spreadsheets take for the mark of a text
// (owasp.org, "CSV Injection").
func Guard(text string) string {
	begins := strings.TrimLeft(text, " \u00a0")
	if begins == "" || !strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(begins)[0]) {
		return text
	}
	return "'" + text
}

// Table writes rows as RFC 4180 has them.
func Table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.WriteAll(rows) // A buffer takes everything.
	return b.Bytes()
}
