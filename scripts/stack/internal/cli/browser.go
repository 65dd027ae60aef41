package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"strings"

	"github.com/probefleet/probefleet/scripts/stack/internal/browser"
	"github.com/probefleet/probefleet/scripts/stack/internal/sandbox"
)

// browserCommand lets a browser drive a fleet of its own. What comes from elsewhere is
// fetched before it moves into a network where there is no elsewhere.
func browserCommand(ctx context.Context, e env, args []string) error {
	flags := flag.NewFlagSet("browser", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	doc := flags.Bool("doc", false, "")
	asBuilt := flags.Bool("no-build", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return errors.New("usage: stack browser [-doc] [-no-build] " + strings.Join(browser.Tasks(), "|") + " [arguments of vitest]")
	}
	if !sandbox.Inside() {
		if err := browser.Install(ctx, e.tell); err != nil {
			return err
		}
		// A dashboard that is not built has nothing to drive: then build says why.
		if err := dashboard(e).Build(ctx); err != nil {
			return err
		}
		if !*asBuilt {
			if err := buildServices(ctx, e); err != nil {
				return err
			}
		}
	}
	if err := sandbox.Enter(ctx, sandbox.Config{Tell: e.tell}); err != nil {
		return err
	}
	return browser.Run(ctx, browser.Config{
		Root: e.root, Data: e.data, Task: flags.Arg(0), Args: flags.Args()[1:], Doc: *doc, Out: e.out, Tell: e.tell,
	})
}
