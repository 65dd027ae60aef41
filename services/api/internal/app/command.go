package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/probefleet/probefleet/migrations"
	"github.com/probefleet/probefleet/pkg/config"
	"github.com/probefleet/probefleet/pkg/postgres"
	"github.com/probefleet/probefleet/pkg/service"
	"github.com/probefleet/probefleet/services/api/internal/auth"
)

// commandTime bounds a subcommand; a migration of a large table is the longest.
const commandTime = 10 * time.Minute

// command is a subcommand.
type command struct {
	about string
	run   func(ctx context.Context, store *postgres.Store, args []string, out io.Writer) error
}

var commands = map[string]command{
	"migrate":   {"brings the database to the newest version", migrate},
	"bootstrap": {"makes an API key with every scope and prints it", bootstrapKey},
	"quota":     {"prints what an organisation may have and has, and changes it: quota <slug> websites=100", quota},

	"accounts":       {"lists who may sign in", listAccounts},
	"reset-password": {"makes a link by which an account gets a new password and prints it", resetPassword},
}

// Command runs the subcommand that the arguments name and returns its exit code; false
// if they name none.
func Command(ctx context.Context, args []string, out, errOut io.Writer) (int, bool) {
	if len(args) == 0 {
		return 0, false
	}
	cmd, ok := commands[args[0]]
	if !ok {
		return 0, false
	}
	cfg, err := config.Load[config.Database](nil)
	if err != nil {
		fmt.Fprintf(errOut, "api %s: %v\n", args[0], err)
		return service.ExitSettings, true
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	store, err := postgres.Open(ctx, postgres.Config{URL: cfg.URL.Reveal(), AppName: "probefleet-api-" + args[0]})
	if err == nil {
		defer store.Close()
		err = cmd.run(ctx, store, args[1:], out)
	}
	if err != nil {
		fmt.Fprintf(errOut, "api %s: %v\n", args[0], err)
		return service.ExitFailed, true
	}
	return service.ExitOK, true
}

// migrate waits for the database first: it may be starting beside.
func migrate(ctx context.Context, store *postgres.Store, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	wait := flags.Duration("wait", time.Minute, "how long to wait for the database")
	if err := flags.Parse(args); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	log := service.NewLogger(os.Stderr, config.Log{Format: "text"})
	if err := service.Await(waiting, log, "the database", store.Ping); err != nil {
		return err
	}
	version, err := migrations.Up(ctx, store.Pool())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the database is at version %d\n", version)
	return nil
}

func bootstrapKey(ctx context.Context, store *postgres.Store, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bootstrap", flag.ContinueOnError)
	name := flags.String("name", auth.BootstrapKeyName, "name of the key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx = postgres.WithActor(ctx, postgres.Actor{Kind: postgres.ActorSystem, Name: "api bootstrap", Operation: "bootstrap"})
	key, err := auth.MakeKey(ctx, store, *name)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, key)
	return nil
}
