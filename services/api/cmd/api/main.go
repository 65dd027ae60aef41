// Command api is the face of the fleet: the HTTP API and the dashboard. `api migrate`
// brings the database to the newest version, `api bootstrap` makes a key; see the
// README beside it.
package main

import (
	"context"
	"os"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/api/internal/app"
)

func main() {
	if code, ok := app.Command(context.Background(), os.Args[1:], os.Stdout, os.Stderr); ok {
		os.Exit(code)
	}
	os.Exit(service.Main("api", app.New))
}
