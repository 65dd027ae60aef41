package house_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// modules reads the go.mod of every module: those of the workspace and of the tools.
func modules(t *testing.T) map[string]*modfile.File {
	t.Helper()
	files := map[string]*modfile.File{}
	for _, f := range tracked(t) {
		if filepath.Base(f) != "go.mod" {
			continue
		}
		mod, err := modfile.Parse(f, []byte(read(t, f)), nil)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Dir(f)] = mod
	}
	return files
}

func workspace(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	work, err := modfile.ParseWork("go.work", b, nil)
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, u := range work.Use {
		dirs = append(dirs, filepath.Clean(u.Path))
	}
	return dirs
}

func TestModulesAgree(t *testing.T) {
	t.Parallel()
	mods, used := modules(t), workspace(t)
	const goLine = "1.26.0"
	versions := map[string]map[string][]string{} // requirement → version → modules
	for dir, mod := range mods {
		if mod.Module.Mod.Path != module+dir {
			t.Errorf("%s: its path is %s, want %s", dir, mod.Module.Mod.Path, module+dir)
		}
		if mod.Go.Version != goLine {
			t.Errorf("%s: go %s, want %s as everywhere", dir, mod.Go.Version, goLine)
		}
		if mod.Toolchain != nil {
			t.Errorf("%s names a toolchain: the user's will do", dir)
		}
		if !slices.Contains(used, dir) {
			continue // a tools' module, whose versions are its own
		}
		for _, r := range mod.Require {
			if strings.HasPrefix(r.Mod.Path, module) {
				continue
			}
			if versions[r.Mod.Path] == nil {
				versions[r.Mod.Path] = map[string][]string{}
			}
			versions[r.Mod.Path][r.Mod.Version] = append(versions[r.Mod.Path][r.Mod.Version], dir)
		}
	}
	for path, by := range versions {
		if len(by) > 1 {
			t.Errorf("%s is required at several versions: %v (go work sync)", path, by)
		}
	}
}

func TestOwnModulesAreReplacedByTheirDirectories(t *testing.T) {
	t.Parallel()
	mods := modules(t)
	for dir, mod := range mods {
		replaced := map[string]string{}
		for _, r := range mod.Replace {
			replaced[r.Old.Path] = r.New.Path
		}
		need := map[string]bool{}
		for _, r := range mod.Require {
			if strings.HasPrefix(r.Mod.Path, module) {
				need[r.Mod.Path] = true
			}
		}
		for path := range need {
			rel, err := filepath.Rel(dir, strings.TrimPrefix(path, module))
			if err != nil {
				t.Fatal(err)
			}
			if replaced[path] != rel {
				t.Errorf("%s requires %s and replaces it by %q, want %q: replaces are not inherited", dir, path, replaced[path], rel)
			}
		}
	}
}

// outside are the modules that must not raise the versions of what runs.
var outside = []string{"scripts/influxdb", "scripts/lint", "scripts/tools"}

func TestWorkspaceHoldsEveryModuleButTheTools(t *testing.T) {
	t.Parallel()
	used := workspace(t)
	for dir := range modules(t) {
		in, out := slices.Contains(used, dir), slices.Contains(outside, dir)
		if in == out {
			t.Errorf("%s: in the workspace %v, among the tools %v", dir, in, out)
		}
	}
}
