// Command sim runs the real consensus and schedule in simulated time, over up to a
// million monitors and a year, and says how often they cry wolf, what they miss and
// how soon they find out, beside the rules of others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/scripts/sim/internal/fleet"
	"github.com/probefleet/probefleet/scripts/sim/internal/report"
	"github.com/probefleet/probefleet/scripts/sim/internal/scenario"
	"github.com/probefleet/probefleet/scripts/sim/internal/score"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

// options are what can be said on the command line.
type options struct {
	seed     uint64
	only     []string
	monitors int
	days     float64
	workers  int
	doc      string
	examples bool
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("sim", flag.ContinueOnError)
	f.Uint64Var(&o.seed, "seed", 1, "of all draws")
	f.IntVar(&o.monitors, "monitors", 0, "instead of the scenario's own number")
	f.Float64Var(&o.days, "days", 0, "instead of the scenario's own time")
	f.IntVar(&o.workers, "workers", runtime.NumCPU(), "shards simulated side by side")
	f.StringVar(&o.doc, "doc", "", "write the figures into this page, between its markers")
	f.BoolVar(&o.examples, "examples", false, "show some false alarms and misses of ours")
	only := f.String("only", "", "scenarios, separated by commas")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.doc != "" && (o.only != nil || o.monitors != 0 || o.days != 0) {
		return o, errors.New("the page shows every scenario as it is")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	scenarios, err := o.scenarios()
	if err != nil {
		return err
	}
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	books, wait := simulate(ctx, scenarios, fleet.NewPool(o.workers))
	defer wait()
	defer cancel()
	var page strings.Builder
	fmt.Fprintf(&page, "`make sim`, seed %d.\n\n", o.seed)
	var broken []string
	for i := range scenarios {
		s, done := &scenarios[i], <-books[i]
		if done.err != nil {
			return fmt.Errorf("%s: %w", s.Name, done.err)
		}
		report.Section(io.MultiWriter(out, &page), s, done.book)
		if o.examples {
			report.Examples(out, done.book)
		}
		if why := s.Broken(done.book); why != "" {
			broken = append(broken, s.Name+": "+why)
		}
	}
	fmt.Fprintf(out, "Took %.0f s with %d at once.\n", time.Since(began).Seconds(), o.workers)
	if o.doc != "" {
		if err := report.Insert(o.doc, page.String()); err != nil {
			return err
		}
	}
	if len(broken) > 0 {
		return errors.New("promises broken: " + strings.Join(broken, "; "))
	}
	return nil
}

// scenarios are those that were asked for, changed as was asked.
func (o *options) scenarios() ([]scenario.Scenario, error) {
	all := scenario.All()
	known := make([]string, len(all))
	for i := range all {
		s := &all[i]
		known[i] = s.Name
		s.Seed = o.seed
		if o.monitors > 0 {
			s.Monitors = o.monitors
		}
		if o.days > 0 {
			s.Span = time.Duration(o.days * 24 * float64(time.Hour)).Truncate(time.Second)
		}
	}
	for _, name := range o.only {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(s scenario.Scenario) bool {
		return o.only != nil && !slices.Contains(o.only, s.Name)
	}), nil
}

// outcome is what came out of one scenario.
type outcome struct {
	book *score.Book
	err  error
}

// simulate begins all scenarios; each sends its outcome once, for which there is room.
// wait returns when none runs any more.
func simulate(ctx context.Context, all []scenario.Scenario, pool fleet.Pool) (books []chan outcome, wait func()) {
	var wg sync.WaitGroup
	for i := range all {
		done := make(chan outcome, 1)
		books = append(books, done)
		wg.Go(func() {
			book, err := fleet.Run(ctx, all[i].Config, pool)
			done <- outcome{book, err}
		})
	}
	return books, wg.Wait
}
