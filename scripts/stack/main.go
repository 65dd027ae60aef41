// Command stack runs a whole fleet on one machine, on engines of its own. The scripts
// beside it are its face: scripts/up, scripts/engines, scripts/region-add, scripts/demo.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/probefleet/probefleet/scripts/stack/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
