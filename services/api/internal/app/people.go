package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/uptime"
	"github.com/probefleet/probefleet/services/api/internal/auth"
	"github.com/probefleet/probefleet/services/api/internal/httpapi"
)

// listAccounts prints every account with its organisations.
func listAccounts(ctx context.Context, store *postgres.Store, _ []string, out io.Writer) error {
	const page = 500
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for after := (uptime.ID{}); ; {
		accounts, err := store.Accounts(ctx, after, page)
		if err != nil {
			return err
		}
		for i := range accounts {
			a := &accounts[i]
			belongs, err := store.Memberships(ctx, a.ID)
			if err != nil {
				return err
			}
			fmt.Fprintln(w, a.Email+"\t"+factor(a)+"\t"+roles(belongs)+"\t"+lastSignIn(a))
			after = a.ID
		}
		if len(accounts) < page {
			return w.Flush()
		}
	}
}

func factor(a *postgres.Account) string {
	if a.TOTPSince.IsZero() {
		return "password"
	}
	return "password and second factor"
}

func roles(belongs []postgres.Membership) string {
	words := make([]string, len(belongs))
	for i, m := range belongs {
		words[i] = m.Role + " of " + m.Org.Slug
	}
	return strings.Join(words, ", ")
}

func lastSignIn(a *postgres.Account) string {
	if a.LastSignInAt.IsZero() {
		return "never signed in"
	}
	return "signed in " + a.LastSignInAt.UTC().Format(time.RFC3339)
}

// resetPassword prints a link for whoever cannot be mailed one.
func resetPassword(ctx context.Context, store *postgres.Store, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("reset-password", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("want one e-mail address")
	}
	cfg, err := config.Load[struct {
		PublicURL string `env:"PUBLIC_URL" envDefault:"http://localhost:3002"`
	}](nil)
	if err != nil {
		return err
	}
	account, err := store.AccountByEmail(ctx, flags.Arg(0))
	if errors.Is(err, postgres.ErrNotFound) {
		return fmt.Errorf("there is no account with the address %s; `api accounts` lists them", flags.Arg(0))
	}
	if err != nil {
		return err
	}
	token := auth.NewToken()
	reset := httpapi.NewReset(account.ID, token, time.Now())
	if err := store.Tx(ctx, func(tx pgx.Tx) error { return postgres.CreatePasswordReset(ctx, tx, reset) }); err != nil {
		return err
	}
	fmt.Fprintln(out, strings.TrimRight(cfg.PublicURL, "/")+httpapi.PageReset+token)
	fmt.Fprintf(out, "It works once, until %s.\n", reset.ExpiresAt.UTC().Format(time.RFC3339))
	return nil
}
