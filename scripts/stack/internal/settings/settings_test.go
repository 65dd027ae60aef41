package settings_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/scripts/stack/internal/settings"
)

func TestTable(t *testing.T) {
	t.Parallel()
	log := config.Row{Name: "LOG_LEVEL", Type: "level", Default: "info", Description: "how much"}
	rows := map[string][]config.Row{}
	for _, s := range settings.Services {
		rows[s] = []config.Row{log}
	}
	rows["api"] = append([]config.Row{{Name: "PORT", Type: "whole number", Default: "3002", Description: "a|b"}}, rows["api"]...)
	rows["worker"] = append(rows["worker"], config.Row{Name: "REDIS_URL", Type: "URL", Required: true, Secret: true, Description: "where"})
	rows["pusher"] = append(rows["pusher"], config.Row{Name: "REDIS_URL", Type: "URL", Required: true, Secret: true, Description: "where"})
	want := "|Setting|Read by|Default|Meaning|\n|-|-|-|-|\n" +
		"|`LOG_LEVEL`|all|`info`|how much (level)|\n" +
		"|`REDIS_URL`|pusher, worker|required|where (URL, secret)|\n" +
		"|`PORT`|api|`3002`|a\\|b (whole number)|\n"
	if diff := cmp.Diff(want, settings.Table(rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriteChangesTheTableAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "README.md")
	before := "# x\n<!-- settings: made by `make generate` -->\nold\n<!-- /settings -->\nrest\n"
	if err := os.WriteFile(file, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, changes := range []bool{true, false} {
		changed, err := settings.Write(file, "new\n")
		if err != nil || changed != changes {
			t.Errorf("time %d: changed %v, %v", i, changed, err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# x\n<!-- settings: made by `make generate` -->\nnew\n<!-- /settings -->\nrest\n"; string(got) != want {
		t.Errorf("got %q", got)
	}
	if _, err := settings.Insert([]byte("no marks"), "x"); err == nil {
		t.Error("a table without a place")
	}
}
