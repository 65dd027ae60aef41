// Command worker runs the checks of one region. With the argument "probe" it probes a
// URL once and prints what it found.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/worker/internal/app"
	"github.com/probefleet/probefleet/services/worker/internal/probecmd"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		os.Exit(probe(os.Args[2:]))
	}
	os.Exit(service.Main("worker", app.New))
}

func probe(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return probecmd.Main(ctx, args, service.Version(), os.Stdout, os.Stderr)
}
