package house_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the prefix of all module paths.
const module = "github.com/probefleet/probefleet/"

// pkg is what `go list` says of a package.
type pkg struct {
	Dir, ImportPath, Name, Doc string
	Standard                   bool
	GoFiles, CgoFiles          []string
	Imports, Deps              []string
	TestImports, XTestImports  []string
}

// short is the import path without the modules' prefix.
func (p pkg) short() string { return strings.TrimPrefix(p.ImportPath, module) }

// root is the checkout.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.work")); err != nil {
		t.Fatalf("no checkout around the house tests: %v", err)
	}
	return dir
}

func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

var listed = sync.OnceValues(func() ([]pkg, error) {
	// -e: a package that does not build at the moment fails its own tests, not these.
	cmd := exec.Command("go", "list", "-e", "-deps=false",
		"-json=Dir,ImportPath,Name,Doc,Standard,GoFiles,CgoFiles,Imports,Deps,TestImports,XTestImports", "work")
	cmd.Dir = "../.."
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var all []pkg
	for dec := json.NewDecoder(out); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, cmd.Wait()
})

// packages lists all packages of the workspace.
func packages(t testing.TB) []pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(all) < 20 {
		t.Fatalf("go list finds only %d packages", len(all))
	}
	return all
}

// tracked lists the files that git knows, and those it would if they were added.
func tracked(t testing.TB) []string {
	t.Helper()
	out := run(t, root(t), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	var files []string
	for f := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		if info, err := os.Lstat(filepath.Join(root(t), f)); err == nil && info.Mode().IsRegular() {
			files = append(files, f)
		}
	}
	if len(files) < 50 {
		t.Fatalf("git knows only %d files", len(files))
	}
	return files
}

func read(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// generated tells whether a file says that a program wrote it.
func generated(content string) bool {
	head := content[:min(len(content), 2000)]
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(strings.TrimSpace(line), " DO NOT EDIT.") {
			return true
		}
	}
	return false
}
