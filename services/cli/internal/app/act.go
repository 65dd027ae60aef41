package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/show"
)

var anID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// target is a website or a monitor that a command is about.
type target struct {
	path string // of the API
	name string // for people
}

// find returns what a user means: a website or a monitor by its id, or a website by
// its name, URL or external id, if exactly one has it.
func find(ctx context.Context, c *client.Client, ref string) (target, error) {
	if anID.MatchString(ref) {
		var lastErr error
		for _, path := range []string{client.PathWebsites, client.PathMonitors} {
			var one struct{ Name, Target string }
			err := c.Call(ctx, http.MethodGet, path+"/"+ref, nil, nil, &one)
			var p *client.Problem
			if errors.As(err, &p) && p.Status == http.StatusNotFound {
				lastErr = err
				continue
			}
			if one.Name == "" {
				one.Name = one.Target
			}
			return target{path + "/" + ref, one.Name}, err
		}
		return target{}, lastErr
	}
	var found []target
	var names []string
	err := c.Pages(ctx, client.PathWebsites, url.Values{"q": {ref}}, 0, func(items []json.RawMessage) error {
		for _, item := range items {
			var w struct {
				ID, Name, URL string
				ExternalID    *string `json:"external_id"`
			}
			if err := json.Unmarshal(item, &w); err != nil {
				return fmt.Errorf("the answer cannot be read: %w", err)
			}
			if w.Name == ref || strings.TrimSuffix(w.URL, "/") == strings.TrimSuffix(ref, "/") || w.ExternalID != nil && *w.ExternalID == ref {
				found = append(found, target{client.PathWebsites + "/" + w.ID, w.Name})
				names = append(names, w.ID+" "+w.URL)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return target{}, err
	case len(found) == 0:
		return target{}, fmt.Errorf("there is no website %q", ref)
	case len(found) > 1:
		return target{}, wrong("%q is the name of several; say which:\n  %s", ref, strings.Join(names, "\n  "))
	}
	return found[0], nil
}

// each does something with everything that a user names, and goes on when one fails.
func (a *app) each(ctx context.Context, refs []string, do func(c *client.Client, t target) error) error {
	c, err := a.fleet()
	if err != nil {
		return err
	}
	var errs []error
	for _, ref := range refs {
		t, err := find(ctx, c, ref)
		if err == nil {
			err = do(c, t)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (a *app) pause() *cobra.Command {
	var until string
	cmd := &cobra.Command{
		Use: "pause WEBSITE…", Short: "Stop checking websites or monitors, by id, name or URL", Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVar(&until, "until", "", "of websites: check again from this time on, RFC 3339")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		return a.each(ctx, args, func(c *client.Client, t target) error {
			var body any
			if until != "" {
				body = map[string]string{"until": until}
				if strings.HasPrefix(t.path, client.PathMonitors) {
					return wrong("--until goes with websites only")
				}
			}
			if err := c.Call(ctx, http.MethodPost, t.path+client.ActionPause, nil, body, nil); err != nil {
				return err
			}
			fmt.Fprintln(a.Out, "paused", show.Line(t.name))
			return nil
		})
	})
	return cmd
}

func (a *app) resume() *cobra.Command {
	return &cobra.Command{
		Use: "resume WEBSITE…", Short: "Check websites or monitors again, by id, name or URL", Args: cobra.MinimumNArgs(1),
		RunE: a.run(func(ctx context.Context, args []string) error {
			return a.each(ctx, args, func(c *client.Client, t target) error {
				if err := c.Call(ctx, http.MethodPost, t.path+client.ActionResume, nil, nil, nil); err != nil {
					return err
				}
				fmt.Fprintln(a.Out, "resumed", show.Line(t.name))
				return nil
			})
		}),
	}
}

func (a *app) check() *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use: "check WEBSITE…", Short: "Check websites or monitors now, in every region; exit 1 if one fails", Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVarP(&form, "output", "o", show.Table, "table or json")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if err := tableOrJSON(form); err != nil {
			return err
		}
		failed := false
		err := a.each(ctx, args, func(c *client.Client, t target) error {
			var report client.Report
			if err := c.Call(ctx, http.MethodPost, t.path+client.ActionCheck, nil, nil, &report); err != nil {
				return err
			}
			ok, err := a.report(form, t.name, &report)
			failed = failed || !ok
			return err
		})
		if err == nil && failed {
			return quiet(ExitFailed)
		}
		return err
	})
	return cmd
}

func tableOrJSON(form string) error {
	if form != show.Table && form != show.JSON {
		return wrong("--output %q is none of %s and %s", form, show.Table, show.JSON)
	}
	return nil
}

// report writes what regions have seen, and tells whether all is well.
func (a *app) report(form, name string, r *client.Report) (ok bool, err error) {
	ok = r.Complete && len(r.Results) > 0
	rows := make([][]string, 0, len(r.Results))
	for _, one := range r.Results {
		ok = ok && one.OK
		verdict, status, latency := "UP", "–", "–"
		if !one.OK {
			verdict = "DOWN"
		} else if one.Outcome == "degraded" {
			verdict = "DEGRADED"
		}
		if one.StatusCode != nil {
			status = fmt.Sprint(*one.StatusCode)
		}
		if one.LatencyMS != nil {
			latency = fmt.Sprintf("%.1f ms", *one.LatencyMS)
		}
		why := strings.TrimSpace(strings.ReplaceAll(one.Reason, "_", " "))
		if one.Detail != "" {
			why = strings.TrimPrefix(why+": "+one.Detail, ": ")
		}
		rows = append(rows, []string{verdict, one.Region, status, latency, why})
	}
	if form == show.JSON {
		return ok, show.Indented(a.Out, r)
	}
	fmt.Fprintln(a.Out, show.Line(name))
	err = show.Rows(a.Out, []string{"RESULT", "REGION", "CODE", "LATENCY", "WHY"}, rows)
	switch {
	case len(r.Results) == 0:
		fmt.Fprintln(a.Out, "no region has answered")
	case !r.Complete:
		fmt.Fprintln(a.Out, "not every region has answered in time")
	}
	return ok, err
}

func (a *app) incident() *cobra.Command {
	cmd := &cobra.Command{Use: "incident", Short: "Acknowledge incidents and comment on them"}
	act := func(use, short string, least int, do func(ctx context.Context, c *client.Client, id string, args []string) error) {
		cmd.AddCommand(&cobra.Command{Use: use, Short: short, Args: cobra.MinimumNArgs(least), RunE: a.run(func(ctx context.Context, args []string) error {
			c, err := a.fleet()
			if err != nil {
				return err
			}
			return do(ctx, c, url.PathEscape(args[0]), args[1:])
		})})
	}
	act("ack ID…", "Say that somebody is on it", 1, func(ctx context.Context, c *client.Client, id string, more []string) error {
		for _, id := range append([]string{id}, more...) {
			if err := c.Call(ctx, http.MethodPost, client.PathIncidents+"/"+id+client.ActionAck, nil, nil, nil); err != nil {
				return err
			}
			fmt.Fprintln(a.Out, "acknowledged", id)
		}
		return nil
	})
	act("comment ID TEXT…", "Say something about it", 2, func(ctx context.Context, c *client.Client, id string, words []string) error {
		body := map[string]string{"text": strings.Join(words, " ")}
		if err := c.Call(ctx, http.MethodPost, client.PathIncidents+"/"+id+client.ActionComment, nil, body, nil); err != nil {
			return err
		}
		fmt.Fprintln(a.Out, "commented", id)
		return nil
	})
	return cmd
}
