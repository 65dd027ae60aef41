// Package bench measures what a fleet costs on this machine, over loopback only: it
// runs whole fleets of its own beside scripted websites, at given rates that do not
// wait for anybody (open loop), and reads CPU and memory of every process from /proc,
// counts from the fleet's own ledgers, and lateness as the aggregator saw it. Every
// part is bounded in count and time.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/bench/proc"
	"github.com/probefleet/probefleet/scripts/stack/internal/bench/report"
	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
)

// Config says what to measure.
type Config struct {
	Root, Data string   // the checkout, and .data in it
	Program    string   // the stack's own, which has the websites as a command
	Form       string   // quick, standard or long; default standard
	Parts      []string // of [Names]; none: those of the form
	Page       string   // whose figures are rewritten afterwards; empty: none
	Out        io.Writer
	Tell       func(format string, args ...any)
}

// form is how long and how much.
type form struct {
	parts          []string
	settle, window time.Duration // before measuring, and of each of the runs
	runs           int
	storm          int           // websites that turn bad at once, and how often
	every          time.Duration // each is checked
	spread         time.Duration // over which the outages of part faults begin
	memory         time.Duration // how long the fleet of 4,000 runs before its memory counts
}

var forms = map[string]form{
	"quick": {
		parts: []string{"load4000", "storm"}, settle: 5 * time.Second, window: 8 * time.Second, runs: 2,
		storm: 4000, every: 30 * time.Second, spread: 30 * time.Second,
	},
	"standard": {
		parts: Names(), settle: 15 * time.Second, window: 15 * time.Second, runs: 3,
		storm: 10_000, every: time.Minute, spread: time.Minute,
	},
	"long": {
		parts: Names(), settle: time.Minute, window: time.Minute, runs: 5,
		storm: 10_000, every: time.Minute, spread: 2 * time.Minute, memory: 30 * time.Minute,
	},
}

// part is one part of the bench: it fills in what it found.
type part struct {
	name, title string
	run         func(*bench, context.Context, *report.Part) error
}

// parts in the order in which they run; those that want the same fleet stand together.
var parts = []part{
	{"stages", "Single stages", (*bench).stages},
	{"load1000", "1,000 websites every 30 s from three regions", loadPart(1000, 30*time.Second)},
	{"load4000", "4,000 websites every 30 s from three regions", loadPart(4000, 30*time.Second)},
	{"load10000", "10,000 websites every 60 s from three regions", loadPart(10_000, time.Minute)},
	{"restart", "All seven processes killed and started again", (*bench).restart},
	{"faults", "Outages one by one, and 2 % of the targets hanging", (*bench).faults},
	{"storm", "All websites turn bad at once", (*bench).storm},
	{"flat", "As fast as it goes", (*bench).flat},
	{"million", "The pusher alone with a million monitors", (*bench).million},
}

// Names returns the names of all parts.
func Names() []string {
	return []string{"stages", "load1000", "load4000", "load10000", "restart", "faults", "storm", "flat", "million"}
}

// bench is one run.
type bench struct {
	cfg   Config
	form  form
	dir   string
	fleet *fleet // the one that runs; nil: none
}

// Run measures the parts one after the other, prints each, and keeps what it found in
// the data directory. The error joins what went wrong in any of them; a target that
// is missed is no error.
func Run(ctx context.Context, cfg Config) error {
	if cfg.Form == "" {
		cfg.Form = "standard"
	}
	f, ok := forms[cfg.Form]
	if !ok {
		return fmt.Errorf("form %q: want quick, standard or long", cfg.Form)
	}
	if len(cfg.Parts) > 0 {
		f.parts = cfg.Parts
	}
	for _, name := range f.parts {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("part %q: want some of %s", name, strings.Join(Names(), ","))
		}
	}
	b := &bench{cfg: cfg, form: f, dir: filepath.Join(cfg.Data, "bench")}
	unlock, err := engines.Lock(filepath.Join(b.dir, "lock"), false)
	if errors.Is(err, engines.ErrLocked) {
		return errors.New("another bench runs in this checkout")
	}
	if err != nil {
		return err
	}
	defer unlock()
	begun := time.Now()
	var errs []error
	for _, p := range parts {
		if slices.Contains(f.parts, p.name) && ctx.Err() == nil {
			if err := b.measure(ctx, p); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", p.name, err))
				cfg.Tell("%s: %v", p.name, err)
				errs = append(errs, b.drop()) // the next part begins with a fleet of its own
			}
		}
	}
	errs = append(errs, b.drop(), ctx.Err())
	if err := errors.Join(errs...); err != nil {
		return err
	}
	cfg.Tell("\nmeasured in %s on %s", time.Since(begun).Round(time.Second), b.machine())
	if cfg.Page == "" {
		return nil
	}
	kept, err := report.Load(b.results(), Names())
	if err != nil {
		return err
	}
	return report.Insert(cfg.Page, kept)
}

func (b *bench) results() string { return filepath.Join(b.dir, "results") }

func (b *bench) machine() string {
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), proc.Machine(), runtime.Version())
}

// measure runs one part, prints it and keeps it.
func (b *bench) measure(ctx context.Context, p part) error {
	out := &report.Part{
		Name: p.name, Title: p.title, Form: b.cfg.Form, Machine: b.machine(), Load: proc.LoadAverage(), Others: -1,
	}
	if err := p.run(b, ctx, out); err != nil {
		return err
	}
	out.Print(b.cfg.Out)
	return out.Save(b.results())
}

// sleep waits, or says why not.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// until polls a condition.
func until(ctx context.Context, what string, patience, every time.Duration, holds func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for {
		ok, err := holds()
		if err != nil || ok {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %v still not: %s", patience, what)
		}
		if err := sleep(ctx, every); err != nil {
			return err
		}
	}
}
