// Command chaos breaks a whole fleet of its own on purpose, in every way that it knows,
// and says with figures which promises were kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/chaos"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/sandbox"
)

// atMost bounds a run of everything.
const atMost = 75 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// options are what can be said on the command line.
type options struct {
	short, list, keep bool
	only, doc         string
	websites          int
}

func parse(args []string, out io.Writer) (o options, err error) {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.SetOutput(out)
	f.BoolVar(&o.short, "short", false, "the short form: fewer faults, and shorter ones")
	f.BoolVar(&o.list, "list", false, "name the faults and end")
	f.BoolVar(&o.keep, "keep", false, "leave the fleet's logs behind even if every promise is kept")
	f.StringVar(&o.only, "only", "", "faults whose name contains one of these texts, separated by commas")
	f.StringVar(&o.doc, "doc", "", "write the figures into this page, between its markers")
	f.IntVar(&o.websites, "websites", 210, "that are well and watched all the time; 200 teach the fleet what a sick region is")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.doc != "" && o.short {
		return o, errors.New("the page shows the long form")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	tell := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	all := chosen(o)
	if o.list {
		for _, s := range all {
			tell("%s", s.Name)
		}
		if o.named(chaos.MailAway) {
			tell("%s", chaos.MailAway)
		}
		return nil
	}
	if err := sandbox.Enter(ctx, sandbox.Config{Tell: tell}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	began := time.Now()
	rows, err := play(ctx, o, all, tell)
	tell("Took %.0f s.", time.Since(began).Seconds())
	if o.doc != "" && len(rows) > 0 { // what was not played says so
		err = errors.Join(err, write(o, rows))
	}
	if err != nil {
		return err
	}
	broken := slices.DeleteFunc(rows, func(r chaos.Row) bool { return r.Broken() == nil })
	if len(broken) > 0 {
		return fmt.Errorf("%d of %d faults broke a promise", len(broken), len(all))
	}
	return nil
}

// write writes the figures into the page: all of it, or what was asked for.
func write(o options, rows []chaos.Row) error {
	if o.only != "" {
		return chaos.Merge(o.doc, rows)
	}
	return chaos.Insert(o.doc, chaos.Table(rows))
}

// chosen are the scenarios that were asked for.
func chosen(o options) []chaos.Scenario {
	return slices.DeleteFunc(chaos.All(), func(s chaos.Scenario) bool {
		if o.short && s.Short == 0 {
			return true
		}
		return !o.named(s.Name)
	})
}

// named tells whether a fault was asked for.
func (o *options) named(name string) bool {
	for text := range strings.SplitSeq(o.only, ",") {
		if strings.Contains(name, text) {
			return true
		}
	}
	return false
}

// play plays scenarios one after the other on one fleet.
func play(ctx context.Context, o options, all []chaos.Scenario, tell func(string, ...any)) (rows []chaos.Row, err error) {
	root, err := place.Root()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(s chaos.Scenario) bool { return s.Clocks }) {
		if err := chaos.BuildClocks(ctx, root); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "probefleet-chaos-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs under an account of its own
		return nil, err
	}
	rig, err := chaos.Start(ctx, chaos.Config{Root: root, Dir: dir, Websites: o.websites, Tell: tell})
	if err != nil {
		return nil, err
	}
	defer func() {
		keep := o.keep || err != nil || slices.ContainsFunc(rows, func(r chaos.Row) bool { return r.Broken() != nil })
		err = errors.Join(err, rig.Stop(keep), remove(dir, keep, tell))
	}()
	say := func(row chaos.Row) {
		tell("%s", row.Line())
		rows = append(rows, row)
	}
	// The mail server is away while others are broken: all the time, or in the short
	// form for as long as the first takes, because the pauses between attempts grow.
	var mail *chaos.Mail
	if o.named(chaos.MailAway) {
		if mail, err = rig.BeginMail(ctx); err != nil {
			return nil, err
		}
	}
	for i := range all {
		say(rig.Row(ctx, &all[i], o.short))
		if mail != nil && o.short {
			if err := mail.Mend(ctx); err != nil {
				return rows, err
			}
		}
	}
	if mail != nil {
		say(mail.End(ctx))
	}
	return rows, ctx.Err()
}

func remove(dir string, keep bool, tell func(string, ...any)) error {
	if keep {
		tell("the fleet's logs are kept in %s", dir)
		return nil
	}
	return os.RemoveAll(dir)
}
