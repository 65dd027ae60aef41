package postgres

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestNothingGoesPastTheTenant finds statements on the pool itself, which no tenant of
// the context would bind.
func TestNothingGoesPastTheTenant(t *testing.T) {
	t.Parallel()
	fleets := map[string]bool{ // what is asked for the fleet, by its own services
		"delivery.go": true, "reminder.go": true, "watch.go": true, "monitorstate.go": true, "listen.go": true,
		"tenant.go": true, "scoped.go": true, // which see to it
	}
	past := regexp.MustCompile(`\bs\.(pool|Pool\(\))(\.(Query|QueryRow|Exec|Begin|BeginTx|SendBatch|CopyFrom)\(|,)`)
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if match, _ := filepath.Match("*_test.go", name); match || fleets[name] {
			continue
		}
		for _, line := range past.FindAllString(string(text), -1) {
			t.Errorf("%s: %s: use s.db, or s.fleet for what concerns the fleet", name, line)
		}
	}
}
