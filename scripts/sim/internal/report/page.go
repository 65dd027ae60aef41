package report

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/probefleet/probefleet/scripts/sim/internal/score"
	"github.com/probefleet/probefleet/scripts/sim/internal/world"
)

// The markers between which a page holds the figures.
const (
	begin = "<!-- figures: made by `make sim` -->\n"
	end   = "<!-- /figures -->\n"
)

// Insert puts text between the markers of a page.
func Insert(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s lacks the markers %q and %q", path, begin, end)
	}
	if err := os.WriteFile(path, []byte(head+begin+"\n"+strings.TrimSpace(text)+"\n\n"+end+tail), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// Examples shows some of our false alarms and misses.
func Examples(w io.Writer, b *score.Book) {
	show := func(what string, all []score.Example) {
		for _, e := range all {
			fmt.Fprintf(w, "%s: monitor %d after %v: %s\n", what, e.Monitor, e.At.Sub(world.Epoch), e.Text)
		}
	}
	show("false alarm", b.False)
	show("missed or late", b.Missed)
}
