package chaos

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheTableSaysWhatWasKeptBrokenAndNotPlayed(t *testing.T) {
	t.Parallel()
	kept := NewRow(&Scenario{Name: "a", Fault: "30 % fail for %s"}, &Figures{Recovered: true, Checks: []Check{{What: "seen:", Got: "3", OK: true}}}, 5*time.Minute, nil)
	broken := NewRow(&Scenario{Name: "b", Fault: "x"}, &Figures{Recovered: true, Lost: 2}, time.Second, nil)
	failed := NewRow(&Scenario{Name: "c", Fault: "x"}, &Figures{}, time.Second, errors.New("no disk"))
	skipped := Row{Name: "d", Skipped: "no root"}
	if n := len(kept.Broken()) + len(skipped.Broken()); n != 0 {
		t.Errorf("%d promises broken, want none", n)
	}
	table := Table([]Row{kept, broken, failed, skipped})
	for _, want := range []string{"**a**: 30 % fail for 5 min|", "|yes; seen: 3|", "|**no**: 2 alerts lost|", "|**no**: played: no disk|", "not played: no root|"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	columns := strings.Count(strings.SplitN(table, "\n", 2)[0], "|")
	for line := range strings.Lines(strings.TrimSpace(table)) {
		if strings.Count(line, "|") != columns {
			t.Errorf("not %d columns: %s", columns-1, line)
		}
	}
}

func TestInsertReplacesTheFiguresOnly(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("head\n"+begin+"old\n"+end+"tail\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Insert(page, "new"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if want := "head\n" + begin + "\nnew\n" + end + "tail\n"; err != nil || string(got) != want {
		t.Errorf("page %q, %v; want %q", got, err, want)
	}
	if err := os.WriteFile(page, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Insert(page, "new"); err == nil {
		t.Error("a page without a place for the figures was written")
	}
}

func TestMergeReplacesRowsByNameAndAddsTheOthers(t *testing.T) {
	t.Parallel()
	row := func(name, fault string) Row {
		return NewRow(&Scenario{Name: name, Fault: fault}, &Figures{Recovered: true}, time.Second, nil)
	}
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("head\n"+begin+end+"tail\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Insert(page, Table([]Row{row("a", "old"), row("ab", "stays")})); err != nil {
		t.Fatal(err)
	}
	if err := Merge(page, []Row{row("a", "new"), row("c", "added")}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(page)
	want := "head\n" + begin + "\n" + Table([]Row{row("a", "new"), row("ab", "stays"), row("c", "added")}) + "\n" + end + "tail\n"
	if err != nil || string(got) != want {
		t.Errorf("page\n%s, %v; want\n%s", got, err, want)
	}
}
