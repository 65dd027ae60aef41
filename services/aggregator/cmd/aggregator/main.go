// Command aggregator turns what the regions saw into verdicts and incidents: see the
// README beside it.
package main

import (
	"os"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/aggregator/internal/app"
)

func main() { os.Exit(service.Main("aggregator", app.New)) }
