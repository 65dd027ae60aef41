// Package show puts what the API answers before people: as a table, as JSON, as YAML.
package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
)

// The forms of output.
const (
	Table = "table"
	JSON  = "json"
	YAML  = "yaml"
)

// Forms are all of them.
var Forms = []string{Table, JSON, YAML}

// Column is one column of a table: its title, and where in an object its value is.
type Column struct {
	Title string
	Path  string // names of members, with dots
}

// Columns of what can be listed.
var Columns = map[string][]Column{
	"websites": {{"ID", "id"}, {"STATUS", "status"}, {"NAME", "name"}, {"URL", "url"}, {"TAGS", "tags"}, {"MANAGED BY", "managed_by"}},
	"monitors": {{"ID", "id"}, {"STATUS", "status"}, {"KIND", "kind"}, {"NAME", "name"}, {"TARGET", "target"}, {"EVERY", "interval_seconds"}, {"REASON", "reason"}},
	"incidents": {
		{"ID", "id"}, {"STATUS", "status"}, {"SEVERITY", "severity"}, {"WEBSITE", "website_name"}, {"OPENED", "opened_at"}, {"RESOLVED", "resolved_at"},
		{"EXPLANATION", "explanation"},
	},
	"regions":  {{"NAME", "name"}, {"STATE", "state"}, {"WORKERS", "live_workers"}, {"WAITING", "waiting"}, {"PRIVATE", "private"}, {"TITLE", "title"}},
	"channels": {{"ID", "id"}, {"KIND", "kind"}, {"NAME", "name"}, {"ENABLED", "enabled"}, {"EVENTS", "events"}},
	"keys":     {{"ID", "id"}, {"PREFIX", "prefix"}, {"NAME", "name"}, {"SCOPES", "scopes"}, {"LAST USED", "last_used_at"}, {"EXPIRES", "expires_at"}, {"REVOKED", "revoked_at"}},
}

// Objects writes objects in a form. One alone is written without a list around it.
func Objects(out io.Writer, form string, columns []Column, objects []json.RawMessage, alone bool) error {
	var v any = objects
	if objects == nil {
		v = []json.RawMessage{}
	}
	if alone && len(objects) == 1 {
		v = objects[0]
	}
	switch form {
	case JSON:
		return Indented(out, v)
	case YAML:
		text, err := fleetfile.YAML(v)
		if err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	}
	rows := make([][]string, len(objects))
	for i, o := range objects {
		var object map[string]any
		dec := json.NewDecoder(bytes.NewReader(o))
		dec.UseNumber()
		if err := dec.Decode(&object); err != nil {
			return fmt.Errorf("the answer cannot be read: %w", err)
		}
		for _, c := range columns {
			rows[i] = append(rows[i], cell(object, c.Path))
		}
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	return Rows(out, titles, rows)
}

// Indented writes a value as JSON for people.
func Indented(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Rows writes a table.
func Rows(out io.Writer, titles []string, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(titles, "\t"))
	for _, r := range rows {
		for i := range r {
			r[i] = line(r[i])
		}
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

func cell(object map[string]any, path string) string {
	var v any = object
	for part := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		if v == "" {
			return "–"
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = fmt.Sprint(v[i])
		}
		if len(parts) == 0 {
			return "–"
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

const maxCell = 80

// line keeps what others wrote on one line, and from moving the cursor.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > maxCell {
		return string(r[:maxCell-1]) + "…"
	}
	return s
}

// Line is the same for what stands by itself.
func Line(s string) string { return line(s) }
