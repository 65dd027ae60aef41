package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/probefleet/probefleet/scripts/stack/internal/demo"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
)

// demoCommand shows the fleet of this checkout at work.
func demoCommand(ctx context.Context, e env, args []string) error {
	client, err := fleetClient(e)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "-clean":
		return demo.Clean(ctx, client, e.tell)
	case len(args) > 0:
		return fmt.Errorf("usage: scripts/demo [-clean]")
	}
	regions := stack.DefaultRegions()
	return demo.Run(ctx, demo.Config{
		Addr: os.Getenv("DEMO_ADDR"), API: client, Tell: e.tell,
		Region: cmp.Or(os.Getenv("DEMO_REGION"), regions[len(regions)-1]),
	})
}
