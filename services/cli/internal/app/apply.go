package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/fleetfile"
	"github.com/probefleet/probefleet/services/cli/internal/plan"
)

// applying is how a fleet is brought in line with a source.
type applying struct {
	dryRun, drift, prune, yes bool
	managedBy                 string
}

func (o *applying) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only show the plan")
	f.BoolVar(&o.drift, "detect-drift", false, "with --dry-run: exit with 3 if there is something to do")
	f.BoolVar(&o.prune, "prune", false, "remove what managed_by keeps and the file no longer has")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.StringVar(&o.managedBy, "managed-by", "", "whose the websites are, instead of the file's managed_by")
}

func (a *app) apply() *cobra.Command {
	var o applying
	var file string
	cmd := &cobra.Command{
		Use: "apply -f fleet.yaml", Short: "Bring the fleet in line with a file: show what would change, ask, do it", Args: cobra.NoArgs,
		Long: `Bring the fleet in line with a file: show what would change, ask, do it.

${NAME} in a text stands for a variable of the environment, so that secrets stay out of
the file; $${ is ${ itself. What the file leaves out stays as it is.`,
		Example: "  probefleet apply -f fleet.yaml --dry-run\n  probefleet apply -f fleet.yaml --prune --yes\n  probefleet apply -f fleet.yaml --dry-run --detect-drift || echo drift",
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "the file, - for the standard input")
	o.flags(cmd)
	_ = cmd.MarkFlagRequired("file") // there is such a flag
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		name, text, err := a.readFile(file)
		if err != nil {
			return err
		}
		f, err := fleetfile.Read(name, text, a.Env)
		if err != nil {
			return exit{ExitUsage, err}
		}
		if o.managedBy == "" {
			o.managedBy = f.ManagedBy
		}
		return a.bring(ctx, o, name, f.Body, f)
	})
	return cmd
}

func (a *app) readFile(file string) (name string, text []byte, err error) {
	in := a.In
	if file == "-" {
		name = "standard input"
		if a.Terminal {
			return "", nil, wrong("the standard input is a terminal: name a file")
		}
	} else {
		name = filepath.Clean(file)
		f, err := os.Open(file)
		if err != nil {
			return "", nil, exit{ExitUsage, err}
		}
		defer f.Close()
		in = f
	}
	text, err = io.ReadAll(io.LimitReader(in, fleetfile.MaxBytes+1))
	if err != nil {
		return "", nil, exit{ExitUsage, fmt.Errorf("%s: %w", name, err)}
	}
	return name, text, nil
}

// bring shows what an estate would change, asks, and does it.
func (a *app) bring(ctx context.Context, o applying, name string, body any, source plan.Source) error {
	switch {
	case o.drift && !o.dryRun:
		return wrong("--detect-drift goes with --dry-run")
	case o.prune && o.managedBy == "":
		return wrong("--prune removes what managed_by keeps: write managed_by: <name> into the file, or say --managed-by")
	}
	c, err := a.fleet()
	if err != nil {
		return err
	}
	writer := plan.Writer{Out: a.Out, Name: name, Source: source, Colour: a.Colour}
	p, err := a.importEstate(ctx, c, o, true, name, body, source)
	if err != nil {
		return err
	}
	writer.Write(p)
	switch {
	case p.Errors > 0:
		return exit{ExitUsage, fmt.Errorf("%s has mistakes; nothing was done", name)}
	case p.Empty():
		return nil
	case o.dryRun && o.drift:
		return quiet(ExitDrift)
	case o.dryRun:
		return nil
	}
	if !o.yes {
		if !a.Terminal || name == "standard input" {
			return wrong("nobody can be asked here: say --yes, or --dry-run")
		}
		if ok, err := a.ask("Do this?"); err != nil || !ok {
			return errors.Join(exit{ExitFailed, errors.New("nothing was done")}, err)
		}
	}
	done, err := a.importEstate(ctx, c, o, false, name, body, source)
	if err != nil {
		return err
	}
	if !done.Applied {
		writer.Write(done)
		return errors.New("nothing was done: the fleet has refused what it planned, or has changed meanwhile")
	}
	(plan.Writer{Out: a.Out, Name: name}).Write(&client.Plan{
		Applied: true, Adds: done.Adds, Changes: done.Changes, Removes: done.Removes, Unchanged: done.Unchanged,
	})
	return nil
}

// importEstate asks for an import. A refusal that names fields of a file becomes its
// mistakes, by line.
func (a *app) importEstate(
	ctx context.Context, c *client.Client, o applying, dryRun bool, name string, body any, source plan.Source,
) (*client.Plan, error) {
	query := url.Values{"dry_run": {fmt.Sprint(dryRun)}, "prune": {fmt.Sprint(o.prune)}}
	if o.managedBy != "" {
		query.Set("managed_by", o.managedBy)
	}
	p := &client.Plan{}
	err := c.Call(ctx, http.MethodPost, client.PathImport, query, body, p)
	var refused *client.Problem
	if !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity || len(refused.Errors) == 0 || source == nil {
		return p, err
	}
	var mistakes fleetfile.Mistakes
	for _, e := range refused.Errors {
		where := strings.TrimPrefix(strings.TrimPrefix(e.Pointer, "#"), "/")
		mistakes = append(mistakes, fleetfile.Mistake{File: name, Line: source.LineOf(e.Pointer), Detail: strings.TrimSpace(where + " " + e.Detail)})
	}
	return nil, exit{ExitUsage, mistakes}
}

func (a *app) export() *cobra.Command {
	var form, tag, managedBy string
	cmd := &cobra.Command{
		Use: "export", Short: "Write websites and monitors as apply takes them; secrets are left out and named", Args: cobra.NoArgs,
		Example: "  probefleet export > fleet.yaml\n  probefleet export -o csv --tag prod",
	}
	cmd.Flags().StringVarP(&form, "output", "o", "yaml", "yaml, json or csv (which has only the first monitor of each)")
	cmd.Flags().StringVar(&tag, "tag", "", "only those with this tag; several, comma separated, must all be there")
	cmd.Flags().StringVar(&managedBy, "managed-by", "", "only those that this source keeps")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		query := url.Values{"format": {"json"}}
		switch form {
		case "yaml", "json":
		case "csv":
			query.Set("format", "csv")
		default:
			return wrong("--output %q is none of yaml, json and csv", form)
		}
		if tag != "" {
			query.Set("tag", tag)
		}
		if managedBy != "" {
			query.Set("managed_by", managedBy)
		}
		c, err := a.fleet()
		if err != nil {
			return err
		}
		text, err := c.Text(ctx, http.MethodGet, client.PathExport, query, nil)
		if err != nil {
			return err
		}
		return a.writeExport(form, managedBy, text)
	})
	return cmd
}

func (a *app) writeExport(form, managedBy string, text []byte) error {
	if form == "csv" {
		_, err := a.Out.Write(text)
		return err
	}
	estate, err := decode(text)
	if err != nil {
		return err
	}
	if form == "json" {
		return writeJSON(a.Out, estate)
	}
	if managedBy != "" {
		estate["managed_by"] = managedBy
	}
	out, err := fleetfile.Write(estate)
	if err != nil {
		return err
	}
	_, err = a.Out.Write(out)
	return err
}
