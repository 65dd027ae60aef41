package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/show"
)

func (a *app) status() *cobra.Command {
	var form string
	var check bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say how the fleet itself is doing", Args: cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&form, "output", "o", show.Table, "table or json")
	cmd.Flags().BoolVar(&check, "check", false, "exit 1 if something is wrong with it")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		if err := tableOrJSON(form); err != nil {
			return err
		}
		c, err := a.fleet()
		if err != nil {
			return err
		}
		text, err := c.Text(ctx, http.MethodGet, client.PathFleet, nil, nil)
		if err != nil {
			return err
		}
		var f client.Fleet
		if err := json.Unmarshal(text, &f); err != nil {
			return fmt.Errorf("the answer cannot be read: %w", err)
		}
		if form == show.JSON {
			err = show.Indented(a.Out, json.RawMessage(text))
		} else {
			err = a.fleetTables(&f)
		}
		if err == nil && check && !f.Well() {
			return quiet(ExitFailed)
		}
		return err
	})
	return cmd
}

func (a *app) fleetTables(f *client.Fleet) error {
	var rows [][]string
	for _, s := range f.Stages {
		state := "ok"
		if !s.OK {
			state = "WRONG"
		}
		rows = append(rows, []string{s.Stage, state, orDash(s.Waiting, ""), orDash(s.LagMS, " ms"), s.Detail})
	}
	if err := show.Rows(a.Out, []string{"STAGE", "STATE", "WAITING", "LAG", "DETAIL"}, rows); err != nil {
		return err
	}
	rows = nil
	for _, r := range f.Regions {
		ledger := "balanced"
		if !r.Balanced {
			ledger = "NOT BALANCED"
		}
		rows = append(rows, []string{r.Region, r.State, fmt.Sprint(r.LiveWorkers), fmt.Sprint(r.Waiting), fmt.Sprint(r.Done), orDash(r.LateP99MS, " ms"), ledger})
	}
	fmt.Fprintln(a.Out)
	if err := show.Rows(a.Out, []string{"REGION", "STATE", "WORKERS", "WAITING", "DONE", "LATE P99", "LEDGER"}, rows); err != nil {
		return err
	}
	for _, e := range f.Events {
		fmt.Fprintf(a.Out, "! %s\n", show.Line(e.OpenedAt+" "+e.Kind+" "+e.Region+": "+e.Explanation))
	}
	return nil
}

func orDash[T int64 | float64](v *T, unit string) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(*v) + unit
}
