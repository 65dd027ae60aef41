package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/probefleet/probefleet/scripts/sim/internal/rules"
	"github.com/probefleet/probefleet/scripts/sim/internal/scenario"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
)

func TestSection(t *testing.T) {
	t.Parallel()
	s := scenario.All()[0]
	b := score.NewBook()
	b.Years[3], b.Checks = 2000, 1234567
	b.Bound[3] = 45250 * time.Millisecond
	ours := score.Tally{Opened: 12, Alerts: 12, False: 1, Demanded: 3, Detect: []time.Duration{3 * time.Second, time.Second, 2 * time.Second}}
	b.Rules[3] = [rules.Count]score.Tally{rules.Ours: ours}
	b.Classes[0] = score.Class{Outages: 4, Found: 1}
	section := func() string {
		var out strings.Builder
		Section(&out, &s, b)
		return out.String()
	}
	got := section()
	for _, want := range []string{
		"### year\n", "1,234,567 checks", "2,000 monitor-years", "D_max 45.2 s", "— kept.",
		"|probefleet|12|1|0.0005|3|0|0|2.0 s|3.0 s|3.0 s|\n", "|any region|0|0|0|0|0|0|–|–|–|\n", "|below 10 s|4|25.0 %|–|–|–|\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	ours.False, ours.Missed, ours.Late = 2, 1, 1
	b.Rules[3] = [rules.Count]score.Tally{rules.Ours: ours}
	b.Stuck = []string{"box-1"}
	if got, want := section(), "**broken**: 2 false alarms, 1 outages missed, 1 found late, for ever without a vote: box-1."; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0": figure(0), "0.00123": figure(0.0012345), "12.3": figure(12.345), "12,345": figure(12345.4),
		"999": count(999), "1,000": count(1000), "1,234,567": count(int64(1234567)), "5 min": short(5 * time.Minute), "1 h": short(time.Hour),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestInsert(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "page.md")
	page := "before\n" + begin + "old\n" + end + "after\n"
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Insert(path, "\nnew\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if want := "before\n" + begin + "\nnew\n\n" + end + "after\n"; err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	if err := os.WriteFile(path, []byte("no markers"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Insert(path, "new"); err == nil {
		t.Error("no markers, no error")
	}
	if err := Insert(path+"x", "new"); err == nil {
		t.Error("no page, no error")
	}
}
