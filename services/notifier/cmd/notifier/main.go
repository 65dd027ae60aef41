// Command notifier delivers alerts: see the README beside it.
package main

import (
	"os"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/notifier/internal/app"
)

func main() { os.Exit(service.Main("notifier", app.New)) }
