package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/probefleet/probefleet/scripts/sim/internal/scenario"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), []string{"-only", "cuts,flapping", "-monitors", "50", "-days", "3"}, &out); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	if cuts, flapping := strings.Index(got, "### cuts"), strings.Index(got, "### flapping"); cuts < 0 || flapping < cuts {
		t.Errorf("cuts at %d, flapping at %d of\n%s", cuts, flapping, got)
	}
	if strings.Contains(got, "### year") {
		t.Error("more than was asked for")
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	for _, args := range [][]string{
		{"-only", "nothing"}, {"more"}, {"-doc", page, "-days", "1"}, {"-bad"},
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	if _, err := os.Stat(page); err == nil {
		t.Error("a page was written")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ended, nil, &strings.Builder{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before it began: %v", err)
	}
}

// The page shows all scenarios, as they are described now.
func TestPageIsOfTheseScenarios(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "simulation.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenario.All() {
		if !strings.Contains(string(b), "\n### "+s.Name+"\n\n"+s.About+"\n") {
			t.Errorf("docs/simulation.md does not show %s as it is: make sim", s.Name)
		}
	}
}
