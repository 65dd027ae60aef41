package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/show"
)

func (a *app) probe() *cobra.Command {
	var kind, settings, form string
	var regions []string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "probe TARGET", Short: "Look at something once, from every region, without saving it; exit 1 if it fails", Args: cobra.ExactArgs(1),
		Long: `Look at something once, from every region, without saving it; exit 1 if it fails.

The kind follows from the scheme: https://…, ws://…, and tcp://host:port, tls://host,
dns://name, icmp://host, smtp://host, grpc://host:port, udp://host:port,
domain://name. Without a scheme it is a website.`,
		Example: "  probefleet probe https://shop.example\n  probefleet probe tcp://db.example:5432 --regions eu-west\n" +
			`  probefleet probe dns://shop.example --settings '{"record": "MX"}'`,
	}
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "", "kind of check, instead of the scheme's")
	f.StringVar(&settings, "settings", "", "settings of the kind, a JSON object")
	f.StringSliceVar(&regions, "regions", nil, "only from these regions, comma separated")
	f.DurationVar(&timeout, "timeout", 0, "how long an answer may take, 10s if unset")
	f.StringVarP(&form, "output", "o", show.Table, "table or json")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if err := tableOrJSON(form); err != nil {
			return err
		}
		ask := client.MonitorTest{Kind: kind, Target: args[0], TimeoutMS: int(timeout.Milliseconds()), Regions: regions}
		if kind == "" {
			ask.Kind, ask.Target = kindOf(args[0])
		}
		if settings != "" {
			var object map[string]any
			if err := json.Unmarshal([]byte(settings), &object); err != nil {
				return wrong("--settings is not a JSON object: %w", err)
			}
			ask.Settings = json.RawMessage(settings)
		}
		c, err := a.fleet()
		if err != nil {
			return err
		}
		var report client.Report
		if err := c.Call(ctx, http.MethodPost, client.PathMonitorTest, nil, ask, &report); err != nil {
			return err
		}
		ok, err := a.report(form, ask.Kind+" "+ask.Target, &report)
		if err == nil && !ok {
			return quiet(ExitFailed)
		}
		return err
	})
	return cmd
}

// kindOf returns the kind and the target that a text with a scheme means.
func kindOf(text string) (kind, target string) {
	u, err := url.Parse(text)
	if err != nil || !strings.Contains(text, "://") {
		return "http", text
	}
	switch scheme := strings.ToLower(u.Scheme); scheme {
	case "tcp", "udp", "tls", "dns", "icmp", "smtp", "grpc", "domain":
		return scheme, strings.TrimSuffix(text[len(scheme)+len("://"):], "/")
	case "ping":
		return "icmp", u.Host
	case "ws", "wss":
		return "websocket", text
	}
	return "http", text
}
