package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/probefleet/probefleet/scripts/stack/internal/engines"
	"github.com/probefleet/probefleet/scripts/stack/internal/place"
	"github.com/probefleet/probefleet/scripts/stack/internal/stack"
	"github.com/probefleet/probefleet/scripts/stack/internal/supervise"
)

// readyFile says which process has a stack ready.
func readyFile(e env) string { return filepath.Join(stack.RunDir(e.data), "ready") }

// doorSignal asks a running stack to let workers elsewhere in.
const doorSignal = syscall.SIGUSR1

// options reads what `make up` can be told by the environment.
func options(e env) (stack.Options, error) {
	ports, err := place.DefaultPorts().FromEnviron(os.Getenv)
	if err != nil {
		return stack.Options{}, err
	}
	if os.Getenv("REDIS_TLS") == "1" {
		settings, err := tlsSettings(e)
		if err != nil {
			return stack.Options{}, err
		}
		if _, err := stack.WriteTLS(e.data, settings); err != nil {
			return stack.Options{}, err
		}
	}
	opt := stack.Options{
		Root: e.root, Dir: e.data, Ports: ports, Environ: os.Environ(), Tell: e.tell,
		Site:        os.Getenv("SITE"),
		DatabaseURL: os.Getenv("DATABASE_URL"),
		RedisURL:    os.Getenv("REDIS_URL"),
		InfluxURL:   os.Getenv("INFLUXDB_URL"),
		RedisMemory: os.Getenv("REDIS_MAXMEMORY"),
	}
	if regions := os.Getenv("REGIONS"); regions != "" {
		opt.Regions = strings.FieldsFunc(regions, func(r rune) bool { return r == ',' || r == ' ' })
	}
	return opt, nil
}

// up runs the fleet until ctx ends.
func up(ctx context.Context, e env, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	inBackground := flags.Bool("detach", false, "")
	asBuilt := flags.Bool("no-build", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errors.New("usage: scripts/up [-detach] [-no-build]")
	}
	if *inBackground {
		return detach(ctx, e, *asBuilt)
	}
	if told, err := runs(e); told || err != nil {
		return err
	}
	doors := make(chan os.Signal, 1) // region-add asks for the door by this
	signal.Notify(doors, doorSignal)
	defer signal.Stop(doors)
	opt, err := options(e)
	if err != nil {
		return err
	}
	if err := opt.PortsFree(); err != nil {
		return err
	}
	if err := install(ctx, e, opt, *asBuilt); err != nil {
		return err
	}
	s, err := stack.Start(ctx, opt)
	if errors.Is(err, stack.ErrRunning) {
		if told, err := runs(e); told || err != nil {
			return err
		}
		return errors.New("another process is starting or stopping probefleet from this checkout")
	}
	if err != nil {
		return err
	}
	welcome(e, s)
	if err := os.WriteFile(readyFile(e), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return errors.Join(err, s.Stop())
	}
	for {
		select {
		case <-ctx.Done():
			return stop(e, s)
		case <-doors:
			if err := s.OpenTLS(ctx); err != nil {
				e.tell("cannot open Redis for workers elsewhere: %v", err)
			}
		}
	}
}

// install gets the engines' programs and builds the services, both at once.
func install(ctx context.Context, e env, opt stack.Options, asBuilt bool) error {
	var wg sync.WaitGroup
	var engineErr, buildErr error
	wg.Go(func() {
		engineErr = engines.Install(ctx, e.root, engines.Config{
			Influxd: e.tool("influxd"), Tell: e.tell,
			DatabaseURL: opt.DatabaseURL, RedisURL: opt.RedisURL, InfluxURL: opt.InfluxURL,
		})
	})
	if !asBuilt {
		wg.Go(func() { buildErr = build(ctx, e) })
	}
	wg.Wait()
	return errors.Join(engineErr, buildErr)
}

// stop ends the stack in order; a second Ctrl-C kills what still runs.
func stop(e env, s *stack.Stack) error {
	e.tell("stopping …")
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(again)
	done := make(chan error, 1)
	go func() { done <- s.Stop() }()
	for {
		select {
		case err := <-done:
			if err == nil {
				e.tell("stopped")
			}
			_ = os.Remove(readyFile(e))
			return err
		case <-again:
			e.tell("killing what still runs")
			for _, id := range supervise.Leftovers(stack.RunDir(e.data)) {
				if id.Pid != os.Getpid() {
					_ = id.Signal(syscall.SIGKILL) // it may have ended by itself
				}
			}
		}
	}
}

