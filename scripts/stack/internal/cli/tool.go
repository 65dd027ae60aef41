package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// tool builds the tools of a module that is not in the workspace, unless they are
// current.
func tool(ctx context.Context, e env, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: stack tool MODULE PROGRAM")
	}
	unlock, err := engines.Lock(filepath.Join(e.tool(""), "."+args[0]+".lock"), true)
	if err != nil {
		return err
	}
	defer unlock()
	return engines.BuildTool(ctx, e.root, args[0], args[1], e.tell)
}
