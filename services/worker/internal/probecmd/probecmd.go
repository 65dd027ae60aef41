// Package probecmd is the command `worker probe`: one probe of any kind from the shell,
// with the very code that the fleet runs, for people who debug a monitor.
package probecmd

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"

	"github.com/probefleet/probefleet/pkg/egress"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/worker/internal/probe"
	"github.com/probefleet/probefleet/services/worker/internal/probe/kinds"
)

// Exit codes.
const (
	ExitUp    = 0
	ExitDown  = 1
	ExitUsage = 2
)

const usage = `usage: worker probe TARGET [--kind KIND] [--config FILE] [--timeout 10s] [--json] [--allow CIDR]...

Probes a target once, as a worker would, and prints what it found. Needs no Redis.

  --kind KIND      http (the default), tcp, udp, dns, tls, icmp, grpc, websocket, smtp, domain
  --target TARGET  the same as TARGET: a URL, host, host:port or name, as the kind wants it
  --config FILE    a monitor as docs/checks.md shows it, {"kind", "target", "settings"}, or
                   its settings alone; - reads standard input. What else is given above
                   comes before what the file says
  --timeout 10s    for everything from the lookup to the last byte; by default the kind's
  --json           print one JSON object
  --allow CIDR     a private range or address that may be probed, beside those in
                   ALLOW_CIDRS; may be repeated

Where the registries' RDAP servers are is in RDAP_BOOTSTRAP_URL, as for the worker.

Exit status: 0 up, 1 down, 2 bad usage or nothing that says whether it is up or down.
`

// Main runs the command with the arguments after "probe" and returns its exit code.
func Main(ctx context.Context, args []string, version string, out, errOut io.Writer) int {
	opt, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return ExitUp
	}
	if err != nil {
		fmt.Fprintf(errOut, "worker probe: %v\n\n%s", err, usage)
		return ExitUsage
	}
	check, err := opt.check()
	if err != nil {
		fmt.Fprintf(errOut, "worker probe: %v\n", err)
		return ExitUsage
	}
	runner := probe.NewRunner(kinds.All(), probe.Env{
		Guard: egress.New(opt.allow), UserAgent: "probefleet/" + version + " (cli)",
		Log: slog.New(slog.NewTextHandler(errOut, nil)), RDAPBootstrap: os.Getenv("RDAP_BOOTSTRAP_URL"),
	})
	f := runner.Run(ctx, check)
	r := reportOf(check, &f)
	if opt.json {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(r)
	} else {
		_, err = io.WriteString(out, r.text())
	}
	switch {
	case err != nil:
		fmt.Fprintf(errOut, "worker probe: %v\n", err)
		return ExitUsage
	case f.Outcome() == uptime.OutcomeInvalid:
		return ExitUsage
	case r.Up:
		return ExitUp
	}
	return ExitDown
}

// redacted hides the password of a URL.
func redacted(target string) string {
	if u, err := url.Parse(target); err == nil {
		return u.Redacted()
	}
	return target
}
