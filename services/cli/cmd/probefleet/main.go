// Command probefleet drives a fleet from a shell or a pipeline, through its API: see the
// README beside it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/probefleet/probefleet/services/cli/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Main(ctx, app.SystemOf(os.Stdin, os.Stdout, os.Stderr), os.Args[1:])
	stop()
	os.Exit(code)
}
