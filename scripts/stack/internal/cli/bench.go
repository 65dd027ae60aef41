package cli

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// benchCommand measures what fleets of its own cost.
func benchCommand(ctx context.Context, e env, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	form := flags.String("form", "standard", "")
	names := flags.String("parts", "", "")
	doc := flags.Bool("doc", false, "")
	asBuilt := flags.Bool("no-build", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errors.New("usage: stack bench [-form quick|standard|long] [-parts " + strings.Join(bench.Names(), ",") + "] [-doc] [-no-build]")
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := engines.Install(ctx, e.root, engines.Config{Influxd: e.tool("influxd"), Tell: e.tell}); err != nil {
		return err
	}
	if !*asBuilt {
		if err := build(ctx, e); err != nil {
			return err
		}
	}
	cfg := bench.Config{
		Root: e.root, Data: e.data, Program: program, Form: *form, Out: e.out, Tell: e.tell,
		Parts: strings.FieldsFunc(*names, func(r rune) bool { return r == ',' || r == ' ' }),
	}
	if *doc {
		cfg.Page = filepath.Join(e.root, "docs", "performance.md")
	}
	return bench.Run(ctx, cfg)
}

// benchTarget is what a measured fleet watches, in a process of its own.
func benchTarget(ctx context.Context, e env, args []string) error {
	return bench.CommandTarget(ctx, args, e.out)
}
