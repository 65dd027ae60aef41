// Package estate reads and writes websites as files: CSV, with a line for a website, and
// what two states of a website differ in. It decides nothing about what may be stored.
package estate

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The columns of a file, in the order in which they are written. What concerns checking
// is of the website's first HTTP monitor.
const (
	ExternalID = "external_id"
	Name       = "name"
	URL        = "url"
	Tags       = "tags"
	Paused     = "paused"
	Muted      = "muted"
	Interval   = "interval_seconds"
	Timeout    = "timeout_ms"
	Regions    = "regions"
)

// Columns are all of them.
var Columns = []string{ExternalID, Name, URL, Tags, Paused, Muted, Interval, Timeout, Regions}

// MaxRows is how many websites a file may have.
const MaxRows = 10_000

// maxErrors bounds how much is said about one file.
const maxErrors = 1000

// Row is a line of a file: a value by column, as JSON would decode it with numbers as
// [json.Number]. An empty cell is no value, except of tags and regions, where it means
// none and every one.
type Row struct {
	Line  int // from 1, where it begins
	Cells map[string]any
}

// Error says what is wrong with a file, and where.
type Error struct {
	Line   int
	Column string // empty: the line as a whole
	Detail string
}

// ReadCSV reads a file with a header. Rows with errors are left out. The first line tells
// which columns there are, in any order; a byte order mark before it is ignored.
func ReadCSV(in io.Reader) ([]Row, []Error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, []Error{{Line: 1, Detail: "could not be read to its end"}}
	}
	if !utf8.Valid(text) {
		return nil, []Error{{Line: 1 + strings.Count(string(text[:invalidAt(text)]), "\n"), Detail: "is not UTF-8"}}
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	r.FieldsPerRecord = -1 // told below, by line
	header, err := r.Read()
	if err != nil {
		return nil, []Error{lineError(err, "has no header")}
	}
	if errs := checkHeader(header); len(errs) > 0 {
		return nil, errs
	}
	return readRows(r, header)
}

func readRows(r *csv.Reader, header []string) (rows []Row, errs []Error) {
	for len(errs) < maxErrors {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // what follows a wrong quote cannot be told apart
			return rows, append(errs, lineError(err, "cannot be read"))
		}
		line, _ := r.FieldPos(0)
		if len(rows) == MaxRows {
			return rows, append(errs, Error{Line: line, Detail: fmt.Sprintf("is one website too many: a file may have %d", MaxRows)})
		}
		if len(cells) != len(header) {
			errs = append(errs, Error{Line: line, Detail: fmt.Sprintf("has %d cells, the header has %d", len(cells), len(header))})
			continue
		}
		row := Row{Line: line, Cells: map[string]any{}}
		for i, cell := range cells {
			column := strings.ToLower(strings.TrimSpace(header[i]))
			v, wrong := valueOf(column, unguard(cell))
			if wrong != "" {
				errs = append(errs, Error{Line: line, Column: column, Detail: wrong})
			} else if v != nil {
				row.Cells[column] = v
			}
		}
		rows = append(rows, row)
	}
	return rows, errs
}

// invalidAt returns where a text stops being UTF-8.
func invalidAt(text []byte) int {
	at := 0
	for at < len(text) {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	return at
}

func lineError(err error, otherwise string) Error {
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		return Error{Line: wrong.StartLine, Detail: wrong.Err.Error()}
	}
	return Error{Line: 1, Detail: otherwise}
}

// checkHeader names the columns that there are not, and those that are there twice.
func checkHeader(header []string) []Error {
	var errs []Error
	seen := map[string]bool{}
	for _, cell := range header {
		column := strings.ToLower(strings.TrimSpace(cell))
		switch {
		case !slices.Contains(Columns, column):
			errs = append(errs, Error{Line: 1, Column: cell, Detail: "is no column: there are " + strings.Join(Columns, ", ")})
		case seen[column]:
			errs = append(errs, Error{Line: 1, Column: cell, Detail: "is there twice"})
		}
		seen[column] = true
	}
	if !seen[URL] && !seen[Name] && !seen[ExternalID] && len(errs) == 0 {
		errs = append(errs, Error{Line: 1, Detail: "must have a column url, name or external_id"})
	}
	return errs[:min(len(errs), maxErrors)]
}

// valueOf returns the value of a cell, nil for none, and what is wrong with it.
func valueOf(column, cell string) (v any, wrong string) {
	trimmed := strings.TrimSpace(cell)
	switch column {
	case Tags:
		tags := []any{}
		for _, tag := range split(strings.ToLower(trimmed)) {
			if !slices.Contains(tags, any(tag)) {
				tags = append(tags, tag)
			}
		}
		return tags, ""
	case Regions:
		regions := []any{}
		for _, region := range split(trimmed) {
			regions = append(regions, region)
		}
		return regions, ""
	}
	if trimmed == "" {
		return nil, ""
	}
	switch column {
	case Paused, Muted:
		switch strings.ToLower(trimmed) {
		case "true", "yes", "1":
			return true, ""
		case "false", "no", "0":
			return false, ""
		}
		return nil, "must be true or false"
	case Interval, Timeout:
		n, err := strconv.Atoi(trimmed)
		if err != nil {
			return nil, "must be a whole number"
		}
		return json.Number(strconv.Itoa(n)), ""
	case Name:
		return cell, ""
	}
	return trimmed, ""
}

// split splits a list in a cell.
func split(cell string) []string {
	var out []string
	for part := range strings.SplitSeq(cell, ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// WriteCSV writes rows of texts by column, with a header.
func WriteCSV(out io.Writer, rows []map[string]string) error {
	w := csv.NewWriter(out)
	if err := w.Write(Columns); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, row := range rows {
		cells := make([]string, len(Columns))
		for i, column := range Columns {
			cells[i] = guard(row[column])
		}
		if err := w.Write(cells); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// formulas begin what a spreadsheet would work out (OWASP, CSV Injection). An apostrophe
// makes it text; one that is there already gets another, so that reading is the reverse.
const formulas = "=+-@\t\r'"

func guard(cell string) string {
	if cell != "" && strings.Contains(formulas, cell[:1]) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.Contains(formulas, cell[1:2]) {
		return cell[1:]
	}
	return cell
}
