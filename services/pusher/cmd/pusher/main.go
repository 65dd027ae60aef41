// Command pusher schedules the fleet's checks: it puts what is due on the streams of
// the regions. See the README beside it.
package main

import (
	"os"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/pusher/internal/app"
)

func main() {
	os.Exit(service.Main("pusher", app.New))
}
