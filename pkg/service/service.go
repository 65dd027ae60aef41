// Package service owns the life of a process: flags, settings, logger, the
// operators' listener, and the stop in two phases. The first SIGINT or SIGTERM cancels
// the context that Run got, upon which it stops taking work and drains; the second,
// or the end of the drain time, ends the process as it is.
package service

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/probefleet/probefleet/pkg/config"
)

// Exit codes of [Main].
const (
	ExitOK       = 0
	ExitFailed   = 1 // it could not start, or ended with an error
	ExitSettings = 2 // starting again is of no use before the settings are changed
)

// drainTime is how long Run may take after the first signal. Services drain within
// 20 s; the rest is for closing connections, and all of it is below the 30 s after
// which Kubernetes and systemd (as deployed) kill.
const drainTime = 25 * time.Second

// workerGCPercent replaces Go's 100 in workers unless GOGC is set: there it takes 16 % off
// the CPU per check, which is mostly theirs, and 400 brings no more. In the others it
// would take a twentieth off a fifth of the CPU, for a quarter of their heaps.
const workerGCPercent = 200

// settleTime is when a process has done what it does but once: parsed documents, hashed
// a password, read what it must know. What that left is given back to the system then;
// by itself the collector would come by two minutes later, and keep most of it.
const settleTime = 20 * time.Second

// unprofiled turns off the samples of allocations, for whose profile nobody can ask.
var unprofiled sync.Once

// Env is what a process has before its own parts are built.
type Env struct {
	Name, Version string
	Log           *slog.Logger
	Metrics       *prometheus.Registry
	Health        *Health
}

// Runner is a service that has been built. Run returns nil after ctx is cancelled and
// the drain is over.
type Runner interface {
	Run(ctx context.Context) error
}

// RunFunc makes a function a [Runner].
type RunFunc func(ctx context.Context) error

// Run implements [Runner].
func (f RunFunc) Run(ctx context.Context) error { return f(ctx) }

// base is what every service can be told.
type base struct {
	config.Log
	config.Ops
}

// Main is the whole of a service's main function: it reads the flags -version,
// -settings, -ready and -check-config, loads T from the environment, and runs what build returns until a
// signal ends it. The context given to build is cancelled by the first signal too. It
// returns the exit code.
func Main[T any](name string, build func(ctx context.Context, env *Env, cfg T) (Runner, error)) int {
	return run(name, os.Args[1:], nil, os.Stdout, os.Stderr, build)
}

func run[T any](name string, args []string, environ map[string]string, out, errOut io.Writer,
	build func(ctx context.Context, env *Env, cfg T) (Runner, error),
) int {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(errOut)
	version := flags.Bool("version", false, "print the version and exit")
	settings := flags.Bool("settings", false, "print the settings as JSON and exit")
	ready := flags.Bool("ready", false, "ask the service that runs under these settings whether it is ready, and exit")
	check := flags.Bool("check-config", false, "check the settings, print what is wrong with them, and exit")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		usage(errOut, config.Table(*new(T)), config.Table(base{}))
		return ExitOK
	case err != nil:
		return ExitSettings
	case flags.NArg() > 0:
		fmt.Fprintf(errOut, "%s: unknown argument %q (try -h)\n", name, flags.Arg(0))
		return ExitSettings
	}
	if *version {
		fmt.Fprintln(out, name, Version())
		return ExitOK
	}
	if *settings {
		return printSettings(out, errOut, config.Table(*new(T)), config.Table(base{}))
	}
	common, errBase := config.Load[base](environ)
	cfg, err := config.Load[T](environ)
	if err := config.Join(err, errBase); err != nil {
		fmt.Fprintf(errOut, "%s: %v\n", name, err)
		return ExitSettings
	}
	if *ready {
		return askReady(name, common.Ops, out, errOut)
	}
	if *check {
		fmt.Fprintf(errOut, "%s: settings are well-formed\n", name)
		return ExitOK
	}
	if name == "worker" && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(workerGCPercent)
	}
	if !common.Pprof {
		unprofiled.Do(func() { runtime.MemProfileRate = 0 })
	}
	log := NewLogger(errOut, common.Log).With("service", name)
	slog.SetDefault(log)
	env := &Env{Name: name, Version: Version(), Log: log, Metrics: newRegistry(name), Health: NewHealth()}
	return live(env, common.Ops, func(ctx context.Context) (Runner, error) { return build(ctx, env, cfg) })
}

// live builds and runs the service with the operators' listener beside it.
func live(env *Env, ops config.Ops, build func(context.Context) (Runner, error)) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	listener, err := listenOps(env, ops)
	if err != nil {
		env.Log.ErrorContext(ctx, "cannot listen for operators", "err", err, "setting", "OPS_ADDR")
		return ExitFailed
	}
	defer listener.Close()

	done := make(chan error, 1)
	go func() { done <- buildAndRun(ctx, env, build) }()
	var deadline <-chan time.Time
	for {
		select {
		case err := <-done:
			if stopped := ctx.Err() != nil && errors.Is(err, context.Canceled); err != nil && !stopped {
				env.Log.ErrorContext(ctx, "ended", "err", err)
				return ExitFailed
			}
			env.Log.InfoContext(ctx, "stopped")
			return ExitOK
		case s := <-signals:
			if deadline != nil {
				env.Log.ErrorContext(ctx, "second signal, ending without draining", "signal", s.String())
				return ExitFailed
			}
			env.Log.InfoContext(ctx, "stopping", "signal", s.String(), "at_most", drainTime.String())
			deadline = time.After(drainTime)
			env.Health.stop()
			cancel()
		case <-deadline:
			env.Log.ErrorContext(ctx, "drain did not end in time", "after", drainTime.String())
			return ExitFailed
		}
	}
}

func buildAndRun(ctx context.Context, env *Env, build func(context.Context) (Runner, error)) error {
	runner, err := build(ctx)
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	env.Log.InfoContext(ctx, "started", "version", env.Version, "pid", os.Getpid())
	env.Health.start()
	settled := time.AfterFunc(settleTime, debug.FreeOSMemory)
	defer settled.Stop()
	return runner.Run(ctx)
}

// distinct returns the rows of all tables, each variable once.
func distinct(tables ...[]config.Row) []config.Row {
	var out []config.Row
	for _, rows := range tables {
		for _, r := range rows {
			if !slices.ContainsFunc(out, func(o config.Row) bool { return o.Name == r.Name }) {
				out = append(out, r)
			}
		}
	}
	return out
}

// printSettings is for programs: the README's table is made of it.
func printSettings(out, errOut io.Writer, tables ...[]config.Row) int {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	if err := enc.Encode(distinct(tables...)); err != nil {
		fmt.Fprintln(errOut, err)
		return ExitFailed
	}
	return ExitOK
}

func usage(w io.Writer, tables ...[]config.Row) {
	fmt.Fprintln(w, "\nSettings, by environment variable:")
	for _, r := range distinct(tables...) {
		note := r.Type
		switch {
		case r.Required:
			note += "; required"
		case r.Default != "":
			note += "; " + r.Default
		}
		fmt.Fprintf(w, "  %-22s %s (%s)\n", r.Name, r.Description, note)
	}
}
