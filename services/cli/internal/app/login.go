package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/cli/internal/client"
	"github.com/probefleet/probefleet/services/cli/internal/profile"
	"github.com/probefleet/probefleet/services/cli/internal/show"
)

// me is who calls.
type me struct {
	Account *struct {
		Email string `json:"email"`
	} `json:"account"`
	Key *struct {
		Name   string `json:"name"`
		Prefix string `json:"prefix"`
	} `json:"key"`
	Organisation *struct {
		Name string `json:"name"`
		Slug string `json:"slug"`
	} `json:"organisation"`
	Scopes []string `json:"scopes"`
}

func (m me) String() string {
	who := "somebody"
	switch {
	case m.Key != nil:
		who = fmt.Sprintf("the key %q (%s)", m.Key.Name, m.Key.Prefix)
	case m.Account != nil:
		who = m.Account.Email
	}
	if m.Organisation != nil {
		who += " of " + m.Organisation.Name
	}
	return show.Line(who + ", which may " + strings.Join(m.Scopes, ", "))
}

func (a *app) login() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use: "login [URL]", Short: "Store a fleet's URL and a key in a profile", Args: cobra.MaximumNArgs(1),
		Long: `Store a fleet's URL and a key in a profile, in a file that only you can read.

The key is asked for, or read from the standard input; it is tried before it is stored.`,
		Example: "  probefleet login https://status.example.com\n  probefleet login --profile staging https://staging.example.com < key.txt",
	}
	cmd.Flags().StringVar(&at, "url", "", "the fleet's URL (PROBEFLEET_URL)")
	cmd.RunE = a.run(func(ctx context.Context, args []string) error {
		if len(args) == 1 {
			at = args[0]
		}
		if at == "" {
			at = a.env("PROBEFLEET_URL")
		}
		if at == "" {
			return wrong("which fleet? probefleet login https://status.example.com")
		}
		key, err := a.readKey()
		if err != nil {
			return err
		}
		if key == "" {
			return wrong("a key is needed")
		}
		c, err := client.New(at, key, service.Version())
		if err != nil {
			return exit{ExitUsage, err}
		}
		if readable(at) {
			fmt.Fprintln(a.Err, "warning: over http anybody on the way can read the key")
		}
		var who me
		if err := c.Call(ctx, http.MethodGet, client.PathMe, nil, nil, &who); err != nil {
			return err
		}
		if err := profile.In(a.Config).Put(a.profileName(), profile.Profile{URL: at, Key: key}); err != nil {
			return err
		}
		fmt.Fprintf(a.Out, "stored as %s: %s\n", a.profileName(), who)
		return nil
	})
	return cmd
}

func (a *app) readKey() (string, error) {
	if key := a.env("PROBEFLEET_API_KEY"); key != "" {
		return key, nil
	}
	if a.Secret != nil {
		fmt.Fprint(a.Err, "API key: ")
		text, err := a.Secret()
		return strings.TrimSpace(text), err
	}
	text, err := readLine(a.In)
	return strings.TrimSpace(text), err
}

// readable tells whether others on the way can read what goes to a URL.
func readable(at string) bool {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

func (a *app) whoami() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Say who calls, and what they may do", Args: cobra.NoArgs,
		RunE: a.run(func(ctx context.Context, _ []string) error {
			c, err := a.fleet()
			if err != nil {
				return err
			}
			var who me
			if err := c.Call(ctx, http.MethodGet, client.PathMe, nil, nil, &who); err != nil {
				return err
			}
			fmt.Fprintln(a.Out, who)
			return nil
		}),
	}
}
