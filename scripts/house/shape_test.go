package house_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 { // tests only
			continue
		}
		begin := "Package " + p.Name
		if p.Name == "main" {
			begin = "Command " + filepath.Base(p.Dir)
		}
		const least = 25 // fewer characters than that, in the first sentence, only repeat the name
		if !strings.HasPrefix(p.Doc, begin) || len(p.Doc) < least {
			t.Errorf("%s: its doc must begin %q and say what it owns; it is %q", p.short(), begin, p.Doc)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	const most = 500
	for _, f := range tracked(t) {
		switch filepath.Ext(f) {
		case ".go", ".sh", ".ts", ".tsx", ".css", ".proto":
		default:
			continue
		}
		content := read(t, f)
		if n := strings.Count(content, "\n"); n > most && !generated(content) {
			t.Errorf("%s has %d lines, more than %d: it holds more than one thing", f, n, most)
		}
	}
}

func TestServicesHaveTheirParts(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(root(t), "services", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) != 6 {
		t.Errorf("found %d services, want 6", len(dirs))
	}
	for _, d := range dirs {
		name := filepath.Base(d)
		if name == "cli" {
			name = "probefleet" // which is what people type
		}
		for _, f := range []string{"go.mod", "README.md", "internal/app", filepath.Join("cmd", name, "main.go")} {
			if _, err := os.Stat(filepath.Join(d, f)); err != nil {
				t.Errorf("services/%s lacks %s", filepath.Base(d), f)
			}
		}
		main, err := os.ReadFile(filepath.Join(d, "cmd", name, "main.go"))
		if n := strings.Count(string(main), "\n"); err == nil && n > 60 {
			t.Errorf("services/%s: main.go has %d lines; it parses and handles signals, app does the rest", name, n)
		}
	}
}

// never are patterns that no file may hold.
var never = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`/(home|Users)/[a-z][a-z0-9_-]+/`), "a path of somebody's machine"},
	{regexp.MustCompile(`(^|[\s"'=(` + "`" + `])/(work|root)/`), "a path of somebody's machine"},
	{regexp.MustCompile(`\b(registry\.npmjs\.org|proxy\.` + `golang\.org|sum\.` + `golang\.org|deb\.debian\.org|pypi\.org|registry\.yarnpkg\.com)\b`),
		"a package registry's host: the user's client knows its own"},
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), "it is done or it is not there"},
	{regexp.MustCompile(`(?m)^(<{7}|>{7}) `), "a conflict that nobody resolved"},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{60}`), "a private key"},
}

func TestFilesAreForEverybody(t *testing.T) {
	t.Parallel()
	for _, f := range tracked(t) {
		if f == "scripts/house/shape_test.go" || strings.HasSuffix(f, "go.sum") {
			continue
		}
		content := read(t, f)
		if strings.ContainsRune(content[:min(len(content), 8000)], 0) {
			continue // binary
		}
		for _, n := range never {
			if at := n.pattern.FindStringIndex(content); at != nil {
				line := 1 + strings.Count(content[:at[0]], "\n")
				t.Errorf("%s:%d holds %q: %s", f, line, strings.TrimSpace(content[at[0]:at[1]]), n.why)
			}
		}
	}
}

func TestScriptsAreWellFormed(t *testing.T) {
	t.Parallel()
	n := 0
	for _, f := range tracked(t) {
		content := read(t, f)
		first, _, _ := strings.Cut(content, "\n")
		if !strings.HasPrefix(first, "#!") || !strings.HasSuffix(first, "sh") {
			continue
		}
		n++
		shell := "sh"
		if strings.HasSuffix(first, "bash") {
			shell = "bash"
		}
		path := filepath.Join(root(t), f)
		if out, err := exec.Command(shell, "-n", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", f, out)
		}
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be executed", f)
		}
	}
	if n < 5 {
		t.Errorf("found %d scripts", n)
	}
}

var numbered = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

func TestMigrationsAreNumberedAndReversible(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root(t), "migrations", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for i, f := range files {
		name := filepath.Base(f)
		m := numbered.FindStringSubmatch(name)
		if want := fmt.Sprintf("%04d", i+1); m == nil || m[1] != want {
			t.Errorf("%s: its number must be %s, the next one, so that two changes collide here and not in production", name, want)
		}
		sql := read(t, filepath.Join("migrations", name))
		up, down := strings.Index(sql, "-- +goose Up"), strings.Index(sql, "-- +goose Down")
		if up < 0 || down < up || strings.TrimSpace(sql[down+len("-- +goose Down"):]) == "" {
			t.Errorf("%s: needs a part Up and then a part Down that undoes it", name)
		}
	}
}
