package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/probefleet/probefleet/scripts/stack/internal/region"
	"github.com/probefleet/probefleet/scripts/stack/internal/settings"
)

// settingsCommand prints the table of settings, or with -write puts it into its page
// and what else is made of the programs into its files.
func settingsCommand(ctx context.Context, e env, args []string) error {
	if err := buildServices(ctx, e); err != nil {
		return err
	}
	rows, err := settings.Ask(filepath.Join(e.root, "bin"))
	if err != nil {
		return err
	}
	table := settings.Table(rows)
	if len(args) == 0 {
		fmt.Fprint(e.out, table)
		return nil
	}
	changed, err := settings.Write(filepath.Join(e.root, settings.Page), table)
	if err != nil {
		return err
	}
	if changed {
		e.tell(settings.Page + " has changed")
	}
	return os.WriteFile(filepath.Join(e.root, region.ExampleFile), []byte(region.Example()), 0o644)
}
