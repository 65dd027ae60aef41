package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/show"
	"github.com/probefleet/probefleet/services/cli/internal/tail"
)

// errEnough ends following when as many events came as were wanted.
var errEnough = errors.New("enough")

func (a *app) tail() *cobra.Command {
	var form, types string
	var websites, monitors []string
	var count int
	cmd := &cobra.Command{
		Use: "tail", Short: "Follow what happens, as it happens, until interrupted", Args: cobra.NoArgs,
		Example: "  probefleet tail --types verdict,incident\n  probefleet tail --monitor 01890a5d-ac96-774b-bcce-b302099a8057 -o json | jq .data",
	}
	f := cmd.Flags()
	f.StringVarP(&form, "output", "o", show.Table, "table (a line for each), or json (an object a line)")
	f.StringVar(&types, "types", "", "only these, comma separated: verdict, incident, fleet, config, tick")
	f.StringSliceVar(&websites, "website", nil, "only what is about the websites with these ids")
	f.StringSliceVar(&monitors, "monitor", nil, "ticks of the monitors with these ids, too")
	f.IntVar(&count, "count", 0, "end after so many events; 0: never")
	cmd.RunE = a.run(func(ctx context.Context, _ []string) error {
		if err := tableOrJSON(form); err != nil {
			return err
		}
		c, err := a.fleet()
		if err != nil {
			return err
		}
		query := url.Values{}
		for name, v := range map[string]string{"types": types, "website_id": strings.Join(websites, ","), "monitor_id": strings.Join(monitors, ",")} {
			if v != "" {
				query.Set(name, v)
			}
		}
		seen := 0
		follower := &tail.Follower{
			Open: func(ctx context.Context, last string) (io.ReadCloser, error) { return c.Stream(ctx, query, last) },
			Each: func(e tail.Event) error {
				if err := a.event(form, e); err != nil {
					return err
				}
				if seen++; count > 0 && seen >= count {
					return errEnough
				}
				return nil
			},
			Lost: func(err error, wait time.Duration) {
				fmt.Fprintf(a.Err, "probefleet: %v; again in %s\n", err, wait)
			},
		}
		if err := follower.Run(ctx); err != nil && !errors.Is(err, errEnough) {
			return err
		}
		return nil
	})
	return cmd
}

// event writes one event.
func (a *app) event(form string, e tail.Event) error {
	if form == show.JSON {
		data := json.RawMessage(e.Data)
		if !json.Valid(data) {
			return fmt.Errorf("the event %s cannot be read", e.Name)
		}
		line, err := json.Marshal(struct {
			tail.Event
			Data json.RawMessage `json:"data"`
		}{e, data})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.Out, string(line))
		return err
	}
	_, err := fmt.Fprintln(a.Out, show.Line(sentence(e)))
	return err
}

// sentence tells an event in a line.
func sentence(e tail.Event) string {
	var d struct {
		At, Due, Change, Kind, From, To, Name, Region, Outcome, Reason, Severity, Explanation, Object string
		WebsiteName                                                                                   string   `json:"website_name"`
		MonitorName                                                                                   string   `json:"monitor_name"`
		LatencyMS                                                                                     *float64 `json:"latency_ms"`
	}
	if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
		return e.Name + " " + e.Data
	}
	at := d.At + d.Due // one of them is there
	if at == "" {
		return e.Name + " " + e.Data
	}
	switch e.Name {
	case "verdict":
		return fmt.Sprintf("%s verdict  %s %s: %s → %s %s", at, d.WebsiteName, d.MonitorName, d.From, d.To, d.Explanation)
	case "incident":
		return fmt.Sprintf("%s incident %s %s (%s): %s", at, d.Change, d.WebsiteName, d.Severity, d.Explanation)
	case "fleet":
		return fmt.Sprintf("%s fleet    %s %s %s: %s", at, d.Change, d.Kind, d.Region, d.Explanation)
	case "tick":
		latency := ""
		if d.LatencyMS != nil {
			latency = fmt.Sprintf("%.1f ms", *d.LatencyMS)
		}
		return fmt.Sprintf("%s tick     %s %s %s %s", at, d.Region, d.Outcome, d.Reason, latency)
	}
	return at + " " + e.Name + " " + e.Data
}
