// Package settings keeps the table of settings in docs in step with the services: it
// asks their programs what they read from the environment.
package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/probefleet/probefleet/pkg/config"
)

// Services are asked in this order.
var Services = []string{"api", "pusher", "worker", "aggregator", "notifier"}

// Page is the file with the table, below the root.
const Page = "docs/settings.md"

// Marks enclose the table.
const (
	begin = "<!-- settings: made by `make generate` -->\n"
	end   = "<!-- /settings -->\n"
)

// Ask returns what each service's program in bin reads.
func Ask(bin string) (map[string][]config.Row, error) {
	rows := map[string][]config.Row{}
	for _, s := range Services {
		out, err := exec.Command(filepath.Join(bin, s), "-settings").Output()
		if err != nil {
			return nil, fmt.Errorf("%s -settings: %w", s, err)
		}
		var own []config.Row
		if err := json.Unmarshal(out, &own); err != nil {
			return nil, fmt.Errorf("%s -settings: %w", s, err)
		}
		rows[s] = own
	}
	return rows, nil
}

// Table renders the settings as Markdown: those that several services share once, with
// the services that read them.
func Table(rows map[string][]config.Row) string {
	type line struct {
		config.Row
		by []string
	}
	var lines []*line
	for _, s := range Services {
		for _, r := range rows[s] {
			i := slices.IndexFunc(lines, func(l *line) bool {
				return l.Name == r.Name && l.Description == r.Description && l.Default == r.Default
			})
			if i < 0 {
				lines = append(lines, &line{Row: r})
				i = len(lines) - 1
			}
			lines[i].by = append(lines[i].by, s)
		}
	}
	slices.SortStableFunc(lines, func(a, b *line) int { // shared ones first, then by the first service
		if d := len(b.by) - len(a.by); d != 0 && (len(a.by) > 1 || len(b.by) > 1) {
			return d
		}
		return slices.Index(Services, a.by[0]) - slices.Index(Services, b.by[0])
	})
	var out strings.Builder
	out.WriteString("|Setting|Read by|Default|Meaning|\n|-|-|-|-|\n")
	for _, l := range lines {
		by := strings.Join(l.by, ", ")
		if len(l.by) == len(Services) {
			by = "all"
		}
		def := "`" + l.Default + "`"
		switch {
		case l.Required:
			def = "required"
		case l.Default == "":
			def = "–"
		}
		kind := l.Type
		if l.Secret && kind != "secret" {
			kind += ", secret"
		}
		fmt.Fprintf(&out, "|`%s`|%s|%s|%s (%s)|\n", l.Name, by, cell(def), cell(l.Description), kind)
	}
	return out.String()
}

// cell keeps what Markdown would take for its own.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s) }

// ErrMarks is returned for a text without the place for the table.
var ErrMarks = errors.New("the marks around the table of settings are not there")

// Insert puts the table into its place in a text.
func Insert(text []byte, table string) ([]byte, error) {
	from := bytes.Index(text, []byte(begin))
	to := bytes.Index(text, []byte(end))
	if from < 0 || to < from {
		return nil, ErrMarks
	}
	return slices.Concat(text[:from+len(begin)], []byte(table), text[to:]), nil
}

// Write brings a file's table up to date and tells whether it changed.
func Write(file, table string) (changed bool, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return false, err
	}
	now, err := Insert(text, table)
	if err != nil || bytes.Equal(text, now) {
		return false, err
	}
	return true, os.WriteFile(file, now, 0o644)
}
