package profile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/probefleet/probefleet/services/cli/internal/profile"
)

func TestProfiles(t *testing.T) {
	t.Parallel()
	f := profile.In(filepath.Join(t.TempDir(), "config"))
	if _, err := f.Get(profile.Default); !errors.Is(err, profile.ErrUnknown) {
		t.Errorf("before there is one: %v", err)
	}
	one, two := profile.Profile{URL: "https://a.example", Key: "x"}, profile.Profile{URL: "https://b.example", Key: "y"}
	for name, p := range map[string]profile.Profile{profile.Default: one, "staging": two} {
		if err := f.Put(name, p); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]profile.Profile{profile.Default: one, "staging": two} {
		if got, err := f.Get(name); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for path, mode := range map[string]os.FileMode{f.Path: 0o600, filepath.Dir(f.Path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(f.Path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := f.Put("../x", one); err == nil {
		t.Error("a name with a path was taken")
	}
	if err := os.WriteFile(f.Path, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Put("x", one); err == nil {
		t.Error("what cannot be read was overwritten")
	}
}
