package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLogIsBoundedUnderTheProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	process, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer process.Close()
	write := func(s string) {
		t.Helper()
		if _, err := process.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	write("old" + strings.Repeat("x", 97))
	if err := boundLog(path, 100); err != nil {
		t.Fatal(err)
	}
	if got := Tail(path, 1000); len(got) != 100 {
		t.Fatalf("a log at the bound was cut to %d bytes", len(got))
	}
	write("new")
	if err := boundLog(path, 100); err != nil {
		t.Fatal(err)
	}
	write("er")
	if got := Tail(path, 1000); got != "er" {
		t.Errorf("log holds %q", got)
	}
	if got := Tail(path+".1", 1000); len(got) != 100 || !strings.HasSuffix(got, "xnew") {
		t.Errorf("kept %d bytes: %q", len(got), got)
	}
	if err := boundLog(filepath.Join(t.TempDir(), "none"), 1); err != nil {
		t.Errorf("no log: %v", err)
	}
}
