// Package plan says what an import does, or would do, so that people can tell at a
// glance: what is added, what changes from what to what, what is removed, what is wrong
// and in which line of the file.
package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/probefleet/probefleet/services/cli/internal/client"
)

// maxValue is how many characters of a value are shown.
const maxValue = 200

// Source is the file that a plan is of.
type Source interface {
	// LineOf returns the line of what a JSON pointer names, 0 if that is not known.
	LineOf(pointer string) int
}

// Writer writes plans.
type Writer struct {
	Out    io.Writer
	Name   string // of the source
	Source Source // nil: it has no lines
	Colour bool
}

var signs = map[string]string{
	client.ActionAdd: "+", client.ActionChange: "~", client.ActionRemove: "-", client.ActionError: "!",
}

var colours = map[string]string{"+": "\x1b[32m", "~": "\x1b[33m", "-": "\x1b[31m", "!": "\x1b[31m"}

// Write writes a plan.
func (w Writer) Write(p *client.Plan) {
	for i := range p.Items {
		w.item(&p.Items[i])
	}
	verbs := []string{"to add", "to change", "to remove"}
	if p.Applied {
		verbs = []string{"added", "changed", "removed"}
	}
	fmt.Fprintf(w.Out, "%d %s, %d %s, %d %s, %d unchanged", p.Adds, verbs[0], p.Changes, verbs[1], p.Removes, verbs[2], p.Unchanged)
	if p.Errors > 0 {
		fmt.Fprintf(w.Out, ", %d wrong", p.Errors)
	}
	fmt.Fprintln(w.Out)
}

func (w Writer) item(item *client.PlanItem) {
	sign := signs[item.Action]
	if sign == "" {
		sign = "?" // of a later version
	}
	w.line(sign, "", item.Name)
	for _, c := range item.Changes {
		field := strings.ReplaceAll(c.Field, "\n", " ")
		switch {
		case c.Before == "" || item.Action == client.ActionAdd:
			w.line("+", "    ", field+": "+shown(c.After))
		case c.After == "":
			w.line("-", "    ", field+": "+shown(c.Before))
		case c.Before == c.After: // secrets are shown without either
			w.line("~", "    ", field+": another one")
		default:
			w.line("~", "    ", field+": "+shown(c.Before)+" → "+shown(c.After))
		}
	}
	for _, e := range item.Errors {
		w.line("!", "    ", w.Place(item, e.Pointer)+": "+strings.TrimPrefix(strings.TrimPrefix(e.Pointer, "#"), "/")+" "+e.Detail)
	}
}

func (w Writer) line(sign, indent, text string) {
	if w.Colour && colours[sign] != "" {
		fmt.Fprintf(w.Out, "%s%s%s %s\x1b[0m\n", indent, colours[sign], sign, printable(text))
		return
	}
	fmt.Fprintf(w.Out, "%s%s %s\n", indent, sign, printable(text))
}

// Place says where in the source something of an item stands.
func (w Writer) Place(item *client.PlanItem, pointer string) string {
	if item.Line == nil {
		return w.Name
	}
	if w.Source == nil {
		return fmt.Sprintf("%s, website %d", w.Name, *item.Line)
	}
	at := fmt.Sprintf("#/websites/%d%s", *item.Line-1, strings.TrimPrefix(pointer, "#"))
	return fmt.Sprintf("%s:%d", w.Name, w.Source.LineOf(at))
}

// shown returns a value that is not too long to be read.
func shown(v string) string {
	if v == "" {
		return "nothing"
	}
	if r := []rune(v); len(r) > maxValue {
		return string(r[:maxValue]) + "…"
	}
	return v
}

// printable keeps what others wrote from moving the cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