func welcome(e env, s *stack.Stack) {
	fmt.Fprintf(e.out, `
probefleet runs: %[1]s
  sign in    %[2]s / %[3]s
  API key    %[4]s
  these are kept in %[5]s, logs in %[6]s

Its regions are pretended: all of them look out from this one machine's network. Add a
real one with: scripts/region-add NAME

Try: make demo. Stop: Ctrl-C here, or make down.
`, s.URL, s.AdminEmail, s.AdminPassword, s.APIKey,
		filepath.Join(".data", stack.CredentialsFile), filepath.Join(".data", "log"))
}

// runs says so if a stack runs from this checkout.
func runs(e env) (bool, error) {
	id, alive := supervise.Recorded(stack.RunDir(e.data), stack.Supervisor)
	if !alive {
		return false, nil
	}
	if !ready(e, id.Pid) {
		e.tell("probefleet is being started or stopped already (process %d); make down stops it", id.Pid)
		return true, nil
	}
	c, err := stack.ReadCredentials(e.data)
	if err != nil {
		return true, err
	}
	e.tell("probefleet runs already: %s (process %d); make down stops it", c.URL, id.Pid)
	return true, nil
}

func ready(e env, pid int) bool {
	b, err := os.ReadFile(readyFile(e))
	return err == nil && string(b) == strconv.Itoa(pid)
}

// detach starts the fleet in the background and shows its progress until it is ready.
func detach(ctx context.Context, e env, asBuilt bool) error {
	if told, err := runs(e); told || err != nil {
		return err
	}
	dir := stack.LogDir(e.data)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, stack.Supervisor+".log")
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, "up", fmt.Sprintf("-no-build=%t", asBuilt))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return follow(ctx, e, path, cmd.Process.Pid, done)
}

// follow copies the log to the terminal until the stack is ready, or has ended.
func follow(ctx context.Context, e env, path string, pid int, done <-chan error) error {
	shown := 0
	show := func() {
		if b, err := os.ReadFile(path); err == nil && len(b) > shown {
			fmt.Fprint(e.out, string(b[shown:]))
			shown = len(b)
		}
	}
	for {
		select {
		case err := <-done:
			show()
			if err != nil {
				return fmt.Errorf("it ended: %w", err)
			}
			return nil
		case <-ctx.Done():
			_ = syscall.Kill(pid, syscall.SIGTERM)
			err := <-done
			show()
			return errors.Join(ctx.Err(), err)
		case <-time.After(100 * time.Millisecond):
			ok := ready(e, pid) // before the last look at the log: the welcome is in it then
			show()
			if ok {
				return nil
			}
		}
	}
}

// downTime bounds a stop: 30 s for the services, as much for the engines, and some.
const downTime = 75 * time.Second

// down stops the fleet of this checkout from another shell, and whatever a killed one
// left behind.
func down(_ context.Context, e env, _ []string) error {
	run := stack.RunDir(e.data)
	id, alive := supervise.Recorded(run, stack.Supervisor)
	if alive {
		e.tell("stopping …")
		if err := id.End(syscall.SIGTERM, downTime); err != nil {
			return err
		}
	}
	left := supervise.Leftovers(run)
	delete(left, stack.Supervisor)
	if len(left) > 0 {
		e.tell("stopping %d processes that a killed run left behind", len(left))
		if err := engines.End(left); err != nil {
			return err
		}
		supervise.Leftovers(run) // forgets those that ended
	}
	if !alive && len(left) == 0 {
		e.tell("probefleet does not run")
		return nil
	}
	e.tell("stopped")
	return nil
}

// status lists what runs.
func status(_ context.Context, e env, _ []string) error {
	left := supervise.Leftovers(stack.RunDir(e.data))
	if _, ok := left[stack.Supervisor]; !ok {
		fmt.Fprintln(e.out, "probefleet does not run")
	}
	for _, name := range supervise.Names(left) {
		fmt.Fprintf(e.out, "%-18s pid %-8d up %-12s %5d MiB\n", name, left[name].Pid,
			left[name].Age().Round(time.Second), left[name].ResidentBytes()>>20)
	}
	return nil
}
