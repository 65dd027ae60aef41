package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/show"
)

// things are what can be listed, and where.
var things = map[string]string{
	"websites": client.PathWebsites, "monitors": client.PathMonitors, "incidents": client.PathIncidents,
	"regions": client.PathRegions, "channels": client.PathChannels, "keys": client.PathAPIKeys,
}

var thingNames = []string{"websites", "monitors", "incidents", "regions", "channels", "keys"}

// filters are which flags go with what; monitors are those of the websites that pass.
var filters = map[string][]string{
	"websites":  {"q", "tag", "kind", "status", "managed-by", "sort"},
	"monitors":  {"q", "tag", "kind", "status", "managed-by", "website"},
	"incidents": {"status", "website", "monitor", "from", "to"},
}

// getting is what a list is narrowed by.
type getting struct {
	form  string
	limit int
	by    map[string]*string
}

func (a *app) get() *cobra.Command {
	o := getting{by: map[string]*string{}}
	cmd := &cobra.Command{
		Use: "get {" + strings.Join(thingNames, "|") + "} [id]", Short: "List things, or show one",
		Args: cobra.RangeArgs(1, 2), ValidArgs: thingNames,
		Example: "  probefleet get websites --tag prod --status down\n  probefleet get incidents --status open -o json\n  probefleet get monitors 01890a5d-ac96-774b-bcce-b302099a8057 -o yaml",
	}
	f := cmd.Flags()
	f.StringVarP(&o.form, "output", "o", show.Table, strings.Join(show.Forms, ", "))
	f.IntVar(&o.limit, "limit", 0, "at most so many; 0: all")
	for name, help := range map[string]string{
		"q": "part of the name, the URL or the external id", "tag": "with this tag; several, comma separated, must all be there",
		"kind": "with a monitor of this kind; of monitors, those of this kind", "status": "in one of these states, comma separated; of incidents, open or resolved",
		"managed-by": "that this source keeps", "sort": "created, name or status; - turns it round",
		"website": "of the website with this id", "monitor": "of the monitor with this id",
		"from": "that were open at this time or later, RFC 3339", "to": "that were opened before this time",
	} {
		o.by[name] = f.String(name, "", help)
	}
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		what := args[0]
		if things[what] == "" {
			return wrong("%q is none of %s", what, strings.Join(thingNames, ", "))
		}
		if !slices.Contains(show.Forms, o.form) {
			return wrong("--output %q is none of %s", o.form, strings.Join(show.Forms, ", "))
		}
		for name := range o.by {
			if f.Changed(name) && (len(args) == 2 || !slices.Contains(filters[what], name)) {
				return wrong("--%s does not go with %s", name, strings.Join(args, " "))
			}
		}
		c, err := a.fleet()
		if err != nil {
			return err
		}
		if len(args) == 2 {
			var one json.RawMessage
			if err := c.Call(ctx, http.MethodGet, things[what]+"/"+url.PathEscape(args[1]), nil, nil, &one); err != nil {
				return err
			}
			return show.Objects(a.Out, o.form, show.Columns[what], []json.RawMessage{one}, true)
		}
		objects, err := o.list(ctx, c, what)
		if err != nil {
			return err
		}
		return show.Objects(a.Out, o.form, show.Columns[what], objects, false)
	})
	return cmd
}

// list returns the objects that pass. There is no list of monitors: they come with
// their websites.
func (o *getting) list(ctx context.Context, c *client.Client, what string) ([]json.RawMessage, error) {
	path, limit, query := things[what], o.limit, url.Values{}
	for name, v := range o.by {
		if *v != "" {
			query.Set(parameter(name), *v)
		}
	}
	var objects []json.RawMessage
	if what != "monitors" {
		err := c.Pages(ctx, path, query, limit, func(items []json.RawMessage) error {
			objects = append(objects, items...)
			return nil
		})
		return objects, err
	}
	query.Del("website_id")
	query.Del("status") // which of a website is the worst of its monitors
	add := func(item json.RawMessage) error {
		var w struct{ Monitors []json.RawMessage }
		if err := json.Unmarshal(item, &w); err != nil {
			return fmt.Errorf("the answer cannot be read: %w", err)
		}
		for _, m := range w.Monitors {
			if o.passes(m) && (o.limit == 0 || len(objects) < o.limit) {
				objects = append(objects, m)
			}
		}
		return nil
	}
	if id := *o.by["website"]; id != "" {
		var one json.RawMessage
		if err := c.Call(ctx, http.MethodGet, client.PathWebsites+"/"+url.PathEscape(id), nil, nil, &one); err != nil {
			return nil, err
		}
		err := add(one)
		return objects, err
	}
	err := c.Pages(ctx, client.PathWebsites, query, 0, func(items []json.RawMessage) error {
		for _, item := range items {
			if err := add(item); err != nil {
				return err
			}
		}
		return nil
	})
	return objects, err
}

// parameter returns what the API calls a flag.
func parameter(flag string) string {
	switch flag {
	case "website", "monitor":
		return flag + "_id"
	}
	return strings.ReplaceAll(flag, "-", "_")
}

// passes tells whether a monitor itself is of the kind and in the state that are asked for.
func (o *getting) passes(m json.RawMessage) bool {
	var has struct{ Kind, Status string }
	if json.Unmarshal(m, &has) != nil {
		return false
	}
	kind, status := *o.by["kind"], *o.by["status"]
	return (kind == "" || kind == has.Kind) && (status == "" || slices.Contains(strings.Split(status, ","), has.Status))
}

func decode(text []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	return v, nil
}

func writeJSON(out io.Writer, v any) error { return show.Indented(out, v) }
