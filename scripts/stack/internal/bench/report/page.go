package report

import (
	"fmt"
	"os"
	"strings"
)

// The markers between which a page holds the figures.
const (
	begin = "<!-- figures: made by `make bench DOC=1` -->\n"
	end   = "<!-- /figures -->\n"
)

// Insert puts the parts between the markers of a page.
func Insert(path string, parts []*Part) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s lacks the markers %q and %q", path, begin, end)
	}
	if err := os.WriteFile(path, []byte(head+begin+"\n"+Markdown(parts)+"\n"+end+tail), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// Markdown shows the parts as tables.
func Markdown(parts []*Part) string {
	var b strings.Builder
	if len(parts) > 0 {
		fmt.Fprintf(&b, "Measured on: %s.\n", parts[len(parts)-1].Machine)
	}
	for _, p := range parts {
		fmt.Fprintf(&b, "\n### %s\n\n`make bench PARTS=%s`, %s form; %s.\n\n|Figure|Measured|Target|Ratio|\n|-|-|-|-|\n", p.Title, p.Name, p.Form, p.noise())
		for _, r := range p.Rows {
			c := r.cells()
			fmt.Fprintf(&b, "|%s|%s|%s|%s|\n", c[0], c[1], c[2], c[3])
		}
		if len(p.Shares) > 0 {
			b.WriteString("\n|Process|CPU a check|PSS|\n|-|-|-|\n")
			for _, s := range p.Shares {
				fmt.Fprintf(&b, "|%s|%.1f µs|%.1f MiB|\n", s.Process, s.Micros, s.MiB)
			}
		}
	}
	return b.String()
}
