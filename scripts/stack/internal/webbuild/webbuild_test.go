package webbuild

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkout is a small one whose npm only notes what it is asked for.
func checkout(t *testing.T, nodeVersion string) (b Builder, asked func() string) {
	t.Helper()
	root := t.TempDir()
	b = Builder{Root: root, Data: filepath.Join(root, ".data"), Tell: t.Logf}
	write(t, filepath.Join(b.source(), "package.json"), "{}")
	write(t, filepath.Join(b.source(), "package-lock.json"), "{}")
	write(t, filepath.Join(b.source(), "src", "main.tsx"), "one")
	write(t, filepath.Join(b.dist(), ".gitkeep"), "")
	b.Node, b.NPM = filepath.Join(root, "node"), filepath.Join(root, "npm")
	script(t, b.Node, "echo "+nodeVersion)
	log := filepath.Join(root, "asked")
	script(t, b.NPM, `echo "$1" >>`+log+`
[ ! -e `+root+`/broken ] || { printf 'npm error code EUSAGE\nnpm error\nnpm error it is broken\nnpm error A complete log' >&2; exit 1; }
case $1 in ci) mkdir -p node_modules ;; run) echo built >`+b.dist()+`/index.html ;; esac`)
	return b, func() string {
		content, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(content)), " ")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func script(t *testing.T, path, body string) {
	t.Helper()
	write(t, path, "#!/bin/sh\n"+body+"\n")
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatHasChangedIsDone(t *testing.T) {
	t.Parallel()
	b, asked := checkout(t, "v22.1.0")
	steps := []struct {
		name   string
		change func()
		want   string
	}{
		{"a fresh clone", func() {}, "ci run"},
		{"nothing new", func() {}, "ci run"},
		{"a source", func() { write(t, filepath.Join(b.source(), "src", "main.tsx"), "two") }, "ci run run"},
		{"a package's file", func() { write(t, filepath.Join(b.source(), "node_modules", "x.js"), "") }, "ci run run"},
		{"the lock", func() { write(t, filepath.Join(b.source(), "package-lock.json"), "{ }") }, "ci run run ci run"},
		{"the built one is gone", func() { remove(t, filepath.Join(b.dist(), "index.html")) }, "ci run run ci run run"},
	}
	for _, s := range steps {
		s.change()
		if err := b.Build(t.Context()); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if got := asked(); got != s.want {
			t.Fatalf("%s: npm was asked for %q, want %q", s.name, got, s.want)
		}
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsMissingIsOneLine(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v20.18.3", "v18.20.0", "nonsense", ""} {
		b, asked := checkout(t, version)
		err := b.Build(t.Context())
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "Node.js 20.19 or newer") || strings.Contains(err.Error(), "\n") || asked() != "" {
			t.Errorf("Node.js %q: %v, npm was asked for %q", version, err, asked())
		}
	}
	b, _ := checkout(t, "v20.19.0")
	b.Node = filepath.Join(b.Root, "nowhere")
	if err := b.Build(t.Context()); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "found: none") {
		t.Errorf("without Node.js: %v", err)
	}
	b, _ = checkout(t, "v20.19.0")
	write(t, filepath.Join(b.Root, "broken"), "")
	if err := b.Packages(t.Context()); !errors.Is(err, ErrMissing) || !strings.HasSuffix(err.Error(), "it is broken") {
		t.Errorf("without packages: %v", err)
	}
}

func TestAFailedBuildIsTriedAgain(t *testing.T) {
	t.Parallel()
	b, asked := checkout(t, "v24.0.0")
	if err := b.Packages(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(b.Root, "broken"), "")
	if err := b.Build(t.Context()); err == nil || errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "it is broken") {
		t.Errorf("a broken build: %v", err)
	}
	remove(t, filepath.Join(b.Root, "broken"))
	if err := b.Build(t.Context()); err != nil || asked() != "ci run run" {
		t.Errorf("%v, npm was asked for %q", err, asked())
	}
}
