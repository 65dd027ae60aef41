package app

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
	"github.com/probefleet/probefleet/services/cli/internal/sources"
)

func (a *app) importFrom() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import", Short: "Take over what another monitor is configured by",
		Long: `Take over what another monitor is configured by: write it as a fleet file, to be looked
at and applied, or with --apply show the plan and do it. What cannot be taken over is
listed on the standard error.`,
	}
	source := func(use, short string, least, most int, read func(ctx context.Context, files []string) (sources.Result, error)) {
		var o applying
		var out string
		var apply bool
		one := &cobra.Command{Use: use, Short: short, Args: cobra.RangeArgs(least, most)}
		one.Flags().StringVarP(&out, "output", "o", "-", "the file to write, - for the standard output")
		one.Flags().BoolVar(&apply, "apply", false, "show the plan, ask, do it, instead of writing a file")
		o.flags(one)
		one.RunE = a.run(func(ctx context.Context, files []string) error {
			r, err := read(ctx, files)
			if err != nil {
				return exit{ExitUsage, err}
			}
			for _, n := range r.Notes {
				fmt.Fprintln(a.Err, "note:", n)
			}
			r.Estate.ManagedBy = o.managedBy
			write := fleetfile.Write
			if r.References {
				write = fleetfile.WriteReferences
			}
			text, err := write(r.Estate)
			if err != nil {
				return err
			}
			if !apply {
				return a.writeFleet(out, text, r)
			}
			f, err := fleetfile.Read(files[0], text, a.Env)
			if err != nil {
				return exit{ExitUsage, err}
			}
			return a.bring(ctx, o, files[0], f.Body, nil)
		})
		cmd.AddCommand(one)
	}
	source("statusd MANIFEST [NOTIFIERS]", "From StatusD's manifest.json and notifiers.json", 1, 2, func(_ context.Context, files []string) (sources.Result, error) {
		texts := [2][]byte{}
		for i, file := range files {
			var err error
			if texts[i], err = os.ReadFile(file); err != nil {
				return sources.Result{}, err
			}
		}
		return sources.StatusD(texts[0], texts[1])
	})
	source("gatus CONFIG", "From a Gatus configuration", 1, 1, func(_ context.Context, files []string) (sources.Result, error) {
		text, err := os.ReadFile(files[0])
		if err != nil {
			return sources.Result{}, err
		}
		return sources.Gatus(text)
	})
	source("uptime-kuma DATABASE", "From an Uptime Kuma's kuma.db", 1, 1, func(ctx context.Context, files []string) (sources.Result, error) {
		if _, err := os.Stat(files[0]); err != nil {
			return sources.Result{}, err
		}
		return sources.Kuma(ctx, files[0])
	})
	return cmd
}

// writeFleet writes a fleet file; one with secrets is for its owner alone.
func (a *app) writeFleet(out string, text []byte, r sources.Result) error {
	monitors := 0
	for i := range r.Estate.Websites {
		monitors += len(r.Estate.Websites[i].Monitors)
	}
	mode := os.FileMode(0o644)
	if r.Secrets {
		mode = 0o600
		fmt.Fprintln(a.Err, "note: the file holds secrets as they are; ${NAME} in their place keeps them out of it")
	}
	fmt.Fprintf(a.Err, "%d websites, %d monitors\n", len(r.Estate.Websites), monitors)
	if out == "-" {
		_, err := a.Out.Write(text)
		return err
	}
	if err := os.WriteFile(out, text, mode); err != nil {
		return err
	}
	return os.Chmod(out, mode) // it may have been there
}
