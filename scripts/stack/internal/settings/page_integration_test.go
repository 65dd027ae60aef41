//go:build integration

package settings_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/settings"
)

// It needs no engines, but links all services, which takes longer than all unit tests.
func TestThePageIsInStepWithTheServices(t *testing.T) {
	t.Parallel()
	root, err := place.Root()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	args := []string{"build", "-ldflags=-w", "-o", bin + "/"}
	for _, s := range settings.Services {
		args = append(args, "./services/"+s+"/cmd/"+s)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	rows, err := settings.Ask(bin)
	if err != nil {
		t.Fatal(err)
	}
	for service, own := range rows {
		for _, r := range own {
			if r.Description == "" {
				t.Errorf("%s: %s has no description (tag desc)", service, r.Name)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(root, settings.Page))
	if err != nil {
		t.Fatal(err)
	}
	want, err := settings.Insert(text, settings.Table(rows))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("the table in "+settings.Page+" is old: make generate (-want +got):\n%s", diff)
	}
}
