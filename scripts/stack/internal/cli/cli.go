// Package cli is the command line of the stack: it reads arguments and environment,
// calls the packages that do the work, and prints.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
)

const usage = `usage: stack COMMAND

  up [-detach]          run the fleet until Ctrl-C, or in the background
     [-no-build]        … the programs in bin as they are
  down                  stop it, from any shell
  status                what runs
  engines test          start engines for tests, print the variables that name them
  engines stop [-clean] stop those, and delete their data
  region-add NAME       add a region, print the environment of its workers
  demo [-clean]         watch scripted websites, or remove them
  bench [-parts A,B]    what fleets of its own cost on this machine (-form quick, long)
  browser TASK          a browser on a fleet of its own: test, bench [-doc], screenshots
  settings [-write]     the services' settings as a table, into docs/settings.md
  build                 build the dashboard, and the services into bin
  web [-packages]       build the dashboard, or install what that needs
  tool MODULE PROGRAM   build the tools of a module once
`

// command is one command: it prints to out what it found and returns what went wrong.
type command func(ctx context.Context, env env, args []string) error

// env is what all commands have.
type env struct {
	root, data string // checkout, and .data in it
	out        io.Writer
	tell       func(format string, args ...any) // progress, one line each
}

func (e env) tool(name string) string { return filepath.Join(e.root, ".data", "bin", name) }

var commands = map[string]command{
	"bench":        benchCommand,
	"bench-target": benchTarget,
	"browser":      browserCommand,
	"build":        buildCommand,
	"demo":         demoCommand,
	"down":         down,
	"engines":      enginesCommand,
	"redis-tls":    redisTLS,
	"region-add":   regionAdd,
	"settings":     settingsCommand,
	"status":       status,
	"tool":         tool,
	"up":           up,
	"web":          webCommand,
}

// Run runs one command and returns the exit code.
func Run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(errOut, usage)
		return 2
	}
	root, err := place.Root()
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 1
	}
	e := env{root: root, data: filepath.Join(root, ".data"), out: out, tell: func(format string, args ...any) {
		fmt.Fprintf(errOut, format+"\n", args...)
	}}
	if err := commands[args[0]](ctx, e, args[1:]); err != nil {
		fmt.Fprintln(errOut, strings.TrimSpace(err.Error()))
		return 1
	}
	return 0
}

// enginesCommand starts or stops the engines of tests. What it prints is for a shell
// to evaluate.
func enginesCommand(ctx context.Context, e env, args []string) error {
	dir := filepath.Join(e.data, "test")
	switch strings.Join(args, " ") {
	case "test":
		got, started, err := engines.Test(ctx, e.root, dir, e.tool("influxd"), e.tell)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.out, "export PROBEFLEET_TEST_DATABASE_URL='%s'\n", got.DatabaseURL)
		fmt.Fprintf(e.out, "export PROBEFLEET_TEST_REDIS_URL='%s'\n", got.RedisURL)
		fmt.Fprintf(e.out, "export PROBEFLEET_TEST_INFLUXDB_URL='%s'\n", got.InfluxURL)
		fmt.Fprintf(e.out, "export PROBEFLEET_TEST_ENGINES_STARTED=%t\n", started)
		return nil
	case "stop":
		return engines.Stop(dir, false)
	case "stop -clean":
		return engines.Stop(dir, true)
	default:
		return fmt.Errorf("usage: %s engines test | stop [-clean]", filepath.Base(os.Args[0]))
	}
}
